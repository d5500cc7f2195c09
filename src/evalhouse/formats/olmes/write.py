"""Writing what OLMES writes: records, settings and rows from the columns that hold them.

The opposite of reading: what a column holds is spelled as Python's `json` spells it, and where
columns cannot give a text again, the column `text` holds all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from operator import itemgetter
from typing import Any

import pyarrow as pa

from evalhouse.formats.olmes.record import NESTED
from evalhouse.formats.slices import members, object_text, spelled

PIECE_BYTES = 1 << 20
"""Lines are handed on in pieces of about this size."""

Spelled = Sequence[str | None]
"""JSON texts, one for each row; None where the row is written without the key."""


# -- records -------------------------------------------------------------------------------------


def record_text(row: Mapping[str, Any]) -> str:
    """Return the text of a record, from its row in the table `records`."""
    if row["text"] is not None:
        return str(row["text"])
    scalars = members(row["scalars"])
    keys = row["keys"].split(",")
    return object_text({key: row[key] if key in NESTED else scalars[key] for key in keys})


def config_text(record: str) -> str | None:
    """Return the settings of a task as its record spells them; None where it states none."""
    return members(record).get("task_config")


def record_order(row: Mapping[str, Any]) -> tuple[bool, bool, int, int, str]:
    """Return where a record stands among all of a run: aggregates first, then by launch."""
    place, line = row["task_idx"], row["line"] or 0
    return not row["is_aggregate"], place is None, place or 0, line, row["task"]


def own_file_name(row: Mapping[str, Any], family: str, *, name: str | None = None) -> str:
    """Return the name of a task's own file, for a record that came without one.

    `name` stands for the alias where that name is taken. The path separator, which a task may
    have in its name, becomes `_`.
    """
    place = row["task_idx"]
    prefix = "" if place is None else f"task-{place:03d}-"
    chosen = (name or row["alias"] or row["task_name"]).replace("/", "_")
    return f"{prefix}{chosen}-{family}.json"


# -- rows ----------------------------------------------------------------------------------------


def _json(name: str) -> Callable[[pa.RecordBatch], Spelled]:
    return lambda batch: batch.column(name).to_pylist()


def _integer(name: str) -> Callable[[pa.RecordBatch], Spelled]:
    return lambda batch: [None if n is None else str(n) for n in batch.column(name).to_pylist()]


def _text(name: str) -> Callable[[pa.RecordBatch], Spelled]:
    return lambda batch: [
        None if text is None else json.dumps(text) for text in batch.column(name).to_pylist()
    ]


def _value(name: str) -> Callable[[pa.RecordBatch], Spelled]:
    return lambda batch: list(
        map(spelled, batch.column(name).to_pylist(), batch.column(f"{name}_kind").to_pylist())
    )


_PREDICTION = {
    "doc_id": _integer("doc_id"),
    "native_id": _value("native_id"),
    "metrics": _json("metrics"),
    "model_output": _json("model_output"),
    "label": _value("label"),
    "task_hash": _text("task_hash"),
    "model_hash": _text("model_hash"),
}
_REQUEST = {
    "request_type": _text("request_type"),
    "doc": _json("doc"),
    "request": _json("request"),
    "idx": _integer("idx"),
    "task_name": _text("task_name"),
    "doc_id": _integer("source_doc_id"),
    "native_id": _value("native_id"),
    "label": _value("label"),
}
_INPUT = {
    "doc": _json("doc"),
    "task_name": _text("task_name"),
    "doc_id": _integer("doc_id"),
    "native_id": _value("native_id"),
    "label": _value("label"),
    "requests": _json("requests"),
}
ROWS = {"predictions": _PREDICTION, "requests": _REQUEST, "recorded-inputs": _INPUT}
"""How each key of a row is spelled from columns, by family, in the writer's order."""


def row_lines(family: str, batch: pa.RecordBatch) -> Iterator[tuple[int, bytes]]:
    """Yield each row with the number of its line.

    A batch has the columns of its table, beside `doc`, and in predictions the texts of
    `model_output` and `metrics`.
    """
    keys = ROWS[family]
    starts = [f"{json.dumps(key)}: " for key in keys]
    columns = [spell(batch) for spell in keys.values()]
    texts, lines = batch.column("text").to_pylist(), batch.column("line").to_pylist()
    for line, text, *values in zip(lines, texts, *columns, strict=True):
        if text is None:
            pairs = zip(starts, values, strict=True)
            kept = [start + value for start, value in pairs if value is not None]
            text = "{" + ", ".join(kept) + "}"  # noqa: PLW2901 - either is the row
        yield line, text.encode()


def in_order(*sources: Iterable[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Return numbered lines of several sources by number; equal numbers stay in their order."""
    return sorted((item for source in sources for item in source), key=itemgetter(0))


def file_pieces(lines: Iterable[tuple[int, bytes]], digest: str | None = None) -> Iterator[bytes]:
    """Yield the bytes of a file of numbered lines.

    A line that is missing was blank, or could not be kept: it stays empty, so that all others
    keep their number. The last line ends like the others, unless without that the whole has the
    SHA-256 `digest`.
    """
    seen, waiting, last = sha256(), bytearray(), 0
    for number, line in lines:
        waiting += b"\n" * (max(number - last, 1) if last else number - 1)
        waiting += line
        last = max(number, last) + line.count(b"\n")
        if len(waiting) >= PIECE_BYTES:
            seen.update(waiting)
            yield bytes(waiting)
            waiting.clear()
    seen.update(waiting)
    if last and seen.hexdigest() != digest:
        waiting += b"\n"
    yield bytes(waiting)
