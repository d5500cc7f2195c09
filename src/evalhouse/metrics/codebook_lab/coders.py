"""Agreement among human coders as codebook-lab computes it.

The coefficients are those of `metrics.raters`; what is codebook-lab's own is which answers are
labels, and which units enter.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from evalhouse.errors import UsageError
from evalhouse.metrics.codebook_lab.columns import Column, inferred, number
from evalhouse.metrics.codebook_lab.fields import TICKS, Field, Rows, applicable
from evalhouse.metrics.codebook_lab.marks import entries
from evalhouse.metrics.codebook_lab.task import Cells
from evalhouse.metrics.raters import (
    Pairwise,
    fleiss_kappa,
    krippendorff_alpha,
    majority_rate,
    pairwise,
    unanimity_rate,
)
from evalhouse.metrics.value import Value

Ratings = list[list[str | None]]


@dataclass(frozen=True)
class CoderReliability:
    """How coders agree on one field: pair by pair, and all together by codebook-lab's names.

    `n_applicable` counts the items that the field applies to for a majority of their coders.
    """

    n_applicable: int
    pairs: Pairwise
    together: dict[str, Value]


def coder_reliability(
    fields: Sequence[Field], coders: Mapping[str, Cells], *, item_column: str = "sample_id"
) -> dict[str, CoderReliability]:
    """Compare coders as codebook-lab 1.4.0 does, number for number.

    A label is an option in the codebook's spelling, 1 or 0, a whole number of the scale, or any
    text; every other answer is missing, and so are those that a coder's own answers rule out by a
    condition. All coders together are compared on items with two labels or more, to which the
    field applies for more than half of the coders who have the item. Spans are compared as text.
    Only a condition that asks a checkbox for a number other than 0 and 1, which codebook-lab meets
    where a whole column is numbers, never holds here.

    Args:
        fields: the codebook's annotations.
        coders: the cells of each coder's file. Of rows with the same item the first counts.
        item_column: what identifies an item.

    Range: see `pairwise`, `krippendorff_alpha` (nominal), `fleiss_kappa` and the two rates.
    Undefined: as these; Fleiss' kappa also where items have different numbers of labels.

    Source: codebook-lab 1.4.0, doi:10.5281/zenodo.19185921, with pandas 3.

    Raises:
        UsageError: for a file without the column of items.

    Example:
        >>> first = Cells({"sample_id": ["1", "2"], "A_Clear": ["yes", "0"]})
        >>> second = Cells({"sample_id": ["2", "1"], "A_Clear": ["1", "1"]})
        >>> found = coder_reliability([Field("A_Clear", "checkbox")], {"x": first, "y": second})
        >>> found["A_Clear"].together["unanimity_rate"]
        Value(value=0.5, n=2, note='')
    """
    read = {name: _read(fields, name, cells, item_column) for name, cells in coders.items()}
    items = list(dict.fromkeys(item for coder in read.values() for item in coder.rows))
    return {field.column: _reliability(field, items, read) for field in fields}


@dataclass(frozen=True)
class _Coder:
    """The row of each item, and the answers and where they apply, by column."""

    rows: dict[str, int]
    answers: dict[str, list[str]]
    applies: dict[str, Rows]

    def label(self, field: Field, item: str) -> str | None:
        if field.column not in self.answers or not self.asks(field, item):
            return None
        return _valid(field, self.answers[field.column][self.rows[item]])

    def asks(self, field: Field, item: str) -> bool:
        return item in self.rows and bool(self.applies[field.column][self.rows[item]])


def _read(fields: Sequence[Field], name: str, cells: Cells, item_column: str) -> _Coder:
    if item_column not in cells.columns:
        raise UsageError(
            f"the file of `{name}` has no column `{item_column}`; name the one that says which "
            "item a row is about"
        )
    width = cells.width or len(cells.columns)
    items = inferred(cells.columns[item_column], width=width, has_missing=False).rows
    columns = {
        field.column: _typed(
            field, inferred(cells.columns[field.column], width=width, has_missing=False)
        )
        for field in fields
        if field.column in cells.columns
    }
    rows: dict[str, int] = {}
    for row, item in enumerate(items):
        if item.strip():
            rows.setdefault(item.strip(), row)
    answers = {name: column.rows for name, column in columns.items()}
    return _Coder(rows, answers, applicable(fields, columns, len(items)))


def _typed(field: Field, answers: Column) -> Column:
    """Return options as they are spelt, and numbers whole if pandas read a column of numbers."""
    if field.type == "dropdown":
        return answers.map(lambda text: _valid(field, text) or text)
    if field.type not in ("checkbox", "likert") or None in map(number, answers.texts):
        return answers
    return answers.map(lambda text: _whole(field, float(text)) or text)


def _whole(field: Field, value: float) -> str:
    is_step = field.type == "likert" and math.isfinite(value)
    return str(int(value)) if is_step or value in (0, 1) else ""


def _reliability(
    field: Field, items: Sequence[str], coders: Mapping[str, _Coder]
) -> CoderReliability:
    ratings: Ratings = [[coder.label(field, item) for coder in coders.values()] for item in items]
    applies = [field.condition is None or _is_asked(field, item, coders) for item in items]
    entering = [row for row in compress(ratings, applies) if len(row) - row.count(None) > 1]
    together = {
        "krippendorff_alpha": krippendorff_alpha(entering, "nominal"),
        "fleiss_kappa": fleiss_kappa(entering),
        "unanimity_rate": unanimity_rate(entering),
        "majority_agreement_rate": majority_rate(entering),
    }
    return CoderReliability(sum(applies), pairwise(ratings, coders=list(coders)), together)


def _is_asked(field: Field, item: str, coders: Mapping[str, _Coder]) -> bool:
    assigned = sum(item in coder.rows for coder in coders.values())
    return sum(coder.asks(field, item) for coder in coders.values()) > assigned // 2


def _valid(field: Field, answer: str) -> str | None:
    text = answer.strip()
    if field.type == "checkbox":
        tick = TICKS.get(text.lower())
        return None if tick is None else str(tick)
    if field.type == "dropdown":
        options = {option.lower(): option for option in reversed(field.options)}
        bare = text.strip("`").strip()
        return options.get(bare.lower()) if options else bare or None
    if field.type == "span":
        return json.dumps(entries(text)) if text else None
    return _step(field, text) if field.type == "likert" else text or None


def _step(field: Field, text: str) -> str | None:
    try:
        step = int(text)
    except ValueError:
        return None
    is_low = field.min_value is not None and step < field.min_value
    is_high = field.max_value is not None and step > field.max_value
    return None if is_low or is_high else str(step)
