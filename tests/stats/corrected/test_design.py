from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy import optimize

from evalhouse.errors import UsageError
from evalhouse.stats.corrected import (
    Correction,
    DesignedLabels,
    corrected_mean,
    cross_fitted,
    designed_labels,
    designed_linear,
    designed_logistic,
    designed_mean,
    designed_proportion,
)
from tests.stats.corrected.drawn import Drawn, drawn

Floats = NDArray[np.float64]


def designed(seed: int, *, is_binary: bool = False) -> tuple[DesignedLabels, Floats]:
    one = drawn(seed, 500, 0, is_binary=is_binary)
    chance = np.random.default_rng(seed)
    probability = np.clip(0.2 + 0.1 * one.rows[:, 1], 0.05, 0.9)
    human = np.where(chance.random(500) < probability, one.human, np.nan)
    return designed_labels(human, one.model, probability), one.rows


def adjusted_scores(labels: DesignedLabels, rows: Floats, mean: Floats) -> Floats:
    """Scores whose design-weighted errors are divided by 1 - their leverage, by statsmodels."""
    seen, stands = labels.has_human, 1 / labels.probability
    root = np.sqrt(stands[seen])
    weighted = sm.OLS(labels.human[seen] * root, rows[seen] * root[:, None]).fit()
    errors = labels.errors.copy()
    errors[seen] /= 1 - weighted.get_influence().hat_matrix_diag
    return rows * (labels.model - mean + errors)[:, None]


@pytest.mark.parametrize("seed", range(4))
def test_linear_is_least_squares_of_design_adjusted_outcomes(seed: int) -> None:
    labels, rows = designed(seed)
    found = designed_linear(labels, covariates=rows)
    fit = sm.OLS(labels.outcomes, rows).fit()
    np.testing.assert_allclose([one.interval.estimate for one in found], fit.params, rtol=1e-9)
    scores = adjusted_scores(labels, rows, rows @ fit.params)
    bread = np.linalg.inv(rows.T @ rows)
    sandwich = bread @ (scores.T @ scores) @ bread * 500 / 497
    expected = np.sqrt(np.diag(sandwich))
    np.testing.assert_allclose([one.interval.stderr for one in found], expected, rtol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_logistic_solves_the_adjusted_moments_with_their_sandwich(seed: int) -> None:
    labels, rows = designed(seed, is_binary=True)
    found = designed_logistic(labels, covariates=rows)
    moment = lambda b: rows.T @ (labels.outcomes - 1 / (1 + np.exp(-rows @ b))) / 500  # noqa: E731
    expected = optimize.root(moment, np.zeros(3), tol=1e-13).x
    mean = 1 / (1 + np.exp(-rows @ expected))
    bread = np.linalg.inv((rows * (mean * (1 - mean))[:, None]).T @ rows)
    scores = adjusted_scores(labels, rows, mean)
    sandwich = bread @ (scores.T @ scores) @ bread * 500 / 497
    np.testing.assert_allclose([one.interval.estimate for one in found], expected, atol=1e-9)
    np.testing.assert_allclose(
        [one.interval.stderr for one in found], np.sqrt(np.diag(sandwich)), rtol=1e-7
    )


def test_human_labels_alone_are_weighted_by_the_design() -> None:
    labels, rows = designed(5)
    found = designed_linear(labels, covariates=rows)
    seen = labels.has_human
    fit = sm.WLS(labels.human[seen], rows[seen], weights=1 / labels.probability[seen]).fit()
    np.testing.assert_allclose([one.human.estimate for one in found], fit.params, rtol=1e-9)


def test_equal_shares_of_one_stratum_are_prediction_powered_inference() -> None:
    one = drawn(6)
    human = np.concatenate([one.human, np.full(400, np.nan)])
    found = designed_mean(designed_labels(human, np.concatenate([one.model, one.rest])))
    # With all model labels in the mean, the weight of the rest is its share of the units.
    other = corrected_mean(*one.labels, how=Correction(400 / 480))
    assert found.interval.estimate == pytest.approx(other.interval.estimate, rel=1e-12)
    assert found.interval.stderr == pytest.approx(other.interval.stderr, rel=0.02)


def test_strata_take_out_what_the_draw_cannot_vary() -> None:
    one: Drawn = drawn(7, 400, 0)
    strata = (one.rows[:, 2] > 0).astype(int)
    shifted = one.human + 5 * strata
    human = np.where(np.arange(400) % 4 == 0, shifted, np.nan)
    by_strata = designed_mean(designed_labels(human, one.model, strata=strata))
    probability = designed_labels(human, one.model, strata=strata).probability
    without = designed_mean(designed_labels(human, one.model, probability))
    assert by_strata.interval.estimate == pytest.approx(without.interval.estimate)
    assert by_strata.interval.stderr < 0.8 * without.interval.stderr


def test_clusters_equal_the_cluster_sandwich() -> None:
    labels, rows = designed(8)
    clusters = np.random.default_rng(1).integers(0, 40, 500)
    found = designed_linear(
        designed_labels(labels.human, labels.model, labels.probability, clusters=clusters),
        covariates=rows,
    )
    fit = sm.OLS(labels.outcomes, rows).fit()
    scores = adjusted_scores(labels, rows, rows @ fit.params)
    sums = np.array([np.bincount(clusters, column) for column in scores.T])
    bread = np.linalg.inv(rows.T @ rows)
    expected = np.sqrt(np.diag(bread @ (sums @ sums.T) @ bread) * 40 / 37)
    np.testing.assert_allclose([one.interval.stderr for one in found], expected, rtol=1e-9)


def test_cross_fitting_shortens_the_interval_of_a_biased_model() -> None:
    labels, rows = designed(9)
    wrong = designed_labels(labels.human, 3 - 2 * labels.model, labels.probability)
    fitted = cross_fitted(wrong, rows[:, 1:], seed=3)
    plain, better = designed_mean(wrong), designed_mean(fitted)
    assert better.interval.stderr < 0.7 * plain.interval.stderr
    assert better.interval.seed == 3
    assert cross_fitted(wrong, rows[:, 1:], seed=3).model.tolist() == fitted.model.tolist()


def test_no_human_label_enters_its_own_prediction() -> None:
    labels, _ = designed(10)
    place = int(np.flatnonzero(labels.has_human)[0])
    changed = labels.human.copy()
    changed[place] += 100
    other = designed_labels(changed, labels.model, labels.probability)
    assert cross_fitted(labels).model[place] == cross_fitted(other).model[place]


def test_cross_fitting_keeps_clusters_together() -> None:
    labels, _ = designed(11)
    clustered = designed_labels(
        labels.human, np.zeros(500), labels.probability, clusters=np.arange(500) // 10
    )
    predicted = cross_fitted(clustered).model.reshape(50, 10)
    assert (np.ptp(predicted, axis=1) < 1e-9).all()


def test_a_proportion_ends_at_zero_and_one() -> None:
    human = np.full(400, np.nan)
    human[:60] = 0.0
    found = designed_proportion(designed_labels(human, np.r_[1.0, np.zeros(399)]))
    assert found.interval.low == 0.0
    assert "only 1 human labels differ" in found.interval.note


def test_without_human_labels_nothing_corrects() -> None:
    found = designed_mean(designed_labels([math.nan] * 3, [1.0, 2.0, 3.0]))
    assert math.isnan(found.interval.estimate)
    assert "no human labels" in found.interval.note
    assert found.model.estimate == 2.0


def test_a_single_class_leaves_nothing() -> None:
    labels = designed_labels([1.0, 1.0, 1.0, math.nan], [1.0, 0.0, 1.0, 0.0])
    found = designed_logistic(labels, covariates=np.ones((4, 1)))
    assert math.isnan(found[0].interval.estimate)
    assert "all labels are equal" in found[0].interval.note


def test_too_few_human_labels_are_told_of() -> None:
    labels, rows = designed(12)
    human = np.where(np.cumsum(labels.has_human) <= 2, labels.human, np.nan)
    found = designed_linear(designed_labels(human, labels.model), covariates=rows)
    assert "need more human labels than 2" in found[0].interval.note


def test_bad_designs_are_refused() -> None:
    with pytest.raises(UsageError, match="one number a unit"):
        designed_labels([1.0], [1.0, 2.0])
    with pytest.raises(UsageError, match="every unit needs a model label"):
        designed_labels([1.0], [math.nan])
    with pytest.raises(UsageError, match="could never be drawn"):
        designed_labels([1.0, math.nan], [1.0, 2.0], [1.0, 0.0])
    with pytest.raises(UsageError, match="strata have no human label"):
        designed_labels([1.0, math.nan], [1.0, 2.0], strata=["a", "b"])
    with pytest.raises(UsageError, match="give each unit one"):
        designed_labels([1.0, math.nan], [1.0, 2.0], clusters=["a"])
    labels = designed_labels([1.0, 4.0], [1.0, 2.0])
    with pytest.raises(UsageError, match="a table of numbers with 2 rows"):
        designed_linear(labels, covariates=np.ones((3, 1)))
    with pytest.raises(UsageError, match="use `designed_mean`"):
        designed_proportion(labels)
    with pytest.raises(UsageError, match="two folds or more"):
        cross_fitted(labels, folds=1)


def test_columns_that_follow_from_others_leave_nothing() -> None:
    labels, rows = designed(13, is_binary=True)
    doubled = np.column_stack([rows, rows[:, 1]])
    for fit in (designed_linear, designed_logistic):
        found = fit(labels, covariates=doubled)
        assert math.isnan(found[0].interval.estimate)
        assert "do not determine" in found[0].interval.note


def test_separated_labels_leave_nothing() -> None:
    side = np.tile([-1.0, 1.0], 100)
    labels = designed_labels((side > 0).astype(float), (side > 0).astype(float))
    found = designed_logistic(labels, covariates=np.column_stack([np.ones(200), side]))
    assert math.isnan(found[1].interval.estimate)


def test_a_proportion_with_many_errors_needs_no_warning() -> None:
    labels, _ = designed(14, is_binary=True)
    wrong = designed_labels(labels.human, 1 - labels.model, labels.probability)
    assert "may be too short" not in designed_proportion(wrong).interval.note


def test_too_few_human_labels_leave_the_model_as_it_is() -> None:
    labels = designed_labels([1.0, math.nan, math.nan], [0.5, 0.25, 1.0])
    assert cross_fitted(labels).model.tolist() == labels.model.tolist()
