"""Two runs on different units: means, shares and ranks of independent samples."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.clustered import estimate_mean
from evalhouse.stats.distributions import hypergeometric_pmf, normal_sf
from evalhouse.stats.estimate import Estimate
from evalhouse.stats.results import Alternative, HypothesisTest, Interval, checked_alternative
from evalhouse.stats.signed_rank import RANK_METHODS, RankMethod, midranks, tails
from evalhouse.stats.values import present

Floats = NDArray[np.float64]
_COUNTED = 50_000_000  # steps that counting out the sums of ranks may take
_SAME = 1 + 1e-7  # tables whose probabilities differ by less are equally likely


def estimate_unpaired_difference(
    first: ArrayLike, second: ArrayLike, *, clusters: tuple[ArrayLike, ArrayLike] | None = None
) -> Estimate:
    """Estimate the difference of the means of two independent samples, each with its own spread.

    `mean1 - mean2`, `se^2 = se1^2 + se2^2` with Welch's degrees of freedom; with clusters the
    parts are those of `clustered_mean`.

    Args:
        first: (n,) numbers; NaN is missing and left out.
        second: (m,) numbers of other units.
        clusters: names (n,) and (m,) of the clusters on either side. Clusters of one name on both
            sides are not independent; then compare what the sides share with `paired_t_test`.

    NaN with a note where a side is empty or holds one unit (cluster), and without spread.

    Raises:
        UsageError: for clusters that do not fit the samples, or are on both sides.
    """
    named = clusters or (None, None)
    if clusters is not None:
        _refuse_shared(*clusters)
    one, other = (
        estimate_mean(side, names) for side, names in zip((first, second), named, strict=True)
    )
    return one.minus(other, "Welch t" if clusters is None else "clustered Welch t (CR2)")


def _refuse_shared(one: ArrayLike, other: ArrayLike) -> None:
    shared = np.intersect1d(np.asarray(one), np.asarray(other))
    if len(shared):
        raise UsageError(
            f"{len(shared)} clusters, `{shared[0]}` among them, are in both samples, which are "
            "then not independent; pair them, or name the clusters of each sample apart"
        )


def unpaired_difference(
    first: ArrayLike,
    second: ArrayLike,
    *,
    clusters: tuple[ArrayLike, ArrayLike] | None = None,
    level: float = 0.95,
) -> Interval:
    """Return the difference of the means of two independent samples with its interval.

    `mean1 - mean2 ± t(df) * se` of `estimate_unpaired_difference`, which says what the arguments
    are and when the bounds are NaN.

    Welch (1947), doi:10.1093/biomet/34.1-2.28. Student's sleep data, taken as unpaired:

    Example:
        >>> found = unpaired_difference(
        ...     [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
        ...     [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        ... )
        >>> round(found.estimate, 2), round(found.low, 4), round(found.high, 4)
        (1.58, -0.2055, 3.3655)
    """
    return estimate_unpaired_difference(first, second, clusters=clusters).interval(level)


def welch_t_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    clusters: tuple[ArrayLike, ArrayLike] | None = None,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
) -> HypothesisTest:
    """Test whether the means of two independent samples differ by `null`.

    `t = (mean1 - mean2 - null) / se` against Student's t, both of `estimate_unpaired_difference`;
    `greater` says that the first is above. NaN with a note where that has no standard error.

    Raises:
        UsageError: for clusters that do not fit, or an unknown alternative.

    Welch (1947), doi:10.1093/biomet/34.1-2.28.

    Example:
        >>> found = welch_t_test(
        ...     [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
        ...     [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        ... )
        >>> round(found.statistic, 4), round(found.p_value, 5)
        (1.8608, 0.07939)
    """
    return estimate_unpaired_difference(first, second, clusters=clusters).test(null, alternative)


def fisher_exact_test(
    successes: tuple[int, int], units: tuple[int, int], *, alternative: Alternative = "two-sided"
) -> HypothesisTest:
    """Test whether two independent shares are equal, given how many successes there are in all.

    The first count is hypergeometric; two-sided p is the probability of all tables that are not
    likelier than the one seen. The statistic is the odds ratio `a d / (b c)`, the estimate the
    difference of the shares.

    Args:
        successes: of the first and of the second sample.
        units: sizes of the two samples.
        alternative: `greater` says that the first share is higher.

    1 when all or none succeed, NaN with a note when a sample is empty. It never rejects too
    often; with few units it rejects too seldom.

    Raises:
        UsageError: for counts that are no counts, or an unknown alternative.

    Fisher (1935), The Design of Experiments, section 11: the lady who tasted three of four cups
    right.

    Example:
        >>> found = fisher_exact_test((3, 1), (4, 4), alternative="greater")
        >>> found.statistic, round(found.p_value, 6)
        (9.0, 0.242857)
    """
    alternative = checked_alternative(alternative)
    (a, b), (n, m) = successes, units
    if not (0 <= a <= n and 0 <= b <= m):
        raise UsageError(f"successes lie between 0 and the units; found {a} of {n} and {b} of {m}")
    total = a + b
    if not n or not m:
        note = "one of the samples is empty"
        return HypothesisTest(np.nan, np.nan, "Fisher exact", n + m, alternative, note=note)
    support = np.arange(max(0, total - m), min(total, n) + 1)
    chances = hypergeometric_pmf(support, n + m, total, n)
    at = chances[a - support[0]]
    if alternative == "two-sided":
        p_value = chances[chances <= at * _SAME].sum()
    else:
        kept = support >= a if alternative == "greater" else support <= a
        p_value = chances[kept].sum()
    odds, against = a * (m - b), b * (n - a)
    ratio = odds / against if against else math.inf if odds else math.nan
    return HypothesisTest(
        ratio, min(1.0, float(p_value)), "Fisher exact", n + m, alternative, a / n - b / m
    )


def mann_whitney_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    method: RankMethod = "auto",
    alternative: Alternative = "two-sided",
) -> HypothesisTest:
    """Test whether a unit of one sample is as often above one of the other as below.

    `U = pairs in which the first is above + half the ties`. Exact: every choice of ranks is
    equally likely, counted out with ties. Normal: `z = (U - n m / 2) / s` moved by a half towards
    zero, `s^2 = n m / 12 (N + 1 - sum(t^3 - t) / (N (N - 1)))` with t tied units. The estimate is
    the probability of superiority, `U / (n m)`, from 0 to 1.

    Args:
        first: (n,) numbers; NaN is missing and left out.
        second: (m,) numbers of other units.
        method: `auto` is exact up to about fifty units a side.
        alternative: `greater` says that the first sample tends to be above.

    1 when all units are equal; NaN with a note when a side is empty. It tests equal
    distributions: with equal medians and unequal spreads it may reject too often.

    Raises:
        UsageError: for unknown options.

    Mann and Whitney (1947), doi:10.1214/aoms/1177730491.

    Example:
        >>> found = mann_whitney_test([19, 22, 16, 29, 24], [20, 11, 17, 12])
        >>> found.statistic, round(found.p_value, 6)
        (17.0, 0.111111)
    """
    alternative = checked_alternative(alternative)
    if method not in RANK_METHODS:
        raise UnknownNameError("method of a rank test", method, RANK_METHODS)
    one, other = (present(side) for side in (first, second))
    n, m = len(one), len(other)
    if not n or not m:
        note = "one of the samples is empty"
        return HypothesisTest(np.nan, np.nan, "Mann-Whitney", n + m, alternative, note=note)
    ranks = midranks(np.concatenate([one, other]))
    u = float(ranks[:n].sum() - n * (n + 1) / 2)
    is_exact = method == "exact" or (method == "auto" and _steps(ranks, n) <= _COUNTED)
    p_value = (_exact_ranks if is_exact else _normal_ranks)(ranks, n, alternative)
    name = f"Mann-Whitney {'exact' if is_exact else 'normal'}"
    return HypothesisTest(u, p_value, name, n + m, alternative, u / (n * m))


def _steps(ranks: Floats, n: int) -> float:
    fewer = min(n, len(ranks) - n)
    return float(len(ranks) * fewer * 2 * np.sort(ranks)[-fewer:].sum())


def _exact_ranks(ranks: Floats, n: int, alternative: Alternative) -> float:
    doubled = np.rint(2 * ranks).astype(np.int64)
    is_first_fewer = 2 * n <= len(ranks)
    chosen = doubled[:n] if is_first_fewer else doubled[n:]
    ways = _sums_of_choices(doubled, len(chosen))
    place, total = int(chosen.sum()), ways.sum()
    above, below = ways[place:].sum() / total, ways[: place + 1].sum() / total
    if not is_first_fewer:
        above, below = below, above
    return tails(float(above), float(below), alternative)


def _sums_of_choices(sizes: NDArray[np.int64], count: int) -> Floats:
    """Count the ways to choose `count` of whole numbers with each sum."""
    top = int(np.sort(sizes)[-count:].sum())
    ways = np.zeros((count + 1, top + 1))
    ways[0, 0] = 1.0
    for size in sizes:
        ways[1:, size:] += ways[:-1, : top + 1 - size]
    found: Floats = ways[count]
    return found


def _normal_ranks(ranks: Floats, n: int, alternative: Alternative) -> float:
    size, m = len(ranks), len(ranks) - n
    # The variance of a sum of n ranks drawn from these without replacement, ties and all.
    spread = math.sqrt(n * m / size * float(np.var(ranks)) * size / (size - 1))
    if not spread:
        return 1.0
    excess = float(ranks[:n].sum() - n * (size + 1) / 2)
    if alternative == "two-sided":
        return min(1.0, 2 * float(normal_sf(max(abs(excess) - 0.5, 0.0) / spread)))
    if alternative == "less":
        excess = -excess
    return float(normal_sf((excess - 0.5) / spread))
