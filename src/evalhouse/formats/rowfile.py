"""Files of JSON rows: a fast way for rows as the writer makes them, a careful one for the rest.

A chunk of lines is decoded into raw slices and rebuilt from them. If the rebuilt bytes equal the
chunk, then nothing but the slices needs to be kept. Otherwise each line is looked at by itself:
what differs keeps its whole line in `text`, what cannot be read is a problem with its bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from evalhouse.formats.files import read_whole
from evalhouse.formats.lines import EXCERPT, Chunk, LineFile
from evalhouse.formats.slices import odd_spellings, strict_json
from evalhouse.records import Problem

ABSENT = msgspec.Raw()
"""Stands for a key that a row does not have; a slice is never empty otherwise."""

Row = TypeVar("Row", bound=msgspec.Struct)

_OPENING_ALONE = re.compile(rb"\s*[{\[]\s*(?:\n|$)")


@dataclass(frozen=True)
class Layout(Generic[Row]):
    """How a row is written: a struct of raw slices whose fields stand in the writer's order.

    Fields of type int are written as digits; all others are `msgspec.Raw`. An optional field
    defaults to `ABSENT`, and then the row is written without it.
    """

    row: type[Row]
    integers: frozenset[str]

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of the fields, in order."""
        return self.row.__struct_fields__


@dataclass
class Rows(Generic[Row]):
    """Decoded rows of one chunk, in order; `texts` holds the lines that slices cannot rebuild."""

    rows: list[Row]
    lines: list[int] | range
    texts: dict[int, str] = field(default_factory=dict)  # index of the row -> whole line
    size: int = 0  # bytes

    rebuild: Callable[[Row], bytes] = lambda _: b""

    def subset(self, indices: Sequence[int]) -> Rows[Row]:
        """Return some of the rows, in the order given."""
        return Rows(
            [self.rows[index] for index in indices],
            [self.lines[index] for index in indices],
            {
                place: self.texts[index]
                for place, index in enumerate(indices)
                if index in self.texts
            },
            rebuild=self.rebuild,
        )

    def column(self, name: str) -> list[Any]:
        """Return the values of one field."""
        return list(map(attrgetter(name), self.rows))

    def keep_text(self, index: int) -> None:
        """Keep the whole line of a row whose columns cannot hold all of it."""
        if index not in self.texts:
            self.texts[index] = _utf8(self.rebuild(self.rows[index]))

    def keep_odd_spellings(self, *names: str) -> None:
        """Keep the lines in which text of these fields is spelled as Python would not spell it."""
        for name in names:
            for index in odd_spellings(self.column(name)):
                self.keep_text(index)


@dataclass(frozen=True)
class _Place:
    line: int
    offset: int
    cut: bool = False  # the file ends inside the line


class RowFile(Generic[Row]):
    """Reads one file of rows; afterwards `problems` and the file's own facts hold."""

    def __init__(self, file: LineFile, layout: Layout[Row]) -> None:
        self.file = file
        self.layout = layout
        self.count = 0
        self.problems: list[Problem] = []
        self._is_pretty = False
        self._decoder = msgspec.json.Decoder(layout.row)

    def read(self, progress: Callable[[int], None] | None = None) -> Iterator[Rows[Row]]:
        """Yield the rows chunk by chunk."""
        for chunk in self.file.chunks(progress):
            rows = (None if self._is_pretty else self._fast(chunk)) or self._careful(chunk)
            self.count += len(rows.rows)
            if rows.rows:
                yield rows
        self.problems += self.file.problems

    def _fast(self, chunk: Chunk) -> Rows[Row] | None:
        whole = chunk.data
        if not _is_utf8(whole):
            return None
        try:
            rows = self._decoder.decode_lines(whole)
        except (msgspec.DecodeError, RecursionError):
            return None
        if not rows or self._rebuilt(rows) != whole:
            return None
        chunk.count = len(rows)
        numbers = range(chunk.first_line, chunk.first_line + len(rows))
        return Rows(rows, numbers, size=len(whole), rebuild=self._line)

    def _line(self, row: Row) -> bytes:
        return self._rebuilt([row])

    def _rebuilt(self, rows: list[Row]) -> bytes:
        first = rows[0]
        whole = self.layout.integers
        names = [name for name in self.layout.fields if name in whole or len(getattr(first, name))]
        pieces: list[Any] = []
        opening = b"{"
        for name in names:
            values: Any = map(attrgetter(name), rows)
            if name in self.layout.integers:
                values = map(b"%d".__mod__, values)
            pieces += [repeat(b'%b"%b": ' % (opening, name.encode())), values]
            opening = b", "
        flat = chain.from_iterable(zip(*pieces, repeat(b"}\n"), strict=False))
        return b"".join(flat)[:-1]

    def _careful(self, chunk: Chunk) -> Rows[Row]:
        result: Rows[Row] = Rows([], [], size=len(chunk.data), rebuild=self._line)
        numbers: list[int] = []
        offset = chunk.offset
        lines = chunk.lines
        last = len(lines) - 1
        pretty = self._pretty(chunk)
        for index, line in enumerate([] if self._is_pretty else lines):
            stripped = line.strip(b"\r\n\t ")
            if stripped:
                number = chunk.first_line + index
                cut = index == last and not chunk.complete
                row, text = self._one(stripped, line, _Place(number, offset, cut=cut))
                if row is not None:
                    if text is not None or stripped != line:
                        result.texts[len(result.rows)] = _utf8(line.rstrip(b"\r\n"))
                    result.rows.append(row)
                    numbers.append(number)
            offset += len(line) + 1
        for row, text, number in pretty:
            result.texts[len(result.rows)] = text
            result.rows.append(row)
            numbers.append(number)
        result.lines = numbers
        return result

    def _one(self, line: bytes, whole: bytes, place: _Place) -> tuple[Row | None, str | None]:
        """Return a row, and its text where slices cannot rebuild it."""
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as failure:
            what = f"byte {failure.start + 1} of the line is not UTF-8"
            self._damage("not_utf8", what, whole, place)
            return None, None
        try:
            row = self._decoder.decode(line)
        except (msgspec.DecodeError, RecursionError):
            return self._by_python(text, whole, place)
        if self._rebuilt([row]) == line:
            return row, None
        self._parse(text, place)  # to report keys that occur twice
        return row, text

    def _by_python(self, text: str, whole: bytes, place: _Place) -> tuple[Row | None, str | None]:
        try:
            value = self._parse(text, place)
        except (ValueError, RecursionError) as failure:
            kind = "truncated_line" if place.cut else "not_json"
            what = (
                "the file ends inside the line" if place.cut else f"the line is not JSON: {failure}"
            )
            self._damage(kind, what, whole, place)
            return None, None
        if not isinstance(value, dict):
            what = f"the line holds {_article(value)} where an object is expected"
            self._damage("not_an_object", what, whole, place)
            return None, None
        row = self._from_object(value)
        if row is None:
            missing = ", ".join(f"`{name}`" for name in self._missing(value))
            self._damage("unexpected_row", f"the row lacks {missing}", whole, place)
        return row, text

    def _missing(self, value: dict[str, Any]) -> list[str]:
        required = msgspec.structs.fields(self.layout.row)
        return [item.name for item in required if item.required and item.name not in value]

    def _from_object(self, value: dict[str, Any]) -> Row | None:
        if self._missing(value):
            return None
        fields: dict[str, Any] = {}
        for name in self.layout.fields:
            if name in value:
                item = value[name]
                if name in self.layout.integers:
                    fields[name] = item if type(item) is int and abs(item) < 2**63 else None
                else:
                    fields[name] = msgspec.Raw(strict_json(item))
        return self.layout.row(**fields)

    def _parse(self, text: str, place: _Place) -> Any:
        repeated: list[str] = []

        def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            found = dict(pairs)
            if len(found) < len(pairs):
                names = [name for name, _ in pairs]
                repeated.extend(sorted({name for name in names if names.count(name) > 1}))
            return found

        value = json.loads(text, object_pairs_hook=collect)
        if repeated:
            names = ", ".join(f"`{name}`" for name in repeated)
            self.problems.append(
                Problem(
                    path=self.file.path,
                    kind="duplicate_key",
                    severity="notice",
                    message=f"the keys {names} occur twice in one object; the last one counts",
                    line=place.line,
                    byte_offset=place.offset,
                    excerpt=text[:EXCERPT],
                )
            )
        return value

    def _pretty(self, chunk: Chunk) -> list[tuple[Row, str, int]]:
        """Read objects that are spread over lines, where a whole small file holds them."""
        if chunk.first_line > 1 or not _OPENING_ALONE.match(chunk.data):
            return []
        if Path(self.file.path).stat().st_size > self.file.limits.longest_line:
            return []
        decoder, text, position = json.JSONDecoder(), _utf8(read_whole(self.file.path)[1]), 0
        found: list[tuple[Row, str, int]] = []
        while (position := _next(text, position)) < len(text):
            try:
                value, end = decoder.raw_decode(text, position)
            except (ValueError, RecursionError):
                return []
            row = self._from_object(value) if isinstance(value, dict) else None
            if row is None:
                return []
            found.append((row, text[position:end], 1 + text.count("\n", 0, position)))
            position = end
        self._is_pretty = True
        self.problems.append(
            Problem(
                path=self.file.path,
                kind="not_line_delimited",
                severity="notice",
                message="objects are spread over several lines; they were read one by one",
                line=1,
                byte_offset=chunk.offset,
            )
        )
        return found

    def _damage(self, kind: str, message: str, line: bytes, place: _Place) -> None:
        line = line.rstrip(b"\r")
        self.problems.append(
            Problem(
                path=self.file.path,
                kind=kind,
                message=message,
                line=place.line,
                byte_offset=place.offset,
                excerpt=line[:EXCERPT].decode("utf-8", "replace"),
                bytes=line,
            )
        )


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _utf8(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _next(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def _article(value: Any) -> str:
    names = {list: "an array", str: "a text", int: "a number", float: "a number", bool: "a boolean"}
    return names.get(type(value), "null")
