"""Runs against each other, row by row: how often each answers exactly as the gold does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from evalhouse.stats.families import adjusted
from evalhouse.stats.mcnemar import mcnemar_p_values
from evalhouse.stats.tango import tango_interval

METHOD = "McNemar's exact test on rows answered exactly as the gold, Tango's interval"
ADJUSTMENT = "Holm"


@dataclass(frozen=True)
class Comparison:
    """Two runs on the same `n` rows of a field.

    `only_first` rows are right in the first run alone, `only_second` in the second alone. The
    difference of the shares that are right is bounded by `low` and `high`, not adjusted.
    `adjusted` is the p-value that allows for all comparisons of the report.
    """

    column: str
    first: str
    second: str
    n: int
    only_first: int
    only_second: int
    low: float
    high: float
    p_value: float
    adjusted: float

    @property
    def difference(self) -> float:
        """How much more often the first run is right."""
        return (self.only_first - self.only_second) / self.n


Marks = Mapping[str, Mapping[str, Sequence[bool | None]]]
"""By field and run, whether each row is right; None without a gold answer, or any of the run."""


def compare(marks: Marks, *, level: float = 0.95) -> tuple[Comparison, ...]:
    """Compare all pairs of runs on every field, the clearest difference first.

    The marks of all runs of a field are of the same rows in one order. Of a pair those rows count
    that have a mark in both.

    Example:
        >>> found = compare({"stance": {"a": [True] * 9, "b": [False] * 8 + [True]}})
        >>> found[0].only_first, round(found[0].adjusted, 4)
        (8, 0.0078)
    """
    found = [each for column, runs in marks.items() for each in _pairs(column, runs, level)]
    allowed = adjusted([each.p_value for each in found]).tolist()
    told = [replace(each, adjusted=p) for each, p in zip(found, allowed, strict=True)]
    return tuple(sorted(told, key=lambda each: (each.adjusted, each.p_value)))


def _pairs(
    column: str, runs: Mapping[str, Sequence[bool | None]], level: float
) -> Iterator[Comparison]:
    names = list(runs)
    # Two by two counts of all pairs at once are products of matrices.
    right = np.array([[mark is True for mark in runs[name]] for name in names], np.int64)
    known = np.array([[mark is not None for mark in runs[name]] for name in names], np.int64)
    if not right.size:
        return
    shared, alone = known @ known.T, right @ (known - right).T
    p_values = mcnemar_p_values(alone, alone.T)
    for one, other in combinations(range(len(names)), 2):
        b, c, n = int(alone[one, other]), int(alone[other, one]), int(shared[one, other])
        if n:
            bounds = tango_interval(b, c, n, level=level)
            p_value = float(p_values[one, other])
            ends = (bounds.low, bounds.high)
            yield Comparison(
                column, names[one], names[other], n, b, c, *ends, p_value=p_value, adjusted=p_value
            )
