"""Designs of comparisons: the chance that each rejects, from what units scatter by."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.components import Components
from evalhouse.stats.distributions import (
    binomial_cdf,
    binomial_pmf,
    binomial_sf,
    noncentral_student_cdf,
    normal_quantile,
    normal_sf,
    student_quantile,
)
from evalhouse.stats.mcnemar import mcnemar_p_values
from evalhouse.stats.results import Alternative

_TESTS = ("asymptotic", "exact", "mid-p")
_COUNTABLE = 10**6  # units from which on all of McNemar's tests have the same power
_AROUND = 6  # critical counts of McNemar's exact tests lie so near the normal ones


class Design(Protocol):
    """How two runs are compared; `n` counts units, on the first side where there are two."""

    @property
    def method(self) -> str:
        """What the power is computed for."""

    @property
    def least(self) -> int:
        """The fewest units that can be tested."""

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest difference that can be."""

    def chance(self, difference: float, n: float, alpha: float, alternative: Alternative) -> float:
        """Return the chance of rejecting when the true difference is `difference`."""


def design_effect(cluster_size: float, icc: float) -> float:
    """Return how many times more units clusters need: `1 + (m - 1) icc`.

    Args:
        cluster_size: units in a cluster.
        icc: the correlation of two units of a cluster, -1 / (m - 1) to 1.

    Kish (1965), Survey Sampling, section 5.4.

    Example:
        >>> round(design_effect(20, 0.05), 2)
        1.95
    """
    found = 1 + (cluster_size - 1) * icc
    if cluster_size < 1 or icc > 1 or found < 0:
        raise UsageError(
            f"clusters hold one unit or more and correlate by 1 at most; found {cluster_size} "
            f"and {icc}"
        )
    return found


@dataclass(frozen=True, slots=True)
class PairedMeans:
    """The paired t test: `t` noncentral by `difference / deviation * sqrt(n / deff)`.

    `deviation` is the standard deviation of the differences of units. With `cluster_size` units
    in a cluster that correlate by `icc`, n still counts units, and the degrees of freedom are the
    number of clusters less one.
    """

    deviation: float
    cluster_size: float = 1.0
    icc: float = 0.0

    method = "paired t"
    span = (-math.inf, math.inf)

    def __post_init__(self) -> None:
        """Refuse what is no spread."""
        refuse_unless(self.deviation > 0, "a deviation", "above 0", self.deviation)
        design_effect(self.cluster_size, self.icc)

    @property
    def least(self) -> int:
        """Two clusters."""
        return math.ceil(2 * self.cluster_size)

    def chance(self, difference: float, n: float, alpha: float, alternative: Alternative) -> float:
        """Return the chance of rejecting."""
        effect = design_effect(self.cluster_size, self.icc)
        shift = difference / self.deviation * math.sqrt(n / effect)
        return _t_power(shift, n / self.cluster_size - 1, alpha, alternative)


@dataclass(frozen=True, slots=True)
class UnpairedMeans:
    """The t test of two samples with one standard deviation, `ratio` times n on the second side.

    `t` noncentral by `difference / deviation / sqrt((1 / n + 1 / (ratio n)) deff)`, with
    `(1 + ratio) n / cluster_size - 2` degrees of freedom.
    """

    deviation: float
    ratio: float = 1.0
    cluster_size: float = 1.0
    icc: float = 0.0

    method = "unpaired t"
    span = (-math.inf, math.inf)

    def __post_init__(self) -> None:
        """Refuse what is no spread or no ratio."""
        refuse_unless(self.deviation > 0, "a deviation", "above 0", self.deviation)
        refuse_unless(self.ratio > 0, "a ratio of sizes", "above 0", self.ratio)
        design_effect(self.cluster_size, self.icc)

    @property
    def least(self) -> int:
        """Two clusters on the first side."""
        return math.ceil(2 * self.cluster_size / min(1.0, self.ratio))

    def chance(self, difference: float, n: float, alpha: float, alternative: Alternative) -> float:
        """Return the chance of rejecting."""
        effect = design_effect(self.cluster_size, self.icc)
        scale = math.sqrt((1 / n + 1 / (self.ratio * n)) * effect)
        df = (1 + self.ratio) * n / self.cluster_size - 2
        return _t_power(difference / self.deviation / scale, df, alpha, alternative)


@dataclass(frozen=True, slots=True)
class UnpairedShares:
    """The test of two independent shares on Cohen's arcsine scale.

    `z` normal around `h sqrt(n ratio / (1 + ratio))`, with h between `baseline + difference` and
    `baseline`.
    """

    baseline: float
    ratio: float = 1.0

    method = "unpaired shares, arcsine"
    least = 1

    def __post_init__(self) -> None:
        """Refuse what is no share or no ratio."""
        refuse_unless(0 <= self.baseline <= 1, "a baseline", "between 0 and 1", self.baseline)
        refuse_unless(self.ratio > 0, "a ratio of sizes", "above 0", self.ratio)

    @property
    def span(self) -> tuple[float, float]:
        """Down to 0 and up to 1."""
        return -self.baseline, 1 - self.baseline

    def chance(self, difference: float, n: float, alpha: float, alternative: Alternative) -> float:
        """Return the chance of rejecting."""
        share = min(1.0, max(0.0, self.baseline + difference))
        effect = 2 * (math.asin(math.sqrt(share)) - math.asin(math.sqrt(self.baseline)))
        return _z_power(effect * math.sqrt(n * self.ratio / (1 + self.ratio)), alpha, alternative)


@dataclass(frozen=True, slots=True)
class PairedShares:
    """McNemar's test, when a share `discordance` of the units is right in one run only.

    `asymptotic` is Connor's: `z` normal around `difference sqrt(n) / s` with
    `s^2 = discordance - difference^2`, against `z(alpha) sqrt(discordance) / s`. `exact` and
    `mid-p` sum over every table that those tests reject; their power rises in steps. Above a
    million units they are taken to be `asymptotic`.
    """

    discordance: float
    test: Literal["asymptotic", "exact", "mid-p"] = "asymptotic"

    least = 1

    def __post_init__(self) -> None:
        """Refuse what is no share, and tests that there are not."""
        is_share = 0 < self.discordance <= 1
        refuse_unless(is_share, "a discordance", "above 0 and up to 1", self.discordance)
        if self.test not in _TESTS:
            raise UnknownNameError("McNemar test with a power", self.test, _TESTS)

    @property
    def method(self) -> str:
        """Which of McNemar's tests."""
        return f"McNemar {self.test}"

    @property
    def span(self) -> tuple[float, float]:
        """All discordant units on one side."""
        return -self.discordance, self.discordance

    def chance(self, difference: float, n: float, alpha: float, alternative: Alternative) -> float:
        """Return the chance of rejecting."""
        if self.test == "asymptotic" or n > _COUNTABLE:
            return self._connor(difference, n, alpha, alternative)
        return self._summed(difference, int(n), alpha, alternative)

    def _connor(self, difference: float, n: float, alpha: float, side: Alternative) -> float:
        tail = alpha / 2 if side == "two-sided" else alpha
        limit = -float(normal_quantile(tail)) * math.sqrt(self.discordance)
        spread = math.sqrt(max(self.discordance - difference**2, 1e-300))
        above = float(normal_sf((limit - difference * math.sqrt(n)) / spread))
        below = float(normal_sf((limit + difference * math.sqrt(n)) / spread))
        return {"two-sided": above + below, "greater": above, "less": below}[side]

    def _summed(self, difference: float, n: int, alpha: float, side: Alternative) -> float:
        middle, reach = n * self.discordance, 9 * math.sqrt(n * self.discordance) + 20
        # What lies further out has a chance below 1e-15, and large n would cost seconds.
        low, high = max(0, int(middle - reach)), min(n, int(middle + reach))
        totals = np.arange(low, high + 1)
        share = (1 + difference / self.discordance) / 2
        critical = self._critical(totals, alpha, side)
        above = binomial_sf(critical - 1, totals, share)
        below = binomial_cdf(totals - critical, totals, share)
        hits = {"two-sided": above + below, "greater": above, "less": below}[side]
        return float((binomial_pmf(totals, n, self.discordance) * hits).sum())

    def _critical(
        self, totals: NDArray[np.int64], alpha: float, side: Alternative
    ) -> NDArray[np.int64]:
        """Return the least count that is rejected for each number of discordant units."""
        tail = alpha / 2 if side == "two-sided" else alpha
        start = np.floor(totals / 2 - float(normal_quantile(tail)) * np.sqrt(totals) / 2)
        tried = start[:, None] + np.arange(-_AROUND, _AROUND + 1)
        tried = np.clip(tried, (totals[:, None] + 1) // 2, totals[:, None])
        method: Literal["exact", "mid-p"] = "exact" if self.test == "exact" else "mid-p"
        alternative: Alternative = "two-sided" if side == "two-sided" else "greater"
        p_values = mcnemar_p_values(
            tried, totals[:, None] - tried, method=method, alternative=alternative
        )
        found = np.where(p_values <= alpha, tried, totals[:, None] + 1)
        return np.asarray(found.min(axis=1))


def seeds_design(components: Components, *, items: int) -> PairedMeans:
    """Return the design in which seeds are the units, each a mean over the same items.

    The deviation of a seed's mean is `sqrt(seeds_variance + residual / items)`; n then counts
    seeds. For a comparison, give the components of the differences of two runs.

    Example:
        >>> from evalhouse.stats.components import variance_components
        >>> found = variance_components([[4.0, 6.0, 5.0], [7.0, 8.0, 9.0], [2.0, 5.0, 2.0]])
        >>> round(seeds_design(found, items=3).deviation, 4)
        1.0
    """
    return PairedMeans(math.sqrt(components.seeds + components.residual / items))


def _t_power(shift: float, df: float, alpha: float, alternative: Alternative) -> float:
    if not df > 0:
        return 0.0
    tail = alpha / 2 if alternative == "two-sided" else alpha
    limit = -float(student_quantile(tail, df))
    above = 1 - float(noncentral_student_cdf(limit, df, shift))
    below = float(noncentral_student_cdf(-limit, df, shift))
    return {"two-sided": above + below, "greater": above, "less": below}[alternative]


def _z_power(shift: float, alpha: float, alternative: Alternative) -> float:
    tail = alpha / 2 if alternative == "two-sided" else alpha
    limit = -float(normal_quantile(tail))
    above, below = float(normal_sf(limit - shift)), float(normal_sf(limit + shift))
    return {"two-sided": above + below, "greater": above, "less": below}[alternative]


def refuse_unless(is_possible: object, what: str, expected: str, found: float) -> None:
    """Say that a number of a design cannot be, unless it can."""
    if not is_possible:
        raise UsageError(f"{what} of a design lies {expected}; found {found}")
