"""McNemar's test: two runs that are right or wrong on the same units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.distributions import (
    beta_quantile,
    binomial_cdf,
    binomial_pmf,
    binomial_sf,
    normal_sf,
)
from evalhouse.stats.paired import differences
from evalhouse.stats.results import (
    Alternative,
    HypothesisTest,
    Interval,
    checked_alternative,
    checked_level,
)
from evalhouse.stats.values import numbers

Floats = NDArray[np.float64]
McNemarMethod = Literal["exact", "mid-p", "asymptotic", "corrected"]
METHODS: tuple[McNemarMethod, ...] = ("exact", "mid-p", "asymptotic", "corrected")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Units that both, one or neither of two runs got right, and those that one did not do."""

    both: int
    only_first: int
    only_second: int
    neither: int
    missing: int = 0

    @property
    def n(self) -> int:
        """Units that both did."""
        return self.both + self.only_first + self.only_second + self.neither


@dataclass(frozen=True, slots=True)
class McNemar:
    """The test with the counts it looked at, and how large the difference is.

    `odds_ratio` is `only_first` over `only_second` with its exact interval, infinite or zero
    where one of the two is empty. `g` is Cohen's g, the share of `only_first` among the
    discordant units less a half (-0.5 to 0.5; 0.05, 0.15 and 0.25 are his small, medium, large).
    """

    test: HypothesisTest
    outcomes: Outcomes
    odds_ratio: Interval
    g: float


def mcnemar_p_values(
    only_first: ArrayLike,
    only_second: ArrayLike,
    *,
    method: McNemarMethod = "exact",
    alternative: Alternative = "two-sided",
) -> Floats:
    """Return p-values for arrays of discordant counts that broadcast; 1 where none is discordant.

    Formulas, options and sources are those of `mcnemar_test`.

    Example:
        >>> mcnemar_p_values([1, 0], [7, 0]).round(9).tolist()
        [0.0703125, 1.0]
    """
    first, second = (numbers(counts, "discordant counts") for counts in (only_first, only_second))
    if np.any(first < 0) or np.any(second < 0):
        raise UsageError("discordant counts are zero or more; found some below")
    alternative = checked_alternative(alternative)
    if method not in METHODS:
        raise UnknownNameError("method of McNemar's test", method, METHODS)
    if method in ("asymptotic", "corrected"):
        is_corrected = method == "corrected"
        return _normal_p_values(
            mcnemar_statistic(first, second, is_corrected=is_corrected), alternative
        )
    total = first + second
    above = binomial_sf(first - 1, total, 0.5)
    below = binomial_cdf(first, total, 0.5)
    if method == "mid-p":
        # Half of what was seen on either side: the two tails then add up to one.
        half = 0.5 * binomial_pmf(first, total, 0.5)
        above, below = above - half, below - half
    if alternative == "two-sided":
        return np.asarray(np.minimum(1.0, 2 * np.minimum(above, below)))
    return np.asarray(above if alternative == "greater" else below)


def _normal_p_values(z: Floats, alternative: Alternative) -> Floats:
    if alternative == "two-sided":
        return np.minimum(1.0, 2 * normal_sf(np.abs(z)))
    return normal_sf(z if alternative == "greater" else -z)


def mcnemar_statistic(first: Floats, second: Floats, *, is_corrected: bool = False) -> Floats:
    """Return `(b - c) / sqrt(b + c)`, moved towards zero by one when corrected; 0 without any."""
    shift, total = np.asarray(first - second), np.asarray(first + second)
    if is_corrected:
        shift = np.sign(shift) * np.maximum(np.abs(shift) - 1, 0)
    return np.divide(shift, np.sqrt(total), out=np.zeros_like(total), where=total > 0)


def mcnemar_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    method: McNemarMethod = "exact",
    alternative: Alternative = "two-sided",
    level: float = 0.95,
) -> McNemar:
    """Test whether two runs are right equally often on the same units.

    Only the b units that the first alone got right and the c that the second alone did can tell:
    `exact`: `2 P(X >= max(b, c))`, X binomial (b + c, 1/2), at most 1; `mid-p`: the same with half
    the probability of what was seen; `asymptotic`: `(b - c)^2 / (b + c)` as chi-squared (1);
    `corrected`: `(|b - c| - 1)^2 / (b + c)`. The statistic is b, or z with the sign of b - c.

    Args:
        first: (n,) 0 or 1 (or booleans); NaN is missing, and its pair is left out.
        second: (n,) likewise, for the same units in the same order.
        method: `exact` never rejects too often; `mid-p` is stronger and
            does so only where more than half of the units are discordant.
        alternative: `greater` says that the first run is right more often.
        level: of the odds ratio's interval.

    The p-value is 1 when no unit is discordant, and NaN without units. Units that come in
    clusters need `paired_t_test` with its clusters: this test then rejects far too often.

    Raises:
        UsageError: for values other than 0 and 1, different lengths, or unknown options.

    McNemar (1947), doi:10.1007/BF02295996; Fagerland, Lydersen and Laake (2013),
    doi:10.1186/1471-2288-13-91. We keep `corrected` at zero for b = c, where the formula as
    written gives 1 / (b + c). The example is theirs, of airway hyper-responsiveness (table 1).

    Example:
        >>> before = [1] * 2 + [0] * 19
        >>> after = [1] + [0] + [1] * 7 + [0] * 12
        >>> found = mcnemar_test(before, after, method="mid-p")
        >>> found.outcomes.only_first, found.outcomes.only_second, round(found.test.p_value, 3)
        (1, 7, 0.039)
    """
    counts = outcomes(first, second)
    odds_ratio, g = discordance(counts.only_first, counts.only_second, level=level)
    return McNemar(_test(counts, method, alternative), counts, odds_ratio, g)


def outcomes(first: ArrayLike, second: ArrayLike) -> Outcomes:
    """Count the units that both, one or neither of two runs got right.

    Raises:
        UsageError: for values other than 0 and 1 (NaN is missing), or different lengths.

    Example:
        >>> outcomes([1, 1, 0, 0], [1, 0, 1, 0])
        Outcomes(both=1, only_first=1, only_second=1, neither=1, missing=0)
    """
    shift = differences(first, second)
    present = ~np.isnan(shift)
    one, other = np.asarray(first, np.float64)[present], np.asarray(second, np.float64)[present]
    if not np.all(((one == 0) | (one == 1)) & ((other == 0) | (other == 1))):
        raise UsageError("McNemar's test takes 0 and 1; use `paired_t_test` for other scores")
    # One pass over pairs as numbers 0 to 3 is many times cheaper than four comparisons.
    cells = np.bincount((2 * one + other).astype(np.int64), minlength=4)
    neither, only_second, only_first, both = map(int, cells)
    return Outcomes(both, only_first, only_second, neither, len(shift) - int(present.sum()))


def _test(counts: Outcomes, method: McNemarMethod, side: Alternative) -> HypothesisTest:
    b, c, n = counts.only_first, counts.only_second, counts.n
    p_value = float(mcnemar_p_values(b, c, method=method, alternative=side)) if n else np.nan
    statistic = float(b)
    if method in ("asymptotic", "corrected"):
        one, other = (np.array(count, np.float64) for count in (b, c))
        statistic = float(mcnemar_statistic(one, other, is_corrected=method == "corrected"))
    notes = [
        f"{counts.missing} units with a missing value left out" if counts.missing else "",
        "" if b + c else "no unit is discordant" if n else "there are no pairs",
    ]
    note = "; ".join(text for text in notes if text)
    difference = (b - c) / n if n else np.nan
    return HypothesisTest(statistic, p_value, f"McNemar {method}", n, side, difference, note=note)


def discordance(
    only_first: int, only_second: int, *, level: float = 0.95
) -> tuple[Interval, float]:
    """Return the odds ratio b / c of discordant units with its interval, and Cohen's g.

    The interval is Clopper and Pearson's for `p = b / (b + c)`, as odds `p / (1 - p)`: it covers
    at least as often as it says. Both are NaN when no unit is discordant.

    Example:
        >>> ratio, g = discordance(14, 6)
        >>> round(ratio.estimate, 4), round(ratio.low, 4), round(ratio.high, 4), round(g, 2)
        (2.3333, 0.8423, 7.4082, 0.2)
    """
    b, c, tail = only_first, only_second, (1 - checked_level(level)) / 2
    method = "exact conditional odds ratio"
    if not b + c:
        nothing = Interval(np.nan, np.nan, np.nan, level, method, 0, note="no unit is discordant")
        return nothing, np.nan
    # Given the discordant units the share of b is all there is to know, so its bounds carry over.
    low = float(beta_quantile(tail, b, c + 1)) if b else 0.0
    high = float(beta_quantile(1 - tail, b + 1, c)) if c else 1.0
    ends = (_odds(low), _odds(high))
    return Interval(_odds(b / (b + c)), *ends, level, method, b + c), b / (b + c) - 0.5


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 else np.inf
