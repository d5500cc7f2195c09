"""Permutation tests: what chance alone makes of the labels of two runs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.clustered import sums_by_cluster
from evalhouse.stats.paired import differences
from evalhouse.stats.results import Alternative, HypothesisTest, checked_alternative
from evalhouse.stats.sample import Kernel
from evalhouse.stats.signed_rank import flipped, tails
from evalhouse.stats.values import numbers, places

Floats = NDArray[np.float64]
REPLICATES = 9_999
_ENUMERATED = 18  # units whose 2^18 sign patterns are looked at one by one
_ARRANGED = 100_000  # arrangements of two groups that are looked at one by one
_GRID = 100_000_000  # steps that counting sums of whole numbers may take
_CHUNK = 4_000_000  # numbers held at once
_ROUNDING = 1e-12  # sums that differ by less of the total size are the same sum


def checked_replicates(replicates: int) -> int:
    """Return a number of replicates, or say that it is none."""
    if replicates < 1:
        raise UsageError(f"a test by chance needs one replicate or more; found {replicates}")
    return replicates


def paired_permutation_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    alternative: Alternative = "two-sided",
    replicates: int = REPLICATES,
    seed: int = 0,
) -> HypothesisTest:
    """Test whether swapping the two runs, unit by unit, explains their difference.

    `p = P(sum(s_g d_g) >= sum(d_g))` over random signs s of the units, or of whole clusters;
    two-sided it is the double of the smaller tail. Exact wherever that can be counted: for whole
    numbers and their multiples (so 0/1 data, where it is McNemar's exact test) and up to 18
    differing units; otherwise `(b + 1) / (m + 1)` with b of m replicates as extreme.

    Args:
        first: (n,) numbers; NaN is missing, and its pair is left out.
        second: (n,) likewise, for the same units in the same order.
        clusters: (n,) names of the clusters whose units are swapped together.
        alternative: `greater` says that the first run is above.
        replicates: random patterns where counting out would take too long.
        seed: of those.

    1 with a note when no unit differs, NaN without units. The seed is recorded where chance is
    used.

    Raises:
        UsageError: for different lengths or unknown options.

    Fisher (1935), The Design of Experiments, section 21; Phipson and Smyth (2010),
    doi:10.2202/1544-6115.1585. Fisher counts 1,726 of 32,768 patterns for Darwin's maize.

    Example:
        >>> eighths = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
        >>> paired_permutation_test(eighths, [0] * 15).p_value * 32768
        1726.0
    """
    alternative = checked_alternative(alternative)
    replicates = checked_replicates(replicates)
    shift = differences(first, second)
    names = np.arange(len(shift)) if clusters is None else clusters
    place, _ = places(names, len(shift))
    present = ~np.isnan(shift)
    place, count = places(place[present], int(present.sum()))
    sums = sums_by_cluster(shift[present], place, count)
    estimate = float(sums.sum() / len(place)) if len(place) else math.nan
    kept = sums[sums != 0]
    if not len(kept):
        p_value, note = (1.0, "no unit differs") if count else (math.nan, "there are no pairs")
        return HypothesisTest(
            estimate, p_value, "sign flips, exact", count, alternative, estimate, note=note
        )
    exact = _counted_flips(kept)
    chance = _random_flips(kept, replicates, seed) if exact is None else None
    method = "sign flips, exact" if exact else "sign flips, Monte Carlo"
    p_value = tails(*(exact or chance or (math.nan, math.nan)), alternative)
    used = None if exact else seed
    return HypothesisTest(estimate, p_value, method, count, alternative, estimate, used)


def _counted_flips(sums: Floats) -> tuple[float, float] | None:
    """Count both tails of the sum over all sign patterns, where that is feasible."""
    sizes = np.abs(sums)
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = sizes / sizes.min()
        whole = np.rint(ratio)
        is_grid = bool(np.all(np.abs(ratio - whole) <= 1e-9 * ratio))
    if is_grid and whole.sum() * len(whole) <= _GRID:
        grid = whole.astype(np.int64)
        chances, place = flipped(grid), int(grid[sums > 0].sum())
        return float(chances[place:].sum()), float(chances[: place + 1].sum())
    if len(sums) > _ENUMERATED:
        return None
    totals = np.zeros(1)
    for size in sizes:
        totals = np.concatenate([totals - size, totals + size])
    return _shares(totals, float(sums.sum()), float(sizes.sum()) * _ROUNDING)


def _shares(totals: Floats, observed: float, slack: float) -> tuple[float, float]:
    above = float(np.mean(~(totals < observed - slack)))
    return above, float(np.mean(~(totals > observed + slack)))


def _random_flips(sums: Floats, replicates: int, seed: int) -> tuple[float, float]:
    parts = [signs @ sums for signs in _signs(seed, len(sums), replicates)]
    slack = float(np.abs(sums).sum()) * _ROUNDING
    return _counted(np.concatenate(parts), float(sums.sum()), slack)


def _counted(totals: Floats, observed: float, slack: float) -> tuple[float, float]:
    # What cannot be told from the observed counts as extreme, and the observed counts itself.
    above = np.count_nonzero(~(totals < observed - slack))
    below = np.count_nonzero(~(totals > observed + slack))
    return (above + 1) / (len(totals) + 1), (below + 1) / (len(totals) + 1)


def _all_signs(units: int) -> Iterator[Floats]:
    """Yield every pattern of signs (2^units, units)."""
    bits = ((np.arange(2**units)[:, None] >> np.arange(units)) & 1).astype(np.float64)
    yield 2 * bits - 1


def _signs(seed: int, units: int, replicates: int) -> Iterator[Floats]:
    """Yield random signs (k, units) until there are `replicates` rows."""
    source = np.random.default_rng(seed)
    width = -(-units // 8)
    step = max(1, _CHUNK // max(units, 1))
    for start in range(0, replicates, step):
        rows = min(step, replicates - start)
        held = source.integers(0, 256, (rows, width), dtype=np.uint8)
        bits = np.unpackbits(held, axis=1, count=units).astype(np.float64)
        yield 2 * bits - 1


def paired_randomisation_test(
    first: ArrayLike,
    second: ArrayLike,
    kernel: Kernel,
    *,
    clusters: ArrayLike | None = None,
    alternative: Alternative = "two-sided",
    replicates: int = REPLICATES,
    seed: int = 0,
) -> HypothesisTest:
    """Test whether swapping two runs unit by unit explains how a metric of theirs differs.

    The difference `kernel(sum(a)) - kernel(sum(b))` is compared with that after random swaps of
    units (or of whole clusters) between a and b: `p = (b + 1) / (m + 1)`, doubled for two sides.
    Where there are no more patterns than replicates, each is looked at once.
    Also called approximate randomisation; for kappa, F1 or BLEU, which are no means.

    Args:
        first: (n, m) vectors of the first run, whose sum the metric is a function of.
        second: (n, m) vectors of the second run for the same units in the same order.
        kernel: the metric, `(..., m)` sums to `(...)` values.
        clusters: (n,) names of the clusters whose units are swapped together.
        alternative: `greater` says that the first run's metric is higher.
        replicates: random swaps.
        seed: of those.

    A replicate in which the metric is undefined counts as extreme. NaN with a note where it is
    undefined for either run.

    Raises:
        UsageError: for vectors of different shapes or unknown options.

    Noreen (1989), Computer-Intensive Methods for Testing Hypotheses; Yeh (2000),
    doi:10.3115/992730.992783.

    Example:
        >>> share = lambda sums: sums[..., 0] / sums[..., 1]
        >>> right, wrong = [1.0, 1.0], [0.0, 1.0]
        >>> found = paired_randomisation_test([right] * 9, [wrong] * 6 + [right] * 3, share)
        >>> round(found.estimate, 4), round(found.p_value, 2)
        (0.6667, 0.03)
    """
    alternative = checked_alternative(alternative)
    one, other = stacked(first, second, clusters)
    observed = float(kernel(one.sum(axis=0)) - kernel(other.sum(axis=0)))
    method, n = "swaps of units", len(one)
    if math.isnan(observed):
        note = "the metric is undefined for one of the runs"
        return HypothesisTest(math.nan, math.nan, method, n, alternative, note=note)
    middle, half = (one + other).sum(axis=0) / 2, (one - other) / 2
    half = half[np.any(half != 0, axis=1)]
    is_exact = 2 ** min(len(half), 60) <= checked_replicates(replicates)
    patterns = _all_signs(len(half)) if is_exact else _signs(seed, len(half), replicates)
    swaps = (signs @ half for signs in patterns)
    found = [kernel(middle + moved) - kernel(middle - moved) for moved in swaps]
    slack = _ROUNDING * max(1.0, abs(observed))
    count = _shares if is_exact else _counted
    p_value = tails(*count(np.concatenate(found), observed, slack), alternative)
    used = None if is_exact else seed
    return HypothesisTest(observed, p_value, method, n, alternative, observed, used)


def stacked(
    first: ArrayLike, second: ArrayLike, clusters: ArrayLike | None
) -> tuple[Floats, Floats]:
    """Return the vectors (units, m) of two runs, added up within clusters.

    Raises:
        UsageError: for vectors of different shapes.
    """
    sides = [numbers(side, "vectors") for side in (first, second)]
    one, other = [side[:, None] if side.ndim == 1 else side for side in sides]
    if one.ndim != 2 or one.shape != other.shape:
        raise UsageError(
            f"paired runs hold one vector a unit; found shapes {sides[0].shape} and "
            f"{sides[1].shape}"
        )
    if clusters is None:
        return one, other
    place, count = places(clusters, len(one))
    return sums_by_cluster(one.T, place, count).T, sums_by_cluster(other.T, place, count).T


def unpaired_permutation_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    clusters: tuple[ArrayLike, ArrayLike] | None = None,
    alternative: Alternative = "two-sided",
    replicates: int = REPLICATES,
    seed: int = 0,
) -> HypothesisTest:
    """Test whether dealing all units anew to two runs explains how their means differ.

    `p = P(mean difference >= observed)` over all ways to deal the units (or whole clusters) to
    groups of the same numbers of units (clusters); two-sided it is the double of the smaller
    tail. Counted out up to 100,000 ways, otherwise `(b + 1) / (m + 1)` by chance.

    Args:
        first: (n,) numbers; NaN is missing and left out.
        second: (m,) numbers of other units.
        clusters: the names (n,) and (m,) of the clusters on either side.
        alternative: `greater` says that the first run is above.
        replicates: random deals where counting out would take too long.
        seed: of those.

    NaN with a note when a side has no units. For 0/1 data `fisher_exact_test` counts out any n.

    Raises:
        UsageError: for clusters that do not fit, or unknown options.

    Fisher (1935), The Design of Experiments; Pitman (1937), doi:10.2307/2984124.

    Example:
        >>> unpaired_permutation_test([5, 6, 7], [1, 2, 3]).p_value
        0.1
    """
    alternative = checked_alternative(alternative)
    replicates = checked_replicates(replicates)
    named = clusters or (None, None)
    one, other = (_dealt(side, names) for side, names in zip((first, second), named, strict=True))
    if not len(one) or not len(other):
        note = "one of the samples is empty"
        return HypothesisTest(
            math.nan, math.nan, "dealt anew", len(one) + len(other), alternative, note=note
        )
    pool = np.concatenate([one, other])
    observed = float(_mean_difference(one.sum(axis=0), pool.sum(axis=0)))
    is_exact = math.comb(len(pool), len(one)) <= _ARRANGED
    deals = _all_deals if is_exact else _random_deals
    found = deals(pool, len(one), replicates, np.random.default_rng(seed))
    shifts = _mean_difference(found, pool.sum(axis=0))
    slack = _ROUNDING * float(np.abs(pool[:, 0]).max() + 1e-300)
    count = _shares if is_exact else _counted
    p_value = tails(*count(shifts, observed, slack), alternative)
    method = f"dealt anew, {'exact' if is_exact else 'Monte Carlo'}"
    used = None if is_exact else seed
    return HypothesisTest(observed, p_value, method, len(pool), alternative, observed, used)


def _dealt(values: ArrayLike, clusters: ArrayLike | None) -> Floats:
    """Return the sums and sizes (units, 2) of what is dealt together."""
    array = numbers(values)
    if array.ndim != 1:
        raise UsageError(f"values are one array of one dimension; found shape {array.shape}")
    place, _ = places(np.arange(len(array)) if clusters is None else clusters, len(array))
    present = ~np.isnan(array)
    place, count = places(place[present], int(present.sum()))
    sums = sums_by_cluster(array[present], place, count)
    return np.column_stack([sums, np.bincount(place, minlength=count)])


def _mean_difference(part: Floats, whole: Floats) -> Floats:
    rest = whole - part
    found: Floats = part[..., 0] / part[..., 1] - rest[..., 0] / rest[..., 1]
    return found


def _all_deals(pool: Floats, size: int, _replicates: int, _source: np.random.Generator) -> Floats:
    ways = itertools.combinations(range(len(pool)), size)
    count = math.comb(len(pool), size)
    flat = np.fromiter(itertools.chain.from_iterable(ways), np.int64, count * size)
    found: Floats = pool[flat.reshape(count, size)].sum(axis=1)
    return found


def _random_deals(pool: Floats, size: int, replicates: int, source: np.random.Generator) -> Floats:
    step = max(1, _CHUNK // len(pool))
    found = []
    for start in range(0, replicates, step):
        rows = min(step, replicates - start)
        order = np.argsort(source.random((rows, len(pool))), axis=1)[:, :size]
        found.append(pool[order].sum(axis=1))
    return np.concatenate(found)
