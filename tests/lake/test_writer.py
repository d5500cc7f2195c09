from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalhouse.lake import Lake, writer
from evalhouse.schema import LAKE_TABLES
from evalhouse.schema.arrow import arrow_schema
from tests.lake.rows import METRICS, table


def write(folder: Path, name: str, *batches: pa.Table) -> pq.ParquetFile:
    writing = Lake(str(folder)).writer(name, batch_id="batch-1", name="w0")
    for batch in batches:
        writing.write(batch)
    [file] = writing.close()
    return pq.ParquetFile(folder / name / file.path)


def texts(values: list[Any], kind: str) -> pa.Array:
    array = pa.array(values, pa.string())
    return array.dictionary_encode() if kind == "dictionary" else array.cast(kind)


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary"])
def test_the_written_schema_is_the_declared_one_whatever_text_comes_as(
    tmp_path: Path, kind: str
) -> None:
    rows = pa.table(
        {
            "unit_id": texts(["u"], kind),
            "task": texts(["arc"], kind),
            "label": texts(["0"], kind),
            "request": texts(['{"context": "é"}'], kind),
            "doc_id": pa.array([3], pa.int32()),
            "idx": pa.nulls(1),
        }
    )
    file = write(tmp_path, "requests", rows)
    assert file.schema_arrow.equals(arrow_schema("requests"), check_metadata=False)
    [row] = file.read().to_pylist()
    assert (row["request"], row["task"], row["doc_id"]) == ('{"context": "é"}', "arc", 3)


@pytest.mark.parametrize("name", [each.name for each in LAKE_TABLES])
def test_every_table_is_written_in_its_declared_schema(tmp_path: Path, name: str) -> None:
    needed = {field.name: "u" for field in arrow_schema(name) if not field.nullable}
    file = write(tmp_path, name, table(needed))
    assert file.schema_arrow.equals(arrow_schema(name), check_metadata=False)


def test_missing_columns_are_empty_and_the_batch_is_filled_in(tmp_path: Path) -> None:
    [row] = write(tmp_path, "metrics", table(METRICS)).read().to_pylist()
    assert {name: value for name, value in row.items() if value is not None} == {
        **METRICS,
        "batch_id": "batch-1",
    }


def test_an_unknown_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no column `colour`"):
        write(tmp_path, "metrics", table({**METRICS, "colour": "red"}))


@pytest.mark.parametrize(("column", "value"), [("task", 3), ("value", "0.5"), ("n", 0.5)])
def test_a_value_of_another_kind_is_refused_not_converted(
    tmp_path: Path, column: str, value: object
) -> None:
    with pytest.raises(ValueError, match=f"column `{column}` is"):
        write(tmp_path, "metrics", table({**METRICS, column: value}))


def test_a_row_without_its_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs the column `unit_id`"):
        write(tmp_path, "metrics", table({"value": 1.0}))
    with pytest.raises(ValueError, match="`unit_id` must not be empty"):
        write(tmp_path, "metrics", table({"unit_id": None, "value": 1.0}))


def test_without_rows_there_is_no_file(tmp_path: Path) -> None:
    writing = Lake(str(tmp_path)).writer("metrics", batch_id="batch-1", name="w0")
    writing.write(table(METRICS).slice(0, 0))
    assert writing.close() == []
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_file_carries_its_rows_bounds_and_counts_of_nulls(tmp_path: Path) -> None:
    writing = Lake(str(tmp_path)).writer("metrics", batch_id="batch-1", name="w0")
    writing.write(table(METRICS, {**METRICS, "unit_id": "unit-0", "value": None}))
    [file] = writing.close()
    stats = json.loads(file.stats)
    assert file.rows == stats["numRecords"] == 2
    assert (stats["minValues"]["unit_id"], stats["maxValues"]["unit_id"]) == ("unit-0", "unit-1")
    assert stats["minValues"]["batch_id"] == stats["maxValues"]["batch_id"] == "batch-1"
    assert stats["nullCount"]["value"] == 1
    assert stats["nullCount"].keys() == set(arrow_schema("metrics").names)


def test_a_new_file_begins_when_one_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "ROW_GROUP_BYTES", 1)
    monkeypatch.setattr(writer, "FILE_BYTES", 1)
    writing = Lake(str(tmp_path)).writer("metrics", batch_id="batch-1", name="w0")
    writing.write(table(METRICS, METRICS))
    writing.write(table(METRICS))
    files = writing.close()
    assert sum(file.rows for file in files) == 3
    assert len({file.path for file in files}) == len(files) > 1


def test_large_batches_are_cut_into_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "ROW_GROUP_BYTES", 20_000)
    rows = pa.table({"unit_id": ["u"] * 1000, "request": ["x" * 100] * 1000})
    file = write(tmp_path, "requests", rows)
    assert file.metadata.num_row_groups > 4
    assert file.read()["request"].to_pylist() == ["x" * 100] * 1000


def test_batches_with_dictionaries_of_their_own_stay_dictionaries(tmp_path: Path) -> None:
    first, second = (
        pa.table({"unit_id": ["u"] * 9, "task": pa.array([name] * 9).dictionary_encode()})
        for name in ("arc", "boolq")
    )
    file = write(tmp_path, "responses", first, second)
    index = file.schema_arrow.names.index("task")
    column = file.metadata.row_group(0).column(index)
    assert column.has_dictionary_page
    assert (column.statistics.min, column.statistics.max) == ("arc", "boolq")
    assert file.read()["task"].to_pylist() == ["arc"] * 9 + ["boolq"] * 9


def test_log_likelihoods_are_not_compressed_and_requests_share_prefixes(tmp_path: Path) -> None:
    rows = pa.table({"unit_id": ["u"], "sum_logits": [-1.25]})
    choices = write(tmp_path, "choices", rows)
    requests = write(tmp_path, "requests", pa.table({"unit_id": ["u"], "request": ["{}"]}))
    logits = choices.metadata.row_group(0).column(choices.schema_arrow.names.index("sum_logits"))
    request = requests.metadata.row_group(0).column(requests.schema_arrow.names.index("request"))
    assert (logits.compression, request.compression) == ("UNCOMPRESSED", "ZSTD")
    assert "DELTA_BYTE_ARRAY" in request.encodings


def test_a_writer_that_fails_leaves_no_file_behind_in_the_table(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    with (
        pytest.raises(ValueError, match="no column"),
        lake.writer("metrics", batch_id="batch-1", name="w0") as writing,
    ):
        writing.write(table({"colour": "red"}))
    assert lake.files("metrics") == []


def test_files_and_lakes_travel_between_processes(tmp_path: Path) -> None:
    lake = pickle.loads(pickle.dumps(Lake(str(tmp_path))))
    writing = lake.writer("metrics", batch_id="batch-1", name="w0")
    writing.write(table(METRICS))
    files = pickle.loads(pickle.dumps(writing.close()))
    lake.append("metrics", files, batch_id="batch-1")
    assert [file.rows for file in pickle.loads(pickle.dumps(lake)).files("metrics")] == [1]


@pytest.mark.parametrize("name", ["../w0", "a b", ""])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of a file name"):
        Lake(str(tmp_path)).writer("metrics", batch_id="batch-1", name=name)


def test_small_batches_reach_the_disk_together_and_in_order(tmp_path: Path) -> None:
    writing = Lake(str(tmp_path)).writer("metrics", batch_id="batch-1", name="w0")
    for number in range(300):
        writing.write(table({**METRICS, "value": float(number)}))
    [file] = writing.close()
    found = pq.ParquetFile(tmp_path / "metrics" / file.path)
    assert found.metadata.num_row_groups == 1
    assert found.read()["value"].to_pylist() == [float(number) for number in range(300)]
