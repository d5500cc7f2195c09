"""An estimate whose sampling is about normal: the interval and the test that follow from it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from evalhouse.stats.distributions import student_quantile, student_sf
from evalhouse.stats.results import (
    Alternative,
    HypothesisTest,
    Interval,
    checked_alternative,
    checked_level,
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its standard error, and the degrees of freedom that the error is known with.

    `n` counts independent units. A standard error that is not there, or zero, leaves interval and
    test undefined, and `note` says why.
    """

    value: float
    stderr: float
    df: float
    n: int
    method: str
    note: str = ""

    @property
    def is_judged(self) -> bool:
        """Whether there is a spread to judge the value by."""
        return self.stderr > 0 and self.df > 0

    def interval(self, level: float = 0.95) -> Interval:
        """Return `value ± t(df) * stderr`; bounds are NaN without a spread.

        Raises:
            UsageError: for a level outside (0, 1).
        """
        level = checked_level(level)
        reach = math.nan
        if self.is_judged:
            reach = _t_quantile(0.5 + level / 2, self.df) * self.stderr
        low, high = self.value - reach, self.value + reach
        return Interval(
            self.value, low, high, level, self.method, self.n, self.stderr, note=self.note
        )

    def test(self, null: float = 0.0, alternative: Alternative = "two-sided") -> HypothesisTest:
        """Test the value against `null`; the p-value is NaN without a spread.

        Raises:
            UnknownNameError: for another alternative.
        """
        alternative = checked_alternative(alternative)
        statistic = p_value = math.nan
        if self.is_judged:
            statistic = (self.value - null) / self.stderr
            p_value = _p_value(statistic, self.df, alternative)
        return HypothesisTest(
            statistic, p_value, self.method, self.n, alternative, self.value, note=self.note
        )

    def minus(self, other: Estimate, method: str) -> Estimate:
        """Subtract an independent estimate; the degrees of freedom are Welch's.

        `df = (v1 + v2)^2 / (v1^2 / df1 + v2^2 / df2)` with v the squared standard errors.
        """
        own, its = self.stderr**2, other.stderr**2
        parts = own**2 / self.df + its**2 / other.df if self.df > 0 and other.df > 0 else math.nan
        note = "; ".join(dict.fromkeys(text for text in (self.note, other.note) if text))
        return Estimate(
            self.value - other.value,
            math.sqrt(own + its),
            (own + its) ** 2 / parts if parts > 0 else math.nan,
            self.n + other.n,
            method,
            note,
        )

    def noted(self, *notes: str) -> Estimate:
        """Add notes, leaving out those that say nothing."""
        return replace(self, note="; ".join(text for text in (self.note, *notes) if text))


# Reports and simulations ask for the same few thousands of times, and each takes a search.
@lru_cache(maxsize=1024)
def _t_quantile(share: float, df: float) -> float:
    return float(student_quantile(share, df))


def _p_value(statistic: float, df: float, alternative: Alternative) -> float:
    if alternative == "two-sided":
        return min(1.0, 2 * float(student_sf(abs(statistic), df)))
    return float(student_sf(statistic if alternative == "greater" else -statistic, df))
