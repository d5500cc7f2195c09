"""Columns that every table per item shares: numbers of items, lines, whole texts, redaction."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from evalhouse.formats.arrays import Array
from evalhouse.formats.rowfile import Rows
from evalhouse.formats.slices import Slice, joined, json_column, text_array, value_columns
from evalhouse.redact import Redactor

_WORTHWHILE = 200  # bytes a shared prefix must have to be skipped
_LONGEST_HEADER = 60  # bytes of `-----BEGIN … PRIVATE KEY-----`


Lines = Sequence[int] | range
_Clean = Callable[[bytes], tuple[bytes, int]]

NO_ITEM = -(2**63)
"""Stands for a document number that is no 64-bit integer."""


def item_numbers(rows: Rows[Any]) -> Array:
    """Return the document numbers as int64; `NO_ITEM`, and the line kept, where one is not."""
    numbers = rows.column("doc_id")
    try:
        items = np.fromiter(numbers, np.int64, len(numbers))
    except (TypeError, OverflowError):
        fitting = [number if _fits(number) else NO_ITEM for number in numbers]
        items = np.array(fitting, np.int64)
    for index in np.flatnonzero(items == NO_ITEM).tolist():
        rows.keep_text(index)
    return items


def _fits(number: int | None) -> bool:
    return number is not None and NO_ITEM < number < 2**63


def item_column(items: Array) -> pa.Array:
    """Return document numbers as a column."""
    missing = items == NO_ITEM
    return pa.array(items, mask=missing) if missing.any() else pa.array(items)


def line_numbers(rows: Rows[Any]) -> pa.Array:
    """Return the line of each row."""
    if isinstance(rows.lines, range):
        return pa.array(np.arange(rows.lines.start, rows.lines.stop, dtype=np.int64))
    return pa.array(rows.lines, pa.int64())


class Attempts:
    """Numbers the rows of an item 0, 1, … in order of appearance."""

    def __init__(self) -> None:
        self._highest = -(2**63)
        self._seen: list[Array] = []
        self._counts: dict[int, int] | None = None
        self.repeated: list[int] = []

    def of(self, items: Array) -> Array:
        """Return the attempt of each row; items in rising order cost nothing."""
        rising = len(items) < 2 or bool((np.diff(items) > 0).all())
        if self._counts is None and rising and len(items) and items[0] > self._highest:
            self._highest = int(items[-1])
            self._seen.append(items)
            return np.zeros(len(items), np.int64)
        if self._counts is None:
            earlier = np.concatenate(self._seen) if self._seen else items[:0]
            self._counts = dict.fromkeys(earlier.tolist(), 1)
        return np.array([self._next(item) for item in items.tolist()], np.int64)

    def _next(self, item: int) -> int:
        assert self._counts is not None
        attempt = self._counts.get(item, 0)
        self._counts[item] = attempt + 1
        if attempt:
            self.repeated.append(item)
        return attempt


class Cleaner:
    """Redacts columns of slices; counts what it replaced and remembers the rows."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._prefix = b""
        self.count = 0
        self.lines: list[int] = []

    def column(self, slices: Sequence[Slice], lines: Lines) -> pa.Array:
        """Return slices as a text column without secrets."""
        buffer, offsets = joined(slices)
        if not self._redactor.hits(buffer):
            return text_array(buffer, offsets)
        return json_column(self._cleaned(slices, lines, self._redactor.text))

    def requests(self, slices: Sequence[Slice], lines: Lines) -> pa.Array:
        """Return requests as a text column without secrets, among their settings too.

        What all of them begin with (the examples of a prompt) is looked at once.
        """
        buffer, offsets = joined(slices)
        if not self._redactor.hits(self._unseen(buffer, offsets)):
            return text_array(buffer, offsets)
        return json_column(self._cleaned(slices, lines, self._redactor.request))

    def values(self, slices: Sequence[Slice], lines: Lines) -> tuple[pa.Array, pa.Array]:
        """Return JSON values as the columns `value` and `value_kind`, without secrets."""
        if self._redactor.hits(b"\n".join(slices)):
            slices = self._cleaned(slices, lines, self._redactor.text)
        return value_columns(slices)

    def text(self, data: bytes, line: int) -> bytes:
        """Return a text without secrets."""
        return self._counted(self._redactor.text(data), line)

    def texts(self, rows: Rows[Any], *, settings: str = "") -> pa.Array:
        """Return the column `text`: the whole line of the rows that slices cannot rebuild.

        The field named by `settings` holds settings, where names tell secrets too.
        """
        if not rows.texts:
            return pa.nulls(len(rows.rows), pa.string())
        column: list[str | None] = [None] * len(rows.rows)
        for index, text in rows.texts.items():
            data = text.encode("utf-8", "surrogatepass")
            if settings:
                inner = bytes(getattr(rows.rows[index], settings))
                data = data.replace(inner, self._redactor.request(inner)[0])
            column[index] = self.text(data, rows.lines[index]).decode("utf-8", "replace")
        return pa.array(column, pa.string())

    def _cleaned(self, slices: Sequence[Slice], lines: Lines, clean: _Clean) -> list[Slice]:
        return [
            self._counted(clean(bytes(item)), line)
            for item, line in zip(slices, lines, strict=True)
        ]

    def _counted(self, result: tuple[bytes, int], line: int) -> bytes:
        cleaned, count = result
        if count:
            self.count += count
            self.lines.append(line)
        return cleaned

    def _unseen(self, buffer: bytes, offsets: Array) -> bytes:
        ends = offsets.tolist()
        if not self._prefix and len(ends) > 2:
            samples = [buffer[ends[place] : ends[place + 1]] for place in (0, len(ends) // 2, -2)]
            common: bytes = os.path.commonprefix(samples) or b""  # noqa: RUF071 - bytes, not paths
            # A secret that is cut off at the end counts as well: a quote is the end of any.
            if len(common) >= _WORTHWHILE and not self._redactor.hits(common + b'"'):
                self._prefix = common
                return buffer
        prefix = self._prefix
        if not prefix:
            return buffer
        # A secret holds one space at most, so none that reaches over the end starts before here;
        # only the header of a private key may hold more.
        skip = prefix.rfind(b" ", 0, max(prefix.rfind(b" "), 0))
        skip = max(min(skip, len(prefix) - _LONGEST_HEADER), 0)
        starts = buffer.startswith
        return b"\n".join(
            [
                buffer[start + skip : end] if starts(prefix, start) else buffer[start:end]
                for start, end in itertools.pairwise(ends)
            ]
        )
