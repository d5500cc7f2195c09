"""What a run records of the machine, the repository and the time, and what a house makes of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evalhouse.machine.host import host_id
from evalhouse.providers.keys import VARIABLES
from evalhouse.store import Store
from evalhouse.workflows.annotation.exchanges import Spent, clocks, earlier
from evalhouse.workflows.ingest import ingest
from tests.providers.server import serving
from tests.workflows.annotation.runs import annotated, baseline, read_json, settings, task_folder
from tests.workflows.conftest import open_store

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    return task_folder(tmp_path / "tasks")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "house") as opened:
        yield opened


def git(folder: Path, *words: str) -> str:
    named = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    done = subprocess.run(
        ["git", "-C", str(folder), *named, *words],
        capture_output=True,
        text=True,
        check=True,
        env={name: each for name, each in os.environ.items() if name[:4] != "GIT_"},
    )
    return done.stdout.strip()


def rows(store: Store, query: str) -> list[dict[str, Any]]:
    with store.reader() as reader:
        found: list[dict[str, Any]] = reader.sql(query).to_pylist()
    return found


@needs_git
def test_a_run_knows_the_commit_of_its_codebook(task: Path, store: Store, tmp_path: Path) -> None:
    git(task, "init", "-q")
    git(task, "add", "codebook.yaml")  # texts and labels need not be public
    git(task, "commit", "-q", "-m", "Ask")
    commit = git(task, "rev-parse", "HEAD")
    done = annotated(task, baseline(tmp_path / "outputs", "random"))
    assert done.folder.config["prompt_git_hash"] == commit
    ingest(store, [tmp_path / "outputs"])
    assert rows(store, "SELECT prompt_git_hash FROM runs") == [{"prompt_git_hash": commit}]


def test_without_a_repository_no_commit_is_known(task: Path, tmp_path: Path) -> None:
    done = annotated(task, baseline(tmp_path / "outputs", "random"))
    assert done.folder.config["prompt_git_hash"] is None


def test_a_house_knows_where_a_run_took_place_and_what_that_took(
    task: Path, store: Store, tmp_path: Path
) -> None:
    with serving() as server:
        done = annotated(task, settings(server.url, tmp_path / "outputs"))
    timing = read_json(done.folder.path / "timing_data.json")
    assert timing["cpu_seconds_user"] > 0
    ingest(store, [tmp_path / "outputs"])
    (found,) = rows(
        store,
        "SELECT * FROM run_hardware_metrics JOIN system_hardware USING (system_hardware_id) "
        "JOIN system_software USING (system_software_id)",
    )
    environment = read_json(done.folder.path / "environment.json")
    assert found["model_id"]  # the server is on this machine
    assert found["wall_clock_seconds"] == timing["wall_seconds"]
    assert found["cpu_seconds_user"] == timing["cpu_seconds_user"]
    assert found["completion_tokens"] == timing["tokens_output"]
    assert found["tokens_per_second"] == timing["tokens_output"] / timing["wall_seconds"]
    assert found["cpu_threads"] == environment["cpu"]["threads"]
    assert found["python"] == environment["python"]["version"]
    assert set(json.loads(found["figure_sources"])) >= {"wall_clock_seconds", "tokens_per_second"}
    assert found["host_id"] == environment["host"]["host_id"] == host_id()
    (stated,) = rows(store, "SELECT * FROM runs JOIN environments USING (environment_id)")
    assert json.loads(stated["packages"]) == environment["packages"]
    assert "host" not in json.loads(stated["variables"])


def test_sessions_of_a_run_add_up_unless_one_does_not_tell(tmp_path: Path) -> None:
    first, second = Spent(2.0, 1.0, 0.5), Spent(5.0, 3.0, 1.0)
    assert second.since(first) == Spent(3.0, 2.0, 0.5)
    assert second.since(first).and_before(Spent(1.0, None, 0.5)) == Spent(4.0, None, 1.0)
    assert Spent(1.0, None, None).since(Spent(1.0, None, 0.0)) == Spent(0.0, None, None)
    assert clocks().since(clocks()).wall <= 0


@pytest.mark.parametrize(
    ("content", "spent"),
    [
        ('{"wall_seconds": 2.5, "cpu_seconds_user": 1, "cpu_seconds_sys": 0.5}', (2.5, 1, 0.5)),
        ('{"wall_seconds": 2.5}', (2.5, None, None)),  # of a version that did not tell
        ('{"wall_seconds": null}', (0.0, None, None)),
        ("[]", (0.0, 0.0, 0.0)),
        ("{", (0.0, 0.0, 0.0)),
    ],
)
def test_earlier_sessions_tell_what_they_can(
    content: str, spent: tuple[Any, ...], tmp_path: Path
) -> None:
    (tmp_path / "timing_data.json").write_text(content, "utf-8")
    assert earlier(tmp_path) == Spent(*spent)
    assert earlier(tmp_path / "nowhere") == Spent()
