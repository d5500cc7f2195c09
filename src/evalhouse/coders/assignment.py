"""Which coder was to read which item."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evalhouse.errors import UsageError
from evalhouse.tasks.faults import Faults, listed
from evalhouse.tasks.table import Table

CODER = "coder_id"
_WIDE = re.compile(r"(?:ra|coder)_\d+", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Assignment:
    """The coders of each item."""

    coders: Mapping[str, frozenset[str]]

    def has(self, item: str, coder: str) -> bool:
        """Whether a coder was to read an item."""
        return coder in self.coders.get(item, ())

    def of(self, coder: str) -> Iterator[str]:
        """Yield the items of a coder."""
        return (item for item, coders in self.coders.items() if coder in coders)

    @property
    def names(self) -> frozenset[str]:
        """Everyone who was to read something."""
        return frozenset().union(*self.coders.values())


def read_assignment(table: Table, id_column: str) -> Assignment:
    """Read an assignment: a row for each item and coder, or coders in columns `coder_1`, `ra_1`.

    Raises:
        UsageError: without the column of items or any column of coders, and for damaged rows.
    """
    if id_column not in table.header:
        raise UsageError(
            f"the assignment `{table.file}` has no column `{id_column}` with ids of items beside "
            f"{listed(table.header, 5)}; name it so, or give `--id`"
        )
    places = [
        at for at, name in enumerate(table.header) if name == CODER or _WIDE.fullmatch(name.strip())
    ]
    if not places:
        raise UsageError(
            f"the assignment `{table.file}` names no coders; expected a column `{CODER}` with a "
            "row for each item and coder, or columns `coder_1`, `coder_2`, ..."
        )
    faults, found = Faults(), dict[str, set[str]]()
    where = table.header.index(id_column)
    for _, cells in table.rows(faults):
        coders = {cells[at].strip() for at in places} - {""}
        if cells[where].strip():
            found.setdefault(cells[where].strip(), set()).update(coders)
    if faults.first_error:
        raise UsageError(f"the assignment cannot be used: {faults.first_error}")
    return Assignment({item: frozenset(coders) for item, coders in found.items()})
