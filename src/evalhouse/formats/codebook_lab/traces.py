"""`reasoning_traces.jsonl`: what a model thought before it answered, in the order of the rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Raw

from evalhouse.formats.lines import LineFile
from evalhouse.formats.rowfile import ABSENT, Layout, RowFile
from evalhouse.records import Problem


class TraceRow(msgspec.Struct, gc=False):
    """A row of the file, in the writer's order."""

    row_num: int
    annotation_name: Raw
    annotation_type: Raw
    attempt: Raw
    chat_mode: Raw
    prompt_chars: Raw
    response_chars: Raw
    inference_time_s: Raw
    reasoning: Raw
    row_id: Raw = ABSENT
    repeat: Raw = ABSENT


LAYOUT = Layout(TraceRow, frozenset({"row_num"}))


@dataclass(frozen=True)
class Trace:
    """The thoughts of one reply, and how many seconds it took."""

    seconds: float | None
    reasoning: str


class Traces:
    """Hands out traces row by row; memory holds those of the rows ahead alone."""

    def __init__(self, file: LineFile, progress: Callable[[int], None] | None) -> None:
        self.source = RowFile(file, LAYOUT)
        self._coming = self._read(progress)
        self._next: TraceRow | None = next(self._coming, None)
        self.late = 0
        """Traces that stand behind those of later rows, and are handed out to nobody."""

    def of_row(self, number: int) -> dict[str, Trace]:
        """Return the last trace of each column for a row; rows must be asked for in order."""
        found: dict[str, Trace] = {}
        while self._next is not None and self._next.row_num <= number:
            if self._next.row_num == number:
                found[_text(self._next.annotation_name)] = _trace(self._next)
            else:
                self.late += 1
            self._next = next(self._coming, None)
        return found

    def drain(self) -> None:
        """Read what is left."""
        self._next = None
        for _ in self._coming:
            pass

    def _read(self, progress: Callable[[int], None] | None) -> Iterator[TraceRow]:
        for rows in self.source.read(progress):
            yield from (row for row in rows.rows if row.row_num is not None)


def problem_of_late(traces: Traces) -> Problem | None:
    """Say that traces stand in another order than their rows."""
    if not traces.late:
        return None
    return Problem(
        path=traces.source.file.path,
        kind="late_trace",
        severity="notice",
        message=f"{traces.late} traces stand behind those of later rows, and are with no response",
    )


def _trace(row: TraceRow) -> Trace:
    seconds = _value(row.inference_time_s)
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return Trace(float(seconds) if is_number else None, _text(row.reasoning))


def _text(raw: Raw) -> str:
    value = _value(raw)
    return value if isinstance(value, str) else ""


def _value(raw: Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError):  # a lone surrogate, NaN
        return json.loads(bytes(raw))
    except RecursionError:
        return None
