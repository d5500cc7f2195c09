from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalhouse.errors import HouseError, UsageError
from evalhouse.store.output import Format, replaced, write

TABLE = pa.table(
    {
        "text": ["a,b", 'say "x"\n', "", None],
        "number": [1.5, float("nan"), None, 2.0],
        "sum": pa.array([Decimal(5), None, Decimal(10) ** 20, Decimal(0)], pa.decimal128(38, 0)),
        "list": [[1, 2], [], None, [3]],
        "bytes": [b"\x00\xff", None, b"", b"a"],
        "time": [datetime(2025, 11, 3, tzinfo=UTC), None, None, None],
        "kind": pa.array(["x", "y", None, "x"]).dictionary_encode(),
    }
)


def _written(table: pa.Table, form: Format) -> bytes:
    sink = io.BytesIO()
    assert write(table.to_batches(), table.schema, sink, form) == table.num_rows
    return sink.getvalue()


def _csv_rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


_READERS: dict[Format, Callable[[bytes], pa.Table]] = {
    "parquet": lambda data: pq.read_table(pa.BufferReader(data)),
    "arrow": lambda data: pa.ipc.open_file(pa.BufferReader(data)).read_all(),
}


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_a_binary_file_holds_the_same_rows(form: Format) -> None:
    found = _READERS[form](_written(TABLE, form))
    assert repr(found.to_pylist()) == repr(TABLE.to_pylist())  # NaN differs from itself


def test_csv_shows_nested_values_as_json_and_bytes_as_digits() -> None:
    header, first, *_ = _csv_rows(_written(TABLE, "csv"))
    assert header == TABLE.column_names
    assert first == ["a,b", "1.5", "5", "[1,2]", "00ff", "2025-11-03 00:00:00.000000Z", "x"]


def test_csv_tells_empty_text_from_no_text() -> None:
    table = pa.table({"text": ["", None], "n": [1, 2]})
    assert _written(table, "csv") == b'"text","n"\n"",1\n,2\n'


def test_json_is_one_array_of_objects() -> None:
    rows = json.loads(_written(TABLE, "json"))
    assert rows[0]["sum"] == 5
    assert rows[1]["number"] is None
    assert rows[2] == {**dict.fromkeys(TABLE.column_names), "text": "", "sum": 10**20, "bytes": ""}


@pytest.mark.parametrize(("form", "data"), [("json", b"[]\n"), ("csv", b'"a"\n')])
def test_no_rows_are_a_file_too(form: Format, data: bytes) -> None:
    assert _written(pa.table({"a": pa.array([], pa.int64())}), form) == data


@pytest.mark.parametrize("form", ["json", "csv", "parquet", "arrow"])
def test_columns_of_equal_names_get_numbers(form: Format) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], ["a", "a", "a_2"])
    data = _written(table, form)
    if form == "json":
        assert len(json.loads(data)[0]) == 3
    elif form == "csv":
        assert len(set(_csv_rows(data)[0])) == 3
    else:
        assert len(set(_READERS[form](data).column_names)) == 3


def test_what_a_format_cannot_hold_is_told() -> None:
    table = pa.table({"i": pa.array([(0, 3, 0)], pa.month_day_nano_interval())})
    with pytest.raises(UsageError, match="cannot be written as parquet"):
        _written(table, "parquet")
    assert json.loads(_written(table, "json")) == [{"i": [0, 3, 0]}]


def test_a_file_takes_the_place_of_another_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with replaced(path) as sink:
        sink.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_failure_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    interval = pa.table({"i": pa.array([(0, 3, 0)], pa.month_day_nano_interval())})
    with pytest.raises(UsageError), replaced(path) as sink:
        write(interval.to_batches(), interval.schema, sink, "parquet")
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("out.csv", "old")]


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    def attempt() -> Any:
        with replaced(tmp_path / "no" / "out.csv"):
            pass

    with pytest.raises(HouseError, match="cannot be written"):
        attempt()
