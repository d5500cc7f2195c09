from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from evalhouse.errors import UsageError
from evalhouse.stats.paired import paired_t_test
from evalhouse.stats.paired_bootstrap import (
    estimate_metric_difference,
    paired_bootstrap,
    paired_bootstrap_test,
)
from evalhouse.stats.results import checked_alternative

Floats = NDArray[np.float64]


def _share(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _vectors(n: int, seed: int, shift: float = 0.1) -> tuple[Floats, Floats]:
    first, second = np.random.default_rng(seed).uniform(
        [[shift], [0.0]], [[shift + 1], [1.0]], (2, n)
    )
    return np.column_stack([first, np.ones(n)]), np.column_stack([second, np.ones(n)])


def test_for_a_mean_it_is_close_to_the_t_test() -> None:
    one, other = _vectors(400, 0, 0.04)
    for alternative in ("two-sided", "greater", "less"):
        side = checked_alternative(alternative)
        expected = paired_t_test(one[:, 0], other[:, 0], alternative=side).p_value
        found = paired_bootstrap_test(one, other, _share, alternative=side)
        assert found.p_value == pytest.approx(expected, abs=0.01)


def test_the_p_value_is_where_the_interval_reaches_the_null() -> None:
    one, other = _vectors(150, 1, 0.06)
    p_value = paired_bootstrap_test(one, other, _share).p_value
    found = paired_bootstrap(one, other, _share, level=1 - p_value)
    assert found.low == pytest.approx(0, abs=1e-3)


def test_the_interval_is_close_to_scipys() -> None:
    one, other = _vectors(300, 2)
    shift = one[:, 0] - other[:, 0]
    expected = stats.bootstrap((shift,), np.mean, n_resamples=9999, method="BCa", rng=1)
    found = paired_bootstrap(one, other, _share)
    bounds = (expected.confidence_interval.low, expected.confidence_interval.high)
    assert (found.low, found.high) == pytest.approx(bounds, abs=0.004)


def test_equal_rows_are_counted_together_with_the_same_result() -> None:
    chance = np.random.default_rng(3)
    one, other = (np.column_stack([chance.random(500) < p, np.ones(500)]) for p in (0.7, 0.6))
    together = paired_bootstrap(one, other, _share)
    noise = np.column_stack([np.zeros(500), 1e-9 * np.arange(500)])
    apart = paired_bootstrap(one + noise, other + noise, _share)
    assert (together.low, together.high) == pytest.approx((apart.low, apart.high), abs=0.006)


def test_a_few_units_that_favour_one_run_are_no_proof() -> None:
    one, other = np.ones((200, 2)), np.ones((200, 2))
    other[:5, 0] = 0
    assert 0.05 < paired_bootstrap_test(one, other, _share).p_value < 0.3
    assert paired_bootstrap(one, other, _share).low < 0
    other[:20, 0] = 0
    assert paired_bootstrap_test(one, other, _share).p_value < 0.001


def test_the_swapped_unit_is_drawn_alike_by_count_and_by_number() -> None:
    chance = np.random.default_rng(10)
    one = np.column_stack([chance.random(400) < 0.9, np.ones(400)])
    other = one.copy()
    other[:12, 0] = 1 - other[:12, 0]
    noise = np.column_stack([np.zeros(400), 1e-9 * np.arange(400)])
    together = paired_bootstrap_test(one, other, _share).p_value
    apart = paired_bootstrap_test(one + noise, other + noise, _share).p_value
    assert together == pytest.approx(apart, rel=0.15)


def test_clusters_are_resampled_whole() -> None:
    one, other = _vectors(120, 4)
    names = np.repeat(np.arange(12), 10)
    assert paired_bootstrap(one, other, _share, clusters=names).n == 12
    assert paired_bootstrap_test(one, other, _share, clusters=names).n == 12


def test_runs_that_never_differ_are_not_judged() -> None:
    one, _ = _vectors(50, 5)
    test, interval = paired_bootstrap_test(one, one, _share), paired_bootstrap(one, one, _share)
    assert math.isnan(test.p_value)
    assert test.note
    assert interval.estimate == 0
    assert math.isnan(interval.low)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_units_are_not_resampled(n: int) -> None:
    one, other = _vectors(n, 6)
    assert math.isnan(paired_bootstrap_test(one, other, _share).p_value)
    assert math.isnan(paired_bootstrap(one, other, _share).low)


def test_a_metric_that_is_undefined_is_told() -> None:
    one = np.zeros((5, 2))
    assert "undefined" in paired_bootstrap_test(one, one, _share).note


def test_resamples_without_a_value_are_left_out_and_counted() -> None:
    one = np.array([[1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    other = np.array([[0.0, 1.0], [0.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
    found = paired_bootstrap_test(one, other, _share, count=200)
    assert "of 200 resamples" in found.note


def test_vectors_of_different_shapes_are_refused() -> None:
    with pytest.raises(UsageError, match="one vector a unit"):
        paired_bootstrap(np.ones((2, 2)), np.ones((2, 3)), _share)


def test_the_jackknife_of_a_mean_is_the_t_test() -> None:
    one, other = _vectors(60, 7)
    found = estimate_metric_difference(one, other, _share)
    expected = paired_t_test(one[:, 0], other[:, 0])
    assert found.test().p_value == pytest.approx(expected.p_value, rel=1e-9)


def test_the_jackknife_says_why_there_is_no_error() -> None:
    one, _ = _vectors(20, 8)
    assert estimate_metric_difference(one, one, _share).note
    assert math.isnan(estimate_metric_difference(one, one, _share).test().p_value)
    assert "two units" in estimate_metric_difference(one[:1], one[:1], _share).note


def test_few_clusters_are_told() -> None:
    one, other = _vectors(60, 9)
    found = paired_bootstrap_test(one, other, _share, clusters=np.arange(60) // 5, count=200)
    assert "differ in 12 clusters: the level holds from 30 on" in found.note
