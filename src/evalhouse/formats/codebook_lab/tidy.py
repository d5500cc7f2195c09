"""The tables that the runs of a task share: a row a value, a row a run, a row a class and value.

Cells are text. Columns are known by their names, so that a table which an older program began is
as good as a new one; what others wrote stays as they spelled it.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalhouse.errors import HouseError, UsageError
from evalhouse.formats.codebook_lab.layout import (
    CLASS_COLUMNS,
    CLASS_KEY,
    LONG_COLUMNS,
    LONG_KEY,
    RUNS_COLUMNS,
    RUNS_HEADER,
    RUNS_KEY,
)
from evalhouse.formats.codebook_lab.lock import alone_with
from evalhouse.ids import random_id

BOM = "\ufeff"
_RUN = "run_id"
_BREAK = "\r\n"  # the module puts cells into quotes that hold one of these
_LONGEST_CELL = 2**31 - 1  # the most that every platform takes
# Without the columns that codebook-lab has since 1.4.0.
_OLDER_RUNS_HEADER = tuple(name for name in RUNS_HEADER if name not in ("chat_mode", "reasoning"))

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Record:
    """One row: its text as it stands in the file, without the line break, and its cells."""

    text: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class TidyTable:
    """A table as it was read; writing it gives the same bytes, but for empty lines."""

    header: Record
    records: tuple[Record, ...] = ()
    mark: str = ""
    is_closed: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return self.header.cells

    @property
    def text(self) -> str:
        """Return the table as a file holds it."""
        if not self.columns:
            return self.mark
        lines = "\n".join([self.header.text, *(record.text for record in self.records)])
        return f"{self.mark}{lines}{chr(10) if self.is_closed else ''}"

    def cells(self, record: Record) -> dict[str, str]:
        """Return the cells of a row by column; of columns that it lacks there is none.

        codebook-lab 1.4.0 appends to the tables of 1.3 without a look at their header. Its rows
        have two cells more, and are read by the header that it has in mind.
        """
        return dict(zip(self._columns_of(record), record.cells, strict=False))

    def rows(self) -> Iterator[dict[str, str]]:
        """Yield the rows, each with its cells by column."""
        return map(self.cells, self.records)

    def _columns_of(self, record: Record) -> tuple[str, ...]:
        is_newer = len(record.cells) == len(RUNS_HEADER) and self.columns == _OLDER_RUNS_HEADER
        return RUNS_HEADER if is_newer else self.columns


def parse_table(text: str, name: str = "table") -> TidyTable:
    """Read a table from its text.

    Raises:
        UsageError: A quote is never closed.
    """
    mark = BOM if text.startswith(BOM) else ""
    pieces = list(_pieces(text.removeprefix(mark), name))
    if not pieces:
        return TidyTable(Record("", ()), mark=mark)
    first, *others = (Record(*pair) for pair in zip(pieces, _cells(pieces), strict=True))
    return TidyTable(first, tuple(others), mark, is_closed=text.endswith("\n"))


def read_table(path: str | Path) -> TidyTable:
    """Read a table; where there is no file, it is empty.

    Raises:
        UsageError: It is no CSV in UTF-8.
        HouseError: It cannot be read.
    """
    try:
        return parse_table(Path(path).read_bytes().decode("utf-8"), str(path))
    except FileNotFoundError:
        return parse_table("")
    except OSError as failure:
        raise HouseError(
            f"the table `{path}` cannot be read: {failure.strerror}; look at its permissions"
        ) from failure
    except UnicodeDecodeError as failure:
        raise UsageError(
            f"the table `{path}` is not UTF-8 at byte {failure.start + 1:,}; save it as UTF-8, or "
            "move it away to begin anew"
        ) from failure


def write_table(path: str | Path, table: TidyTable) -> None:
    """Write a table in the place of the file, whole or not at all.

    Raises:
        HouseError: It cannot be written.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, table.text.encode("utf-8"))
    except OSError as failure:
        raise HouseError(
            f"the table `{path}` cannot be written: {failure.strerror}; make room or access for it"
        ) from failure


def update_long(path: str | Path, rows: Iterable[Row], run_id: str) -> None:
    """Put the values of a run into the long table, in the place of its earlier ones."""
    update(path, list(rows), run_id, columns=LONG_COLUMNS, key=LONG_KEY)


def update_classes(path: str | Path, rows: Iterable[Row], run_id: str) -> None:
    """Put the values of a run's classes into their table, in the place of its earlier ones."""
    update(path, list(rows), run_id, columns=CLASS_COLUMNS, key=CLASS_KEY)


def update_runs(path: str | Path, row: Row, run_id: str) -> None:
    """Put the row of a run into the table of runs, in the place of its earlier one."""
    update(path, [row], run_id, columns=RUNS_COLUMNS, key=RUNS_KEY)


def update(
    path: str | Path,
    rows: Sequence[Row],
    run_id: str,
    *,
    columns: Sequence[str],
    key: Sequence[str],
) -> None:
    """Put rows of a run into a table, in the place of its earlier ones; others stay as they are.

    Any number of processes may do so at once. A file with fewer columns gets the others, empty;
    columns that are not among `columns` stay at the end.

    Raises:
        UsageError: The file is no such table.
        HouseError: It cannot be read or written.
        RetryableError: Others held its lock for too long.
    """
    path = Path(path)
    _refuse_repeated(rows, run_id, key)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone_with(path):
            write_table(path, merged(read_table(path), rows, run_id, columns, str(path)))
    except OSError as failure:
        raise HouseError(
            f"the table `{path}` cannot be locked: {failure.strerror}; make room or access for it"
        ) from failure


def merged(
    table: TidyTable, rows: Sequence[Row], run_id: str, columns: Sequence[str], path: str = "table"
) -> TidyTable:
    """Return a table with the rows of a run, in the place of its earlier ones."""
    if table.columns and _RUN not in table.columns:
        raise UsageError(
            f"the table `{path}` has no column `{_RUN}`; move it away, or name another folder for "
            "the tables"
        )
    wider = _aligned(table, columns)
    place = wider.columns.index(_RUN)
    end = _end_of(wider.header)
    own = [_record([cell(row.get(name)) for name in wider.columns], end) for row in rows]
    is_own = [record.cells[place : place + 1] == (run_id,) for record in wider.records]
    first = is_own.index(True) if True in is_own else len(is_own)
    others = [record for record, ours in zip(wider.records, is_own, strict=True) if not ours]
    # The new rows stand where the first of the old ones did.
    return TidyTable(wider.header, (*others[:first], *own, *others[first:]), table.mark)


def table_of(rows: Iterable[Row], columns: Sequence[str]) -> TidyTable:
    r"""Return a new table of these columns; what a row does not tell is an empty cell.

    Example:
        >>> table_of([{"run_id": "a", "value": 0.5}, {"run_id": "b"}], ("run_id", "value")).text
        'run_id,value\na,0.5\nb,\n'
    """
    records = (_record([cell(row.get(name)) for name in columns]) for row in rows)
    return TidyTable(_record(columns), tuple(records))


def cell(value: Any) -> str:
    """Return a value as a cell: what is not defined is empty, a float keeps all its digits."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _aligned(table: TidyTable, columns: Sequence[str]) -> TidyTable:
    """Return a table with these columns first, and those of its own that are none of them."""
    before = table.columns
    names = (*columns, *(name for name in before if name not in columns))
    if names == before:
        return table
    end = _end_of(table.header)
    if names[: len(before)] == before:
        records = [_widened(record, len(before), len(names)) for record in table.records]
    else:
        records = [_moved(table, record, names) for record in table.records]
    return TidyTable(_record(names, end), tuple(records), table.mark)


def _widened(record: Record, before: int, after: int) -> Record:
    """Return a row with empty cells at its end, and all that is before them untouched."""
    if len(record.cells) != before:
        return record  # a cell beyond the header has no column that it could be moved to
    missing, end = after - before, _end_of(record)
    text = record.text.removesuffix(end) + "," * missing + end
    return Record(text, (*record.cells, *[""] * missing))


def _moved(table: TidyTable, record: Record, names: Sequence[str]) -> Record:
    cells = table.cells(record)
    beyond = record.cells[len(cells) :]
    return _record([*(cells.get(name, "") for name in names), *beyond], _end_of(record))


def _record(cells: Sequence[str], end: str = "") -> Record:
    stream = io.StringIO()
    csv.writer(stream, lineterminator=_BREAK).writerow(cells)
    return Record(stream.getvalue().removesuffix(_BREAK) + end, tuple(cells))


def _end_of(record: Record) -> str:
    """Return what stands before the line break where a file has those of Windows."""
    return "\r" if record.text.endswith("\r") else ""


def _pieces(text: str, name: str) -> Iterator[str]:
    """Yield the text of each row; a line break inside quotes is none."""
    held: list[str] = []
    is_open = False
    for line in text.split("\n"):
        is_open ^= line.count('"') % 2 == 1
        if is_open or held:
            held.append(line)
        elif line and line != "\r":
            yield line
        if held and not is_open:
            yield "\n".join(held)
            held = []
    if held:
        raise UsageError(
            f"the table `{name}` has a quote that is never closed; close it, or move the file away"
        )


def _cells(texts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    csv.field_size_limit(_LONGEST_CELL)
    for text in texts:
        plain = text.removesuffix("\r")
        if '"' in plain:
            yield tuple(next(csv.reader([plain], strict=False)))
        else:
            yield tuple(plain.split(","))


def _refuse_repeated(rows: Sequence[Row], run_id: str, key: Sequence[str]) -> None:
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        name = tuple(cell(row.get(column)) for column in key)
        if row.get(_RUN) != run_id:
            raise ValueError(f"a row of the run `{row.get(_RUN)}` among those of `{run_id}`")
        if name in seen:
            raise ValueError(f"two rows for {dict(zip(key, name, strict=True))}")
        seen.add(name)


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{random_id()}")
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
