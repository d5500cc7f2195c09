from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from evalhouse.errors import UsageError
from evalhouse.stats.effects import (
    cliff_delta,
    cohen_d,
    cohen_dz,
    cohen_h,
    hedges_g,
    noncentral_bounds,
    probability_of_superiority,
)


@pytest.mark.parametrize(("t", "df"), [(0.0, 5), (2.5, 19), (-1.2, 3), (9.0, 200), (0.3, 1)])
def test_bounds_leave_the_tails_of_a_noncentral_t(t: float, df: float) -> None:
    low, high = noncentral_bounds(t, df, 0.95)
    assert stats.nct.sf(t, df, low) == pytest.approx(0.025, rel=1e-7)
    assert stats.nct.cdf(t, df, high) == pytest.approx(0.025, rel=1e-7)


def test_dz_is_the_mean_over_the_deviation_of_differences() -> None:
    shift = np.random.default_rng(0).standard_normal(25) + 0.4
    found = cohen_dz(shift, np.zeros(25))
    assert found.estimate == pytest.approx(shift.mean() / shift.std(ddof=1))
    assert found.low < found.estimate < found.high


def test_d_is_over_the_pooled_deviation_and_g_is_corrected() -> None:
    chance = np.random.default_rng(1)
    first, second = chance.standard_normal(12) + 1, chance.standard_normal(20)
    pooled = math.sqrt((11 * first.var(ddof=1) + 19 * second.var(ddof=1)) / 30)
    found = cohen_d(first, second)
    assert found.estimate == pytest.approx((first.mean() - second.mean()) / pooled)
    factor = special.gamma(15) / (math.sqrt(15) * special.gamma(14.5))
    assert hedges_g(first, second).estimate == pytest.approx(found.estimate * factor, rel=1e-12)


def test_the_t_of_d_is_that_of_the_t_test() -> None:
    first, second = np.random.default_rng(2).standard_normal((2, 15))
    t = stats.ttest_ind(first, second).statistic
    assert cohen_d(first, second).estimate / math.sqrt(2 / 15) == pytest.approx(t)


def test_h_is_cohens() -> None:
    # Cohen (1988), table 6.2.2: phi = 1.571 for 0.50, 1.772 for 0.60, 2.214 for 0.80.
    assert cohen_h(0.8, 0.6, (50, 50)).estimate == pytest.approx(2.214 - 1.772, abs=1e-3)
    found = cohen_h(0.6, 0.5, (100, 300))
    assert found.high - found.estimate == pytest.approx(1.959964 * math.sqrt(1 / 100 + 1 / 300))
    assert math.isnan(cohen_h(1.0, 0.0, (0, 5)).low)


def test_h_takes_proportions() -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        cohen_h(60, 0.5, (10, 10))


def test_delta_counts_pairs_and_its_variance_is_cliffs() -> None:
    chance = np.random.default_rng(3)
    one, other = chance.integers(0, 5, 9).astype(float), chance.integers(0, 5, 7).astype(float)
    signs = np.sign(one[:, None] - other)
    delta, n, m = signs.mean(), 9, 7
    rows, columns = signs.mean(axis=1), signs.mean(axis=0)
    parts = m**2 * ((rows - delta) ** 2).sum() + n**2 * ((columns - delta) ** 2).sum()
    variance = (parts - ((signs - delta) ** 2).sum()) / (n * m * (n - 1) * (m - 1))
    found = cliff_delta(one, other)
    assert found.estimate == pytest.approx(delta)
    assert found.stderr == pytest.approx(math.sqrt(variance), rel=1e-12)


def test_delta_is_the_mann_whitney_statistic_rescaled() -> None:
    first, second = np.random.default_rng(4).standard_normal((2, 30))
    u = stats.mannwhitneyu(first, second).statistic
    assert cliff_delta(first, second).estimate == pytest.approx(2 * u / 900 - 1)


@pytest.mark.parametrize("sign", [1, -1])
def test_samples_that_do_not_overlap_have_an_end_at_one(sign: int) -> None:
    one, other = sign * np.arange(10, 15), sign * np.arange(5)
    found = cliff_delta(one, other)
    assert found.estimate == sign
    assert (found.high if sign > 0 else found.low) == sign
    assert -1 <= found.low <= found.high <= 1
    assert "do not overlap" in found.note


def test_superiority_counts_equal_units_half_and_stays_within_its_range() -> None:
    found = probability_of_superiority([2, 2, 2, 2, 1], [1, 1, 1, 1, 1])
    assert found.estimate == 0.9
    assert found.high == 1
    assert math.isnan(probability_of_superiority([2, 2], [1, 1]).low)


def test_effects_without_units_or_spread_are_undefined_with_a_note() -> None:
    found = [
        cohen_dz([], []),
        cohen_dz([1, 2], [0, 1]),
        cohen_d([], [1, 2]),
        cohen_d([1, 1], [2, 2]),
        cohen_d([1], [2]),
        cliff_delta([], [1]),
        probability_of_superiority([], []),
    ]
    assert all(math.isnan(each.low) and each.note for each in found)
    assert cliff_delta([2], [1, 0]).estimate == 1
