from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.paired import paired_difference, paired_t_test
from evalhouse.stats.results import Alternative


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_the_paired_t_test_is_scipys(alternative: Alternative) -> None:
    chance = np.random.default_rng(0)
    for n in (2, 5, 40, 1000):
        first, second = chance.normal([[0.1], [0.0]], 1.0, (2, n))
        expected = stats.ttest_rel(first, second, alternative=alternative)
        found = paired_t_test(first, second, alternative=alternative)
        assert found.statistic == pytest.approx(expected.statistic, rel=1e-11)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-11)


def test_the_interval_is_scipys() -> None:
    first, second = np.random.default_rng(1).standard_normal((2, 30))
    expected = stats.ttest_rel(first, second).confidence_interval(0.9)
    found = paired_difference(first, second, level=0.9)
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-11)
    assert (found.level, found.n) == (0.9, 30)


def test_a_null_shifts_the_test() -> None:
    first, second = np.random.default_rng(2).standard_normal((2, 30))
    shifted = paired_t_test(first - 0.3, second)
    assert paired_t_test(first, second, null=0.3).p_value == pytest.approx(shifted.p_value)


def test_clusters_of_equal_size_are_a_t_test_of_their_means() -> None:
    first, second = np.random.default_rng(3).standard_normal((2, 60))
    names = np.tile(np.arange(12), 5)
    means = (first - second).reshape(5, 12).mean(axis=0)
    expected = stats.ttest_1samp(means, 0)
    found = paired_t_test(first, second, clusters=names)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-11)
    assert found.n == 12


def test_pairs_with_a_missing_side_are_left_out() -> None:
    first, second = [1.0, 2.0, math.nan, 4.0], [0.5, math.nan, 1.0, 1.0]
    found = paired_difference(first, second)
    assert (found.estimate, found.n) == (1.75, 2)
    assert "2 units with a missing value" in found.note


def test_few_units_that_differ_are_told() -> None:
    first = np.zeros(100)
    first[:3] = 1
    assert "only 3 units differ" in paired_difference(first, np.zeros(100)).note


@pytest.mark.parametrize("n", [0, 1, 10])
def test_equal_runs_are_not_judged(n: int) -> None:
    values = np.linspace(0, 1, n)
    assert math.isnan(paired_t_test(values, values).p_value)
    assert math.isnan(paired_difference(values, values).high)
    assert paired_difference(values, values).note


def test_samples_of_different_lengths_are_no_pairs() -> None:
    with pytest.raises(UsageError, match="align them by unit"):
        paired_difference([1, 2], [1, 2, 3])


def test_unknown_options_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `two-sided`"):
        paired_t_test([1, 2], [2, 1], alternative="two_sided")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(UsageError, match="confidence level"):
        paired_difference([1, 2], [2, 1], level=95)
