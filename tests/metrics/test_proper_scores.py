from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sklearn.metrics

from evalhouse.errors import UsageError
from evalhouse.metrics.item_scores import ItemScores
from evalhouse.metrics.labels import Absent, encode
from evalhouse.metrics.proper_scores import brier_score, log_loss

BOTH = [brier_score, log_loss]


def test_random_events_have_the_scores_of_the_reference() -> None:
    rng = np.random.default_rng(1)
    for n in (1, 2, 17, 400):
        p, y = rng.random(n), rng.integers(0, 2, n)
        expected = sklearn.metrics.brier_score_loss(y, p, labels=[0, 1])
        np.testing.assert_allclose(brier_score(y, p).value.value, expected, atol=1e-14)
        expected = sklearn.metrics.log_loss(y, p, labels=[0, 1])
        np.testing.assert_allclose(log_loss(y, p).value.value, expected, rtol=1e-13)


def test_random_classes_have_the_scores_of_the_reference() -> None:
    rng = np.random.default_rng(2)
    for k in (2, 3, 7):
        p, y = rng.dirichlet(np.ones(k), 200), rng.integers(0, k, 200)
        expected = sklearn.metrics.brier_score_loss(y, p, labels=range(k), scale_by_half=False)
        np.testing.assert_allclose(brier_score(y, p).value.value, expected, atol=1e-13)
        expected = sklearn.metrics.log_loss(y, p, labels=range(k))
        np.testing.assert_allclose(log_loss(y, p).value.value, expected, rtol=1e-12)


def test_two_classes_have_twice_the_brier_score_of_the_event() -> None:
    p, y = np.array([0.1, 0.8, 0.6]), np.array([0, 1, 0])
    both = brier_score(y, np.column_stack([1 - p, p])).value.value
    assert both == pytest.approx(2 * brier_score(y, p).value.value, abs=1e-15)


def test_an_impossible_outcome_costs_without_bound_unless_it_is_clipped() -> None:
    p, y = [1.0, 0.0, 0.5], [1, 1, 1]
    found = log_loss(y, p).value
    assert (found.value, found.note) == (math.inf, "1 outcomes had probability 0")
    eps = float(np.finfo(np.float64).eps)
    clipped = log_loss(y, p, clip=eps).value
    assert clipped.value == pytest.approx(sklearn.metrics.log_loss(y, p, labels=[0, 1]), rel=1e-14)
    assert clipped.note == ""


def test_certain_and_right_is_zero() -> None:
    for p, y in (([1.0, 0.0], [1, 0]), ([[0.0, 1.0]], [1])):
        assert [str(score(y, p).value.value) for score in BOTH] == ["0.0", "0.0"]


@pytest.mark.parametrize("function", BOTH)
def test_units_without_a_side_do_not_enter(function: Callable[..., ItemScores]) -> None:
    found = function([1, 0, math.nan], [0.5, math.nan, 0.9])
    assert (found.value.n, found.value.note) == (1, "1 of 2 units have no probability")
    assert np.isnan(found.scores).tolist() == [False, True, True]


def test_outcomes_may_be_labels_with_kinds_of_absence() -> None:
    labels = encode(["b", Absent.FAILED, "a"], ["a", "b"])
    found = brier_score(labels, [[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
    assert (found.value.value, found.value.n) == (0.0, 2)


@pytest.mark.parametrize("function", BOTH)
@pytest.mark.parametrize(
    ("p", "y"), [([], []), (np.empty((0, 3)), []), ([math.nan], [1]), ([0.5], [math.nan])]
)
def test_nothing_to_score_has_no_mean(function: Callable[..., ItemScores], p: Any, y: Any) -> None:
    found = function(y, p).value
    assert (found.is_defined, found.note) == (False, "no unit has a probability and an outcome")


@pytest.mark.parametrize(
    ("p", "y", "message"),
    [
        ([1.5], [1], "between 0 and 1; found 1.5"),
        ([-0.1], [1], "found -0.1"),
        ([[0.5, 0.2]], [1], "add up to 1; found 0.7"),
        ([0.5], [2], "whole numbers from 0 to 1; found 2"),
        ([0.5], [0.5], "found 0.5"),
        ([[0.5, 0.5]], [2], "whole numbers from 0 to 1; found 2"),
        ([0.5], [1, 0], r"found \(1,\) and \(2,\)"),
        ([[[0.5]]], [1], r"found \(1, 1, 1\)"),
    ],
)
def test_what_is_no_forecast_is_refused(p: Any, y: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        brier_score(y, p)


def test_a_clip_stays_below_a_half() -> None:
    with pytest.raises(UsageError, match=r"found 0\.5"):
        log_loss([1], [0.5], clip=0.5)
