from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from evalhouse.errors import UsageError
from evalhouse.metrics.correlation import (
    METRICS,
    kendall_kernel,
    kendall_tau_b,
    pearson,
    pearson_kernel,
    spearman,
    spearman_kernel,
)
from evalhouse.metrics.table import confusion, table_of_counts
from evalhouse.metrics.value import Metric
from tests.metrics.answers import ALL_SIDES, EDGES, Side, both, quiet
from tests.metrics.test_agreement import stacked

EXACT = 1e-12
NAN = float("nan")
REFERENCES: dict[str, Callable[..., Any]] = {
    "pearson": stats.pearsonr,
    "spearman": stats.spearmanr,
    "kendall_tau_b": stats.kendalltau,
}
each_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)


def wanted(name: str, first: Any, second: Any) -> float:
    """What scipy says, NaN where it refuses."""
    if len(first) < 2:
        return NAN
    with quiet():
        return float(REFERENCES[name](first, second).statistic)


def numbers(side: Side) -> NDArray[np.float64]:
    return np.array([NAN if value is None or value < 0 else value for value in side], np.float64)


@each_metric
@pytest.mark.parametrize(("gold", "model"), ALL_SIDES)
def test_correlations_of_tables_and_arrays_are_those_of_scipy(
    gold: Side, model: Side, metric: Metric
) -> None:
    expected = wanted(metric.name, *both(gold, model))
    of_table = metric.function(confusion(gold, model))
    of_arrays = metric.function(numbers(gold), numbers(model))
    assert of_table.value == pytest.approx(expected, abs=EXACT, nan_ok=True)
    assert of_arrays.value == pytest.approx(expected, abs=EXACT, nan_ok=True)
    assert of_table.n == of_arrays.n == len(both(gold, model)[0])
    assert of_table.note == of_arrays.note


@each_metric
@pytest.mark.parametrize("seed", range(20))
def test_correlations_of_continuous_numbers_are_those_of_scipy(seed: int, metric: Metric) -> None:
    chance = np.random.default_rng(seed)
    n = int(chance.integers(2, 500))
    first = chance.normal(1e3, 1, n).round(seed % 4)
    second = first * chance.choice([-1, 1]) + chance.normal(size=n)
    found = metric.function(first, second)
    assert found.value == pytest.approx(wanted(metric.name, first, second), abs=EXACT)


@each_metric
def test_a_constant_side_has_no_correlation(metric: Metric) -> None:
    # 0.1 has no exact mean: rounding would leave it some variance.
    for sides in (([0.1, 0.1, 0.1], [1.0, 2.0, 3.0]), ([3.0, 1.0, 2.0], [0.1, 0.1, 0.1])):
        assert math.isnan(metric.function(*map(np.array, sides)).value)
        assert "one and the same number" in metric.function(confusion(*sides)).note


@each_metric
def test_numbers_of_any_size_correlate(metric: Metric) -> None:
    first = np.array([1.0, 2.0, 4.0])
    for size in (1e-200, 1e200):
        sides = first * size, -first[::-1] * size
        expected = metric.function(first, -first[::-1]).value
        for found in (metric.function(*sides), metric.function(confusion(*sides))):
            assert found.value == pytest.approx(expected, abs=EXACT)


@each_metric
@pytest.mark.parametrize("edge", EDGES)
def test_what_is_undefined_says_why(edge: str, metric: Metric) -> None:
    found = metric.function(confusion(*EDGES[edge]))
    assert math.isnan(found.value) == bool(found.note)


def test_infinity_and_none_are_no_numbers() -> None:
    gold = np.array([1, 2, float("inf"), 3, None], object)
    found = spearman(gold, [1, 2, 3, float("-inf"), 5])
    assert (found.value, found.n) == (1.0, 2)


def test_a_scale_orders_the_labels_of_a_table() -> None:
    table = confusion(["low", "mid", "high"], ["low", "high", "mid"])
    found = kendall_tau_b(table, scale=[9, 1, 2])
    assert found.value == pytest.approx(wanted("kendall_tau_b", [1, 2, 9], [1, 9, 2]), abs=EXACT)


def test_ties_are_set_off_as_scipy_documents_it() -> None:
    # scipy's documentation of kendalltau: tau-b of these ranks is -0.4714045207910316.
    found = kendall_tau_b([12, 2, 1, 12, 2], [1, 4, 7, 1, 0])
    assert found.value == pytest.approx(-0.4714045207910316, abs=EXACT)


def test_a_table_and_arrays_are_not_mixed_up() -> None:
    table = confusion([1, 2], [1, 2])
    with pytest.raises(UsageError, match="leave `model` out"):
        pearson(table, [1, 2])
    with pytest.raises(UsageError, match="`model` is none"):
        pearson([1, 2])
    with pytest.raises(UsageError, match="arrays have theirs"):
        pearson([1, 2], [1, 2], scale=[1, 2])
    with pytest.raises(UsageError, match="two arrays of one length"):
        pearson([1, 2], [1, 2, 3])


@pytest.mark.parametrize(
    ("kernel", "function"),
    [(pearson_kernel, pearson), (spearman_kernel, spearman), (kendall_kernel, kendall_tau_b)],
)
def test_a_kernel_of_many_tables_is_that_of_each(kernel: Any, function: Any) -> None:
    cells, scale = stacked(60, 4), [-1.0, 0.1, 2.0, 7.0]
    found = kernel(np.array(scale))(cells.reshape(3, 20, 4, 5)).ravel()
    each = [function(table_of_counts(one, scale)).value for one in cells]
    np.testing.assert_allclose(found, each, rtol=0, atol=EXACT)
