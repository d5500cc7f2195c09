from __future__ import annotations

import numpy as np
import pytest

from evalhouse.stats.strengths import Model, fitted_strengths, refitted

PAIRS = np.array([[0, 1], [0, 2], [1, 2]])
COUNTS = np.array([[8.0, 4.0, 3.0], [9.0, 2.0, 4.0], [6.0, 5.0, 2.0]])
MODEL = Model(3, PAIRS, has_ties=True)


def likelihood(fitted: np.ndarray) -> float:
    return float((COUNTS * np.log(MODEL.chances(fitted))).sum())


def test_slope_and_curvature_are_those_of_the_likelihood() -> None:
    at, step = np.array([0.3, -0.1, -0.2, -0.5]), 1e-5
    chances = MODEL.chances(at)
    nudges = np.eye(4) * step
    slope = [(likelihood(at + one) - likelihood(at - one)) / (2 * step) for one in nudges]
    np.testing.assert_allclose(MODEL.gradient(COUNTS, chances, at), slope, atol=1e-6)
    bend = [
        (
            MODEL.gradient(COUNTS, MODEL.chances(at - one), at)
            - MODEL.gradient(COUNTS, MODEL.chances(at + one), at)
        )
        / (2 * step)
        for one in nudges
    ]
    np.testing.assert_allclose(MODEL.curvature(COUNTS, chances), bend, atol=1e-6)


def test_the_squares_of_scores_add_up_to_their_table() -> None:
    chances = MODEL.chances(np.array([0.3, -0.1, -0.2, -0.5]))
    rows = np.repeat(np.arange(9), COUNTS.ravel().astype(int))
    scores = MODEL.scores(chances, rows)
    np.testing.assert_allclose(scores.T @ scores, MODEL.meat(COUNTS, chances), atol=1e-10)
    np.testing.assert_allclose(
        scores.sum(axis=0), MODEL.gradient(COUNTS, chances, np.zeros(4)), atol=1e-10
    )


@pytest.mark.parametrize("has_ties", [True, False])
def test_many_tables_are_fitted_as_each_alone(has_ties: bool) -> None:  # noqa: FBT001 - a case
    model = Model(3, PAIRS, has_ties)
    tables = np.random.default_rng(0).poisson(COUNTS + 3, (20, 3, 3)).astype(float)
    single = np.array([fitted_strengths(model, table) for table in tables])
    np.testing.assert_allclose(fitted_strengths(model, tables), single, atol=1e-9)
    start = fitted_strengths(model, COUNTS)
    inverse = model.inverse(model.curvature(COUNTS, model.chances(start)))
    np.testing.assert_allclose(refitted(model, tables, start, inverse), single, atol=1e-7)


def test_a_table_without_a_maximum_is_nan_and_leaves_others_alone() -> None:
    model = Model(2, np.array([[0, 1]]), has_ties=False)
    tables = np.array([[[5.0, 0.0, 0.0]], [[3.0, 1.0, 0.0]]])
    found = fitted_strengths(model, tables)
    assert np.isnan(found[0]).all()
    np.testing.assert_allclose(found[1], np.array([0.5, -0.5]) * np.log(3))
