from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from evalhouse.errors import UsageError
from evalhouse.metrics.ranking import (
    auroc,
    auroc_kernel,
    average_precision,
    average_precision_kernel,
    placements,
    score_table,
)
from evalhouse.metrics.value import Value

BOTH = [auroc, average_precision]


def test_random_scores_have_the_areas_of_the_reference() -> None:
    rng = np.random.default_rng(1)
    for n in (2, 3, 10, 200):
        for scores in (rng.normal(size=n), rng.integers(0, 4, n), np.zeros(n)):
            y = rng.integers(0, 2, n)
            y[:2] = 0, 1
            assert auroc(y, scores).value == pytest.approx(roc_auc_score(y, scores), abs=1e-14)
            expected = average_precision_score(y, scores)
            assert average_precision(y, scores).value == pytest.approx(expected, abs=1e-13)


def test_scores_may_be_infinite() -> None:
    assert auroc([0, 1, 1], [-math.inf, 0.0, math.inf]).value == 1.0


def test_one_outcome_has_no_area() -> None:
    assert auroc([1, 1], [1, 2]).note == "there are no negative units"
    assert auroc([0, 0], [1, 2]).note == "there are no positive units"
    assert average_precision([0, 0], [1, 2]).note == "there are no positive units"
    assert average_precision([1, 1], [1, 2]).value == 1.0


@pytest.mark.parametrize("function", BOTH)
def test_nothing_to_rank_has_no_area(function: Callable[..., Value]) -> None:
    for scores, outcomes in (([], []), ([math.nan], [1]), ([1.0], [math.nan])):
        found = function(outcomes, scores)
        assert (found.is_defined, found.n, found.note) == (False, 0, "there are no units")


@pytest.mark.parametrize("function", BOTH)
def test_units_without_a_side_do_not_enter(function: Callable[..., Value]) -> None:
    found = function([0, 1, 1, math.nan], [0.1, 0.9, math.nan, 0.5])
    assert found == Value(1.0, 2, "1 of 3 units have no score")


@pytest.mark.parametrize(
    ("function", "kernel"), [(auroc, auroc_kernel), (average_precision, average_precision_kernel)]
)
def test_resampled_tables_have_the_area_of_their_units(
    function: Callable[..., Value], kernel: Callable[..., Any]
) -> None:
    rng = np.random.default_rng(2)
    scores, y = rng.integers(0, 6, 30), rng.integers(0, 2, 30)
    table = score_table(y, scores)
    cells = np.eye(table.counts.size)[table.place]
    draws = rng.integers(0, 30, (20, 30))
    expected = [function(y[draw], scores[draw]).value for draw in draws]
    np.testing.assert_allclose(kernel(cells[draws].sum(axis=1)), expected, atol=1e-14)
    assert np.isnan(kernel(np.zeros((2, 3, 8)))).all()


def test_placements_have_the_area_for_their_mean() -> None:
    rng = np.random.default_rng(3)
    scores, y = rng.integers(0, 6, 40).astype(float), rng.integers(0, 2, 40)
    scores[0] = math.nan
    positive, negative = placements(score_table(y, scores))
    area = auroc(y, scores).value
    assert (positive.size, negative.size) == (y[1:].sum(), 39 - y[1:].sum())
    np.testing.assert_allclose([positive.mean(), negative.mean()], area, atol=1e-14)
    first = [
        np.mean((s > scores[1:][y[1:] == 0]) + (s == scores[1:][y[1:] == 0]) / 2)
        for s in scores[1:][y[1:] == 1]
    ]
    np.testing.assert_allclose(positive, first, atol=1e-14)


def test_one_outcome_has_no_placements() -> None:
    positive, negative = placements(score_table([1, 1], [1, 2]))
    assert (positive.size, negative.size) == (0, 0)


@pytest.mark.parametrize(
    ("scores", "outcomes", "message"),
    [
        ([1, 2], [1], r"found \(2,\) and \(1,\)"),
        ([[1, 2]], [[1, 0]], r"found \(1, 2\)"),
        ([1, 2], [1, 2], "outcomes are 0 or 1; found 2"),
    ],
)
def test_what_cannot_be_ranked_is_refused(scores: Any, outcomes: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        auroc(outcomes, scores)
