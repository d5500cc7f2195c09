from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from evalhouse.errors import UsageError
from evalhouse.stats.means import mean, ratio, weighted_mean

CHANCE = np.random.default_rng(5)
VALUES = CHANCE.normal(3.0, 2.0, 60)
EVEN = np.repeat(np.arange(12), 5)
UNEVEN = np.repeat(np.arange(12), CHANCE.integers(1, 12, 12))[:60]
WEIGHTS = CHANCE.uniform(0.5, 4.0, 60)


def test_a_mean_equals_the_t_interval_of_scipy() -> None:
    found = mean(VALUES, level=0.9)
    expected = stats.ttest_1samp(VALUES, 0.0).confidence_interval(0.9)
    np.testing.assert_allclose([found.low, found.high], expected, rtol=1e-12)
    assert found.stderr == pytest.approx(stats.sem(VALUES), rel=1e-12)


def test_clusters_of_one_size_equal_the_corrected_errors_of_statsmodels() -> None:
    fitted = sm.OLS(VALUES, np.ones(60)).fit(
        cov_type="cluster", cov_kwds={"groups": EVEN, "df_correction": True}, use_t=True
    )
    found = mean(VALUES, EVEN)
    assert found.stderr == pytest.approx(fitted.bse[0], rel=1e-12)
    np.testing.assert_allclose([[found.low, found.high]], fitted.conf_int(), rtol=1e-12)
    assert found.n == 12


def bias_reduced(values: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """Bell and McCaffrey's standard error from matrices of units, and its degrees of freedom.

    The latter lie between those of units that are independent and those of units that are alike.
    """
    n = len(values)
    rest = np.eye(n) - 1 / n
    total, columns = 0.0, []
    for cluster in np.unique(clusters):
        rows = clusters == cluster
        roots, vectors = np.linalg.eigh(rest[np.ix_(rows, rows)])
        adjusted = np.ones(rows.sum()) @ (vectors / np.sqrt(roots)) @ vectors.T
        total += float(adjusted @ (values - values.mean())[rows]) ** 2
        columns.append(rest[:, rows] @ adjusted)
    alike = (clusters[:, None] == clusters).astype(float)
    spread = [np.array(columns) @ working @ np.array(columns).T for working in (np.eye(n), alike)]
    both = [np.trace(each) ** 2 / np.trace(each @ each) for each in spread]
    return math.sqrt(total) / n, math.sqrt(both[0] * both[1])


def test_unequal_clusters_have_errors_reduced_in_bias() -> None:
    stderr, df = bias_reduced(VALUES, UNEVEN)
    found = mean(VALUES, UNEVEN)
    assert found.stderr == pytest.approx(stderr, rel=1e-12)
    assert found.high - found.estimate == pytest.approx(stats.t.ppf(0.975, df) * stderr, rel=1e-10)


def test_a_ratio_is_the_mean_of_the_units_that_its_denominators_count() -> None:
    tops, bottoms = [3, 5, 9, 2, 0], [4, 8, 10, 2, 7]
    units = [
        float(place < top) for top, size in zip(tops, bottoms, strict=True) for place in range(size)
    ]
    whole, parts = mean(units, np.repeat(np.arange(5), bottoms)), ratio(tops, bottoms)
    np.testing.assert_allclose(
        [whole.estimate, whole.low, whole.high], [parts.estimate, parts.low, parts.high], rtol=1e-12
    )


def test_equal_weights_give_the_plain_mean() -> None:
    plain, weighted = mean(VALUES, UNEVEN), weighted_mean(VALUES, np.full(60, 2.5), UNEVEN)
    np.testing.assert_allclose(
        [plain.estimate, plain.low, plain.high, plain.stderr],
        [weighted.estimate, weighted.low, weighted.high, weighted.stderr],
        rtol=1e-12,
    )


def test_a_ratio_counts_units_without_a_denominator() -> None:
    found = ratio([3, 5, 0, 9], [4, 8, 0, 10])
    assert (found.estimate, found.n) == (17 / 22, 4)


def test_missing_values_are_left_out_and_counted() -> None:
    found = ratio([3, math.nan, 9, 2], [4, 8, 10, 2])
    assert (found.estimate, found.n, found.note) == (
        14 / 16,
        3,
        "1 units with a missing value left out",
    )


@pytest.mark.parametrize(
    ("numerators", "denominators", "note"),
    [
        ([], [], "needs two units with a denominator; found 0"),
        ([1.0], [2.0], "found 1"),
        ([0.0, 0.0], [0.0, 0.0], "found 0"),
        ([1.0, 0.0], [2.0, 0.0], "found 1"),
        ([1.0, 2.0], [2.0, 4.0], "all units are equal"),
        ([math.nan, math.nan], [1.0, 1.0], "2 units with a missing value left out"),
    ],
)
def test_what_has_no_spread_has_no_interval_and_a_note(
    numerators: list[float], denominators: list[float], note: str
) -> None:
    found = ratio(numerators, denominators)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert note in found.note


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UsageError, match="one length"):
        ratio([1.0, 2.0], [1.0])
    with pytest.raises(UsageError, match=r"zero or more; found -1\.0"):
        weighted_mean([1.0, 2.0], [1.0, -1.0])
    with pytest.raises(UsageError, match="one for each of 2 values"):
        weighted_mean([1.0, 2.0], [1.0])
    with pytest.raises(UsageError, match="give each unit one"):
        ratio([1.0, 2.0], [1.0, 1.0], ["a"])
