from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from evalhouse.errors import UsageError
from evalhouse.stats.mcnemar import mcnemar_p_values
from evalhouse.stats.permutation import (
    paired_permutation_test,
    paired_randomisation_test,
    unpaired_permutation_test,
)
from evalhouse.stats.results import ALTERNATIVES, Alternative

Floats = NDArray[np.float64]


def _mean(first: Floats, axis: int = -1) -> Floats:
    return np.asarray(np.mean(first, axis=axis))


def _difference(first: Floats, second: Floats, axis: int = -1) -> Floats:
    return np.asarray(np.mean(first, axis=axis) - np.mean(second, axis=axis))


def _share(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("digits", [0, 1, 9])
def test_sign_flips_are_counted_out_as_scipys(digits: int, alternative: Alternative) -> None:
    chance = np.random.default_rng(0)
    for n in (2, 4, 9, 12):
        shift = np.round(chance.standard_normal(n) + 0.4, digits)
        expected = stats.permutation_test(
            (shift,), _mean, permutation_type="samples", alternative=alternative, n_resamples=5000
        )
        found = paired_permutation_test(shift, np.zeros(n), alternative=alternative)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-12)
        assert found.seed is None


def test_right_and_wrong_answers_give_mcnemars_exact_test() -> None:
    first, second = np.repeat([1, 0, 1], [40, 25, 500]), np.repeat([0, 1, 1], [40, 25, 500])
    found = paired_permutation_test(first, second)
    assert found.p_value == pytest.approx(float(mcnemar_p_values(40, 25)), rel=1e-12)
    assert "exact" in found.method


def test_whole_clusters_are_flipped() -> None:
    chance = np.random.default_rng(1)
    shift, names = chance.standard_normal(40), np.repeat(np.arange(8), 5)
    sums = shift.reshape(8, 5).sum(axis=1)
    found = paired_permutation_test(shift, np.zeros(40), clusters=names)
    assert found.p_value == paired_permutation_test(sums, np.zeros(8)).p_value
    assert found.n == 8


def test_random_flips_agree_with_the_t_test_and_keep_their_seed() -> None:
    first, second = np.random.default_rng(2).normal([[0.15], [0.0]], 1.0, (2, 300))
    found = paired_permutation_test(first, second, seed=7)
    assert found.p_value == pytest.approx(stats.ttest_rel(first, second).pvalue, abs=0.01)
    assert found.seed == 7
    assert found == paired_permutation_test(first, second, seed=7)
    assert found != paired_permutation_test(first, second, seed=8)


def test_random_flips_count_what_was_seen_once() -> None:
    found = paired_permutation_test(np.linspace(1, 2, 50) ** 0.5, np.zeros(50), replicates=99)
    assert found.p_value == pytest.approx(2 / 100)


def test_equal_runs_have_a_p_value_of_one_and_no_runs_have_none() -> None:
    same = paired_permutation_test([1, 2], [1, 2])
    assert (same.p_value, same.note) == (1.0, "no unit differs")
    assert math.isnan(paired_permutation_test([], []).p_value)


def test_swaps_for_a_mean_are_sign_flips() -> None:
    first, second = np.random.default_rng(3).random((2, 10))
    one, other = (np.column_stack([side, np.ones(10)]) for side in (first, second))
    found = paired_randomisation_test(one, other, _share)
    assert found.p_value == pytest.approx(paired_permutation_test(first, second).p_value)


def test_many_swaps_are_drawn() -> None:
    first, second = np.random.default_rng(4).normal([[0.06], [0.0]], 0.3, (2, 200))
    one, other = (np.column_stack([side, np.ones(200)]) for side in (first, second))
    found = paired_randomisation_test(one, other, _share, seed=3)
    assert found.p_value == pytest.approx(stats.ttest_rel(first, second).pvalue, abs=0.02)
    assert found.seed == 3


def test_clusters_are_swapped_whole() -> None:
    first, second = np.random.default_rng(5).random((2, 24, 2))
    names = np.repeat(np.arange(6), 4)
    one, other = (side.reshape(6, 4, 2).sum(axis=1) for side in (first, second))
    found = paired_randomisation_test(first, second, _share, clusters=names)
    assert found.p_value == paired_randomisation_test(one, other, _share).p_value


def test_a_metric_that_is_undefined_is_not_tested() -> None:
    found = paired_randomisation_test([[1.0, 0.0]], [[1.0, 1.0]], lambda s: s[..., 0] * math.nan)
    assert math.isnan(found.p_value)
    assert "undefined" in found.note


def test_vectors_of_both_runs_have_one_shape() -> None:
    with pytest.raises(UsageError, match="one vector a unit"):
        paired_randomisation_test(np.ones((3, 2)), np.ones((4, 2)), _share)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("digits", [0, 9])
def test_deals_are_counted_out_as_scipys(digits: int, alternative: Alternative) -> None:
    chance = np.random.default_rng(6)
    for n, m in ((2, 3), (4, 5), (7, 4)):
        first = np.round(chance.standard_normal(n) + 1, digits)
        second = np.round(chance.standard_normal(m), digits)
        expected = stats.permutation_test(
            (first, second), _difference, alternative=alternative, n_resamples=5000
        )
        found = unpaired_permutation_test(first, second, alternative=alternative)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-12)


def test_random_deals_agree_with_the_t_test() -> None:
    first, second = np.random.default_rng(7).normal([[0.25], [0.0]], 1.0, (2, 100))
    found = unpaired_permutation_test(first, second, seed=1)
    assert found.p_value == pytest.approx(stats.ttest_ind(first, second).pvalue, abs=0.02)
    assert found.seed == 1


def test_whole_clusters_are_dealt() -> None:
    first, second = np.random.default_rng(8).standard_normal((2, 20))
    names = np.repeat(np.arange(5), 4)
    means = [side.reshape(5, 4).mean(axis=1) for side in (first, second)]
    found = unpaired_permutation_test(first, second, clusters=(names, names + 5))
    assert found.p_value == pytest.approx(unpaired_permutation_test(*means).p_value)
    assert found.n == 10


def test_an_empty_side_has_no_test() -> None:
    found = unpaired_permutation_test([], [1.0])
    assert math.isnan(found.p_value)
    assert found.note == "one of the samples is empty"


def test_equal_units_make_every_deal_alike() -> None:
    assert unpaired_permutation_test([1, 1], [1, 1, 1]).p_value == 1


def test_a_test_by_chance_needs_a_replicate() -> None:
    with pytest.raises(UsageError, match="one replicate"):
        paired_permutation_test([1], [0], replicates=0)
