from __future__ import annotations

import dataclasses
import multiprocessing
import subprocess
import sys
from pathlib import Path

import deltalake
import pytest

from evalhouse.errors import HouseError
from evalhouse.lake import Lake, delta
from evalhouse.schema import TABLES, Column, arrow
from tests.lake.rows import METRICS, append, append_often, table


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def older_lake(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Give a lake whose table was written before the column `value` was declared."""
    declared = TABLES["metrics"]
    columns = tuple(each for each in declared.columns if each.name != "value")
    with monkeypatch.context() as patch:
        patch.setitem(TABLES, "metrics", dataclasses.replace(declared, columns=columns))
        _forget_schemas()
        old = {name: value for name, value in METRICS.items() if name != "value"}
        append(lake, "metrics", table(old), "old")
    _forget_schemas()
    return lake


def _forget_schemas() -> None:
    from evalhouse.lake import encoding

    for cached in (arrow.arrow_schema, encoding.writing_schema, encoding.parquet_options):
        cached.cache_clear()


def test_a_table_that_is_not_there_has_no_files(lake: Lake) -> None:
    assert lake.files("metrics") == []


def test_appended_files_are_listed_with_their_bounds(lake: Lake) -> None:
    append(lake, "metrics", table(METRICS, METRICS))
    [file] = lake.files("metrics")
    assert Path(file.uri).stat().st_size == file.size
    assert (file.rows, file.batch_low, file.batch_high) == (2, "batch-1", "batch-1")
    assert (file.unit_low, file.unit_high) == ("unit-1", "unit-1")
    assert set(file.columns or ()) == {column.name for column in TABLES["metrics"].columns}


def test_an_open_lake_sees_what_another_process_appends(lake: Lake) -> None:
    append(lake, "metrics", table(METRICS))
    other = Lake(lake.place.uri)
    assert len(other.files("metrics")) == 1
    append(lake, "metrics", table(METRICS), "batch-2")
    assert [file.batch_low for file in other.files("metrics")].count("batch-2") == 1


def test_appending_nothing_makes_no_table(lake: Lake) -> None:
    lake.append("metrics", [], batch_id="batch-1")
    assert not Path(lake.place.uri).exists()


def test_one_batch_is_one_commit_that_names_it(lake: Lake) -> None:
    append(lake, "metrics", table(METRICS))
    append(lake, "metrics", table(METRICS), "batch-2")
    history = deltalake.DeltaTable(lake.place.address("metrics")).history()
    assert [each["batch_id"] for each in history] == ["batch-2", "batch-1"]


def test_processes_that_create_and_append_at_once_lose_nothing(lake: Lake) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    workers = [
        spawn.Process(target=append_often, args=(lake.place.uri, worker, 20, barrier))
        for worker in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    batches = {file.batch_low for file in lake.files("metrics")}
    assert batches == {f"batch-{worker}-{number}" for worker in range(2) for number in range(20)}


def test_a_checkpoint_is_written_now_and_then(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "CHECKPOINT_EVERY", 2)
    for number in range(4):
        append(lake, "metrics", table(METRICS), f"batch-{number}")
    log = Path(lake.place.uri) / "metrics" / "_delta_log"
    assert [file.name.split(".")[0].lstrip("0") for file in log.glob("*.checkpoint.parquet")] == [
        "2"
    ]
    assert len(list(log.glob("*.json"))) == 4
    assert len(Lake(lake.place.uri).files("metrics")) == 4


def test_a_column_declared_later_is_added_to_the_table(older_lake: Lake) -> None:
    append(older_lake, "metrics", table(METRICS), "new")
    by_batch = {file.batch_low: set(file.columns or ()) for file in older_lake.files("metrics")}
    assert "value" in by_batch["new"]
    assert "value" not in by_batch["old"]
    fields = deltalake.DeltaTable(older_lake.place.address("metrics")).schema().fields
    assert {"value", "metric"} <= {field.name for field in fields}


def test_an_older_program_can_still_append_to_a_newer_table(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = TABLES["metrics"]
    newer = (*declared.columns, Column("colour", "text", "made up"))
    with monkeypatch.context() as patch:
        patch.setitem(TABLES, "metrics", dataclasses.replace(declared, columns=newer))
        _forget_schemas()
        append(lake, "metrics", table({**METRICS, "colour": "red"}), "new")
    _forget_schemas()
    append(lake, "metrics", table(METRICS), "old")
    assert len(lake.files("metrics")) == 2


def test_any_delta_reader_sees_the_rows(lake: Lake) -> None:
    append(lake, "metrics", table(METRICS))
    rows = deltalake.DeltaTable(lake.place.address("metrics")).to_pyarrow_table().to_pylist()
    assert [(row["metric"], row["value"]) for row in rows] == [("acc", 0.5)]


def test_a_damaged_table_is_named(lake: Lake) -> None:
    append(lake, "metrics", table(METRICS))
    log = Path(lake.place.uri) / "metrics" / "_delta_log" / f"{0:020}.json"
    log.write_text("{", encoding="utf-8")
    with pytest.raises(HouseError, match="lake table `metrics` cannot be used"):
        Lake(lake.place.uri).files("metrics")


def test_workers_load_neither_the_table_format_nor_the_query_engine() -> None:
    program = "import evalhouse.lake, sys; print({'deltalake', 'duckdb'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
