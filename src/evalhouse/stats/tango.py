"""Tango's score: the difference of two shares measured on the same units."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.crossing import crossing
from evalhouse.stats.distributions import normal_quantile, normal_sf
from evalhouse.stats.results import (
    Alternative,
    HypothesisTest,
    Interval,
    checked_alternative,
    checked_level,
)

Floats = NDArray[np.float64]


def tango_statistic(
    only_first: ArrayLike, only_second: ArrayLike, n: ArrayLike, null: ArrayLike
) -> Floats:
    """Return the score statistic of `p1 - p2 = null` for arrays that broadcast.

    `z = (b - c - n null) / sqrt(n (2 q + null (1 - null)))`, with q the most likely share of c
    under the hypothesis: the larger root of `2 q^2 + B q - c null (1 - null) / n = 0`, where
    `B = -(b + c) / n + (2 - (b - c) / n) null`. Zero where both parts are.
    """
    b, c, n, null = (np.asarray(item, np.float64) for item in (only_first, only_second, n, null))
    linear = -(b + c) / n + (2 - (b - c) / n) * null
    constant = -c * null * (1 - null) / n
    root = np.sqrt(np.maximum(linear**2 - 8 * constant, 0.0))
    # Of the two ways to write the larger root, the one that does not subtract what is alike.
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(linear <= 0, (root - linear) / 4, -2 * constant / (linear + root))
    share = np.maximum(np.where(np.isnan(share), 0.0, share), np.maximum(0.0, -null))
    excess = b - c - n * null
    variance = np.maximum(n * (2 * share + null * (1 - null)), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = excess / np.sqrt(variance)
    return np.where(np.abs(excess) <= 1e-12 * n, 0.0, found)


def tango_test(
    only_first: int,
    only_second: int,
    n: int,
    *,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
) -> HypothesisTest:
    """Test whether two shares on the same n units differ by `null`.

    `z` of `tango_statistic` against the normal distribution; for `null=0` it is McNemar's
    asymptotic test.

    Args:
        only_first: units that only the first run got right.
        only_second: units that only the second did.
        n: all units.
        null: the difference under the hypothesis, between -1 and 1.
        alternative: `greater` says that the difference is above `null`.

    It is defined also when no unit is discordant; NaN with a note without units.

    Raises:
        UsageError: for counts that do not fit, or a null outside -1 to 1.

    Tango (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B. His
    table of soft lenses has 44 pairs with b = 0 and c = 1, tested for a difference of -0.1.

    Example:
        >>> round(tango_test(0, 1, 44, null=-0.1, alternative="greater").statistic, 3)
        1.709
    """
    alternative = checked_alternative(alternative)
    _check(only_first, only_second, n)
    if not -1 < null < 1:
        raise UsageError(f"a difference of shares lies between -1 and 1; found {null}")
    if not n:
        return HypothesisTest(
            math.nan, math.nan, "Tango score", 0, alternative, note="there are no pairs"
        )
    z = float(tango_statistic(only_first, only_second, n, null))
    estimate = (only_first - only_second) / n
    if alternative == "two-sided":
        p_value = min(1.0, 2 * float(normal_sf(abs(z))))
    else:
        p_value = float(normal_sf(z if alternative == "greater" else -z))
    return HypothesisTest(z, p_value, "Tango score", n, alternative, estimate)


def tango_interval(only_first: int, only_second: int, n: int, *, level: float = 0.95) -> Interval:
    """Return the difference of two shares on the same units with Tango's score interval.

    All differences that `tango_test` does not refute. Arguments are those of `tango_test`; -1 to
    1; NaN with a note without units.

    Example:
        >>> found = tango_interval(1, 7, 21)
        >>> round(found.estimate, 3), round(found.low, 3), round(found.high, 3)
        (-0.286, -0.517, -0.026)
    """
    level = checked_level(level)
    _check(only_first, only_second, n)
    if not n:
        nothing = math.nan
        return Interval(
            nothing, nothing, nothing, level, "Tango score", 0, note="there are no pairs"
        )
    reach = float(normal_quantile(0.5 + level / 2))
    estimate = (only_first - only_second) / n
    counts = (only_first, only_second, n)
    low = crossing(lambda x: tango_statistic(*counts, x) <= reach, -1.0, estimate)
    high = crossing(lambda x: tango_statistic(*counts, x) <= -reach, estimate, 1.0)
    return Interval(estimate, low, high, level, "Tango score", n)


def _check(only_first: int, only_second: int, n: int) -> None:
    if min(only_first, only_second) < 0 or only_first + only_second > n:
        raise UsageError(
            f"discordant units are counts within the {n} of all; found {only_first} and "
            f"{only_second}"
        )
