"""Intervals of a proportion, and of the difference of two independent ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.distributions import beta_quantile, normal_quantile
from evalhouse.stats.results import Interval, checked_level
from evalhouse.stats.special import Floats

Method = Literal["wilson-modified", "wilson", "wilson-corrected", "exact", "jeffreys"]
DifferenceMethod = Literal["newcombe", "miettinen-nurminen"]
Bounds = tuple[Floats, Floats]
Sides = tuple[ArrayLike, ArrayLike]
Counts = tuple[int, int]
"""Successes, and how many they are of."""

_RARE = 3
_HALVINGS = 60  # leave less than 1e-17 of the range


def wilson_bounds(successes: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Bounds:
    """Return Wilson's score bounds for arrays that broadcast.

    `(p + z^2 / 2n ± z √(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)` for `p = successes / n`.

    Wilson (1927), doi:10.1080/01621459.1927.10502953.
    """
    x, n = np.asarray(successes, np.float64), np.asarray(n, np.float64)
    z = _reach(level)
    with np.errstate(all="ignore"):
        middle, half = x + z * z / 2, z * np.sqrt(x * (n - x) / n + z * z / 4)
        low = np.where(x <= 0, 0.0, (middle - half) / (n + z * z))
        high = np.where(x >= n, 1.0, (middle + half) / (n + z * z))
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def wilson_modified_bounds(successes: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Bounds:
    """Return Wilson's bounds, mended where successes or failures are rare, for arrays.

    At one to three successes the lower bound is not above the exact bound of a one-sided interval
    of the same level, and likewise the upper at one to three failures. Without that Wilson's
    interval covers a share below 1 / n in 84% of samples only; with it, nothing from n = 20 on
    below 92%.

    Brown, Cai and DasGupta (2001), section 4.1.1, doi:10.1214/ss/1009213286, who take the Poisson
    distribution for the binomial and mend at two of up to 50.
    """
    x, n = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(n, np.float64))
    low, high = wilson_bounds(x, n, level=level)
    return (
        np.minimum(low, _rare_bound(x, n, level)),
        np.maximum(high, 1.0 - _rare_bound(n - x, n, level)),
    )


def _rare_bound(x: Floats, n: Floats, level: float) -> Floats:
    is_rare = (x >= 1) & (x <= _RARE)
    first, second = np.where(is_rare, x, 1.0), np.where(is_rare, n - x + 1.0, 1.0)
    return np.where(is_rare, beta_quantile(1.0 - level, first, second), 1.0)


def wilson_corrected_bounds(successes: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Bounds:
    """Return Wilson's bounds with a correction for continuity, for arrays that broadcast.

    Newcombe (1998), method 4,
    doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E.
    """
    x, n = np.asarray(successes, np.float64), np.asarray(n, np.float64)
    z = _reach(level)
    with np.errstate(all="ignore"):
        p, bottom = x / n, 2 * (n + z * z)
        spread = z * z - 1 / n + 4 * n * p * (1 - p)
        below = np.sqrt(np.maximum(spread + 4 * p - 2, 0.0))
        above = np.sqrt(np.maximum(spread - 4 * p + 2, 0.0))
        low = np.where(x <= 0, 0.0, (2 * x + z * z - z * below - 1) / bottom)
        high = np.where(x >= n, 1.0, (2 * x + z * z + z * above + 1) / bottom)
        low, high = np.maximum(low, 0.0), np.minimum(high, 1.0)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def exact_bounds(successes: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Bounds:
    """Return exact bounds for arrays that broadcast.

    Neither of them leaves a binomial tail below (1 - level) / 2: they are quantiles of
    beta(successes, n - successes + 1) and beta(successes + 1, n - successes).

    Clopper and Pearson (1934), doi:10.1093/biomet/26.4.404.
    """
    return _beta_bounds(successes, n, 0.0, level)


def jeffreys_bounds(successes: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> Bounds:
    """Return Jeffreys' bounds for arrays that broadcast.

    Quantiles of beta(successes + 1/2, n - successes + 1/2), but 0 and 1 where there are no
    successes or no failures.

    Brown, Cai and DasGupta (2001), doi:10.1214/ss/1009213286.
    """
    return _beta_bounds(successes, n, 0.5, level)


def _beta_bounds(successes: ArrayLike, n: ArrayLike, more: float, level: float) -> Bounds:
    x, n = np.broadcast_arrays(np.asarray(successes, np.float64), np.asarray(n, np.float64))
    tail, less = (1 - checked_level(level)) / 2, 1.0 - more
    low = np.where(x <= 0, 0.0, beta_quantile(tail, np.where(x > 0, x + more, 1.0), n - x + less))
    # The upper end is the mirror of the lower, so that it keeps its digits near 1.
    mirror = beta_quantile(tail, np.where(x < n, n - x + more, 1.0), x + less)
    high = np.where(x >= n, 1.0, 1.0 - mirror)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


_METHODS: dict[Method, tuple[str, Callable[..., Bounds]]] = {
    "wilson-modified": ("Wilson, modified", wilson_modified_bounds),
    "wilson": ("Wilson", wilson_bounds),
    "wilson-corrected": ("Wilson, corrected for continuity", wilson_corrected_bounds),
    "exact": ("Clopper-Pearson", exact_bounds),
    "jeffreys": ("Jeffreys", jeffreys_bounds),
}
METHODS: tuple[Method, ...] = tuple(_METHODS)


def proportion(
    successes: int, n: int, *, level: float = 0.95, method: Method = "wilson-modified"
) -> Interval:
    """Estimate a proportion with an interval.

    Args:
        successes: units that have what is asked about.
        n: all units, independent of each other.
        level: confidence between 0 and 1.
        method: `wilson-modified` and `wilson`, which cover as often as said on average (and the
            first nowhere much less); `exact`, which covers at least as often; `wilson-corrected`,
            which nearly does; or `jeffreys`.

    0 to 1; NaN with a note where there are no units.

    Raises:
        UnknownNameError: for another method.
        UsageError: for counts that do not fit.

    Example:
        The first row of table I of Newcombe (1998) is 81 of 263.

        >>> for method in ("wilson-modified", "wilson-corrected", "exact"):
        ...     found = proportion(81, 263, method=method)
        ...     print(round(found.low, 4), round(found.high, 4))
        0.2553 0.3662
        0.2535 0.3682
        0.2527 0.3676
    """
    if method not in _METHODS:
        raise UnknownNameError("interval of a proportion", method, METHODS)
    words, bounds = _METHODS[method]
    share = _share((successes, n))
    low, high = bounds(successes, n, level=level)
    stderr = math.sqrt(share * (1 - share) / n) if n else math.nan
    note = "" if n else "there are no units"
    return Interval(share, float(low), float(high), level, words, n, stderr, note=note)


def newcombe_bounds(first: Sides, second: Sides, *, level: float = 0.95) -> Bounds:
    """Return Newcombe's hybrid score bounds of the difference of two shares.

    With Wilson's bounds l and u of each share,
    `p1 - p2 - √((p1 - l1)^2 + (u2 - p2)^2)` and `p1 - p2 + √((u1 - p1)^2 + (p2 - l2)^2)`.

    Args:
        first: arrays of successes and of units, which broadcast.
        second: those of the other sample.
        level: confidence between 0 and 1.
    """
    (low1, high1), (low2, high2) = (
        wilson_bounds(*counts, level=level) for counts in (first, second)
    )
    with np.errstate(all="ignore"):
        p1, p2 = (np.asarray(x, np.float64) / np.asarray(n, np.float64) for x, n in (first, second))
        low = p1 - p2 - np.hypot(p1 - low1, high2 - p2)
        return low, p1 - p2 + np.hypot(high1 - p1, p2 - low2)


def miettinen_nurminen_statistic(first: Sides, second: Sides, null: ArrayLike) -> Floats:
    """Return the score statistic of `p1 - p2 = null` for arrays that broadcast.

    `(p1 - p2 - null) / √(v n / (n - 1))`, `v = q1 (1 - q1) / n1 + q2 (1 - q2) / n2`, where q1 and
    q2 are the most likely shares under the hypothesis and n is n1 + n2.

    Miettinen and Nurminen (1985), doi:10.1002/sim.4780040211, whose closed form for q2, the root
    of a cubic, this follows.
    """
    (x1, n1), (x2, n2) = (
        (np.asarray(x, np.float64), np.asarray(n, np.float64)) for x, n in (first, second)
    )
    d, n = np.asarray(null, np.float64), n1 + n2
    a2, a1 = (n1 + 2 * n2) * d - n - x1 - x2, (n2 * d - n - 2 * x2) * d + x1 + x2
    a0 = x2 * d * (1 - d)
    with np.errstate(all="ignore"):
        q = (a2 / (3 * n)) ** 3 - a1 * a2 / (6 * n * n) + a0 / (2 * n)
        size = np.sqrt(np.maximum((a2 / (3 * n)) ** 2 - a1 / (3 * n), 0.0))
        root = np.where(q > 0, size, -size)
        ratio = np.where(root != 0, q / root**3, 0.0)
        angle = (np.pi + np.arccos(np.clip(ratio, -1.0, 1.0))) / 3
        q2 = np.clip(
            2 * root * np.cos(angle) - a2 / (3 * n), np.maximum(0, -d), np.minimum(1, 1 - d)
        )
        q1 = np.clip(q2 + d, 0.0, 1.0)
        variance = (q1 * (1 - q1) / n1 + q2 * (1 - q2) / n2) * n / (n - 1)
        away = x1 / n1 - x2 / n2 - d
        return np.where(np.abs(away) < 1e-14, 0.0, away / np.sqrt(np.maximum(variance, 0.0)))


def miettinen_nurminen_bounds(first: Sides, second: Sides, *, level: float = 0.95) -> Bounds:
    """Return the differences that the score test does not refute; arguments as `newcombe_bounds`.

    Bisection to the last bit.
    """
    z = _reach(level)
    with np.errstate(all="ignore"):
        p1, p2 = (np.asarray(x, np.float64) / np.asarray(n, np.float64) for x, n in (first, second))
    bounds = []
    for end in (-1.0, 1.0):
        inside, outside = p1 - p2, np.full(np.shape(p1 - p2), end)
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            is_inside = np.abs(miettinen_nurminen_statistic(first, second, middle)) <= z
            inside, outside = (
                np.where(is_inside, middle, inside),
                np.where(is_inside, outside, middle),
            )
        bounds.append(inside)
    return bounds[0], bounds[1]


_DIFFERENCES: dict[DifferenceMethod, tuple[str, Callable[..., Bounds]]] = {
    "newcombe": ("Newcombe hybrid score", newcombe_bounds),
    "miettinen-nurminen": ("Miettinen-Nurminen score", miettinen_nurminen_bounds),
}
DIFFERENCE_METHODS: tuple[DifferenceMethod, ...] = tuple(_DIFFERENCES)


def proportion_difference(
    first: Counts, second: Counts, *, level: float = 0.95, method: DifferenceMethod = "newcombe"
) -> Interval:
    """Estimate the difference of two proportions of different units with an interval.

    For the same units in both, see `tango_interval`.

    Args:
        first: successes and units of the first sample.
        second: those of the second, with no unit of the first.
        level: confidence between 0 and 1.
        method: `newcombe` or `miettinen-nurminen`.

    -1 to 1; positive says that the first is larger. NaN with a note where a side has no units.

    Raises:
        UnknownNameError: for another method.
        UsageError: for counts that do not fit.

    Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.

    Example:
        Its table II, 56 of 70 and 48 of 80, methods 10 and 6.

        >>> for method in ("newcombe", "miettinen-nurminen"):
        ...     found = proportion_difference((56, 70), (48, 80), method=method)
        ...     print(round(found.low, 4), round(found.high, 4))
        0.0524 0.3339
        0.0528 0.3382
    """
    if method not in _DIFFERENCES:
        raise UnknownNameError("interval of a difference", method, DIFFERENCE_METHODS)
    words, bounds = _DIFFERENCES[method]
    level = checked_level(level)
    shares, sizes = (_share(first), _share(second)), (first[1], second[1])
    estimate, n = shares[0] - shares[1], sum(sizes)
    if not min(sizes):
        note = "there are no units on one side"
        return Interval(math.nan, math.nan, math.nan, level, words, n, note=note)
    low, high = bounds(first, second, level=level)
    spread = (share * (1 - share) / size for share, size in zip(shares, sizes, strict=True))
    return Interval(estimate, float(low), float(high), level, words, n, math.sqrt(sum(spread)))


def _share(counts: Counts) -> float:
    successes, n = counts
    if not 0 <= successes <= n < math.inf:
        raise UsageError(f"successes are a count within the {n} units; found {successes}")
    return successes / n if n else math.nan


def _reach(level: float) -> float:
    return float(normal_quantile(0.5 + checked_level(level) / 2))
