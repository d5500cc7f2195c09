"""What a baseline is given: texts, and what people answered to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalhouse.errors import UsageError
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field


@dataclass(frozen=True)
class Labelled:
    """Texts with ids and answers, row by row.

    `gold` has a column of cells for each field, as the ground truth has them, and
    `Absent.NOT_APPLICABLE` where the question does not arise. Absences, empty cells and cells that
    are no answer teach nothing; of spans, an empty cell says that there are none. A field without
    a column is one that nobody answered.
    """

    texts: Sequence[str]
    ids: Sequence[str]
    gold: Mapping[str, Sequence[Cell]]

    def column(self, field: Field) -> Sequence[Cell]:
        """Return the answers to a field.

        Raises:
            UsageError: where there are more or fewer than texts.
        """
        cells = self.gold.get(field.name)
        if cells is None:
            return (None,) * len(self.texts)
        return _as_long(f"answers in `{field.name}`", cells, self.texts)

    def __post_init__(self) -> None:
        """Refuse ids that do not belong to the texts.

        Raises:
            UsageError: where there are more or fewer than texts.
        """
        _as_long("ids", self.ids, self.texts)


def _as_long(what: str, given: Sequence[Cell], texts: Sequence[str]) -> Sequence[Cell]:
    if len(given) != len(texts):
        raise UsageError(
            f"there are {len(given)} {what} and {len(texts)} texts; give one for each text"
        )
    return given
