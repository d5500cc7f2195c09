"""Write rows as Parquet files that are not yet part of a table.

Needs pyarrow alone, so that worker processes start fast.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from evalhouse.errors import HouseError, boundary
from evalhouse.lake.encoding import parquet_options, writing_schema
from evalhouse.lake.place import Place

_MERGED = 128  # batches that small become one: each takes much more memory than its rows do
ROW_GROUP_BYTES = 6 << 20
"""Rows wait in memory until there are so many bytes of them, counted as Arrow holds them."""

FILE_BYTES = 64 << 20
"""A new file is begun once so many bytes are written."""

_BOUNDED = ("batch_id", "unit_id", "run_id", "task")
_NAME = re.compile(r"[A-Za-z0-9_.=-]+")


@dataclass(frozen=True)
class DataFile:
    """A Parquet file that waits to be added to a table."""

    table: str
    path: str
    """Path inside the folder of the table."""
    size: int
    """Bytes."""
    rows: int
    stats: str
    """JSON in the form that the Delta log wants."""


class TableWriter:
    """Writes rows of one table for one batch; values are never reinterpreted.

    Text may come as string, large_string or dictionary; missing columns are filled with nulls
    (`batch_id` with the batch), an unknown column or another type raises ValueError.
    """

    def __init__(self, place: Place, table: str, *, batch_id: str, name: str) -> None:
        for part in (batch_id, name):
            if not _NAME.fullmatch(part):
                raise ValueError(f"`{part}` cannot be part of a file name")
        self._place = place
        self._table = table
        self._batch_id = batch_id
        self._name = name
        self._schema = writing_schema(table)
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_bytes = 0
        self._small: list[pa.RecordBatch] = []
        self._file: _OpenFile | None = None
        self._files: list[DataFile] = []

    def write(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Take rows; they reach the disk by row groups."""
        unknown = set(rows.schema.names) - set(self._schema.names)
        if unknown:
            raise ValueError(f"table `{self._table}` has no column `{min(unknown)}`")
        batches = rows.to_batches() if isinstance(rows, pa.Table) else [rows]
        for batch in batches:
            if batch.num_rows:
                self._take(self._conform(batch))

    def close(self) -> list[DataFile]:
        """Write what waits and return every file written; none without rows."""
        self._merge()
        if self._waiting:
            self._flush()
        self._end_file()
        return self._files

    def discard(self) -> None:
        """Give up: forget what waits and close the open file, which no table will name."""
        self._waiting.clear()
        self._small.clear()
        if self._file is not None:
            self._file.discard()
            self._file = None

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the open file, or discard it after a failure."""
        if kind is None:
            self.close()
        else:
            self.discard()

    def _conform(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        present = set(batch.schema.names)
        columns = [
            _conformed(batch.column(field.name), field)
            if field.name in present
            else self._filled(field, batch.num_rows)
            for field in self._schema
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self._schema)

    def _filled(self, field: pa.Field, rows: int) -> pa.Array:
        if field.name == "batch_id":
            return _constant(self._batch_id, rows)
        if not field.nullable:
            raise ValueError(f"table `{self._table}` needs the column `{field.name}`")
        return pa.nulls(rows, field.type)

    def _take(self, batch: pa.RecordBatch) -> None:
        """Queue rows, cut so that no row group is much larger than it should be."""
        size = batch.nbytes
        if size < ROW_GROUP_BYTES // _MERGED:
            self._small.append(batch)
            if len(self._small) >= _MERGED:
                self._merge()
            return
        self._merge()
        pieces = -(-size // ROW_GROUP_BYTES)
        step = -(-batch.num_rows // pieces)
        for start in range(0, batch.num_rows, step):
            self._queue(batch.slice(start, step) if pieces > 1 else batch)

    def _merge(self) -> None:
        """Queue the small batches as one."""
        if self._small:
            rows = pa.Table.from_batches(self._small).unify_dictionaries().combine_chunks()
            self._small = []
            for batch in rows.to_batches():
                self._queue(batch)

    def _queue(self, batch: pa.RecordBatch) -> None:
        self._waiting.append(batch)
        self._waiting_bytes += batch.nbytes
        if self._waiting_bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._file is None:
            path = f"{self._batch_id}-{self._name}-{len(self._files)}.parquet"
            self._place.make_folder(self._table)
            self._file = _OpenFile(self._place, self._table, path)
        # One dictionary per row group: with several, the writer would fall back to plain text.
        rows = pa.Table.from_batches(self._waiting).unify_dictionaries()
        self._waiting, self._waiting_bytes = [], 0
        if self._file.write(rows) >= FILE_BYTES:
            self._end_file()

    def _end_file(self) -> None:
        if self._file is not None:
            self._files.append(self._file.close())
            self._file = None


class _OpenFile:
    """A Parquet file being written."""

    def __init__(self, place: Place, table: str, path: str) -> None:
        self._table = table
        self._path = path
        self._metadata: list[pq.FileMetaData] = []
        self._nulls = dict.fromkeys(writing_schema(table).names, 0)
        with boundary(HouseError, on=(OSError,)):
            self._sink = place.filesystem.open_output_stream(place.path(table, path))
            self._writer = pq.ParquetWriter(
                self._sink,
                writing_schema(table),
                metadata_collector=self._metadata,
                **parquet_options(table),
            )

    def write(self, rows: pa.Table) -> int:
        """Write one row group; return the bytes of the file so far."""
        for name in rows.schema.names:
            self._nulls[name] += rows.column(name).null_count
        with boundary(HouseError, on=(OSError,)):
            self._writer.write_table(rows, row_group_size=rows.num_rows)
            return int(self._sink.tell())

    def discard(self) -> None:
        """Close the file as far as that is possible: what is in it counts no more."""
        with contextlib.suppress(OSError, RuntimeError, pa.ArrowException):
            self._writer.close()
        with contextlib.suppress(OSError, pa.ArrowException):
            self._sink.close()

    def close(self) -> DataFile:
        """Finish the file and describe it."""
        with boundary(HouseError, on=(OSError,)):
            self._writer.close()
            size = int(self._sink.tell())
            self._sink.close()
        metadata = self._metadata[0]
        stats = {"numRecords": metadata.num_rows, **_bounds(metadata), "nullCount": self._nulls}
        return DataFile(self._table, self._path, size, metadata.num_rows, json.dumps(stats))


def _bounds(metadata: pq.FileMetaData) -> dict[str, dict[str, Any]]:
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    names = metadata.schema.names
    for name in _BOUNDED:
        if name not in names:
            continue
        index = names.index(name)
        found = [
            metadata.row_group(group).column(index).statistics
            for group in range(metadata.num_row_groups)
        ]
        if all(each is not None and each.has_min_max for each in found):
            low[name] = min(each.min for each in found)
            high[name] = max(each.max for each in found)
    return {"minValues": low, "maxValues": high}


def _conformed(values: pa.Array, field: pa.Field) -> pa.Array:
    if not field.nullable and values.null_count:
        raise ValueError(f"the column `{field.name}` must not be empty")
    if values.type == field.type:
        return values
    if not _same_kind(_plain(values.type), _plain(field.type)):
        raise ValueError(f"the column `{field.name}` is {field.type}, not {values.type}")
    if pa.types.is_dictionary(field.type) and not pa.types.is_dictionary(values.type):
        values = values.cast(pa.string()).dictionary_encode()
    return values.cast(field.type)


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _same_kind(given: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_null(given):
        return True
    kinds = pa.types
    for tests in (
        (kinds.is_string, kinds.is_large_string, kinds.is_string_view),
        (kinds.is_integer,),
        (kinds.is_binary, kinds.is_large_binary, kinds.is_binary_view),
        (kinds.is_boolean,),
    ):
        if any(test(wanted) for test in tests):
            return any(test(given) for test in tests)
    return bool(kinds.is_floating(wanted) and (kinds.is_floating(given) or kinds.is_integer(given)))


def _constant(value: str, rows: int) -> pa.Array:
    indices = pa.repeat(pa.scalar(0, pa.int32()), rows)
    return pa.DictionaryArray.from_arrays(indices, pa.array([value], pa.string()))
