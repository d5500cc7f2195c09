"""The answers that people gave to one field, as codes in the order of the codebook."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalhouse.engine.baselines.folds import Integers
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from evalhouse.tasks.answers import Answers

Given = str | frozenset[str]


@dataclass(frozen=True, eq=False)
class Gold:
    """Answers to a field that is none of spans.

    `answers` are the distinct ones in the order of the codebook, or their own where it names none;
    `codes` (n,) say which of them a row has, and -1 that it has none.
    """

    field: Field
    answers: tuple[Given, ...]
    codes: Integers

    def counts(self, rows: Integers) -> Integers:
        """Count in some rows how often each answer was given."""
        codes = self.codes[rows]
        return np.bincount(codes[codes >= 0], minlength=len(self.answers))

    @cached_property
    def options(self) -> tuple[str, ...]:
        """What can be selected of a multiselect: the options allowed, or else those that occur."""
        occurring = set().union(*(each for each in self.answers if isinstance(each, frozenset)))
        return self.field.options or tuple(sorted(occurring))

    @cached_property
    def selected(self) -> NDArray[np.bool_]:
        """Whether each answer (a) to a multiselect selects each option (o): a table (a, o)."""
        table = [[option in answer for option in self.options] for answer in self.answers]
        return np.array(table, np.bool_).reshape(len(self.answers), len(self.options))

    def cell(self, code: int) -> str:
        """Return an answer as a table holds it."""
        answer = self.answers[code]
        return answer if isinstance(answer, str) else self.listed(self.selected[code])

    def listed(self, is_selected: NDArray[np.bool_]) -> str:
        """Return the cell that selects some of the options (o,)."""
        names = [self.options[place] for place in np.flatnonzero(is_selected)]
        return json.dumps(names, ensure_ascii=False)


def read_gold(field: Field, cells: Sequence[Cell]) -> Gold:
    """Read a column of any field but spans; what is absent, empty or not allowed has no code.

    Example:
        >>> read_gold(Field("stance", "dropdown", ("for", "against")), ["against", "", "For"]).codes
        array([ 1, -1,  0])
    """
    normal = Answers(field)
    given = [normal[cell] for cell in cells]
    answers = sorted({each for each in given if not isinstance(each, Absent)}, key=_order(field))
    place: dict[Any, int] = {answer: code for code, answer in enumerate(answers)}
    codes = [-1 if isinstance(each, Absent) else place[each] for each in given]
    return Gold(field, tuple(answers), np.array(codes, np.int64))


def fallback(field: Field) -> str:
    """Return the cell for rows about which nothing could be learned.

    A box is not ticked, nothing is selected, no span marked and no text written; of options the
    first is chosen, of points the lowest, and nothing where the codebook names none.

    Example:
        >>> fallback(Field("likes", "likert", scale=(1, 5)))
        '1'
    """
    if field.kind in ("multiselect", "checkbox"):
        return "[]" if field.kind == "multiselect" else "0"
    return next(iter(_allowed(field)), "")


def _allowed(field: Field) -> tuple[str, ...]:
    if field.kind == "checkbox":
        return "0", "1"
    return field.options or tuple(map(str, field.points))


def _order(field: Field) -> Callable[[Any], Any]:
    """Return what answers are sorted by: the place in the codebook, or the answer itself."""
    place = {name: number for number, name in enumerate(_allowed(field))}
    if field.kind == "multiselect":
        return lambda answer: (sorted(place.get(name, 0) for name in answer), sorted(answer))
    if place:
        return place.__getitem__
    return int if field.kind == "likert" else str
