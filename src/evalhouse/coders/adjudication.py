"""Labels that were decided by hand, as a table has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from evalhouse.coders.consensus import Decisions
from evalhouse.coders.labels import Label, Reader
from evalhouse.coders.panel import ITEM, Item, Panel
from evalhouse.coders.sheet import units_of
from evalhouse.errors import UsageError
from evalhouse.tasks.faults import listed, shortened
from evalhouse.tasks.rows import Unit
from evalhouse.tasks.table import Table


def read_decisions(panel: Panel, table: Table) -> Decisions:
    """Read the labels that were decided by hand; an empty cell decides nothing.

    Spans that were decided not to be there are written `[]`.

    Raises:
        UsageError: without the column of ids or any column of a field, for an item that no coder
            has or that stands twice, and for a label that is not allowed.
    """
    # Without a column of ids rows are known by position, which the queue cannot keep.
    column = panel.codebook.settings.id_column or ITEM
    keyed = replace(panel.codebook, settings=replace(panel.codebook.settings, id_column=column))
    if column not in table.header:
        raise UsageError(
            f"the adjudications `{table.file}` have no column `{column}` beside "
            f"{listed(table.header, 5)}; fill in a copy of `adjudication_queue.csv`"
        )
    if not set(table.header) & panel.codebook.by_column.keys():
        raise UsageError(
            f"the adjudications `{table.file}` have no column of a field, such as "
            f"{listed(panel.codebook.by_column, 3)}; fill in a copy of `adjudication_queue.csv`"
        )
    items = {item.id: item for item in panel.items}
    readers = {each.column: Reader(each.field) for each in panel.codebook.annotations}
    found: dict[str, dict[str, Label]] = {}
    for unit in units_of(keyed, table):
        name = unit.row.id.strip()
        if name not in items or name in found:
            known = "stands twice" if name in found else "is none that a coder has"
            raise UsageError(
                f"`{table.file}:{unit.line}`: the item `{shortened(name)}` {known}; expected each "
                "item of the queue once"
            )
        found[name] = dict(_decided(unit, items[name], readers, table.file))
    return found


def _decided(
    unit: Unit, item: Item, readers: dict[str, Reader], file: str
) -> Iterator[tuple[str, Label]]:
    for column, cell in unit.cells.items():
        read = readers[column](cell, item.text)
        if read.fault:
            raise UsageError(
                f"`{file}:{unit.line}`: item `{shortened(item.id)}`, `{column}`: {read.fault}"
            )
        if read.label is not None:
            yield column, read.label
