"""Files of query results: CSV, JSON, Parquet, Arrow."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, Self

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from evalhouse.errors import HouseError, UsageError

Format = Literal["csv", "json", "parquet", "arrow"]
BINARY_FORMATS: frozenset[Format] = frozenset({"parquet", "arrow"})
_JSON_ROWS = 4096


class _Writer(Protocol):
    """Takes batches of one schema."""

    def write_batch(self, batch: pa.RecordBatch) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...


def write(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, sink: BinaryIO, form: Format
) -> int:
    """Write batches in a format and return the number of rows.

    CSV shows nested values as JSON, and an empty text (quoted) apart from no value. JSON is one
    array of objects; numbers that are not finite are null. Arrow is the IPC file format. Columns
    of equal names get numbers.
    """
    named = _distinct(schema)
    rows = 0
    with _expressible(form), _WRITERS[form](sink, named) as writer:
        for batch in batches:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=named))
            rows += batch.num_rows
    return rows


@contextlib.contextmanager
def _expressible(form: Format) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OverflowError) as failure:
        raise UsageError(
            f"the result cannot be written as {form}: {failure}; cast the column to text"
        ) from failure


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write that takes the place of `path` when it is whole, or never."""
    waiting = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with waiting.open("wb") as sink:
            yield sink
        waiting.replace(path)
    except OSError as failure:
        raise HouseError(f"`{path}` cannot be written: {failure.strerror or failure}") from failure
    finally:
        with contextlib.suppress(OSError):
            waiting.unlink()


class _Json:
    """One array of objects, a line each."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._encoder = msgspec.json.Encoder(enc_hook=_plain)
        self._before = b"[\n"

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Write rows."""
        for start in range(0, batch.num_rows, _JSON_ROWS):
            for row in batch.slice(start, _JSON_ROWS).to_pylist():
                self._sink.write(self._before + self._encoder.encode(_exact(row)))
                self._before = b",\n"

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, kind: object = None, *failure: object) -> None:
        """End the array."""
        if kind is None:
            self._sink.write(b"[]\n" if self._before == b"[\n" else b"\n]\n")


class _Csv:
    """Comma-separated values with a header."""

    def __init__(self, sink: BinaryIO, schema: pa.Schema) -> None:
        self._flat = pa.schema([(field.name, _flat_type(field.type)) for field in schema])
        self._writer = pyarrow.csv.CSVWriter(sink, self._flat)

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Write rows."""
        columns = [
            _flattened(column, field.type)
            for column, field in zip(batch.columns, self._flat, strict=True)
        ]
        self._writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=self._flat))

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *failure: object) -> None:
        """End the file."""
        self._writer.close()


def _parquet(sink: BinaryIO, schema: pa.Schema) -> _Writer:
    writer: _Writer = pq.ParquetWriter(sink, schema, compression="zstd")
    return writer


def _arrow(sink: BinaryIO, schema: pa.Schema) -> _Writer:
    writer: _Writer = pa.ipc.new_file(sink, schema)
    return writer


_WRITERS: dict[Format, Callable[[BinaryIO, pa.Schema], _Writer]] = {
    "csv": _Csv,
    "json": lambda sink, _: _Json(sink),
    "parquet": _parquet,
    "arrow": _arrow,
}


def _distinct(schema: pa.Schema) -> pa.Schema:
    """Number the names that occur twice."""
    seen: Counter[str] = Counter()
    fields = []
    for field in schema:
        name = field.name
        while seen[name]:
            seen[field.name] += 1
            name = f"{field.name}_{seen[field.name]}"
        seen[name] += 1
        fields.append(field.with_name(name))
    return pa.schema(fields)


_SHOWN_AS_TEXT = (
    pa.types.is_nested,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_interval,
)


def _flat_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _flat_type(kind.value_type)
    return pa.string() if any(is_kind(kind) for is_kind in _SHOWN_AS_TEXT) else kind


def _flattened(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type.equals(kind):
        return column
    if pa.types.is_dictionary(column.type):
        return _flattened(column.dictionary_decode(), kind)
    values = (None if value is None else _shown(value) for value in column.to_pylist())
    return pa.array(values, pa.string())


def _shown(value: Any) -> str:
    """Return bytes as hexadecimal digits, anything nested as JSON."""
    if isinstance(value, bytes):
        return value.hex()
    return msgspec.json.encode(_exact(value), enc_hook=_plain).decode()


def _exact(value: Any) -> Any:
    """Turn what JSON has no type for into what it has."""
    if isinstance(value, dict):
        return {str(key): _exact(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_exact(each) for each in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.hex()
    return value


def _plain(value: Any) -> Any:
    return str(value)
