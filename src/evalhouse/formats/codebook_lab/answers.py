"""`answers.jsonl`: every exchange with a model, found again by row, column and repeat."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

import msgspec
import numpy as np

from evalhouse.errors import JournalError
from evalhouse.formats.arrays import Array
from evalhouse.formats.files import file_sha256
from evalhouse.formats.lines import EXCERPT
from evalhouse.journal.entry import decode
from evalhouse.journal.scan import Reading
from evalhouse.records import Problem

_FAILED = b"failed/"
_HELD = 32  # exchanges that are kept decoded: several questions may share one


_Kind = TypeVar("_Kind")


class Usage(msgspec.Struct):
    """Tokens, as the server counts them."""

    input: int | None = None
    output: int | None = None
    reasoning: int | None = None


class Given(msgspec.Struct):
    """The answer to one question; `row` counts from 1."""

    row: int
    column: str
    status: str
    cell: str = ""
    reason: str = ""
    logprobs: dict[str, float] = {}


class Failure(msgspec.Struct):
    """Why there was no reply."""

    kind: str = ""
    message: str = ""


class Exchange(msgspec.Struct):
    """A request and what came back."""

    rows: tuple[int, ...] = ()
    ids: tuple[str, ...] = ()
    repeat: int = 0
    column: str = ""
    answers: tuple[Given, ...] = ()
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    finish: str = ""
    usage: Usage = msgspec.field(default_factory=Usage)
    seconds: float | None = None
    seconds_to_first_token: float | None = None
    is_cached: bool = False
    failure: Failure | None = None

    def id_of(self, row: int) -> str | None:
        """Return the id of a row."""
        place = self.rows.index(row) if row in self.rows else -1
        return self.ids[place] if 0 <= place < len(self.ids) else None

    def given(self, row: int, column: str) -> Given | None:
        """Return the answer to a question; the last one, should there be several."""
        wanted = (row, column)
        return next(
            (each for each in self.answers[::-1] if (each.row, each.column) == wanted), None
        )


class _Line(msgspec.Struct):
    payload: Exchange


class _Question(msgspec.Struct):
    row: int
    column: str


class _Asked(msgspec.Struct):
    """As much of an exchange as tells what it was about; the rest is passed over."""

    rows: tuple[int, ...] = ()
    repeat: int = 0
    column: str = ""
    answers: tuple[_Question, ...] = ()


class _AskedLine(msgspec.Struct):
    payload: _Asked


_EXCHANGES = msgspec.json.Decoder(_Line)
_ASKED = msgspec.json.Decoder(_AskedLine)


@dataclass(frozen=True)
class Found:
    """An answer with its exchange; `is_first` of all that are handed out from that one."""

    given: Given
    exchange: Exchange
    is_first: bool


@dataclass
class _Columns:
    """Numbers that say which exchange answers what, as they are read."""

    rows: array[int] = field(default_factory=lambda: array("q"))
    columns: array[int] = field(default_factory=lambda: array("i"))
    repeats: array[int] = field(default_factory=lambda: array("i"))
    exchanges: array[int] = field(default_factory=lambda: array("q"))

    def add(self, row: int, column: int, repeat: int, exchange: int) -> None:
        self.rows.append(row)
        self.columns.append(column)
        self.repeats.append(repeat)
        self.exchanges.append(exchange)

    def sorted(self) -> _Index:
        """Return the last exchange about each question, in the order of the rows."""
        keys = np.array([self.rows, self.columns, self.repeats], np.int64)
        exchanges = np.array(self.exchanges, np.int64)
        order = np.lexsort((exchanges, *keys[::-1]))
        keys, exchanges = keys[:, order], exchanges[order]
        is_last = np.ones(len(order), np.bool_)
        is_last[:-1] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
        rows, columns, _ = keys[:, is_last]
        return _Index(rows, columns, exchanges[is_last])


@dataclass(frozen=True)
class _Index:
    rows: Array
    columns: Array
    exchanges: Array

    def of_row(self, number: int) -> range:
        """Return the places of what is about a row."""
        start, end = np.searchsorted(self.rows, [number, number + 1])
        return range(int(start), int(end))


class Answers:
    """The exchanges of a run; memory holds where each begins, and a few of them."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.count = 0
        self.sha256 = file_sha256(path)
        self.size = 0
        self.live = False
        self.problems: list[Problem] = []
        self._offsets = array("q")
        self._names: dict[str, int] = {}
        self._held: dict[int, Exchange] = {}
        self._file: BinaryIO = Path(path).open("rb")  # noqa: SIM115 - closed with the answers
        before = Path(path).stat()
        answers, failures = _Columns(), _Columns()
        self._read(answers, failures)
        self._answers, self._failures = answers.sorted(), failures.sorted()
        self._columns = list(self._names)
        self._seen = np.zeros(len(self._offsets), np.bool_)
        after = Path(path).stat()
        self.size = after.st_size
        self.live = (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)

    def rows(self) -> list[int]:
        """Return the numbers of the rows that were asked about with success, in order."""
        return [int(row) for row in np.unique(self._answers.rows)]

    def of_row(self, number: int) -> dict[str, list[Found]]:
        """Return the answers about a row by column, one a repeat."""
        found: dict[str, list[Found]] = {}
        for place in self._answers.of_row(number):
            at = int(self._answers.exchanges[place])
            column = self._columns[int(self._answers.columns[place])]
            exchange = self._exchange(at)
            given = exchange.given(number, column)
            if given is not None:
                found.setdefault(column, []).append(Found(given, exchange, not self._seen[at]))
                self._seen[at] = True
        return found

    def failures(self, number: int) -> dict[str, Failure]:
        """Return why requests about a row brought no reply, by column; "" is all of them."""
        index = self._failures
        found = {}
        for place in index.of_row(number):
            failure = self._exchange(int(index.exchanges[place])).failure
            if failure is not None:
                found[self._columns[int(index.columns[place])]] = failure
        return found

    def __enter__(self) -> Self:
        """Return the answers."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()

    def _read(self, answers: _Columns, failures: _Columns) -> None:
        try:
            reading = Reading(self._file, self.path)
            for offset, key, line in reading:
                self._take(offset, key, line, answers, failures)
        except JournalError as failure:
            self.problems.append(
                Problem(path=self.path, kind="damaged_journal", message=str(failure))
            )
            return
        if reading.torn is not None:
            self._report_torn(reading.torn.offset, reading.torn.line, reading.torn.length)

    def _take(
        self, offset: int, key: bytes, line: bytes, answers: _Columns, failures: _Columns
    ) -> None:
        number = len(self._offsets)
        asked = _asked(line)
        if asked is None:
            self._damage("the entry is about no rows of a run", offset, line)
            return
        self._offsets.append(offset)
        self.count += 1
        if key.startswith(_FAILED):
            for row in asked.rows:
                failures.add(row, self._code(asked.column), asked.repeat, number)
        for each in asked.answers:
            answers.add(each.row, self._code(each.column), asked.repeat, number)

    def _code(self, column: str) -> int:
        return self._names.setdefault(column, len(self._names))

    def _exchange(self, number: int) -> Exchange:
        if number not in self._held:
            if len(self._held) >= _HELD:
                del self._held[next(iter(self._held))]
            self._file.seek(self._offsets[number])
            self._held[number] = _exchange(self._file.readline().rstrip(b"\n"))
        return self._held[number]

    def _report_torn(self, offset: int, line: int, length: int) -> None:
        self._file.seek(offset)
        data = self._file.read(min(length, EXCERPT))
        self.problems.append(
            Problem(
                path=self.path,
                kind="torn_journal",
                severity="notice",
                message=f"the last {length:,} bytes were not yet on the disk for certain when its "
                "program stopped; what they were about is asked again when it goes on",
                line=line,
                byte_offset=offset,
                excerpt=data.decode("utf-8", "replace"),
            )
        )

    def _damage(self, message: str, offset: int, line: bytes) -> None:
        self.problems.append(
            Problem(
                path=self.path,
                kind="unexpected_row",
                message=message,
                byte_offset=offset,
                excerpt=line[:EXCERPT].decode("utf-8", "replace"),
            )
        )


def _asked(line: bytes) -> _Asked | None:
    try:
        return _ASKED.decode(line).payload
    except (msgspec.DecodeError, UnicodeError):
        return _converted(line, _Asked)


def _exchange(line: bytes) -> Exchange:
    try:
        return _EXCHANGES.decode(line).payload
    except (msgspec.DecodeError, UnicodeError):
        return _converted(line, Exchange) or Exchange()


def _converted(line: bytes, kind: type[_Kind]) -> _Kind | None:
    """Read a line with a lone surrogate, or say that it holds something else."""
    try:
        return msgspec.convert(decode(line).payload, kind)
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError):
        return None
