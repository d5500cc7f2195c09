"""Rows of a task. What a prompt is made of and what people answered are kept apart by type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evalhouse.tasks.codebook import COLUMN, Codebook
from evalhouse.tasks.faults import Faults, Place, shortened
from evalhouse.tasks.table import Table


@dataclass(frozen=True, slots=True)
class Row:
    """All of a row that a prompt may be made of: no label is in it.

    `metadata` holds the metadata columns that the codebook names, and nothing else.
    """

    id: str
    text: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unit:
    """A row of a table with everything beside it that no prompt may see.

    `cells` are answers by the column of their field (of the consensus, or of the one coder whose
    file this is), `coders` those that stand in columns of single coders, `carried` all cells but
    the labels. `line` is the physical line, from 1.
    """

    line: int
    row: Row
    cells: Mapping[str, str]
    coders: Mapping[str, Mapping[str, str]]
    carried: Mapping[str, str]


class Layout:
    """Which column of a table is what."""

    def __init__(self, codebook: Codebook, table: Table) -> None:
        settings = codebook.settings
        self.table = table
        self.has_text = settings.text_column in table.header
        # Of a name that stands twice, which is a fault, the first column counts.
        self._at: dict[str, int] = {}
        for at, name in enumerate(table.header):
            self._at.setdefault(name, at)
        labels = codebook.label_columns
        self._text = self._position(settings.text_column, labels)
        self._id = self._position(settings.id_column, labels)
        self._metadata = self._positions(
            {name: name for name in settings.metadata_columns if name not in labels}
        )
        self.fields = self._positions({column: column for column in codebook.by_column})
        self.coders = {
            coder: self._positions({c: pattern.replace(COLUMN, c) for c in codebook.by_column})
            for coder, pattern in codebook.coder_patterns.items()
        }
        self._carried = [(name, at) for name, at in self._at.items() if name not in labels]

    def _position(self, column: str | None, labels: frozenset[str]) -> int | None:
        return None if column is None or column in labels else self._at.get(column)

    def _positions(self, columns: Mapping[str, str]) -> list[tuple[str, int]]:
        """Return names with the places of their columns, where those are there."""
        return [(name, self._at[col]) for name, col in columns.items() if col in self._at]

    def units(self, faults: Faults) -> Iterator[Unit]:
        """Yield the rows; ids that are blank or stand twice are faults, blank texts too."""
        for line, row, cells in self._named(faults):
            yield Unit(
                line,
                row,
                {column: cells[at] for column, at in self.fields},
                {
                    coder: {column: cells[at] for column, at in places}
                    for coder, places in self.coders.items()
                },
                {column: cells[at] for column, at in self._carried},
            )

    def rows(self, faults: Faults) -> Iterator[Row]:
        """Yield what prompts are made of alone."""
        return (row for _, row, _ in self._named(faults))

    def _named(self, faults: Faults) -> Iterator[tuple[int, Row, list[str]]]:
        """Yield the line, the row and all cells of each."""
        seen: dict[str, int] = {}
        for number, (line, cells) in enumerate(self.table.rows(faults), 1):
            name = str(number) if self._id is None else cells[self._id]
            text = "" if self._text is None else cells[self._text]
            if seen.setdefault(name, line) != line or not name.strip():
                self._misnamed(line, name, seen[name], faults)
            if self._text is not None and not text.strip():
                self._blank(line, name, faults)
            yield line, Row(name, text, {column: cells[at] for column, at in self._metadata}), cells

    def _misnamed(self, line: int, name: str, before: int, faults: Faults) -> None:
        is_blank = not name.strip()
        faults.add(
            "id_blank" if is_blank else "id_twice",
            Place(self.table.file, f"row `{shortened(name)}`", line),
            "the row has no id" if is_blank else f"the id is also that of the row on line {before}",
            expected="an id of its own for every row",
            advice="correct it, or name another column as `id_column`",
        )

    def _blank(self, line: int, name: str, faults: Faults) -> None:
        faults.add(
            "text_blank",
            Place(self.table.file, f"row `{shortened(name)}`", line),
            "the row has no text",
            expected="a text to ask about",
            advice="add it, or remove the row",
        )
