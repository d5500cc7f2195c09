"""A CSV file, row by row: cells are the text that is written."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from evalhouse.tasks.encoding import hashed
from evalhouse.tasks.faults import Faults, Place, listed, shortened

_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LONGEST_CELL = 2**31 - 1  # the most that every platform takes
_QUOTES = 'quotes around a cell, and `""` for one inside it'


@dataclass(frozen=True)
class Table:
    """A CSV file with its header; `file` names it in faults."""

    path: Path
    file: str
    sha256: str
    header: tuple[str, ...]
    delimiter: str = ","

    def rows(self, faults: Faults) -> Iterator[tuple[int, list[str]]]:
        """Yield each row with the physical line it begins on; ragged ones are faults, left out."""
        width = len(self.header)
        with self.path.open(encoding="utf-8-sig", newline="") as stream:
            records = self._records(stream, faults)
            next(records, None)
            for line, row in records:
                if len(row) == width:
                    yield line, row
                else:
                    self._ragged(line, row, faults)

    def _records(self, stream: TextIO, faults: Faults) -> Iterator[tuple[int, list[str]]]:
        """Yield what is on each line that is not blank; after a wrong quote, the next line."""
        # Only a strict reader tells of a quote that is never closed: it swallows the whole rest.
        reader = csv.reader(stream, delimiter=self.delimiter, strict=True)
        last = 0
        while True:
            try:
                for row in reader:
                    line, last = last + 1, reader.line_num
                    if row:
                        yield line, row
            except csv.Error as failure:
                _misquoted(Place(self.file, line=last + 1), str(failure), reader.line_num, faults)
                last = reader.line_num
            else:
                return

    def _ragged(self, line: int, row: list[str], faults: Faults) -> None:
        width = len(self.header)
        surplus = row[width:]
        found = f"the row has {len(row)} cells" + (f": beyond the last column {listed(surplus, 3)}")
        missing = listed(self.header[len(row) :], 3)
        faults.add(
            "ragged_row",
            Place(self.file, line=line),
            found if surplus else f"the row has {len(row)} cells: none for {missing}",
            expected=f"{width}, as the header has",
            advice="put cells that hold commas in quotes"
            if surplus
            else "add what is missing, as empty cells",
        )


def open_table(path: Path, file: str, faults: Faults, *, wanted: str) -> Table | None:
    """Read the header of a file, or say why there is none; `wanted` is a column it should have."""
    # Speeches and reports are longer than the 131,072 characters that the module allows a cell.
    csv.field_size_limit(_LONGEST_CELL)
    digest = hashed(path, file, faults)
    if digest is None:
        return None
    try:
        header = _header(path, ",")
    except csv.Error as failure:
        _misquoted(Place(file, line=1), str(failure), 1, faults)
        return None
    if not any(header):
        faults.add(
            "empty_table",
            Place(file),
            "the file has no header",
            expected="a row with the names of columns, and rows below it",
            advice="export it anew",
        )
        return None
    table = Table(path, file, digest, tuple(header), _delimiter(path, header, wanted))
    if table.delimiter != ",":
        table = Table(path, file, digest, tuple(_header(path, table.delimiter)), table.delimiter)
        _told(table, faults)
    _check_header(table, faults)
    return table


def _header(path: Path, delimiter: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        return next((row for row in reader if row), [])


def _delimiter(path: Path, header: list[str], wanted: str) -> str:
    """Return what separates cells: commas, unless something else gives the column it should."""
    if wanted in header:
        return ","
    for sign in _DELIMITERS:
        try:
            other = _header(path, sign)
        except csv.Error:
            continue
        if wanted in other or len(other) > 1 == len(header):
            return sign
    return ","


def _told(table: Table, faults: Faults) -> None:
    faults.add(
        "delimiter",
        Place(table.file, line=1),
        f"cells are separated by {_DELIMITERS[table.delimiter]}",
        expected="commas",
        advice="save it with commas; spreadsheets in some languages offer it as `CSV UTF-8`",
    )


def _check_header(table: Table, faults: Faults) -> None:
    for place, name in enumerate(table.header):
        if name in table.header[:place]:
            faults.add(
                "header_twice",
                Place(table.file, f"column {place + 1}", 1),
                f"the column `{shortened(name)}` is also column {table.header.index(name) + 1}",
                expected="every column once",
                advice="rename or remove one of them",
            )


def _misquoted(place: Place, reason: str, last: int, faults: Faults) -> None:
    is_open = "end of data" in reason
    found = f"a quote opens that is never closed, up to line {last}" if is_open else reason
    faults.add("quotes", place, found, expected=_QUOTES, advice="close or double the quote")
