from __future__ import annotations

import math

import numpy as np
import pytest

from evalhouse.errors import UsageError
from evalhouse.stats.corrected import (
    Correction,
    corrected_linear,
    corrected_logistic,
    corrected_mean,
    designed_labels,
    designed_mean,
    plan_labels,
    planned_widths,
)
from tests.stats.corrected.drawn import drawn


def test_a_plan_for_the_labels_at_hand_gives_the_width_at_hand() -> None:
    pilot = corrected_mean(*drawn(1, 300, 3000).labels)
    width = pilot.interval.high - pilot.interval.low
    assert float(planned_widths(pilot, 300)) == pytest.approx(width, rel=0.1)


def test_a_plan_is_met_by_the_labels_it_asks_for() -> None:
    pilot = corrected_mean(*drawn(2, 100, 4000).labels)
    plan = plan_labels(pilot, 0.15)
    later = [
        corrected_mean(*drawn(seed, int(plan.labels), 4100 - int(plan.labels)).labels)
        for seed in range(20, 40)
    ]
    widths = [one.interval.high - one.interval.low for one in later]
    assert np.mean(widths) == pytest.approx(0.15, rel=0.15)
    assert plan.more == plan.labels - 100
    assert plan.human_alone > plan.labels


def test_widths_shrink_to_those_of_all_units() -> None:
    pilot = corrected_mean(*drawn(3).labels)
    widths = planned_widths(pilot, np.arange(2, 481))
    assert (np.diff(widths) <= 0).all()
    assert plan_labels(pilot, 1.0).narrowest == pytest.approx(widths[-1])
    assert np.isnan(planned_widths(pilot, [1, 481])).all()


def test_a_width_out_of_reach_is_told_of() -> None:
    plan = plan_labels(corrected_mean(*drawn(3).labels), 0.001)
    assert math.isnan(plan.labels)
    assert "not even human labels for all units" in plan.note


def test_a_width_that_is_there_needs_no_more() -> None:
    assert plan_labels(corrected_mean(*drawn(3).labels), 10.0).more == 0.0


def test_coefficients_are_planned_too() -> None:
    one = drawn(4, 200, 2000)
    pilot = corrected_linear(*one.labels, covariates=one.covariates)[1]
    width = pilot.interval.high - pilot.interval.low
    assert float(planned_widths(pilot, 200)) == pytest.approx(width, rel=0.1)


def test_a_design_is_planned_by_raising_all_probabilities() -> None:
    chance = np.random.default_rng(5)
    one = drawn(5, 4000, 0)
    probability = np.clip(0.04 + 0.02 * one.rows[:, 2], 0, 1)
    human = np.where(chance.random(4000) < probability, one.human, np.nan)
    pilot = designed_mean(designed_labels(human, one.model, probability))
    double = np.where(chance.random(4000) < 2 * probability, one.human, np.nan)
    later = designed_mean(designed_labels(double, one.model, 2 * probability))
    width = later.interval.high - later.interval.low
    assert float(planned_widths(pilot, later.n_human)) == pytest.approx(width, rel=0.15)
    assert math.isnan(float(planned_widths(pilot, 4000)))


def test_a_pilot_too_small_leaves_the_plan_open() -> None:
    pilot = corrected_mean([1.0], [1.0], [1.0, 2.0])
    plan = plan_labels(pilot, 0.1)
    assert math.isnan(plan.labels)
    assert "too small to plan from" in plan.note
    assert np.isnan(planned_widths(pilot, [10, 20])).all()


def test_a_width_is_above_zero() -> None:
    with pytest.raises(UsageError, match="above zero"):
        plan_labels(corrected_mean(*drawn(3).labels), 0.0)


def test_people_alone_may_have_no_plan() -> None:
    one = drawn(5, 12, 1000, is_binary=True)
    how = Correction(0.5)
    pilot = corrected_logistic(*one.labels, covariates=one.covariates, how=how)[1]
    assert math.isnan(pilot.human.estimate)
    plan = plan_labels(pilot, 2.0)
    assert math.isnan(plan.human_alone)
    assert plan.labels > 0
