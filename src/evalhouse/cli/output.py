"""Where commands print: tables for people, clean data for programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from evalhouse.cli.text import safe, shortened, shown

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_SHOWN = 200
UNBOUNDED = 10_000
LONGEST_CELL = 300
LONGEST_NAME = 48
_NARROWEST = 12


class TableFormat(StrEnum):
    """How a list is printed."""

    table = "table"
    csv = "csv"
    json = "json"


class PageFormat(StrEnum):
    """How a page is printed."""

    table = "table"
    json = "json"


@dataclass(frozen=True)
class Column:
    """A column of a table for people."""

    title: str
    justify: Literal["left", "right"] = "left"
    is_name: bool = False  # not broken over lines while others can be
    is_optional: bool = False  # left out where every cell is empty


class _Console(Console):
    """A console that leaves it to the command how to end when nobody reads on."""

    def on_broken_pipe(self) -> NoReturn:
        """Say so."""
        raise BrokenPipeError


def stdout() -> Console:
    """Return the console of results; what is not a terminal has no width."""
    return _console(sys.stdout.isatty(), stderr=False)


def stderr() -> Console:
    """Return the console of messages."""
    return _console(sys.stderr.isatty(), stderr=True)


def _console(is_terminal: bool, *, stderr: bool) -> Console:  # noqa: FBT001 - rich's own word
    width = None if is_terminal or os.environ.get("COLUMNS") else UNBOUNDED
    return _Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False)


def say(*lines: str) -> None:
    """Print lines; what came from dumps in them is escaped here."""
    console = stdout()
    for line in lines:
        console.print(Text(safe(line)), soft_wrap=True)


def say_aside(line: str) -> None:
    """Print a line on stderr, beside the results."""
    stderr().print(Text(safe(line)), soft_wrap=True)


def heading(text: str, *, apart: bool = False) -> None:
    """Print a heading; `apart` leaves a line above it."""
    console = stdout()
    if apart:
        console.print()
    console.print(Text(safe(text), style="bold"), soft_wrap=True)


def print_rows(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of text."""
    console = stdout()
    columns, listed = _used(columns, [list(row) for row in rows])
    needed = sum(
        min(_NARROWEST, max([len(column.title), *(len(row[place]) for row in listed)])) + 2
        for place, column in enumerate(columns)
    )
    if needed > console.width:
        _print_records(console, columns, listed)
    else:
        console.print(_table(columns, listed))


def print_arrow(rows: pa.Table, *, most: int = ROWS_SHOWN) -> None:
    """Print an Arrow table for people; what is left out is counted."""
    first = rows.slice(0, most)
    columns = [Column(field.name, _justify(field.type)) for field in rows.schema]
    values = [column.to_pylist() for column in first.columns]  # by place: names may repeat
    print_rows(columns, [_cells(row) for row in zip(*values, strict=True)])
    left_out = rows.num_rows - first.num_rows
    if left_out:
        say(f"{left_out:,} more rows; `--format csv` or `--format json` gives all of them")


def write_arrow(rows: pa.Table, form: TableFormat) -> None:
    """Write an Arrow table to stdout as CSV or JSON."""
    from evalhouse.store import output  # noqa: PLC0415 - heavy, and not needed for help

    data: output.Format = "csv" if form is TableFormat.csv else "json"
    output.write(rows.to_batches(), rows.schema, sys.stdout.buffer, data)
    sys.stdout.buffer.flush()


def write_json(value: Any) -> None:
    """Write one object to stdout as JSON."""
    import msgspec  # noqa: PLC0415 - not needed for help

    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    sys.stdout.buffer.write(text + b"\n")
    sys.stdout.buffer.flush()


def _used(columns: Sequence[Column], rows: list[list[str]]) -> tuple[list[Column], list[list[str]]]:
    """Leave out what is optional and empty everywhere."""
    places = [
        place
        for place, column in enumerate(columns)
        if not column.is_optional or any(row[place] for row in rows)
    ]
    return [columns[place] for place in places], [[row[place] for place in places] for row in rows]


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        header_style="bold",
    )
    for place, column in enumerate(columns):
        whole = column.is_name and all(len(row[place]) <= LONGEST_NAME for row in rows)
        title = Text(safe(column.title))
        table.add_column(title, justify=column.justify, overflow="fold", no_wrap=whole)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _print_records(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]]
) -> None:
    """Print one row below the other: there are too many columns for the width."""
    longest = max(len(column.title) for column in columns)
    for place, row in enumerate(rows, 1):
        console.print(Text(f"row {place}", style="bold"))
        for column, cell in zip(columns, row, strict=True):
            console.print(Text(f"  {safe(column.title):<{longest}}  {cell}"), soft_wrap=True)


def _cells(row: Sequence[Any]) -> list[str]:
    return [shortened(shown(value), LONGEST_CELL) for value in row]


def _justify(kind: pa.DataType) -> Literal["left", "right"]:
    name = str(kind)
    return "right" if name.startswith(("int", "uint", "double", "float", "decimal")) else "left"
