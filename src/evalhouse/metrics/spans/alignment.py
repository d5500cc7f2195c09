"""Which span of the model answers which span of the gold data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.spans.intervals import Integers, Intervals, overlaps


@dataclass(frozen=True)
class Alignment:
    """Pairs of a gold and a model span (p,): their positions, and whether both are identical."""

    gold: Integers
    model: Integers
    is_exact: NDArray[np.bool_]


def align(gold: Intervals, model: Intervals) -> Alignment:
    """Pair overlapping spans of a group one to one: identical ones first, then by overlap.

    Of pairs that overlap equally far the one that comes first in the text is taken. Both sides
    are in order, as `Intervals.distinct` leaves them.
    """
    first, second, shared = overlaps(gold, model)
    exact = (gold.starts[first] == model.starts[second]) & (gold.ends[first] == model.ends[second])
    order = np.lexsort((second, first, -shared, ~exact))
    one, other, exact = first[order], second[order], exact[order]
    taken = _first_come(one, other, len(gold.keys), len(model.keys))
    return Alignment(one[taken], other[taken], exact[taken])


def _first_come(one: Integers, other: Integers, n_one: int, n_other: int) -> Integers:
    """Take pairs in their order, none whose gold or model span is taken already.

    A pair that comes first for both of its spans is certain, so each round takes all such at once.
    """
    taken = [np.empty(0, np.int64)]
    left = np.arange(len(one))
    while len(left):
        best_one, best_other = np.full(n_one, len(one)), np.full(n_other, len(one))
        np.minimum.at(best_one, one[left], left)
        np.minimum.at(best_other, other[left], left)
        certain = left[(best_one[one[left]] == left) & (best_other[other[left]] == left)]
        taken.append(certain)
        gone_one, gone_other = np.zeros(n_one, bool), np.zeros(n_other, bool)
        gone_one[one[certain]], gone_other[other[certain]] = True, True
        left = left[~(gone_one[one[left]] | gone_other[other[left]])]
    return np.concatenate(taken)
