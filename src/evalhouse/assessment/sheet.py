"""A CSV file with answers, as text."""

from __future__ import annotations

from pathlib import Path

from evalhouse.errors import UsageError
from evalhouse.tasks.faults import Faults
from evalhouse.tasks.table import open_table


class Sheet:
    """The header of a file, its cells, and the lines on which its rows begin, from 1."""

    def __init__(self, path: Path, wanted: str) -> None:
        """Read a file; `wanted` is a column that it should have.

        Raises:
            UsageError: for a file that cannot be read, is no UTF-8, is not separated by commas, or
                has rows of different lengths: names the first fault with its place.
        """
        faults = Faults()
        table = open_table(path, path.name, faults, wanted=wanted)
        rows = [] if table is None else list(table.rows(faults))
        fault = faults.first_error
        if table is None or fault:
            others = faults.count("error") - 1
            more = f" ({others:,} more)" if others > 0 else ""
            raise UsageError(f"the answers `{path}` cannot be read: {fault}{more}")
        self.path = path
        self.header = table.header
        self.lines = [line for line, _ in rows]
        self._rows = [cells for _, cells in rows]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self._rows)

    def column(self, name: str) -> list[str]:
        """Return the cells of a column."""
        place = self.header.index(name)
        return [cells[place] for cells in self._rows]
