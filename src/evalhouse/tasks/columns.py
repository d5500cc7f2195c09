"""Whether a table has the columns that a codebook names."""

from __future__ import annotations

from evalhouse.tasks.codebook import COLUMN, Codebook
from evalhouse.tasks.faults import Faults, Place, listed, nearest, shortened
from evalhouse.tasks.table import Table


class ColumnCheck:
    """Looks for columns in the header of one table."""

    def __init__(self, codebook: Codebook, table: Table, faults: Faults) -> None:
        self._codebook, self._table, self._faults = codebook, table, faults
        self._known = set(table.header)
        self._strangers = [name for name in table.header if name not in codebook.label_columns]

    def ground_truth(self) -> None:
        """Take down what a table with the rows to ask about lacks."""
        settings = self._codebook.settings
        self._need(settings.text_column, "texts")
        self._need(settings.id_column, "ids of rows")
        for column in (settings.header_column, *settings.metadata_columns):
            self._miss(column, "the codebook names it, and nothing else needs it")
        self._labels(COLUMN)
        for coder, pattern in self._codebook.coder_patterns.items():
            self._labels(pattern, f" of coder `{shortened(coder)}`")

    def coder(self) -> None:
        """Take down what a coder's own table lacks; the texts may stand in the ground truth."""
        self._need(self._codebook.settings.id_column, "ids of rows")
        self._labels(COLUMN)

    def examples(self) -> None:
        """Take down what a table of examples lacks."""
        self._need(self._codebook.settings.text_column, "texts")
        self._labels(COLUMN)

    def _labels(self, pattern: str, whose: str = "") -> None:
        columns = {pattern.replace(COLUMN, name): name for name in self._codebook.by_column}
        missing = [column for column in columns if column not in self._known]
        if len(missing) == len(columns):
            self._add(
                "column_absent",
                f"there is no column with answers{whose}",
                expected=listed(columns, 3),
                advice="add them to score against them; rows can be asked about without",
            )
            return
        for column in missing:
            field = self._codebook.by_column[columns[column]].field
            # Free text is seldom written by people, so its column may be left out.
            if field.kind == "textbox" and self._near(column) is None:
                self._miss(column, "the field is asked, and cannot be scored")
            else:
                self._need(column, f"answers{whose}")

    def _need(self, column: str | None, what: str) -> None:
        if column and column not in self._known:
            near = self._near(column)
            self._add(
                "column_missing",
                f"there is no column `{shortened(column)}` with {what}",
                expected=f"one of this name beside {listed(self._table.header)}",
                advice=f"did you mean `{near}`?" if near else "add it, or correct the codebook",
            )

    def _miss(self, column: str | None, advice: str) -> None:
        if column and column not in self._known:
            self._add(
                "column_absent",
                f"there is no column `{shortened(column)}`",
                expected=f"one of this name beside {listed(self._table.header)}",
                advice=advice,
            )

    def _near(self, column: str) -> str | None:
        return nearest(column, self._strangers)

    def _add(self, kind: str, found: str, *, expected: str, advice: str) -> None:
        place = Place(self._table.file, "header", 1)
        self._faults.add(kind, place, found, expected=expected, advice=advice)
