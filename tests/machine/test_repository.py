from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from evalhouse.machine import repository
from evalhouse.machine.repository import describe_repository, last_commit, public_address

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q")
        self.git("config", "user.name", "Ann Other")
        self.git("config", "user.email", "ann@example.org")
        self.write("codebook.json", "{}")
        self.git("add", ".")
        self.git("commit", "-q", "-m", "First")

    def git(self, *words: str) -> str:
        variables = {name: each for name, each in os.environ.items() if name[:4] != "GIT_"}
        done = subprocess.run(
            ["git", "-C", str(self.folder), *words],
            capture_output=True,
            text=True,
            check=True,
            env=variables,
        )
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf-8")

    def spring(self, canary: Path) -> None:
        """Have this repository run a command whenever somebody looks at it."""
        script = self.folder.parent / "trap.sh"
        script.write_text(f"#!/bin/sh\ntouch '{canary}'\ncat\n", "utf-8")
        script.chmod(0o755)
        hooks = self.folder / ".git" / "hooks"
        hooks.mkdir(exist_ok=True)
        shutil.copy(script, hooks / "post-index-change")
        self.git("config", "filter.trap.clean", str(script))
        self.git("config", "filter.trap.process", str(script))
        self.git("config", "core.fsmonitor", str(script))
        self.git("config", "core.sshCommand", str(script))
        self.write(".gitattributes", "* filter=trap\n")


@pytest.fixture
def made(tmp_path: Path) -> Repository:
    folder = tmp_path / "task"
    folder.mkdir()
    return Repository(folder)


@needs_git
def test_a_clean_repository_is_told(made: Repository) -> None:
    commit = made.git("rev-parse", "HEAD")
    assert describe_repository(made.folder) == {
        "commit": commit,
        "describe": commit[:7],
        "dirty": False,
        "remote": None,
    }


@needs_git
def test_tags_changes_and_origin_are_told(made: Repository) -> None:
    made.git("tag", "v1")
    made.git("remote", "add", "origin", "https://ann:t0k3n@example.org/lab/codes.git")
    made.write("codebook.json", "[]")
    found = describe_repository(made.folder)
    assert found is not None
    assert (found["describe"], found["dirty"]) == ("v1", True)
    assert found["remote"] == "https://example.org/lab/codes.git"


@needs_git
def test_files_that_git_does_not_track_leave_it_clean(made: Repository) -> None:
    made.write("output.csv", "1")
    found = describe_repository(made.folder)
    assert found is not None
    assert found["dirty"] is False


@needs_git
def test_a_folder_inside_is_told_by_its_repository(made: Repository) -> None:
    (made.folder / "inner").mkdir()
    found = describe_repository(made.folder / "inner")
    assert found is not None
    assert found["commit"] == made.git("rev-parse", "HEAD")


@needs_git
def test_a_hostile_repository_runs_nothing(made: Repository, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    made.spring(canary)
    made.write("codebook.json", "{} ")
    found = describe_repository(made.folder)
    assert not canary.exists()
    assert found is not None
    assert found["dirty"] is True
    subprocess.run(["git", "-C", str(made.folder), "status"], capture_output=True, check=False)
    assert canary.exists(), "the trap would have worked"


@needs_git
def test_a_filter_that_cannot_be_switched_off_leaves_the_state_open(
    made: Repository, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    with (made.folder / ".git" / "config").open("a") as config:
        config.write(f'[filter "a=b"]\n\tclean = touch {canary}\n')
    made.write(".gitattributes", "* filter=a=b\n")
    made.write("codebook.json", "{} ")
    found = describe_repository(made.folder)
    assert found is not None
    assert found["dirty"] is None
    assert not canary.exists()


@needs_git
def test_variables_of_another_repository_do_not_reach_in(
    made: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert describe_repository(made.folder) is not None


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_without_a_repository_has_none(tmp_path: Path, name: str) -> None:
    assert describe_repository(tmp_path / name) is None


@needs_git
def test_a_repository_without_a_commit_has_none(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert describe_repository(tmp_path) is None


def test_without_git_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert describe_repository(Path(__file__).parent) is None


@needs_git
def test_a_git_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec sleep 60\n", "utf-8")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(repository, "_SECONDS", 0.2)
    assert describe_repository(tmp_path) is None


@pytest.mark.parametrize(
    ("remote", "public"),
    [
        ("https://example.org/a/b.git", "https://example.org/a/b.git"),
        ("https://ann@example.org/a.git?token=x#y", "https://example.org/a.git"),
        ("ssh://git@example.org:2222/a.git", "ssh://example.org:2222/a.git"),
        ("git@example.org:a/b.git", "example.org:a/b.git"),
        ("example.org:a.git", "example.org:a.git"),
        ("file:///data/ann/a.git", None),
        ("/data/ann/a.git", None),
        ("../a.git", None),
        ("ext::sh -c 'id'", None),
        ("https://example.org:port/a", None),
        ("https://[broken/a", None),
        ("", None),
    ],
)
def test_an_address_loses_who_uses_it(remote: str, public: str | None) -> None:
    assert public_address(remote) == public


@needs_git
def test_files_have_the_commit_that_last_changed_them(made: Repository) -> None:
    book = made.folder / "codebook.json"
    first = made.git("rev-parse", "HEAD")
    made.write("other.txt", "1")
    made.git("add", "other.txt")
    made.git("commit", "-q", "-m", "Second")
    second = made.git("rev-parse", "HEAD")
    made.write("other.txt", "2")  # is no part of what is asked about
    assert last_commit(made.folder, [book]) == first
    assert last_commit(made.folder, [book, made.folder / "other.txt"]) is None
    made.write("other.txt", "1")
    assert last_commit(made.folder, [book, made.folder / "other.txt"]) == second


@needs_git
def test_files_that_no_commit_has_as_they_are_have_none(made: Repository, tmp_path: Path) -> None:
    book = made.folder / "codebook.json"
    made.write("new.txt", "")
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("", "utf-8")
    assert last_commit(made.folder, [made.folder / "new.txt"]) is None
    assert last_commit(made.folder, [book, elsewhere]) is None
    assert last_commit(made.folder, []) is None
    assert last_commit(tmp_path, [elsewhere]) is None
    made.write("codebook.json", "{ }")
    assert last_commit(made.folder, [book]) is None
    made.git("add", ".")
    assert last_commit(made.folder, [book]) is None


@needs_git
def test_a_name_of_a_file_is_no_pattern(made: Repository) -> None:
    made.write("*.json", "{}")
    assert last_commit(made.folder, [made.folder / "*.json"]) is None


@needs_git
def test_asking_for_a_commit_runs_nothing_of_the_repository(
    made: Repository, tmp_path: Path
) -> None:
    made.spring(tmp_path / "canary")
    made.git("config", "log.showSignature", "true")
    made.git("config", "gpg.program", str(tmp_path / "trap.sh"))
    last_commit(made.folder, [made.folder / "codebook.json"])
    assert not (tmp_path / "canary").exists()


def test_without_git_no_commit_is_known(made: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert last_commit(made.folder, [made.folder / "codebook.json"]) is None
