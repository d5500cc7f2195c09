"""Power: what a comparison of so many units can see, and how many it needs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from evalhouse.errors import UsageError
from evalhouse.stats.designs import Design, refuse_unless
from evalhouse.stats.results import Alternative, checked_alternative

_HALVINGS = 100
_LARGEST = 10**12  # more units than this nobody has
_NEVER = "no number of units is enough for this difference"


@dataclass(frozen=True, slots=True)
class Plan:
    """A comparison that sees a true `difference` with `n` units with the chance `power`."""

    difference: float
    n: int
    power: float
    alpha: float
    alternative: Alternative
    method: str
    note: str = ""


def power(
    design: Design,
    difference: float,
    n: int,
    *,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> Plan:
    """Return the chance of seeing a true difference with so many units.

    The formula is the design's. The chance runs from about `alpha` (no difference) to 1; it is NaN
    with a note when n is too small for a test.

    Args:
        design: `PairedMeans`, `UnpairedMeans`, `PairedShares`, `UnpairedShares`, `seeds_design`.
        difference: the true difference, in the unit of the design's deviation (shares: 0 to 1).
        n: units; on the first side where there are two; seeds for `seeds_design`.
        alpha: the level of the test, two-sided unless `alternative` says otherwise.
        alternative: `greater` for a test that looks for a first run above only.

    Raises:
        UsageError: for an alpha outside (0, 1), or a difference that cannot be.

    Cohen (1988), Statistical Power Analysis, table 2.3.5: d = 0.5 with 64 on each side has 0.80.

    Example:
        >>> from evalhouse.stats.designs import UnpairedMeans
        >>> round(power(UnpairedMeans(1.0), 0.5, 64).power, 4)
        0.8015
    """
    alternative = checked_alternative(alternative)
    _check(design, difference, alpha)
    found, note = math.nan, ""
    if n < design.least:
        note = f"a test needs {design.least} units; found {n}"
    else:
        found = design.chance(difference, n, alpha, alternative)
    return Plan(difference, n, found, alpha, alternative, design.method, note)


def sample_size(
    design: Design,
    difference: float,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> Plan:
    """Return the fewest units that see a true difference with the chance `power`.

    Arguments are those of `power`. Where power rises in steps (McNemar exact), more units may
    have a little less. NaN power and n = 0 with a note when no number of units is enough.

    Raises:
        UsageError: for a power outside (alpha, 1), and as `power` does.

    Cohen (1988), table 2.4.1: 64 on each side for d = 0.5.

    Example:
        >>> from evalhouse.stats.designs import PairedMeans, UnpairedMeans
        >>> sample_size(UnpairedMeans(1.0), 0.5).n, sample_size(PairedMeans(1.0), 0.5).n
        (64, 34)
    """
    alternative = checked_alternative(alternative)
    _check(design, difference, alpha, power)
    nothing = Plan(difference, 0, math.nan, alpha, alternative, design.method, _NEVER)
    if difference == 0 or alternative == ("less" if difference > 0 else "greater"):
        return nothing
    high = max(design.least, 2)
    while design.chance(difference, high, alpha, alternative) < power:
        high *= 2
        if high > _LARGEST:
            return nothing
    # Power may rise in steps, but a search by halves ends where it crosses the target once.
    low = design.least - 1
    while high - low > 1:
        middle = (low + high) // 2
        is_enough = design.chance(difference, middle, alpha, alternative) >= power
        low, high = (low, middle) if is_enough else (middle, high)
    reached = design.chance(difference, high, alpha, alternative)
    return Plan(difference, high, reached, alpha, alternative, design.method)


def detectable_difference(
    design: Design,
    n: int,
    *,
    power: float = 0.8,
    alpha: float = 0.05,
    alternative: Alternative = "two-sided",
) -> Plan:
    """Return the smallest true difference that n units see with the chance `power`.

    Arguments are those of `power`; the difference is above zero, or below for `less`. NaN with a
    note when no difference that can be is seen that often.

    Raises:
        UsageError: for a power outside (alpha, 1), and as `power` does.

    Example:
        >>> from evalhouse.stats.designs import PairedMeans
        >>> round(detectable_difference(PairedMeans(0.4), 500).difference, 4)
        0.0502
    """
    alternative = checked_alternative(alternative)
    _check(design, 0.0, alpha, power)
    sign = -1.0 if alternative == "less" else 1.0
    largest = abs(design.span[0] if alternative == "less" else design.span[1])

    def chance(size: float) -> float:
        return design.chance(sign * size, n, alpha, alternative)

    found = math.nan if n < design.least else _smallest(chance, largest, power)
    if math.isnan(found):
        note = "no difference is seen that often with so few units"
        return Plan(math.nan, n, math.nan, alpha, alternative, design.method, note)
    return Plan(sign * found, n, chance(found), alpha, alternative, design.method)


def _smallest(chance: Callable[[float], float], largest: float, target: float) -> float:
    high = min(1e-6, largest)
    while chance(high) < target:
        if high >= min(largest, 1e12):
            return math.nan
        high = min(2 * high, largest)
    low = 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if chance(middle) >= target else (middle, high)
    return high


def _check(design: Design, difference: float, alpha: float, target: float | None = None) -> None:
    if not 0 < alpha < 1:
        raise UsageError(f"`alpha` lies between 0 and 1, as 0.05 does; found {alpha}")
    if target is not None and not alpha < target < 1:
        raise UsageError(f"a power lies between `alpha` and 1, as 0.8 does; found {target}")
    low, high = design.span
    refuse_unless(low <= difference <= high, "the difference", f"from {low} to {high}", difference)
