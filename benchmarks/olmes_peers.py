"""What a plain script would do instead: the row files of a dump to Parquet, four ways.

Nested values become JSON text, compression is zstd at one level for all, each family goes to one
file per process. None of them checks, redacts, joins, deduplicates or commits anything, and one
damaged line stops each of them. `python -m benchmarks.olmes_peers PEER DUMP OUT` runs one.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import msgspec
    import pyarrow as pa

PROCESSES = 2
ZSTD_LEVEL = 1
BLOCK = 8 * 2**20
"""Bytes of lines that the single-threaded scripts turn into one batch."""


@dataclass(frozen=True)
class Family:
    """Row files of one kind, and their columns."""

    name: str
    nested: tuple[str, ...]
    """Columns of any JSON value, kept as JSON text."""
    integers: tuple[str, ...]
    texts: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, apart from the path."""
        return (*self.integers, *self.texts, *self.nested)

    def files(self, dump: Path) -> list[Path]:
        """The row files of this family."""
        return sorted(dump.rglob(f"task-*-{self.name}.jsonl"))


FAMILIES = (
    Family(
        "predictions",
        ("native_id", "metrics", "model_output", "label"),
        ("doc_id",),
        ("task_hash", "model_hash"),
    ),
    Family(
        "requests",
        ("native_id", "doc", "request", "label"),
        ("doc_id", "idx"),
        ("request_type", "task_name"),
    ),
    Family(
        "recorded-inputs", ("native_id", "doc", "label", "requests"), ("doc_id",), ("task_name",)
    ),
)


def with_duckdb(dump: Path, out: Path) -> None:
    """DuckDB, nested columns declared as JSON, its own threads."""
    import duckdb

    connection = duckdb.connect(config={"threads": PROCESSES, "preserve_insertion_order": False})
    for family in FAMILIES:
        files = ", ".join(map(_quoted, family.files(dump)))
        types = {
            **dict.fromkeys(family.integers, "BIGINT"),
            **dict.fromkeys(family.texts, "VARCHAR"),
            **dict.fromkeys(family.nested, "JSON"),
        }
        if files:
            connection.execute(
                f"COPY (SELECT * FROM read_json([{files}], columns = {types}, "
                "format = 'newline_delimited', filename = true)) "
                f"TO {_quoted(out / f'{family.name}.parquet')} "
                f"(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {ZSTD_LEVEL})"
            )


def _quoted(path: Path) -> str:
    """A path as a text of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def with_polars(dump: Path, out: Path) -> None:
    """Polars, every column declared as text, its own threads."""
    os.environ["POLARS_MAX_THREADS"] = str(PROCESSES)
    import polars as pl

    for family in FAMILIES:
        files = family.files(dump)
        if files:
            schema = dict.fromkeys(family.columns, pl.String())
            rows = pl.scan_ndjson(files, schema=schema, include_file_paths="path")
            rows.sink_parquet(
                out / f"{family.name}.parquet", compression="zstd", compression_level=ZSTD_LEVEL
            )


def _blocks(path: Path) -> Iterator[bytes]:
    """Whole lines, about `BLOCK` bytes at a time."""
    with path.open("rb") as file:
        rest = b""
        while data := file.read(BLOCK):
            end = data.rfind(b"\n") + 1
            yield rest + data[:end]
            rest = data[end:]
        if rest:
            yield rest


def _schema(family: Family) -> pa.Schema:
    import pyarrow as pa

    integers = {name: pa.int64() for name in family.integers}
    texts = {name: pa.string() for name in (*family.texts, *family.nested)}
    return pa.schema({"path": pa.string(), **integers, **texts})


def _json_batch(family: Family, path: Path, block: bytes) -> pa.RecordBatch:
    import pyarrow as pa

    rows = [json.loads(line) for line in block.splitlines()]
    columns: dict[str, Any] = {"path": [str(path)] * len(rows)}
    for name in (*family.integers, *family.texts):
        columns[name] = [row[name] for row in rows]
    for name in family.nested:
        columns[name] = [json.dumps(row[name]) for row in rows]
    return pa.RecordBatch.from_pydict(columns, schema=_schema(family))


def _raw_batch(family: Family, path: Path, block: bytes) -> pa.RecordBatch:
    import numpy as np
    import pyarrow as pa

    rows = _decoder(family).decode_lines(block)

    def sliced(name: str) -> pa.Array:
        parts = [bytes(getattr(row, name)) for row in rows]
        offsets = np.zeros(len(parts) + 1, np.int32)
        np.cumsum(np.fromiter(map(len, parts), np.int32, len(parts)), out=offsets[1:])
        buffers = pa.py_buffer(offsets), pa.py_buffer(b"".join(parts))
        return pa.StringArray.from_buffers(len(parts), *buffers)

    columns = {
        "path": pa.array([str(path)] * len(rows)),
        **{name: [getattr(row, name) for row in rows] for name in family.integers},
        **{name: [getattr(row, name) for row in rows] for name in family.texts},
        **{name: sliced(name) for name in family.nested},
    }
    return pa.RecordBatch.from_pydict(columns, schema=_schema(family))


@cache
def _decoder(family: Family) -> msgspec.json.Decoder[Any]:
    """A decoder of rows that leaves nested values as they are written; made once in a process."""
    import msgspec

    fields = [
        *((name, int) for name in family.integers),
        *((name, str) for name in family.texts),
        *((name, msgspec.Raw) for name in family.nested),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Row", fields))


def _convert(share: int, make: Callable[..., pa.RecordBatch], dump: Path, out: Path) -> None:
    """One process's share of every family: each file to one process."""
    import pyarrow.parquet as pq

    for family in FAMILIES:
        files = family.files(dump)[share::PROCESSES]
        if not files:
            continue
        target = out / f"{family.name}-{share}.parquet"
        options = {"compression": "zstd", "compression_level": ZSTD_LEVEL}
        with pq.ParquetWriter(target, _schema(family), **options) as writer:
            for path in files:
                for block in _blocks(path):
                    writer.write_batch(make(family, path, block))


def _in_processes(make: Callable[..., pa.RecordBatch], dump: Path, out: Path) -> None:
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(_convert, n, make, dump, out) for n in range(PROCESSES)]:
            done.result()


def with_json(dump: Path, out: Path) -> None:
    """Python's json and pyarrow, in processes."""
    _in_processes(_json_batch, dump, out)


def with_msgspec(dump: Path, out: Path) -> None:
    """Raw slices of msgspec and pyarrow, in processes."""
    _in_processes(_raw_batch, dump, out)


PEERS: dict[str, Callable[[Path, Path], None]] = {
    "duckdb": with_duckdb,
    "polars": with_polars,
    "json": with_json,
    "msgspec": with_msgspec,
}


def rows_written(out: Path) -> int:
    """Rows in all Parquet files of a folder."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in out.rglob("*.parquet"))


def main() -> None:
    """Run one peer: its name, the dump, the folder to write to."""
    name, dump, out = sys.argv[1:]
    PEERS[name](Path(dump), Path(out))


if __name__ == "__main__":
    main()
