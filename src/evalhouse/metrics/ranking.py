"""Whether what happened was scored above what did not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.metrics.item_scores import Floats
from evalhouse.metrics.numbers import as_numbers
from evalhouse.metrics.value import Kernel, Metric, Value, undefined


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Units by distinct score, from low to high: `counts` (2, d), negative ones and positive ones.

    `place` (n,) is the cell of each unit in the flat table, or -1 where it does not enter. `note`
    counts the units with an outcome and no score.
    """

    scores: Floats
    counts: NDArray[np.int64]
    place: NDArray[np.int64]
    note: str

    @property
    def sums(self) -> Floats:
        """The cells as the kernels take them (2 d,)."""
        return self.counts.ravel().astype(np.float64)


def score_table(outcomes: ArrayLike, scores: ArrayLike) -> ScoreTable:
    """Count the units of each score.

    Args:
        outcomes: (n,) 0 or 1, or booleans; NaN is missing.
        scores: (n,) numbers, larger where the outcome is held to be more likely; NaN is missing.

    Raises:
        UsageError: for sides of different lengths, and other outcomes.

    Example:
        >>> score_table([0, 1, 1], [0.2, 0.9, 0.2]).counts
        array([[1, 0],
               [1, 1]])
    """
    given, happened = as_numbers(scores, "scores"), as_numbers(outcomes, "outcomes")
    if given.ndim != 1 or given.shape != happened.shape:
        raise UsageError(
            f"each unit has one score and one outcome; found {given.shape} and {happened.shape}"
        )
    has_outcome = ~np.isnan(happened)
    other = happened[has_outcome & (happened != 0) & (happened != 1)]
    if other.size:
        raise UsageError(f"outcomes are 0 or 1; found {other[0]:g}")
    kept = has_outcome & ~np.isnan(given)
    distinct, rank = np.unique(given[kept], return_inverse=True)
    place = np.full(len(given), -1, np.int64)
    place[kept] = rank + len(distinct) * happened[kept].astype(np.int64)
    counts = np.bincount(place[kept], minlength=2 * len(distinct)).reshape(2, -1)
    left = int(np.count_nonzero(has_outcome & ~kept))
    note = f"{left} of {np.count_nonzero(has_outcome)} units have no score" if left else ""
    return ScoreTable(distinct, counts, place, note)


def auroc(outcomes: ArrayLike, scores: ArrayLike) -> Value:
    """Compute the area under the ROC curve: how often a positive unit scores above a negative one.

    `mean over pairs of 1[positive > negative] + 1[positive = negative] / 2`, which is the
    statistic of Mann and Whitney with midranks.

    Args:
        outcomes: (n,) 0 or 1, or booleans; units without one (NaN) do not enter.
        scores: (n,) numbers, larger where the outcome is held to be more likely. Units without one
            (NaN) do not enter; the note counts them.

    Returns:
        0 (every positive unit below every negative one) to 1 (above); 0.5 is what scores without
        any relation give. Undefined unless there are positive and negative units.

    Raises:
        UsageError: for sides of different lengths, and other outcomes.

    References:
        Hanley and McNeil (1982), doi:10.1148/radiology.143.1.7063747.

    Example:
        >>> auroc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
        Value(value=0.75, n=4, note='')
    """
    return _value(score_table(outcomes, scores), auroc_kernel)


def average_precision(outcomes: ArrayLike, scores: ArrayLike) -> Value:
    """Compute average precision: the precision at each score, weighted by the recall it adds.

    `sum over scores from high to low of (recall - recall before) * precision`, where precision
    and recall are those of taking every unit with this score or more for positive.

    Args:
        outcomes: (n,) 0 or 1, or booleans; units without one (NaN) do not enter.
        scores: (n,) numbers, larger where the outcome is held to be more likely. Units without one
            (NaN) do not enter; the note counts them.

    Returns:
        Above 0 to 1 (every positive unit above every negative one); scores without any relation
        give about the share of positive units. Undefined without positive units.

    Raises:
        UsageError: for sides of different lengths, and other outcomes.

    References:
        Buckley and Voorhees (2000), doi:10.1145/345508.345543. Equal scores are taken together,
        without interpolation.

    Example:
        >>> round(average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value, 6)
        0.833333
    """
    return _value(score_table(outcomes, scores), average_precision_kernel)


def auroc_kernel(sums: Floats) -> Floats:
    """Return the area under the ROC curve of tables as `ScoreTable.sums` has them (..., 2 d)."""
    negative, positive = _sides(sums)
    below = np.cumsum(negative, axis=-1) - negative / 2
    pairs = negative.sum(axis=-1) * positive.sum(axis=-1)
    return _divided((positive * below).sum(axis=-1), pairs)


def average_precision_kernel(sums: Floats) -> Floats:
    """Return the average precision of tables as `ScoreTable.sums` has them (..., 2 d)."""
    negative, positive = (side[..., ::-1] for side in _sides(sums))
    hits = np.cumsum(positive, axis=-1)
    taken = hits + np.cumsum(negative, axis=-1)
    precision = hits / np.where(taken > 0, taken, 1.0)
    return _divided((positive * precision).sum(axis=-1), positive.sum(axis=-1))


def placements(table: ScoreTable) -> tuple[Floats, Floats]:
    """Return how each unit stands among those of the other outcome.

    Of each positive unit the share of negative ones below it, of each negative unit the share of
    positive ones above it; equal scores count half. Both means are the AUROC, and the variances of
    both make its standard error (DeLong et al. 1988, doi:10.2307/2531595). Empty without units of
    the other outcome.
    """
    negative, positive = table.counts.astype(np.float64)
    if not negative.sum() or not positive.sum():
        return np.empty(0), np.empty(0)
    below = (np.cumsum(negative) - negative / 2) / negative.sum()
    above = 1 - (np.cumsum(positive) - positive / 2) / positive.sum()
    kept = table.place[table.place >= 0]
    is_positive = kept >= len(table.scores)
    return below[kept[is_positive] - len(table.scores)], above[kept[~is_positive]]


def _sides(sums: Floats) -> tuple[Floats, Floats]:
    half = sums.shape[-1] // 2
    return sums[..., :half], sums[..., half:]


def _divided(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)


def _value(table: ScoreTable, kernel: Kernel) -> Value:
    n = int(table.counts.sum())
    found = float(kernel(table.sums))
    if not np.isnan(found):
        return Value(found, n, table.note)
    missing = "positive" if not table.counts[1].sum() else "negative"
    return undefined(n, f"there are no {missing} units" if n else "there are no units")


def _metric(name: str, function: Callable[..., Value]) -> Metric:
    return Metric(name, "ranking", function, "proportion", 0.0, 1.0, True, False, "scikit-learn")


METRICS: tuple[Metric, ...] = (
    _metric("auroc", auroc),
    _metric("average_precision", average_precision),
)
