from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.clustered import clustered_mean, estimate_mean

Floats = NDArray[np.float64]


def _by_matrices(values: Floats, names: NDArray[np.int64]) -> tuple[float, float]:
    # CR2 and Satterthwaite's degrees of freedom as they are written, with roots of matrices.
    n = len(values)
    rest = np.eye(n) - np.ones((n, n)) / n
    parts = []
    for name in np.unique(names):
        rows = np.flatnonzero(names == name)
        roots, vectors = np.linalg.eigh(rest[np.ix_(rows, rows)])
        parts.append((vectors / np.sqrt(roots) @ vectors.T).sum(axis=0) @ rest[rows] / n)
    weights, alike = np.array(parts), (names[:, None] == names).astype(float)
    df = 1.0
    for covariance in (np.eye(n), alike):
        spread = weights @ covariance @ weights.T
        df *= float(np.trace(spread) ** 2 / np.trace(spread @ spread))
    return float(((weights @ values) ** 2).sum()), math.sqrt(df)


def test_variance_and_degrees_of_freedom_are_those_of_cr2_by_matrices() -> None:
    chance = np.random.default_rng(0)
    for _ in range(5):
        names = chance.integers(0, 6, 30)
        values = chance.standard_normal(30) + names
        found = estimate_mean(values, names)
        variance, df = _by_matrices(values, names)
        assert found.stderr**2 == pytest.approx(variance, rel=1e-11)
        assert found.df == pytest.approx(df, rel=1e-11)


def test_equal_clusters_give_the_corrected_errors_of_a_regression() -> None:
    chance = np.random.default_rng(1)
    names = np.repeat(np.arange(12), 5)
    values = chance.standard_normal(60) + chance.standard_normal(12)[names]
    fit = sm.OLS(values, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": names})
    # Its factor is G / (G - 1) * (n - 1) / (n - k), of which the second part is one here.
    found = estimate_mean(values, names)
    assert found.value == pytest.approx(fit.params[0], rel=1e-12)
    assert found.stderr == pytest.approx(fit.bse[0], rel=1e-12)
    assert found.df == 11


def test_without_clusters_it_is_the_usual_standard_error() -> None:
    values = np.random.default_rng(2).standard_normal(50)
    found = estimate_mean(values)
    assert found.stderr == pytest.approx(values.std(ddof=1) / math.sqrt(50), rel=1e-12)
    assert (found.df, found.n, found.note) == (49, 50, "")


def test_many_variables_are_done_at_once() -> None:
    chance = np.random.default_rng(3)
    sums, sizes = chance.standard_normal((4, 7)), chance.integers(1, 9, 7).astype(float)
    together = clustered_mean(sums, sizes)
    alone = [clustered_mean(row, sizes) for row in sums]
    assert together.stderr.tolist() == pytest.approx([float(one.stderr) for one in alone])


def test_missing_values_are_left_out_and_counted() -> None:
    found = estimate_mean([1.0, math.nan, 3.0, 5.0])
    assert (found.value, found.n) == (3.0, 3)
    assert found.note == "1 units with a missing value left out"


@pytest.mark.parametrize(
    ("values", "clusters", "why"),
    [
        ([], None, "two units; found 0"),
        ([math.nan], None, "two units; found 0"),
        ([1.0], None, "two units; found 1"),
        ([1.0, 2.0], ["a", "a"], "two clusters; found 1"),
        ([0.1, 0.1, 0.1], None, "no spread"),
        ([0.3, 0.1, 0.1, 0.3], ["a", "a", "b", "b"], "no spread"),
    ],
)
def test_without_a_spread_nothing_is_judged(
    values: list[float], clusters: list[str] | None, why: str
) -> None:
    found = estimate_mean(values, clusters)
    assert why in found.note
    assert math.isnan(found.interval().low)
    assert math.isnan(found.test().p_value)


def test_few_and_unequal_clusters_are_told() -> None:
    assert "only 3 clusters" in estimate_mean([1, 2, 3, 5], ["a", "b", "c", "c"]).note
    sizes = [1] * 20 + [50]
    names = np.repeat(np.arange(21), sizes)
    values = np.random.default_rng(0).standard_normal(len(names))
    assert "21 count as about" in estimate_mean(values, names).note


def test_clusters_fit_the_values() -> None:
    with pytest.raises(UsageError, match="give each unit one"):
        estimate_mean([1.0, 2.0], ["a"])
    with pytest.raises(UsageError, match="one dimension"):
        estimate_mean(np.eye(2))
