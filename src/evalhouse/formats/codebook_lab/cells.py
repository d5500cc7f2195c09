"""Rows of a CSV file in bounded memory: what cannot be read costs no other row."""

from __future__ import annotations

import csv
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace

from evalhouse.formats.lines import EXCERPT, LineFile
from evalhouse.records import Problem

_LONGEST_CELL = 2**31 - 1  # the most that every platform takes


@dataclass(frozen=True)
class CellRow:
    """A row: its number from 1, the line that it begins on, its cells by column."""

    number: int
    line: int
    cells: dict[str, str]


@dataclass(frozen=True)
class _Text:
    """What should be one row: its bytes, and where they begin."""

    data: bytes
    line: int
    offset: int
    is_cut: bool = False  # the file ends without a line break
    is_lost: bool = False  # it is known to be damaged


@dataclass
class CellFile:
    """A CSV file with a header: read `rows()` to the end, then the other fields hold."""

    file: LineFile
    header: tuple[str, ...] = ()
    count: int = 0
    problems: list[Problem] = field(default_factory=list)

    def rows(self, progress: Callable[[int], None] | None = None) -> Iterator[CellRow]:
        """Yield the rows; one that is damaged is a problem and keeps its number."""
        csv.field_size_limit(_LONGEST_CELL)
        for number, text in enumerate(self._texts(progress)):
            cells = None if text.is_lost else self._cells(text)
            if number == 0:
                self.header = tuple(cells or ())
            elif self.header and cells is not None and self._is_even(cells, text):
                self.count += 1
                yield CellRow(number, text.line, dict(zip(self.header, cells, strict=True)))
        self.problems += self.file.problems

    def _cells(self, text: _Text) -> list[str] | None:
        try:
            decoded = text.data.decode("utf-8")
        except UnicodeDecodeError as failure:
            self._damage("not_utf8", f"byte {failure.start + 1} of the row is not UTF-8", text)
            return None
        try:
            return next(csv.reader([decoded], strict=True))
        except csv.Error as failure:
            self._damage("not_csv", f"the row is not CSV: {failure}", text)
            return None

    def _is_even(self, cells: list[str], text: _Text) -> bool:
        if len(cells) == len(self.header):
            return True
        kind = "truncated_row" if text.is_cut and len(cells) < len(self.header) else "ragged_row"
        found = f"the row has {len(cells)} cells where the header has {len(self.header)}"
        self._damage(kind, found, text)
        return False

    def _texts(self, progress: Callable[[int], None] | None) -> Iterator[_Text]:
        """Yield the text of each row; a line break inside quotes is none."""
        held = _Held()
        for line in self._lines(progress):
            held.add(line)
            if not held.is_open:
                yield held.take()
            elif held.size > self.file.limits.longest_line:
                held = yield from self._recovered(held)
        while held.lines:
            held = yield from self._recovered(held)

    def _recovered(self, held: _Held) -> Generator[_Text, None, _Held]:
        """Give up the line with the quote that is never closed, and read on behind it."""
        first, *others = held.lines
        self._damage("not_csv", "a quote is opened in the row and never closed", first)
        yield replace(first, is_lost=True)
        rest = _Held()
        for line in others:
            rest.add(line)
            if not rest.is_open:
                yield rest.take()
        return rest

    def _lines(self, progress: Callable[[int], None] | None) -> Iterator[_Text]:
        for chunk in self.file.chunks(progress):
            offset = chunk.offset
            lines = chunk.lines
            for place, line in enumerate(lines):
                if line.strip(b"\r"):
                    is_cut = not chunk.complete and place == len(lines) - 1
                    yield _Text(line, chunk.first_line + place, offset, is_cut)
                offset += len(line) + 1

    def _damage(self, kind: str, message: str, text: _Text) -> None:
        self.problems.append(
            Problem(
                path=self.file.path,
                kind=kind,
                message=message,
                line=text.line,
                byte_offset=text.offset,
                excerpt=text.data[:EXCERPT].decode("utf-8", "replace"),
                bytes=text.data,
            )
        )


@dataclass
class _Held:
    """Lines of a row whose end has not come yet."""

    lines: list[_Text] = field(default_factory=list)
    size: int = 0
    is_open: bool = False  # a quote is

    def add(self, line: _Text) -> None:
        self.lines.append(line)
        self.size += len(line.data)
        self.is_open ^= line.data.count(b'"') % 2 == 1

    def take(self) -> _Text:
        first, last = self.lines[0], self.lines[-1]
        data = b"\n".join(line.data for line in self.lines).removesuffix(b"\r")
        self.lines, self.size = [], 0
        return _Text(data, first.line, first.offset, last.is_cut)
