"""A text metric's result: the score, every unit's share in it, and who answered at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.text.pairs import NO_GOLD, Pairs
from evalhouse.metrics.value import Kernel, Value, undefined


@dataclass(frozen=True, eq=False)
class TextScore:
    """What a text metric gives.

    `value` is the mean of `scores`, or of a corpus metric the score of the whole. `scores` (m,)
    has one score a unit and NaN where a unit does not enter. `share_valid` is the share of units
    that the model gave a text for. `statistics` (m, k) is what `kernel` makes `value` of when it
    is summed over units, with NaN rows where a unit does not enter.
    """

    value: Value
    scores: NDArray[np.float64]
    share_valid: Value
    statistics: NDArray[np.float64]
    kernel: Kernel

    @property
    def rows(self) -> NDArray[np.float64]:
        """The statistics of the units that enter (n, k)."""
        return self.statistics[~np.isnan(self.scores)]


def mean_of_sums(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean from a sum of scores and a count (..., 2); NaN where nothing is counted."""
    counts = sums[..., 1]
    means = sums[..., 0] / np.where(counts > 0, counts, 1)
    return np.where(counts > 0, means, np.nan)


def mean_score(pairs: Pairs, values: NDArray[np.float64], note: str = "") -> TextScore:
    """Make a result of one score for each distinct unit (u,); without an answer it is 0."""
    scores = pairs.spread(np.where(pairs.is_answered, values, 0.0))
    statistics = np.column_stack([scores, np.where(np.isnan(scores), np.nan, 1.0)])
    n = pairs.n
    value = Value(float(np.nansum(scores)) / n, n, note) if n else undefined(0, NO_GOLD)
    return TextScore(value, scores, pairs.share_valid, statistics, mean_of_sums)


def corpus_score(
    pairs: Pairs,
    vectors: NDArray[np.float64],
    kernel: Kernel,
    values: NDArray[np.float64],
    note: str,
) -> TextScore:
    """Make a result of statistics (u, k) whose sum a kernel turns into the score.

    `values` (u,) are the scores of units by themselves. A unit without an answer keeps its
    statistics: those of an empty text.
    """
    statistics = pairs.spread(vectors)
    scores = pairs.spread(np.where(pairs.is_answered, values, 0.0))
    n = pairs.n
    whole = float(kernel(np.nansum(statistics, axis=0)))
    value = Value(whole, n, note) if n else undefined(0, NO_GOLD)
    return TextScore(value, scores, pairs.share_valid, statistics, kernel)


def empty_score(pairs: Pairs, note: str) -> TextScore:
    """Make a result without a score, because of what `note` says."""
    nothing = np.full(len(pairs.place), np.nan)
    statistics = np.full((len(pairs.place), 2), np.nan)
    value = undefined(0, note)
    return TextScore(value, nothing, pairs.share_valid, statistics, mean_of_sums)
