"""Two sides of numbers: a table on a scale, or two arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from evalhouse.errors import UsageError
from evalhouse.metrics.agreement import NO_PAIR
from evalhouse.metrics.numbers import as_numbers
from evalhouse.metrics.table import Confusion, Floats
from evalhouse.metrics.value import Kernel, Value, value_of

Scale = Sequence[float]
Sides = Confusion | ArrayLike


@dataclass(frozen=True, eq=False)
class NumberPairs:
    """Numbers of the units that have one on both sides (n,), and how many have one in gold."""

    gold: Floats
    model: Floats
    n_gold: int

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.gold)

    @cached_property
    def error(self) -> Floats:
        """What the model says beyond gold (n,)."""
        with np.errstate(over="ignore"):  # beyond what a number holds it is infinite
            return self.model - self.gold


def number_pairs(gold: ArrayLike, model: ArrayLike | None) -> NumberPairs:
    """Pair two arrays of numbers (n,); NaN, `None`, `Absent` and infinity are no numbers.

    Raises:
        UsageError: for one side only, sides of different shapes, more than one dimension, and
            what are no numbers.
    """
    if model is None:
        raise UsageError("numbers come as a confusion table or as gold and model; `model` is none")
    first, second = as_numbers(gold, "gold answers"), as_numbers(model, "a model's answers")
    if first.ndim != 1 or first.shape != second.shape:
        raise UsageError(
            f"gold and model are two arrays of one length; found {first.shape} and {second.shape}"
        )
    is_gold = np.isfinite(first)
    both = is_gold & np.isfinite(second)
    n_gold = int(np.count_nonzero(is_gold))
    return NumberPairs(first[both], second[both], n_gold)


@dataclass(frozen=True)
class PairMetric:
    """A metric of pairs of numbers in both its forms.

    `on_scale` makes its kernel of tables (..., k, k + 1) for the ascending numbers of k labels,
    `of_pairs` computes it of arrays; `reason` says why it may be undefined where there are pairs.
    """

    on_scale: Callable[[Floats], Kernel]
    of_pairs: Callable[[NumberPairs], float | np.float64]
    reason: str = NO_PAIR

    def of(self, gold: Sides, model: ArrayLike | None, scale: Scale | None) -> Value:
        """Compute it of a table, with its `scale`, or of two arrays."""
        if isinstance(gold, Confusion):
            if model is not None:
                raise UsageError("a confusion table holds both sides; leave `model` out")
            return self.of_table(*gold.on_scale(scale))
        if scale is not None:
            raise UsageError("`scale` gives numbers to the labels of a table; arrays have theirs")
        return self.of_arrays(number_pairs(gold, model))

    def of_table(self, table: Confusion, values: Floats) -> Value:
        """Compute it of a table whose labels ascend, with their numbers."""
        found = self.on_scale(values)(table.cells("exclude").astype(np.float64))
        return value_of(found, table.n_pairs, NO_PAIR, self.reason)

    def of_arrays(self, pairs: NumberPairs) -> Value:
        """Compute it of pairs."""
        with np.errstate(over="ignore"):  # beyond what a number holds it is infinite
            found = self.of_pairs(pairs) if len(pairs) else np.nan
        return value_of(float(found), len(pairs), NO_PAIR, self.reason)
