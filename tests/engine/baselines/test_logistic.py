from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from evalhouse.engine.baselines.logistic import fit
from evalhouse.engine.baselines.sparse import SparseRows
from evalhouse.engine.baselines.terms import read_terms, weighted
from tests.engine.baselines.made import drawn_texts, full


def rows(seed: int, count: int) -> SparseRows:
    return weighted(read_terms(drawn_texts(seed, count, 15)), np.arange(count))


@pytest.mark.parametrize("classes", [2, 3, 6])
@pytest.mark.parametrize("strength", [0.01, 1.0, 1000.0])
def test_models_are_those_of_scikit_learn(classes: int, strength: float) -> None:
    texts = rows(classes, 120)
    chance = np.random.default_rng(classes)
    pull = texts.times(chance.standard_normal((texts.width, classes)) * 5)
    codes = (pull + chance.gumbel(size=pull.shape)).argmax(axis=1)
    codes[:classes] = np.arange(classes)
    ours = fit(texts, codes, strength)
    theirs = LogisticRegression(C=strength, tol=1e-10, max_iter=20_000).fit(full(texts), codes)
    np.testing.assert_allclose(ours.weights[:-1], theirs.coef_.T, atol=1e-4)
    np.testing.assert_allclose(ours.weights[-1], theirs.intercept_, atol=1e-4)
    expected = theirs.predict_proba(full(texts))
    np.testing.assert_allclose(ours.probabilities(texts), expected, atol=1e-5)


def test_classes_that_are_told_apart_surely_still_have_a_minimum() -> None:
    table = SparseRows(np.ones(40), np.repeat([0, 1], 20).astype(np.int32), np.arange(41), 2)
    codes = np.repeat([0, 1], 20)
    ours = fit(table, codes, 1e6)
    theirs = LogisticRegression(C=1e6, tol=1e-12, max_iter=20_000).fit(full(table), codes)
    np.testing.assert_allclose(ours.weights[:-1], theirs.coef_.T, atol=1e-3)
    assert ours.probabilities(table)[:, 1] == pytest.approx(codes, abs=1e-3)


def test_without_covariates_probabilities_are_shares() -> None:
    nothing = SparseRows(np.empty(0), np.empty(0, np.int32), np.zeros(11, np.int64), 0)
    shares = fit(nothing, np.array([0] * 5 + [1] * 3 + [2] * 2)).probabilities(nothing)
    np.testing.assert_allclose(shares, [[0.5, 0.3, 0.2]] * 10, atol=1e-12)


def test_a_step_that_leads_up_is_halved() -> None:
    # With one row of a class far out, a full step from the shares of the classes leaps too far.
    values = np.array([50.0, *[-1.0] * 60])
    table = SparseRows(values, np.zeros(61, np.int32), np.arange(62), 1)
    codes = np.array([1, *[0] * 60])
    ours = fit(table, codes, 1e4)
    theirs = LogisticRegression(C=1e4, tol=1e-12, solver="newton-cholesky").fit(full(table), codes)
    np.testing.assert_allclose(ours.weights[:-1], theirs.coef_.T, rtol=1e-4)
