"""Rows in which answers differ from the gold, to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell, read_spans
from evalhouse.scoring.field import Field
from evalhouse.tasks.answers import normal


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
class Side:
    """Cells of one field with the ids of their rows."""

    ids: Sequence[str]
    cells: Sequence[Cell]


def examples(
    field: Field,
    gold: Side,
    model: Side,
    *,
    texts: Mapping[str, str],
    statuses: Mapping[str, str],
    most: int,
) -> tuple[Example, ...]:
    """Return the first rows with another answer than the gold; `texts`, `statuses` are by id."""
    answers = dict(zip(model.ids, model.cells, strict=True))
    found = (
        Example(
            field.name,
            row_id,
            texts.get(row_id, ""),
            cell if isinstance(cell, str) else "",
            str(answer) if isinstance(answer := answers[row_id], str) else "",
            statuses.get(row_id, ""),
        )
        for row_id, cell, is_right in marked(field, gold, answers)
        if is_right is False
    )
    return tuple(islice(found, most))


def marked(
    field: Field, gold: Side, answers: Mapping[str, Cell]
) -> Iterator[tuple[str, Cell, bool | None]]:
    """Yield each row with its gold cell and whether the answer says the same; None without gold."""
    for row_id, cell in zip(gold.ids, gold.cells, strict=True):
        if row_id in answers:
            yield row_id, cell, says_the_same(field, cell, answers[row_id])


def says_the_same(field: Field, gold: Cell, answer: Cell) -> bool | None:
    """Tell whether an answer says what the gold says; None where there is no gold answer.

    Spans are the same where beginnings, ends and labels are, in any order.

    Example:
        >>> says_the_same(Field("relevant", "checkbox"), "1", "yes")
        True
    """
    if field.kind == "span":
        one, other = read_spans([gold, answer])
        if isinstance(one, Absent):
            return None
        return not isinstance(other, Absent) and set(one) == set(other)
    expected = normal(field, gold)
    return None if isinstance(expected, Absent) else expected == normal(field, answer)
