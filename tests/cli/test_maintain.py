from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import evalhouse
from tests.cli.conftest import DUMPS, Evalhouse
from tests.formats.codebook_lab.folders import TASK, write_own

OLD = "allenai/OLMo-2-0425-1B main 2025-10-08_posttrain"


def test_init_says_where_everything_is(call: Evalhouse, tmp_path: Path) -> None:
    done = call("--house", tmp_path / "house", "init", "--lake", tmp_path / "lake")
    assert done.code == 0
    assert f"lake     {tmp_path / 'lake'}" in done.out
    assert (tmp_path / "house" / "catalog.db").exists()


def test_init_takes_no_password(call: Evalhouse, tmp_path: Path) -> None:
    url = "postgresql://me:secret@localhost:1/none"
    done = call("--house", tmp_path / "house", "init", "--catalog", url)
    assert done.code in {1, 2}
    assert "secret" not in done.err + done.out
    assert not (tmp_path / "house" / "house.toml").exists()


def test_repair_closes_what_dead_processes_left(call: Evalhouse, tmp_path: Path) -> None:
    place = tmp_path / "house"
    call("--house", place, "init")
    assert "nothing to repair" in call("--house", place, "repair").out
    with evalhouse.open(place) as house:
        batch_id = house.store.begin().batch_id  # and nobody writes it
    assert "nothing to repair" in call("--house", place, "repair").out
    with closing(sqlite3.connect(place / "catalog.db")) as catalog, catalog:
        catalog.execute("update batches set heartbeat_at = '2001-01-01T00:00:00.000000+00:00'")
    assert batch_id in call("--house", place, "repair").out


def test_a_run_is_written_as_olmes_wrote_it(ask: Evalhouse, tmp_path: Path) -> None:
    done = ask("export", "olmes", OLD, "--to", tmp_path / "out")
    assert done.code == 0
    assert "are byte for byte those of the source" in done.out
    assert "were never shipped" in done.out
    assert (tmp_path / "out" / "metrics-all.jsonl").exists()


def test_an_export_reports_as_data(ask: Evalhouse, tmp_path: Path) -> None:
    done = ask("export", "olmes", OLD, "--to", tmp_path / "out", "--format", "json")
    report = json.loads(done.out)
    assert {Path(file["path"]).name for file in report["files"]} >= {"metrics-all.jsonl"}


def test_an_export_writes_into_no_folder_of_others(ask: Evalhouse, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = ask("export", "olmes", OLD, "--to", tmp_path)
    assert done.code == 2
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_every_command_works_on_postgresql(
    call: Evalhouse, tmp_path: Path, postgres_url: str
) -> None:
    place = tmp_path / "house"
    assert call("--house", place, "init", "--catalog", postgres_url).code == 0
    assert call("--house", place, "ingest", DUMPS).code == 0
    rows = call("--house", place, "leaderboard", "core_3mcqa:rc::olmes", "--format", "json").json
    assert [row["value"] for row in rows] == sorted((row["value"] for row in rows), reverse=True)
    assert len(rows) == 3
    assert call("--house", place, "show", OLD).code == 0
    assert call("--house", place, "export", "olmes", OLD, "--to", tmp_path / "out").code == 0


@pytest.fixture
def annotated(call: Evalhouse, tmp_path: Path) -> Path:
    """Give the place of a house with one annotation run, whose folder is gone."""
    write_own(tmp_path / "outputs")
    call("--house", tmp_path / "house", "ingest", tmp_path / "outputs")
    shutil.rmtree(tmp_path / "outputs")
    return tmp_path / "house"


def test_an_annotation_run_is_written_as_its_folder_was(
    call: Evalhouse, annotated: Path, tmp_path: Path
) -> None:
    words = ("--house", annotated, "export", "codebook-lab", "aaaaaaaa", "--to", tmp_path / "out")
    done = call(*words)
    assert done.code == 0
    assert "wrote 12 files" in done.out
    assert "11 are byte for byte those of the source" in done.out
    assert "1 secrets are replaced" in done.out
    assert (tmp_path / "out" / TASK / "aaaaaaaa" / "output.csv").exists()
    assert len(call(*words, "--format", "json").json["files"]) == 12


def test_a_run_of_olmes_is_not_written_as_a_folder_of_answers(
    ask: Evalhouse, tmp_path: Path
) -> None:
    done = ask("export", "codebook-lab", OLD, "--to", tmp_path / "out")
    assert done.code == 2
    assert "is no annotation run; `evalhouse export olmes` writes those of OLMES" in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_the_tables_of_a_task_are_written(call: Evalhouse, annotated: Path, tmp_path: Path) -> None:
    words = ("--house", annotated, "export", "tidy", TASK, "--to", tmp_path / "out")
    done = call(*words)
    assert done.code == 0
    assert "wrote the tables of 1 run " in done.out
    assert f"{TASK}_metrics_log_classes.csv  2 rows" in done.out
    told = call(*words, "--format", "json").json
    assert {file["path"]: file["rows"] for file in told["files"]} == {
        f"{TASK}_metrics_log.csv": 5,
        f"{TASK}_metrics_log_runs.csv": 1,
        f"{TASK}_metrics_log_classes.csv": 2,
    }


def test_the_tables_of_no_task_are_refused(ask: Evalhouse, tmp_path: Path) -> None:
    done = ask("export", "tidy", "nothing", "--to", tmp_path / "out")
    assert done.code == 2
    assert "no task with annotation runs is called `nothing`" in done.err
    assert not (tmp_path / "out").exists()
