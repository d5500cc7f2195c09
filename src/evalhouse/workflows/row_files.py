"""Row files of a run, put together again from the lake, a window of lines at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from evalhouse.errors import DamagedHouseError
from evalhouse.formats.olmes.write import file_pieces, in_order, row_lines
from evalhouse.records import SourceFile
from evalhouse.store import Reader

WINDOW_BYTES = 32 << 20
"""About so much of a file is in memory at once."""

_FEWEST_LINES = 64
_BATCH_ROWS = 2048
_TABLES = {"predictions": "responses", "requests": "requests", "recorded-inputs": "inputs"}

_ROWS = " UNION ALL ".join(
    f"""
    SELECT source_file_id, unit_id, max(line) AS last
    FROM lake.{table} WHERE run_id = $run GROUP BY source_file_id, unit_id
    """  # noqa: S608 - names of our own
    for table in _TABLES.values()
)
_DAMAGE = """
    SELECT source_file_id, unit_id, count(bytes) AS kept, count(*) AS lines, max(line) AS last
    FROM lake.problems
    WHERE run_id = $run AND severity = 'damage' AND line IS NOT NULL AND source_file_id IS NOT NULL
    GROUP BY source_file_id, unit_id
"""
_WINDOW = """
    unit_id = $unit AND source_file_id = $file AND line BETWEEN $low AND $high
"""
_DAMAGED_LINES = f"""
    SELECT line, bytes FROM lake.problems
    WHERE severity = 'damage' AND bytes IS NOT NULL AND {_WINDOW}
    ORDER BY line
"""  # noqa: S608 - names of our own
_PREDICTIONS = f"""
    SELECT told.* REPLACE (
        coalesce(told.model_output, lake.model_output(told.output_keys, known.outputs))
            AS model_output,
        coalesce(told.metrics, lake.item_metrics(told.metric_keys, known.outputs, told.label))
            AS metrics
    )
    FROM (FROM lake.responses WHERE {_WINDOW}) AS told
    LEFT JOIN (
        SELECT line, attempt, list({{
            'sum_logits': sum_logits, 'sum_logits_uncond': sum_logits_uncond,
            'num_tokens': num_tokens, 'num_tokens_all': num_tokens_all,
            'num_chars': num_chars, 'is_greedy': is_greedy, 'bits_per_byte': bits_per_byte
        }} ORDER BY choice) AS outputs
        FROM lake.choices WHERE {_WINDOW} GROUP BY line, attempt
    ) AS known ON known.line = told.line AND known.attempt = told.attempt
    ORDER BY told.line
"""  # noqa: S608 - names of our own
_WITH_DOCUMENTS = """
    SELECT told.*, known.doc
    FROM (FROM lake.{table} WHERE {window}) AS told
    LEFT JOIN (
        SELECT item_sha256, any_value(doc) AS doc FROM lake.documents
        WHERE {whose} AND item_sha256 IN (SELECT item_sha256 FROM lake.{table} WHERE {window})
        GROUP BY item_sha256
    ) AS known ON known.item_sha256 = told.item_sha256
    ORDER BY told.line
"""

_NOTHING = {"last": 0}


@dataclass(frozen=True)
class RowFile:
    """A row file as the house holds it."""

    family: str
    source_file_id: str
    unit_id: str
    last: int  # number of the last line that the house knows
    damaged: int = 0  # lines that could not be read
    lost: int = 0  # of these, lines whose bytes are not kept


class RowFiles:
    """The row files of one run."""

    def __init__(self, reader: Reader, run_id: str) -> None:
        self._rows = _by_file(reader.sql(_ROWS, {"run": run_id}))
        self._damage = _by_file(reader.sql(_DAMAGE, {"run": run_id}))

    def of(self, file: SourceFile) -> RowFile | None:
        """Return what the house holds of a file; None where its rows are not seen any more."""
        key = file.source_file_id, file.unit_id
        rows, damage = self._rows.get(key), self._damage.get(key)
        if file.unit_id is None or (rows is None and file.rows):
            return None
        return RowFile(
            family=file.family,
            source_file_id=file.source_file_id,
            unit_id=file.unit_id,
            last=max(found["last"] for found in (rows, damage, _NOTHING) if found),
            damaged=damage["lines"] if damage else 0,
            lost=damage["lines"] - damage["kept"] if damage else 0,
        )


def _by_file(rows: pa.Table) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(row["source_file_id"], row["unit_id"]): row for row in rows.to_pylist()}


def row_file_pieces(
    reader: Reader, file: RowFile, *, size: int, digest: str | None
) -> Iterator[bytes]:
    """Yield the bytes of a row file; `size` in bytes and `digest` are those of the source's."""
    step = max(_FEWEST_LINES, WINDOW_BYTES * file.last // max(size, 1))
    windows = (
        {
            "unit": file.unit_id,
            "file": file.source_file_id,
            "low": low,
            "high": min(low + step - 1, file.last),
        }
        for low in range(1, file.last + 1, step)
    )
    lines = (line for window in windows for line in _lines(reader, file, window))
    return file_pieces(lines, digest)


def _lines(reader: Reader, file: RowFile, window: dict[str, Any]) -> Iterator[tuple[int, bytes]]:
    rows = _rows(reader, file, window)
    if not file.damaged:
        return rows
    damaged = reader.sql(_DAMAGED_LINES, window).to_pylist()
    return iter(in_order(rows, [(row["line"], row["bytes"]) for row in damaged]))


def _rows(reader: Reader, file: RowFile, window: dict[str, Any]) -> Iterator[tuple[int, bytes]]:
    if file.family == "predictions":
        rows = reader.sql(_PREDICTIONS, window)
    else:
        rows = _with_documents(reader, _TABLES[file.family], window)
    for batch in rows.to_batches(max_chunksize=_BATCH_ROWS):
        yield from row_lines(file.family, batch)


def _with_documents(reader: Reader, table: str, window: dict[str, Any]) -> pa.Table:
    """Return rows with their documents, which mostly came with the same unit."""
    for whose in ("unit_id = $unit", "true"):
        query = _WITH_DOCUMENTS.format(table=table, window=_WINDOW, whose=whose)
        rows = reader.sql(query, window)
        if not _missing(rows):
            return rows
    raise DamagedHouseError(f"documents of the file `{window['file']}` are missing from the house")


def _missing(rows: pa.Table) -> bool:
    wanted = rows["item_sha256"].is_valid().to_pylist()
    found = rows["doc"].is_valid().to_pylist()
    return any(w and not f for w, f in zip(wanted, found, strict=True))
