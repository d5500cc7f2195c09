from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from evalhouse.cli.take_in import parse_size
from evalhouse.errors import UsageError
from tests.cli.conftest import DUMPS, Evalhouse

SECRET = "sk-proj-" + "a1B2c3D4e5F6g7H8" * 3  # in the shape of a key, and none


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """Write a dump of one record with a secret, and a predictions file with a damaged line."""
    source = next(DUMPS.rglob("*OLMo-2-0425-1B__main/task-000*-predictions.jsonl")).parent
    folder = tmp_path / "dump"
    folder.mkdir()
    for path in source.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    rows = next(folder.glob("task-000*-predictions.jsonl"))
    rows.write_text(rows.read_text("utf-8") + "{not json\n", "utf-8")
    return folder


def test_the_ledger_says_what_became_of_everything(call: Evalhouse, tmp_path: Path) -> None:
    done = call("--house", tmp_path / "house", "ingest", DUMPS)
    assert done.code == 0
    assert "73 parsed, 3 kept as they are, 1 ignored" in done.out
    assert "responses 96" in done.out
    assert "notice: no_record, 1" in done.out
    assert "leaderboard core_3mcqa:rc::olmes" in done.out


def test_a_second_ingest_says_that_nothing_is_new(call: Evalhouse, tmp_path: Path) -> None:
    words = ("--house", tmp_path / "house", "ingest", DUMPS)
    call(*words)
    assert "known already" in call(*words).out


def test_damage_is_told_with_its_line_and_the_exit_code(
    call: Evalhouse, tmp_path: Path, dump: Path
) -> None:
    done = call("--house", tmp_path / "house", "ingest", dump)
    assert done.code == 3
    assert "predictions.jsonl:7: " in done.out
    assert f"evalhouse --house {tmp_path / 'house'} problems" in done.out


def test_secrets_are_told_with_their_file(call: Evalhouse, tmp_path: Path, dump: Path) -> None:
    record = dump / "metrics-all.jsonl"
    first, _, rest = record.read_text("utf-8").partition('"max_length"')
    record.write_text(f'{first}"api_key": "{SECRET}", "max_length"{rest}', "utf-8")
    done = call("--house", tmp_path / "house", "ingest", dump)
    assert "redacted before anything was written" in done.out
    assert SECRET not in done.out
    house_bytes = b"".join(f.read_bytes() for f in (tmp_path / "house").rglob("*") if f.is_file())
    assert SECRET.encode() not in house_bytes


def test_the_ledger_is_data_where_that_is_asked_for(
    call: Evalhouse, tmp_path: Path, dump: Path
) -> None:
    done = call("--house", tmp_path / "house", "ingest", dump, "--json")
    ledger = json.loads(done.out)
    assert (done.code, ledger["exit_code"]) == (3, 3)
    assert ledger["files"]["parsed"] > 0
    assert {each["severity"] for each in ledger["problems"]["counts"]} >= {"damage"}


def test_a_quiet_ingest_prints_problems_alone(call: Evalhouse, tmp_path: Path) -> None:
    done = call("--house", tmp_path / "house", "ingest", DUMPS, "--quiet")
    assert done.out.strip().startswith("problems")
    assert "rows" not in done.out.splitlines()[0]


def test_a_name_that_is_not_utf8_is_told_and_stops_nothing(
    call: Evalhouse, tmp_path: Path, dump: Path
) -> None:
    Path(os.fsdecode(os.fsencode(dump) + b"/task-007-\xff-predictions.jsonl")).write_bytes(b"{}")
    done = call("--house", tmp_path / "house", "ingest", dump, "--json")
    ledger = json.loads(done.out)
    assert done.code == 3
    assert ledger["files"]["parsed"] > 0
    (path,) = ledger["files"]["unread"]
    assert path.endswith("task-007-\\xff-predictions.jsonl")


@pytest.mark.parametrize("kind", ["", "pipe", os.devnull])
def test_what_is_neither_folder_nor_file_is_a_wrong_call(
    call: Evalhouse, tmp_path: Path, kind: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    place = tmp_path / kind if kind else ""
    done = call("--house", tmp_path / "house", "ingest", place)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1


def test_a_place_that_is_not_there_is_a_wrong_call(call: Evalhouse, tmp_path: Path) -> None:
    done = call("--house", tmp_path / "house", "ingest", tmp_path / "nothing")
    assert done.code == 2
    assert str(tmp_path / "nothing") in done.err


@pytest.mark.parametrize("size", ["", "many", "-1", "0", "1.5.2MB", "5XB"])
def test_what_is_no_size_is_refused(size: str) -> None:
    with pytest.raises(UsageError):
        parse_size(size)


@pytest.mark.parametrize(
    ("size", "count"), [("1", 1), ("64MB", 64_000_000), ("64 MiB", 64 << 20), ("1_000k", 10**6)]
)
def test_a_size_is_a_number_with_a_unit(size: str, count: int) -> None:
    assert parse_size(size) == count
