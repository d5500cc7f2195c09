from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm

from evalhouse.errors import UsageError
from evalhouse.stats.corrected import (
    Corrected,
    Correction,
    corrected_linear,
    corrected_logistic,
    corrected_mean,
)
from tests.stats.corrected.drawn import drawn, peer, quiet

WEIGHTS = [None, 1.0, 0.4, 0.0]


def bounds(found: tuple[Corrected, ...]) -> np.ndarray:
    return np.array([(one.interval.low, one.interval.high) for one in found]).T


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("seed", range(3))
def test_linear_equals_ppi_python(seed: int, weight: float | None) -> None:
    one = drawn(seed)
    how = Correction(weight, is_asymptotic=True)
    found = corrected_linear(*one.labels, covariates=one.covariates, how=how)
    arguments = (one.rows, one.human, one.model, one.others, one.rest)
    expected = quiet(peer().ppi_ols_ci, *arguments, alpha=0.05, lam=weight)
    np.testing.assert_allclose(bounds(found), expected, rtol=1e-9, atol=1e-12)
    point = quiet(peer().ppi_ols_pointestimate, *arguments, lam=found[0].weight)
    np.testing.assert_allclose([each.interval.estimate for each in found], point, rtol=1e-9)


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("seed", range(3))
def test_logistic_equals_ppi_python(seed: int, weight: float | None) -> None:
    one = drawn(seed, is_binary=True)
    how = Correction(weight, is_asymptotic=True)
    found = corrected_logistic(*one.labels, covariates=one.covariates, how=how)
    arguments = (one.rows, one.human, one.model, one.others, one.rest)
    expected = quiet(peer().ppi_logistic_ci, *arguments, alpha=0.05, lam=weight)
    np.testing.assert_allclose(bounds(found), expected, rtol=1e-5, atol=1e-6)
    point = quiet(peer().ppi_logistic_pointestimate, *arguments, lam=found[0].weight)
    np.testing.assert_allclose(
        [each.interval.estimate for each in found], point, rtol=1e-5, atol=1e-6
    )


def test_human_labels_alone_are_least_squares_with_hc3() -> None:
    one = drawn(7)
    found = corrected_linear(*one.labels, covariates=one.covariates)
    fit = sm.OLS(one.human, one.rows).fit(cov_type="HC3", use_t=True)
    low, high = fit.conf_int().T
    np.testing.assert_allclose([each.human.low for each in found], low, rtol=1e-9)
    np.testing.assert_allclose([each.human.high for each in found], high, rtol=1e-9)


def test_model_labels_alone_are_logistic_regression_of_them() -> None:
    one = drawn(8, is_binary=True)
    found = corrected_logistic(*one.labels, covariates=one.covariates)
    rows = np.concatenate([one.rows, one.others])
    fit = sm.Logit(np.concatenate([one.model, one.rest]), rows).fit(disp=0, tol=1e-12)
    np.testing.assert_allclose([each.model.estimate for each in found], fit.params, rtol=1e-8)


def test_an_intercept_alone_is_the_mean() -> None:
    one = drawn(9)
    ones = np.ones((80, 1)), np.ones((400, 1))
    how = Correction(1.0, is_asymptotic=True)
    linear = corrected_linear(*one.labels, covariates=ones, how=how)[0]
    plain = corrected_mean(*one.labels, how=how)
    assert linear.interval.estimate == pytest.approx(plain.interval.estimate, rel=1e-12)


def test_the_size_of_a_covariate_does_not_matter() -> None:
    one = drawn(10)
    scale = np.array([1.0, 1e-6, 1e6])
    rows, others = one.covariates
    plain = corrected_linear(*one.labels, covariates=(rows, others))
    scaled = corrected_linear(*one.labels, covariates=(rows * scale, others * scale))
    for first, second, size in zip(plain, scaled, scale, strict=True):
        assert first.interval.low == pytest.approx(second.interval.low * size, rel=1e-6)


def test_clusters_of_copies_count_once() -> None:
    one = drawn(11)
    twice = [np.repeat(values, 2, axis=0) for values in (*one.labels, *one.covariates)]
    names = np.repeat(np.arange(80), 2), np.repeat(np.arange(400) + 80, 2)
    both, half = (twice[3], twice[4]), Correction(0.5)
    labels = twice[0], twice[1], twice[2]
    whole = corrected_linear(*labels, covariates=both, how=half, clusters=names)
    loose = corrected_linear(*labels, covariates=both, how=half)
    single = corrected_linear(*one.labels, covariates=one.covariates, how=Correction(0.5))
    for found, wrong, right in zip(whole, loose, single, strict=True):
        assert found.interval.stderr == pytest.approx(right.interval.stderr, rel=0.05)
        assert wrong.interval.stderr < 0.8 * right.interval.stderr


def test_columns_that_follow_from_others_leave_nothing() -> None:
    one = drawn(12)
    doubled = tuple(np.column_stack([rows, rows[:, 1]]) for rows in one.covariates)
    for fit in (corrected_linear, corrected_logistic):
        labels = drawn(12, is_binary=True).labels
        found = fit(*labels, covariates=(doubled[0], doubled[1]))
        assert all(math.isnan(each.interval.estimate) for each in found)
        assert "do not determine" in found[0].interval.note


def test_a_single_class_leaves_nothing() -> None:
    one = drawn(13, is_binary=True)
    found = corrected_logistic(
        np.ones(80), one.model, one.rest, covariates=one.covariates, how=Correction(0.5)
    )
    assert math.isnan(found[0].interval.estimate)
    assert math.isnan(found[0].human.estimate)
    assert not math.isnan(found[0].model.estimate)


def test_separated_human_labels_leave_them_undefined_alone() -> None:
    one = drawn(14, is_binary=True)
    human = (one.rows[:, 1] > 0).astype(float)
    found = corrected_logistic(human, one.model, one.rest, covariates=one.covariates)
    assert math.isnan(found[1].human.estimate)
    assert "separate" in found[1].human.note


def test_too_few_human_labels_are_told_of() -> None:
    one = drawn(15, 3)
    found = corrected_linear(*one.labels, covariates=one.covariates)
    assert "need more human labels than 3" in found[0].interval.note
    empty = corrected_linear([], [], one.rest, covariates=(one.rows[:0], one.others))
    assert math.isnan(empty[0].interval.estimate)
    assert not math.isnan(empty[0].model.estimate)


def test_without_a_rest_the_human_labels_count_alone() -> None:
    one = drawn(16, is_binary=True)
    for fit in (corrected_linear, corrected_logistic):
        found = fit(one.human, one.model, [], covariates=(one.rows, one.others[:0]))
        assert found[1].interval.low == pytest.approx(found[1].human.low)
        assert found[1].weight == 0.0


def test_bad_covariates_are_refused() -> None:
    one = drawn(17)
    with pytest.raises(UsageError, match="two tables of 80 and 400 rows"):
        corrected_linear(*one.labels, covariates=(one.rows[:5], one.others))
    with pytest.raises(UsageError, match="same columns"):
        corrected_linear(*one.labels, covariates=(one.rows[:, :2], one.others))
    with pytest.raises(UsageError, match="covariates are numbers"):
        corrected_linear(*one.labels, covariates=(one.rows * np.nan, one.others))
    with pytest.raises(UsageError, match="between 0 and 1"):
        corrected_logistic(*one.labels, covariates=one.covariates)


def test_a_group_that_nobody_labelled_leaves_nothing() -> None:
    one = drawn(18, is_binary=True)
    rows = one.rows * [1.0, 1.0, 0.0]
    for fit in (corrected_linear, corrected_logistic):
        found = fit(*one.labels, covariates=(rows, one.others), how=Correction(0.5))
        assert math.isnan(found[0].interval.estimate)
        assert "do not determine" in found[0].interval.note


def test_a_rest_of_one_group_leaves_it_to_the_human_labels() -> None:
    one = drawn(19)
    others = one.others * [1.0, 1.0, 0.0]
    found = corrected_linear(*one.labels, covariates=(one.rows, others))
    assert found[2].weight == 0.0
    assert found[2].interval.low == pytest.approx(found[2].human.low)
    assert "add nothing here" in found[2].interval.note


def test_human_labels_that_are_all_equal_do_not_warn() -> None:
    ones = np.ones((4, 1)), np.ones((6, 1))
    found = corrected_linear([1, 1, 1, 1], [1, 0, 1, 1], [1, 0, 1, 1, 0, 0], covariates=ones)
    assert (found[0].interval.estimate, found[0].weight) == (1.0, 0.0)
