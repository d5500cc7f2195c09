"""Effect sizes: how large a difference is, in units that compare across tasks."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.clustered import estimate_mean
from evalhouse.stats.crossing import crossing
from evalhouse.stats.distributions import (
    noncentral_student_cdf,
    normal_quantile,
)
from evalhouse.stats.paired import differences
from evalhouse.stats.results import Interval, checked_level
from evalhouse.stats.values import present

Floats = NDArray[np.float64]


def cohen_dz(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return the mean of paired differences in units of their standard deviation.

    `dz = mean(d) / sd(d)`; the interval holds every shift of a noncentral t (n - 1) that
    `sqrt(n) dz` does not refute.

    Args:
        first: (n,) numbers; NaN is missing, and its pair is left out.
        second: (n,) likewise, for the same units in the same order.
        level: of the interval.

    Any real number; 0 is no difference, 0.2, 0.5 and 0.8 are called small, medium and large. NaN
    with a note below two pairs and without spread.

    Cohen (1988), Statistical Power Analysis, section 2.3.5; Cumming and Finch (2001),
    doi:10.1177/0013164401614002.

    Example:
        >>> found = cohen_dz([2.0, 3.0, 5.0, 6.0], [1.0, 2.0, 3.0, 3.0])
        >>> round(found.estimate, 4), round(found.low, 4), round(found.high, 4)
        (1.8278, 0.1012, 3.4931)
    """
    shift = differences(first, second)
    mean = estimate_mean(shift)
    root = math.sqrt(mean.n)
    if not mean.is_judged:
        return _undefined(level, "Cohen's dz", mean.n, mean.note)
    ends = noncentral_bounds(mean.value / mean.stderr, mean.df, level)
    estimate = mean.value / mean.stderr / root
    low, high = (end / root for end in ends)
    return Interval(estimate, low, high, level, "Cohen's dz", mean.n, note=mean.note)


def cohen_d(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return the difference of two means in units of their pooled standard deviation.

    `d = (mean1 - mean2) / s`, `s^2 = ((n1 - 1) s1^2 + (n2 - 1) s2^2) / (n1 + n2 - 2)`; the
    interval inverts the noncentral t (n1 + n2 - 2), as for `cohen_dz`.

    Args:
        first: (n,) numbers; NaN is missing and left out.
        second: (m,) numbers of other units.
        level: of the interval.

    Any real number; 0 is no difference. NaN with a note when a side is empty, below three units
    in all, and without spread.

    Cohen (1988), section 2.2; Cumming and Finch (2001), doi:10.1177/0013164401614002.

    Example:
        >>> found = cohen_d([5.0, 6.0, 7.0, 8.0], [4.0, 4.0, 6.0, 6.0])
        >>> round(found.estimate, 4), round(found.low, 4), round(found.high, 4)
        (1.2247, -0.3575, 2.7276)
    """
    return _standardised(first, second, "Cohen's d", level, is_corrected=False)


def hedges_g(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return Cohen's d without its bias in small samples.

    `g = J d`, `J = gamma(m / 2) / (sqrt(m / 2) gamma((m - 1) / 2))` with m = n1 + n2 - 2, which
    is about `1 - 3 / (4 m - 1)`. Arguments, range and undefined cases are those of `cohen_d`.

    Hedges (1981), doi:10.3102/10769986006002107.

    Example:
        >>> round(hedges_g([5.0, 6.0, 7.0, 8.0], [4.0, 4.0, 6.0, 6.0]).estimate, 4)
        1.0638
    """
    return _standardised(first, second, "Hedges' g", level, is_corrected=True)


def _standardised(
    first: ArrayLike, second: ArrayLike, method: str, level: float, *, is_corrected: bool
) -> Interval:
    one, other = present(first), present(second)
    n, df = len(one) + len(other), len(one) + len(other) - 2
    if not len(one) or not len(other) or df < 1:
        return _undefined(level, method, n, "it needs units on both sides, three in all")
    spread = math.sqrt((one.var() * len(one) + other.var() * len(other)) / df)
    if not spread > 0:
        return _undefined(level, method, n, "no units of a side differ, so there is no spread")
    scale = math.sqrt(1 / len(one) + 1 / len(other))
    estimate = float(one.mean() - other.mean()) / spread
    low, high = (end * scale for end in noncentral_bounds(estimate / scale, df, level))
    factor = 1.0
    if is_corrected and df > 1:
        factor = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)
    return Interval(estimate * factor, low * factor, high * factor, level, method, n)


def noncentral_bounds(t: float, df: float, level: float) -> tuple[float, float]:
    """Return the shifts of a noncentral t whose tails leave `t` just inside the level."""
    tail = (1 - checked_level(level)) / 2
    reach = abs(float(normal_quantile(tail)))
    wide = 10.0 + 2.0 * abs(t) + reach * (2.0 + abs(t) / math.sqrt(df))
    return _shift(t, df, 1 - tail, wide), _shift(t, df, tail, wide)


def _shift(t: float, df: float, target: float, wide: float) -> float:
    # The distribution function falls as the shift grows.
    def is_beyond(shift: Floats) -> NDArray[np.bool_]:
        return noncentral_student_cdf(t, df, shift) <= target

    return crossing(is_beyond, t - wide, t + wide, sections=4)


def cohen_h(first: float, second: float, n: tuple[int, int], *, level: float = 0.95) -> Interval:
    """Return the difference of two proportions on the scale where their variance is equal.

    `h = 2 asin(sqrt(p1)) - 2 asin(sqrt(p2))`, `h ± z sqrt(1 / n1 + 1 / n2)`.

    Args:
        first: the first proportion, 0 to 1.
        second: the second.
        n: the units on either side.
        level: of the interval.

    -pi to pi; an end says that all of one side and none of the other are. The bounds are NaN
    with a note when a side is empty.

    Raises:
        UsageError: for proportions outside 0 to 1.

    Cohen (1988), section 6.2; his table 6.2.2 gives 2 asin(sqrt(0.65)) = 1.875 and 1.571 for
    0.50.

    Example:
        >>> round(cohen_h(0.65, 0.50, (100, 100)).estimate, 3)
        0.305
    """
    level = checked_level(level)
    for share in (first, second):
        if not (0 <= share <= 1 or math.isnan(share)):
            raise UsageError(f"a proportion lies between 0 and 1; found {share}")
    estimate = 2 * math.asin(math.sqrt(first)) - 2 * math.asin(math.sqrt(second))
    if math.isnan(estimate):
        return _undefined(level, "Cohen's h", sum(n), "a proportion is missing")
    if min(n) < 1:
        return Interval(
            estimate, math.nan, math.nan, level, "Cohen's h", sum(n), note="a side has no units"
        )
    stderr = math.sqrt(1 / n[0] + 1 / n[1])
    reach = float(normal_quantile(0.5 + level / 2)) * stderr
    return Interval(
        estimate, estimate - reach, estimate + reach, level, "Cohen's h", sum(n), stderr
    )


def cliff_delta(first: ArrayLike, second: ArrayLike, *, level: float = 0.95) -> Interval:
    """Return how much more often a unit of the first sample is above one of the second than below.

    `delta = P(X > Y) - P(X < Y)` over all pairs of units; the interval is Cliff's, from the
    unbiased variance of the row and column means and asymmetric, so it stays within -1 to 1.

    Args:
        first: (n,) numbers; NaN is missing and left out.
        second: (m,) numbers of other units.
        level: of the interval.

    -1 to 1; an end says that the samples do not overlap, 0 that neither tends to be above. It is
    the rank-biserial correlation of the Mann-Whitney test, and `(delta + 1) / 2` the probability
    of superiority. NaN with a note when a side is empty; no bounds below two units on a side.

    Cliff (1993), doi:10.1037/0033-2909.114.3.494; the asymmetric bounds are Feng and Cliff
    (2004), doi:10.22237/jmasm/1099267560.

    Example:
        >>> found = cliff_delta([6, 7, 8, 9], [5, 6, 6, 9])
        >>> found.estimate, round(found.low, 4), round(found.high, 4)
        (0.4375, -0.403, 0.8777)
    """
    one, other = present(first), present(second)
    sizes, n = (len(one), len(other)), len(one) + len(other)
    level = checked_level(level)
    if not min(sizes):
        return _undefined(level, "Cliff's delta", n, "one of the samples is empty")
    rows, columns = dominance(one, other), -dominance(other, one)
    delta = float(rows.mean())
    if min(sizes) < 2:
        note = "bounds need two units on each side"
        return Interval(delta, math.nan, math.nan, level, "Cliff's delta", n, note=note)
    if abs(delta) == 1:
        note = "the samples do not overlap; the inner bound is that of a share of 1"
        ends = _separated(delta, min(sizes), level)
        return Interval(delta, *ends, level, "Cliff's delta", n, 0.0, note=note)
    variance = _delta_variance(one, other, rows, columns)
    reach = float(normal_quantile(0.5 + level / 2)) ** 2 * variance
    root = math.sqrt(reach * ((1 - delta**2) ** 2 + reach))
    low, high = ((delta - delta**3 + sign * root) / (1 - delta**2 + reach) for sign in (-1, 1))
    return Interval(delta, low, high, level, "Cliff's delta", n, math.sqrt(variance))


def dominance(one: Floats, other: Floats) -> Floats:
    """Return for each unit of `one` the share of `other` below it less the share above (n,)."""
    held = np.sort(other)
    below, reached = np.searchsorted(held, one, "left"), np.searchsorted(held, one, "right")
    found: Floats = (below - (len(held) - reached)) / len(held)
    return found


def _delta_variance(one: Floats, other: Floats, rows: Floats, columns: Floats) -> float:
    n, m, delta = len(one), len(other), rows.mean()
    equal = np.searchsorted(np.sort(other), one, "right") - np.searchsorted(
        np.sort(other), one, "left"
    )
    squares = n * m - equal.sum()  # every pair that is not tied has a dominance of one, squared
    whole = squares - n * m * delta**2
    row, column = ((rows - delta) ** 2).sum(), ((columns - delta) ** 2).sum()
    found = (m**2 * row + n**2 * column - whole) / (n * m * (n - 1) * (m - 1))
    return float(max(found, (1 - delta**2) / (n * m - 1)))


def _separated(delta: float, size: int, level: float) -> tuple[float, float]:
    # As for a proportion of 1 in the smaller sample: (1 - level) / 2 = share ** size.
    share = ((1 - level) / 2) ** (1 / size)
    return (2 * share - 1, 1.0) if delta > 0 else (-1.0, 1 - 2 * share)


def probability_of_superiority(
    first: ArrayLike, second: ArrayLike, *, clusters: ArrayLike | None = None, level: float = 0.95
) -> Interval:
    """Return how often the first of two paired runs is above, equal units counting half.

    `PS = mean(1 if d > 0, 1/2 if d = 0, 0 if d < 0)` with its t interval, cut at 0 and 1.

    Args:
        first: (n,) numbers; NaN is missing, and its pair is left out.
        second: (n,) likewise, for the same units in the same order.
        clusters: (n,) names of the clusters that units come in.
        level: of the interval.

    0 to 1; 0.5 says that neither is above more often. NaN with a note without pairs, and no
    bounds without spread. For unpaired samples it is `(cliff_delta + 1) / 2`.

    Grissom and Kim (2012), Effect Sizes for Research, chapter 5.

    Example:
        >>> probability_of_superiority([3, 2, 2, 1], [1, 1, 2, 2]).estimate
        0.625
    """
    shift = differences(first, second)
    found = estimate_mean((np.sign(shift) + 1) / 2, clusters).interval(level)
    low, high = max(0.0, found.low), min(1.0, found.high)
    # A comparison with NaN is false, so `max` and `min` would hide it.
    low, high = (low, high) if found.stderr > 0 else (math.nan, math.nan)
    return Interval(
        found.estimate,
        low,
        high,
        level,
        "probability of superiority",
        found.n,
        found.stderr,
        note=found.note,
    )


def _undefined(level: float, method: str, n: int, note: str) -> Interval:
    checked_level(level)
    return Interval(math.nan, math.nan, math.nan, level, method, n, note=note)
