"""Variance components: how much of the scatter comes from items, from seeds, and from both."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.estimate import Estimate
from evalhouse.stats.values import numbers

Floats = NDArray[np.float64]
_FEW = 5  # below so many seeds (items) Satterthwaite's degrees of freedom are too hopeful


@dataclass(frozen=True, slots=True)
class Components:
    """Variances of an items by seeds matrix, and the mean over both with its uncertainty.

    `items` is how much items differ in difficulty, `seeds` how much whole runs differ, `residual`
    what is left: how much a seed's luck depends on the item, with noise. None is below zero; an
    estimate that came out below is 0, and `note` says so. NaN is undefined.
    """

    items: float
    seeds: float
    residual: float
    mean: Estimate
    n_items: int
    n_seeds: int
    note: str = ""

    @property
    def total(self) -> float:
        """The variance of one answer to a random item under a random seed."""
        return self.items + self.seeds + self.residual

    def shares(self) -> dict[str, float]:
        """Return the share of the total that each explains; NaN when nothing varies."""
        total = self.total if self.total > 0 else math.nan
        held = {"items": self.items, "seeds": self.seeds, "residual": self.residual}
        return {name: part / total for name, part in held.items()}

    def stderr(self, *, items: int, seeds: int) -> float:
        """Return the standard error of the mean of a future run of so many items and seeds.

        `sqrt(items_variance / m + seeds_variance / k + residual / (m k))`, for items and seeds
        drawn anew; leave out the first part by hand for the same items again.

        Raises:
            UsageError: for numbers below one.
        """
        if min(items, seeds) < 1:
            raise UsageError(f"a run has one item and one seed or more; found {items} and {seeds}")
        return math.sqrt(self.items / items + self.seeds / seeds + self.residual / (items * seeds))


def variance_components(scores: ArrayLike) -> Components:
    """Split the variance of scores among items, seeds and the rest.

    `y_is = mean + item_i + seed_s + e_is`, all random. Without missing cells, from the mean
    squares of the two-way table of m items and k seeds: `residual = MS_r`, `items = (MS_i - MS_r)
    / k`, `seeds = (MS_s - MS_r) / m`, which is REML's answer where none is negative. With missing
    cells by Henderson's first method, the same for full tables. The mean has
    `se^2 = items / m + seeds / k + residual / (m k)`.

    Args:
        scores: (m, k) one row an item, one column a seed; NaN is missing. For a comparison give
            the differences of two runs; the mean then speaks of other items and other seeds.

    Variances from 0 up. NaN with a note unless two rows and two columns hold scores. The degrees
    of freedom of the mean are Satterthwaite's; with fewer than five seeds or items, their number
    less one, which is on the safe side.

    Raises:
        UsageError: unless scores are a matrix.

    Henderson (1953), doi:10.2307/3001853; Searle, Casella and McCulloch (1992), Variance
    Components, chapters 4 and 5; Brennan (2001), Generalizability Theory, section 3.1.

    Example:
        >>> found = variance_components([[4.0, 6.0, 5.0], [7.0, 8.0, 9.0], [2.0, 5.0, 2.0]])
        >>> round(found.items, 4), round(found.seeds, 4), round(found.residual, 4)
        (6.0, 0.6667, 1.0)
    """
    array = numbers(scores, "scores")
    if array.ndim != 2:
        raise UsageError(f"scores are a matrix of items by seeds; found shape {array.shape}")
    is_present = ~np.isnan(array)
    array = array[is_present.any(axis=1)][:, is_present.any(axis=0)]
    m, k = array.shape
    if min(m, k) < 2 or np.count_nonzero(~np.isnan(array)) < m + k:
        return _nothing(array, "components need two items and two seeds, with cells to spare")
    found = _full(array) if not np.isnan(array).any() else _with_gaps(array)
    items, seeds, residual = np.maximum(found, 0.0)
    names = ("items", "seeds", "residual")
    below = [name for name, part in zip(names, found, strict=True) if part < 0]
    note = f"estimated below zero and set to 0: {', '.join(below)}" if below else ""
    mean = _mean(array, (items, seeds, residual))
    return Components(float(items), float(seeds), float(residual), mean, m, k, note)


def _full(array: Floats) -> Floats:
    m, k = array.shape
    centred = array - array.mean()  # sums of squares far from zero would lose digits
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    rest = centred - rows[:, None] - columns
    residual = (rest**2).sum() / ((m - 1) * (k - 1))
    items = (k * (rows**2).sum() / (m - 1) - residual) / k
    seeds = (m * (columns**2).sum() / (k - 1) - residual) / m
    return np.array([items, seeds, residual])


def _with_gaps(array: Floats) -> Floats:
    """Equate four sums of squares with what the model expects of them, less the mean's."""
    flags = (~np.isnan(array)).astype(np.float64)
    values = np.where(flags > 0, array - np.nanmean(array), 0.0)
    rows, columns, n = flags.sum(axis=1), flags.sum(axis=0), flags.sum()
    m, k = array.shape
    middle = values.sum() ** 2 / n
    found = np.array(
        [
            (values.sum(axis=1) ** 2 / rows).sum() - middle,
            (values.sum(axis=0) ** 2 / columns).sum() - middle,
            (values**2).sum() - middle,
        ]
    )
    by_rows, by_columns = (rows**2).sum() / n, (columns**2).sum() / n
    expected = np.array(
        [
            [n - by_rows, m - by_columns, m - 1],
            [k - by_rows, n - by_columns, k - 1],
            [n - by_rows, n - by_columns, n - 1],
        ]
    )
    parts: Floats = np.linalg.lstsq(expected, found, rcond=None)[0]
    return parts


def _mean(array: Floats, parts: tuple[float, float, float]) -> Estimate:
    flags = (~np.isnan(array)).astype(np.float64)
    n, (m, k) = flags.sum(), array.shape
    items, seeds, residual = parts
    # The weight of an item (a seed) in the mean is its share of the cells.
    by_items = items * ((flags.sum(axis=1) / n) ** 2).sum()
    by_seeds = seeds * ((flags.sum(axis=0) / n) ** 2).sum()
    variance = by_items + by_seeds + residual / n
    df = _degrees_of_freedom((by_items, by_seeds, residual / n), (m, k))
    note = "" if variance > 0 else "all scores are equal, so there is no spread to judge by"
    if variance > 0 and min(m, k) < _FEW:
        note = f"only {min(m, k)} {'seeds' if k <= m else 'items'}: on the safe side"
    return Estimate(
        float(np.nanmean(array)), math.sqrt(variance), df, min(m, k), "items by seeds", note
    )


def _degrees_of_freedom(parts: tuple[float, float, float], size: tuple[int, int]) -> float:
    (by_items, by_seeds, rest), (m, k) = parts, size
    if min(m, k) < _FEW:
        return float(min(m, k) - 1)
    # Each mean square brings the residual along; those of components set to zero are not used.
    own = by_items + rest if by_items > 0 else 0.0
    its = by_seeds + rest if by_seeds > 0 else 0.0
    left = rest * (1 - (by_items > 0) - (by_seeds > 0))
    spread = own**2 / (m - 1) + its**2 / (k - 1) + left**2 / ((m - 1) * (k - 1))
    return float((by_items + by_seeds + rest) ** 2 / spread) if spread > 0 else math.nan


def _nothing(array: Floats, note: str) -> Components:
    nothing = math.nan
    held = array[~np.isnan(array)]
    value = float(held.mean()) if len(held) else nothing
    mean = Estimate(value, nothing, nothing, min(array.shape), "items by seeds", note)
    return Components(nothing, nothing, nothing, mean, array.shape[0], array.shape[1], note)
