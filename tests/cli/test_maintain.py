from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import evalhouse
from tests.cli.conftest import DUMPS, Evalhouse

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
