"""Answers in a CSV file, whoever wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from evalhouse.assessment.answers import Answered
from evalhouse.assessment.sheet import Sheet
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from evalhouse.tasks.codebook import Codebook
from evalhouse.tasks.faults import listed, shortened
from evalhouse.tasks.statuses import STATUS_SUFFIX, STATUSES, cell_of

_DECIMAL = re.compile(r"([+-]?\d+)\.0+")


def read_answers(path: str | Path, codebook: Codebook, *, id_column: str | None = None) -> Answered:
    """Read the answers to a codebook from a CSV file; every cell is the text that is written.

    Where a field has a column `<column>__status`, as in outputs of Evalhouse, it tells what became
    of each question. Elsewhere an empty cell is missing, whatever the reason, and of spans it says
    that there are none. Numbers that a program made decimals of (`1.0`) are taken for what they
    were, also as options of a dropdown.

    Args:
        path: the file. Columns that are no field are left alone; fields without a column are not
            among the answers.
        codebook: what was asked.
        id_column: the column with the ids of rows; without it that of the codebook. In a file
            without it rows are known by their position.

    Raises:
        UsageError: for a file that cannot be read (with the place of the first fault), without a
            column of the codebook, with an unknown status, or with an id that is empty or there
            twice.
        UnknownNameError: for an `id_column` that is not there.
    """
    settings = codebook.settings
    sheet = Sheet(Path(path), id_column or settings.id_column or settings.text_column)
    if id_column is not None and id_column not in sheet.header:
        raise UnknownNameError("column of ids", id_column, sheet.header)
    asked = [each.field for each in codebook.annotations if each.column in sheet.header]
    if not asked:
        raise UsageError(
            f"`{path}` has no column with answers; expected one of "
            f"{listed(codebook.by_column, 3)} beside {listed(sheet.header, 3)}"
        )
    statuses = {
        field.name: _statuses(sheet, field.name + STATUS_SUFFIX)
        for field in asked
        if field.name + STATUS_SUFFIX in sheet.header
    }
    named = id_column or settings.id_column
    has_ids = named is not None and named in sheet.header
    has_texts = settings.text_column in sheet.header
    return Answered(
        ids=_ids(sheet, named) if named and has_ids else _positions(sheet),
        cells={
            field.name: list(_cells(field, sheet.column(field.name), statuses.get(field.name)))
            for field in asked
        },
        statuses=statuses,
        texts=sheet.column(settings.text_column) if has_texts else None,
        is_positional=not has_ids,
        id_column=named if has_ids else None,
    )


def _positions(sheet: Sheet) -> tuple[str, ...]:
    return tuple(str(row) for row in range(1, len(sheet) + 1))


def _ids(sheet: Sheet, column: str) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    for name, line in zip(sheet.column(column), sheet.lines, strict=True):
        before = seen.setdefault(name, line)
        if before != line or not name.strip():
            found = f"is also that of line {before:,}" if name.strip() else "is empty"
            raise UsageError(
                f"`{sheet.path.name}:{line}`: the id `{shortened(name)}` {found}; give every row "
                "one of its own, or name another column of ids"
            )
    return tuple(seen)


def _statuses(sheet: Sheet, column: str) -> list[str]:
    found = sheet.column(column)
    for status, line in zip(found, sheet.lines, strict=True):
        if status not in STATUSES:
            raise UsageError(
                f"`{sheet.path.name}:{line}`: the status `{shortened(status)}` in `{column}` is "
                f"none; expected one of {listed(STATUSES)}; correct it, or remove the column"
            )
    return found


def _cells(field: Field, cells: Sequence[str], statuses: Sequence[str] | None) -> Iterator[Cell]:
    if statuses is not None:
        yield from map(cell_of, statuses, cells)
        return
    for cell in cells:
        is_empty = not cell.strip() and field.kind != "span"
        yield Absent.MISSING if is_empty else _whole(field, cell)


def _whole(field: Field, cell: str) -> str:
    """Return the option that a decimal was made of; other types read decimals themselves."""
    number = _DECIMAL.fullmatch(cell) if field.kind == "dropdown" else None
    is_option = number and cell not in field.options and number[1] in field.options
    return number[1] if number and is_option else cell
