from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from evalhouse.stats.corrected import logistic
from evalhouse.stats.corrected.logistic import balanced, expit, slope
from tests.stats.corrected.drawn import drawn


@pytest.mark.parametrize("seed", range(4))
def test_labels_as_target_are_logistic_regression(seed: int) -> None:
    one = drawn(seed, 300, is_binary=True)
    weights = np.random.default_rng(seed).random(300) + 0.5
    found = balanced(one.rows, weights, one.rows.T @ (weights * one.human))
    assert found is not None
    family = sm.families.Binomial()
    fit = sm.GLM(one.human, one.rows, family=family, freq_weights=weights).fit(tol=1e-14)
    np.testing.assert_allclose(found, fit.params, atol=1e-9)


def test_a_target_out_of_reach_has_no_solution() -> None:
    rows = np.ones((4, 1))
    assert balanced(rows, np.ones(4), np.array([4.0])) is None
    assert balanced(rows, np.ones(4), np.array([5.0])) is None
    assert balanced(rows, np.zeros(4), np.array([0.0])) is None


def test_too_few_steps_find_nothing() -> None:
    rows, target = np.ones((4, 1)), np.array([3.0])
    assert balanced(rows, np.ones(4), target, steps=1) is None
    found = balanced(rows, np.ones(4), target)
    assert found is not None
    np.testing.assert_allclose(found, np.log(3))


def test_a_step_that_leads_up_is_halved() -> None:
    rows, target = np.ones((4, 1)), np.array([2.0])
    there = logistic._descended(rows, np.ones(4), target, np.array([1.0]), np.array([16.0]))
    np.testing.assert_allclose(there, [-1.0])


def test_means_far_out_stay_within_zero_and_one() -> None:
    np.testing.assert_array_equal(expit(np.array([-1e4, 0.0, 1e4])), [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(slope(np.array([-1e4, 0.0])), [0.0, 0.25])


@pytest.mark.parametrize(("middle", "n"), [(2000.0, 5000), (50.0, 80_000), (1e5, 300)])
def test_columns_far_from_zero_and_many_rows_are_solved(middle: float, n: int) -> None:
    chance = np.random.default_rng(int(middle))
    column = chance.standard_normal(n)
    labels = (chance.random(n) < expit(0.5 + column)).astype(np.float64)
    far, near = (np.column_stack([np.ones(n), column + shift]) for shift in (middle, 0.0))
    weights = np.full(n, 1 / n)
    found, plain = (balanced(rows, weights, rows.T @ labels / n) for rows in (far, near))
    assert found is not None
    assert plain is not None
    assert found[1] == pytest.approx(plain[1], rel=1e-6)
