"""Correlation of two sides of numbers, as functions of a table or of two arrays."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.metrics.number_pairs import NumberPairs, PairMetric, Scale, Sides
from evalhouse.metrics.numbers import scaled
from evalhouse.metrics.table import Floats, Margins, checked_cells, margins, ratio
from evalhouse.metrics.value import Kernel, Metric, Value

CONSTANT = "one side holds one and the same number throughout, so it cannot vary with the other"


def pearson(gold: Sides, model: ArrayLike | None = None, *, scale: Scale | None = None) -> Value:
    """Pearson's correlation of the numbers of two sides.

    sum_i (x_i - x̄)(y_i - ȳ) / sqrt(sum_i (x_i - x̄)² sum_i (y_i - ȳ)²).

    Args:
        gold: a confusion table, or (n,) numbers; units without a number on both sides are left out.
        model: (n,) numbers, where gold is no table.
        scale: (k,) the number of each label of the table; numeric labels need none.

    From -1 to 1, a straight line falling or rising; 0 is no linear relation. Undefined without
    pairs, and where a side is constant. Pearson (1895), doi:10.1098/rspl.1895.0041.

    Example:
        >>> round(pearson([1, 2, 3, 4, 5, 6, 7], [10, 9, 2.5, 6, 4, 3, 2]).value, 4)
        -0.8285
    """
    return PEARSON.of(gold, model, scale)


def spearman(gold: Sides, model: ArrayLike | None = None, *, scale: Scale | None = None) -> Value:
    """Spearman's rank correlation: Pearson's of the ranks, equal numbers sharing their mean rank.

    sum_i (r_i - r̄)(s_i - s̄) / sqrt(sum_i (r_i - r̄)² sum_i (s_i - s̄)²).

    Args:
        gold: as in `pearson`.
        model: as in `pearson`.
        scale: as in `pearson`; only its order counts.

    From -1, opposite order, to 1, the same order; 0 is none. Undefined without pairs, and where a
    side is constant. Spearman (1904), doi:10.2307/1412159.

    Example:
        >>> round(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]).value, 6)
        0.820783
    """
    return SPEARMAN.of(gold, model, scale)


def kendall_tau_b(
    gold: Sides, model: ArrayLike | None = None, *, scale: Scale | None = None
) -> Value:
    """Kendall's tau-b: pairs of units in the same order less those in opposite order, ties set off.

    (C - D) / sqrt((P - T_x) (P - T_y)) with P = n (n - 1) / 2 pairs of units, C concordant, D
    discordant, and T_x, T_y tied on either side.

    Args:
        gold: as in `pearson`; arrays take O(n log n) steps.
        model: as in `pearson`.
        scale: as in `pearson`; only its order counts.

    From -1, opposite order, to 1, the same order; 0 is none. Undefined without pairs, and where a
    side is constant. Kendall (1945), doi:10.1093/biomet/33.3.239.

    Example:
        >>> round(kendall_tau_b([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]).value, 12)
        -0.471404520791
    """
    return KENDALL_TAU_B.of(gold, model, scale)


def pearson_kernel(values: Floats) -> Kernel:
    """Return Pearson's correlation as a function of tables; `values` (k,) are their numbers."""
    return partial(_pearson_of_tables, values / np.abs(values).max(initial=1e-300))


def spearman_kernel(values: Floats) -> Kernel:
    """Return Spearman's correlation as a function of tables whose k labels ascend."""
    del values
    return _spearman_of_tables


def kendall_kernel(values: Floats) -> Kernel:
    """Return Kendall's tau-b as a function of tables whose k labels ascend."""
    after = np.sign(np.subtract.outer(np.arange(len(values)), np.arange(len(values))))
    return partial(_kendall_of_tables, after.astype(np.float64))


def _pearson_of_tables(values: Floats, cells: Floats) -> Floats:
    sums = margins(cells)
    first = values - ratio(sums.answered @ values, sums.pairs)[..., None]
    second = values - ratio(sums.chosen @ values, sums.pairs)[..., None]
    # Rounding leaves a little variance to a constant side, so labels are counted instead.
    varies = ((sums.answered > 0).sum(axis=-1) > 1) & ((sums.chosen > 0).sum(axis=-1) > 1)
    return np.where(varies, _correlated(cells, sums, first, second), np.nan)


def _spearman_of_tables(cells: Floats) -> Floats:
    sums = margins(cells)
    return _correlated(cells, sums, _ranks(sums.answered, sums), _ranks(sums.chosen, sums))


def _ranks(counts: Floats, sums: Margins) -> Floats:
    """Return the mean rank of each label less the mean of all ranks (..., k)."""
    return counts.cumsum(axis=-1) - counts / 2 - sums.pairs[..., None] / 2


def _correlated(cells: Floats, sums: Margins, first: Floats, second: Floats) -> Floats:
    pairs = checked_cells(cells)[..., :-1]
    joint = (np.einsum("...ij,...j->...i", pairs, second) * first).sum(axis=-1)
    own = (sums.answered * first**2).sum(axis=-1)
    other = (sums.chosen * second**2).sum(axis=-1)
    return np.clip(ratio(joint, np.sqrt(own * other)), -1.0, 1.0)


def _kendall_of_tables(after: Floats, cells: Floats) -> Floats:
    sums = margins(cells)
    pairs = checked_cells(cells)[..., :-1]
    # For each cell: the units above it in both labels or below it in both, less the others.
    ordered = np.einsum("ik,...kj->...ij", after, pairs @ after.T)
    joint = (pairs * ordered).sum(axis=(-2, -1))
    own = sums.pairs**2 - (sums.answered**2).sum(axis=-1)
    other = sums.pairs**2 - (sums.chosen**2).sum(axis=-1)
    return np.clip(ratio(joint, np.sqrt(own * other)), -1.0, 1.0)


def _pearson_of_pairs(pairs: NumberPairs) -> float:
    return _pearson(pairs.gold, pairs.model)


def _spearman_of_pairs(pairs: NumberPairs) -> float:
    return _pearson(_mean_ranks(pairs.gold), _mean_ranks(pairs.model))


def _pearson(first: Floats, second: Floats) -> float:
    if first.min() == first.max() or second.min() == second.max():
        return np.nan
    small = (scaled(side)[0] for side in (first, second))
    x, y = (scaled(side - side.mean())[0] for side in small)
    return float(np.clip((x @ y) / np.sqrt((x @ x) * (y @ y)), -1.0, 1.0))


def _mean_ranks(numbers: Floats) -> Floats:
    dense, counts = _dense_ranks(numbers)
    last: Floats = counts.cumsum() - (counts - 1) / 2
    return last[dense]


def _dense_ranks(numbers: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the place of each number among the distinct ones, and how often each occurs."""
    _, places, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return places, counts


def _kendall_of_pairs(pairs: NumberPairs) -> float:
    first, firsts = _dense_ranks(pairs.gold)
    second, seconds = _dense_ranks(pairs.model)
    joint = first * len(seconds) + second
    order = np.argsort(joint, kind="stable")
    both = np.diff(np.flatnonzero(np.diff(joint[order], prepend=-1, append=-1)))
    total, tied, other, same = (
        _pairs_within(counts) for counts in (np.array([len(first)]), firsts, seconds, both)
    )
    against = _inversions(second[order])
    difference = total - tied - other + same - 2 * against
    if total in (tied, other):
        return np.nan
    scale = np.sqrt(float(total - tied) * float(total - other))
    return float(np.clip(difference / scale, -1.0, 1.0))


def _pairs_within(counts: NDArray[np.int64]) -> int:
    return int((counts * (counts - 1) // 2).sum())


def _inversions(numbers: NDArray[np.int64]) -> int:
    """Count the pairs i < j with numbers[i] > numbers[j], bit by bit from the highest.

    With ranks 0 to 2^b - 1, those that agree in all higher bits fill a block, in their first
    order. In it a 0 bit is in inversion with the 1 bits before it: its place less the 0 bits
    before. Then the 0 bits of each block go before its 1 bits, in their order.
    """
    size = 1 << max(len(numbers) - 1, 0).bit_length()
    ranks = np.arange(size)
    ranks[np.argsort(numbers, kind="stable")] = np.arange(len(numbers))
    found, block = 0, size
    while block > 1:
        half, blocks = block // 2, size // block
        is_one = (ranks & half).astype(np.bool_)
        places = np.flatnonzero(~is_one)
        starts = block * half * (blocks * (blocks - 1) // 2)
        found += int(places.sum()) - starts - blocks * (half * (half - 1) // 2)
        halves = ranks[places].reshape(blocks, half), ranks[is_one].reshape(blocks, half)
        ranks, block = np.concatenate(halves, axis=1).ravel(), half
    return found


PEARSON = PairMetric(pearson_kernel, _pearson_of_pairs, CONSTANT)
SPEARMAN = PairMetric(spearman_kernel, _spearman_of_pairs, CONSTANT)
KENDALL_TAU_B = PairMetric(kendall_kernel, _kendall_of_pairs, CONSTANT)

METRICS: tuple[Metric, ...] = tuple(
    Metric(name, "correlation", function, "coefficient", -1.0, 1.0, True, True, "scipy")
    for name, function in (
        ("pearson", pearson),
        ("spearman", spearman),
        ("kendall_tau_b", kendall_tau_b),
    )
)
