from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.clustered import estimate_mean
from evalhouse.stats.results import ALTERNATIVES, Alternative
from evalhouse.stats.signed_rank import RANK_METHODS
from evalhouse.stats.unpaired import (
    fisher_exact_test,
    mann_whitney_test,
    unpaired_difference,
    welch_t_test,
)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_the_welch_test_is_scipys(alternative: Alternative) -> None:
    chance = np.random.default_rng(0)
    for n, m in ((2, 2), (5, 30), (200, 100)):
        first, second = chance.standard_normal(n) + 0.3, 3 * chance.standard_normal(m)
        expected = stats.ttest_ind(first, second, equal_var=False, alternative=alternative)
        found = welch_t_test(first, second, alternative=alternative)
        assert found.statistic == pytest.approx(expected.statistic, rel=1e-11)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-11)


def test_the_interval_is_scipys() -> None:
    chance = np.random.default_rng(1)
    first, second = chance.standard_normal(20), 2 * chance.standard_normal(35)
    expected = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.9)
    found = unpaired_difference(first, second, level=0.9)
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-11)
    assert found.n == 55


def test_clusters_of_equal_size_are_a_welch_test_of_their_means() -> None:
    first, second = np.random.default_rng(2).standard_normal((2, 40))
    names = np.repeat(np.arange(8), 5)
    means = [side.reshape(8, 5).mean(axis=1) for side in (first, second)]
    expected = stats.ttest_ind(*means, equal_var=False).pvalue
    found = welch_t_test(first, second, clusters=(names, names + 8))
    assert found.p_value == pytest.approx(expected, rel=1e-11)


def test_clusters_of_unequal_size_add_their_variances() -> None:
    chance = np.random.default_rng(3)
    first, second = chance.standard_normal((2, 40))
    one, other = chance.integers(0, 6, 40), chance.integers(6, 12, 40)
    parts = [estimate_mean(first, one).stderr, estimate_mean(second, other).stderr]
    found = unpaired_difference(first, second, clusters=(one, other))
    assert found.stderr == pytest.approx(math.hypot(*parts), rel=1e-12)


def test_clusters_on_both_sides_are_refused() -> None:
    with pytest.raises(UsageError, match="`b` among them"):
        unpaired_difference([1, 2], [3, 4], clusters=(["a", "b"], ["b", "c"]))


@pytest.mark.parametrize(("first", "second"), [([], [1, 2]), ([1], [2, 3]), ([1, 1], [2, 2])])
def test_without_a_spread_nothing_is_judged(first: list[float], second: list[float]) -> None:
    found = welch_t_test(first, second)
    assert math.isnan(found.p_value)
    assert found.note


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_fishers_test_is_scipys_on_random_tables(alternative: Alternative) -> None:
    chance = np.random.default_rng(4)
    for _ in range(40):
        n, m = map(int, chance.integers(1, 60, 2))
        a, b = int(chance.integers(0, n + 1)), int(chance.integers(0, m + 1))
        expected = stats.fisher_exact([[a, n - a], [b, m - b]], alternative=alternative)
        found = fisher_exact_test((a, b), (n, m), alternative=alternative)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-11)
        if not math.isnan(expected.statistic):
            assert found.statistic == pytest.approx(expected.statistic)


def test_fishers_test_keeps_its_digits_in_large_tables() -> None:
    expected = stats.fisher_exact([[5_200, 4_800], [5_000, 5_000]]).pvalue
    found = fisher_exact_test((5_200, 5_000), (10_000, 10_000))
    assert found.p_value == pytest.approx(expected, rel=1e-9)


def test_fishers_test_of_an_empty_sample_is_undefined() -> None:
    assert math.isnan(fisher_exact_test((0, 1), (0, 2)).p_value)
    assert fisher_exact_test((0, 0), (3, 4)).p_value == 1


def test_successes_fit_the_units() -> None:
    with pytest.raises(UsageError, match="5 of 4"):
        fisher_exact_test((5, 0), (4, 4))


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_without_ties_mann_whitney_is_scipys_exact_test(alternative: Alternative) -> None:
    chance = np.random.default_rng(5)
    for n, m in ((1, 1), (3, 7), (9, 4), (25, 20)):
        first, second = chance.standard_normal(n), chance.standard_normal(m) + 0.4
        expected = stats.mannwhitneyu(first, second, alternative=alternative, method="exact")
        found = mann_whitney_test(first, second, alternative=alternative)
        assert found.statistic == expected.statistic
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-11)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_with_ties_every_choice_of_ranks_counts(alternative: Alternative) -> None:
    chance = np.random.default_rng(6)
    every = stats.PermutationMethod(n_resamples=10_000)
    for n, m in ((4, 5), (6, 3)):
        first, second = (chance.integers(0, 4, size).astype(float) for size in (n, m))
        expected = stats.mannwhitneyu(first, second, alternative=alternative, method=every)
        found = mann_whitney_test(first, second, alternative=alternative)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-12)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_the_normal_approximation_is_scipys_with_ties(alternative: Alternative) -> None:
    chance = np.random.default_rng(7)
    first, second = chance.integers(0, 6, 80), chance.integers(0, 7, 120)
    expected = stats.mannwhitneyu(first, second, alternative=alternative, method="asymptotic")
    found = mann_whitney_test(first, second, alternative=alternative, method="normal")
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-11)
    assert found.estimate == pytest.approx(expected.statistic / 9600)


def test_equal_units_are_not_told_apart_by_rank() -> None:
    for method in RANK_METHODS:
        assert mann_whitney_test([1, 1], [1, 1, 1], method=method).p_value == 1


def test_ranks_need_two_samples() -> None:
    assert math.isnan(mann_whitney_test([], [1]).p_value)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `exact`"):
        mann_whitney_test([1], [2], method="exac")  # type: ignore[arg-type]  # on purpose
