"""One coder's answers, item by item, as they stand in a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from evalhouse.coders.issues import Issue
from evalhouse.errors import UsageError
from evalhouse.tasks.codebook import Codebook
from evalhouse.tasks.faults import Faults, listed, nearest
from evalhouse.tasks.rows import Layout, Unit
from evalhouse.tasks.table import Table, open_table

_OF_IDS = ("id_blank", "id_twice")  # issues of coders, and no reason to refuse a file


@dataclass(frozen=True, slots=True)
class Line:
    """What a coder's table says of one item; `text` is None where the table has no texts."""

    text: str | None
    cells: Mapping[str, str]
    carried: Mapping[str, str]


@dataclass(frozen=True)
class Sheet:
    """A coder's table: lines by item, and the columns of fields that are in it."""

    coder: str
    lines: Mapping[str, Line]
    columns: frozenset[str]


def opened(path: str | Path, wanted: str) -> Table:
    """Open a CSV file of people's answers; `wanted` is a column that it should have.

    Raises:
        UsageError: for a file that cannot be read as UTF-8 with commas.
    """
    faults = Faults()
    table = open_table(Path(path), str(path), faults, wanted=wanted)
    _refuse(faults)
    assert table is not None  # without a fault there is one
    return table


def units_of(codebook: Codebook, table: Table) -> list[Unit]:
    """Return the rows of a table.

    Raises:
        UsageError: for rows that cannot be read; ids may be blank or stand twice.
    """
    faults = Faults()
    units = list(Layout(codebook, table).units(faults))
    _refuse(faults)
    return units


def _refuse(faults: Faults) -> None:
    wrong = [each for each in faults.kept if each.severity == "error" and each.kind not in _OF_IDS]
    if wrong:
        others = len(wrong) - 1
        more = f" ({others:,} more)" if others else ""
        raise UsageError(f"a table cannot be used: {wrong[0]}{more}")


def read_sheet(codebook: Codebook, table: Table, coder: str, issues: list[Issue]) -> Sheet | None:
    """Read the file of a coder; None, with an issue, where nothing says which items it is about."""
    column = codebook.settings.id_column
    if column is not None and column not in table.header:
        near = nearest(column, table.header)
        hint = f"did you mean `{near}`?" if near else f"it has {listed(table.header, 5)}"
        issues.append(
            Issue(
                "missing_id_column",
                f"`{table.file}` has no column `{column}` and is left out; {hint}",
                coder_id=coder,
                field=column,
            )
        )
        return None
    columns = frozenset(codebook.by_column) & set(table.header)
    issues += _without(codebook, columns, coder, table.file)
    has_text = codebook.settings.text_column in table.header
    lines: dict[str, Line] = {}
    for unit in units_of(codebook, table):
        item = unit.row.id.strip()
        if not item or item in lines:
            issues.append(_misnamed(item, unit.line, coder))
            continue
        lines[item] = Line(unit.row.text if has_text else None, unit.cells, unit.carried)
    return Sheet(coder, lines, columns)


def _without(codebook: Codebook, columns: frozenset[str], coder: str, file: str) -> Iterator[Issue]:
    for column in codebook.by_column:
        if column not in columns:
            yield Issue(
                "missing_annotation_column",
                f"`{file}` has no column `{column}`: the coder has no part in this field",
                coder_id=coder,
                field=column,
            )


def _misnamed(item: str, line: int, coder: str) -> Issue:
    if not item:
        message = f"line {line} has no id and is left out"
        return Issue("blank_item_id", message, coder_id=coder)
    message = f"line {line} is about an item that stands above; the first row counts"
    return Issue("duplicate_coder_item", message, item, coder)


def sheets_in(codebook: Codebook, units: list[Unit]) -> list[Sheet]:
    """Return the coders whose answers stand in columns of the ground truth itself.

    An item is a coder's if anything is written in one of the coder's columns.
    """
    found = []
    for coder in codebook.coder_patterns:
        lines = {
            unit.row.id.strip(): Line(unit.row.text, unit.coders[coder], unit.carried)
            for unit in units
            if any(cell.strip() for cell in unit.coders[coder].values())
        }
        columns = frozenset(column for line in lines.values() for column in line.cells)
        found.append(Sheet(coder, lines, columns))
    return found
