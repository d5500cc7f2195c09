"""A metric that is the mean of one score an item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.value import Value, undefined

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ItemScores:
    """The mean and its parts: `scores` (items,) has NaN where an item does not enter.

    Whatever holds for means of independent items (intervals, paired tests, clusters) holds for
    the scores.
    """

    value: Value
    scores: Floats


def mean_of_items(scores: Floats, why_empty: str, note: str = "") -> ItemScores:
    """Take the mean of the scores that are there; `why_empty` is said where none is."""
    held = scores[~np.isnan(scores)]
    if not held.size:
        return ItemScores(undefined(0, why_empty), scores)
    return ItemScores(Value(float(held.mean()), held.size, note), scores)


def without_value(scores: Floats, n: int, note: str) -> ItemScores:
    """Keep the scores of items, and say why they have no mean."""
    return ItemScores(undefined(n, note), scores)
