"""Rows in which answers differ from the gold, to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell, read_spans
from evalhouse.scoring.field import Field
from evalhouse.tasks.answers import Answers


@dataclass(frozen=True)
class Example:
    """One row; `answer` is the cell as it is written, `status` what became of the question."""

    column: str
    row_id: str
    text: str
    gold: str
    answer: str
    status: str


@dataclass(frozen=True)
class Rows:
    """The rows of one field, both sides in one order; without `statuses` none is known."""

    field: Field
    ids: Sequence[str]
    texts: Sequence[str]
    gold: Sequence[Cell]
    model: Sequence[Cell]
    statuses: Sequence[str] | None = None

    @property
    def marks(self) -> list[bool | None]:
        """Whether each answer says what the gold says; None without a gold answer."""
        return marks(self.field, self.gold, self.model)


def examples(rows: Rows, most: int) -> tuple[Example, ...]:
    """Return the first rows with another answer than the gold."""
    statuses = rows.statuses or [""] * len(rows.ids)
    told = zip(rows.marks, rows.ids, rows.texts, rows.gold, rows.model, statuses, strict=True)
    found = (
        Example(rows.field.name, row_id, text, _written(gold), _written(model), status)
        for mark, row_id, text, gold, model, status in told
        if mark is False
    )
    return tuple(islice(found, most))


def marks(field: Field, gold: Sequence[Cell], model: Sequence[Cell]) -> list[bool | None]:
    """Tell of each row whether the answer says what the gold says; None without a gold answer.

    Spans are the same where beginnings, ends and labels are, in any order.

    Example:
        >>> marks(Field("relevant", "checkbox"), ["1", "0", None], ["yes", "1", "1"])
        [True, False, None]
    """
    if field.kind == "span":
        sides = [
            [cell if isinstance(cell, Absent) else frozenset(cell) for cell in read_spans(side)]
            for side in (gold, model)
        ]
        return [_same(one, other) for one, other in zip(*sides, strict=True)]
    said = Answers(field)
    return [_same(said[one], said[other]) for one, other in zip(gold, model, strict=True)]


def _same(gold: object, model: object) -> bool | None:
    return None if isinstance(gold, Absent) else gold == model


def _written(cell: Cell) -> str:
    return cell if isinstance(cell, str) and not isinstance(cell, Absent) else ""
