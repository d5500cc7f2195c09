from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, mean_absolute_error, root_mean_squared_error

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics import ordinal
from evalhouse.metrics.agreement import cohen_kappa
from evalhouse.metrics.choices import accuracy
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.number_pairs import number_pairs
from evalhouse.metrics.ordinal import (
    METRICS,
    PAIR_METRICS,
    WEIGHTS,
    Weights,
    adjacent_agreement,
    mean_error,
    ordinal_kernels,
    ordinal_metrics,
    weighted_kappa,
    weighted_kappa_kernel,
)
from evalhouse.metrics.table import confusion, table_of_counts
from evalhouse.metrics.value import Metric
from tests.metrics.answers import ALL_SIDES, EDGES, Side, both, is_label, quiet, with_gold
from tests.metrics.test_agreement import COHEN, stacked
from tests.metrics.test_correlation import numbers

EXACT = 1e-12
NAN = float("nan")
PAIRED = [sides for sides in ALL_SIDES if both(*sides)[0]]
LIKERT = confusion([1, 2, 3, 9, 10, 10], [1, 2, 3, 10, 10, 9])


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize(("gold", "model"), PAIRED)
def test_weighted_kappa_is_that_of_scikit_learn_on_the_declared_scale(
    gold: Side, model: Side, weights: Weights
) -> None:
    scale = range(9)
    with quiet():
        wanted = cohen_kappa_score(*both(gold, model), labels=list(scale), weights=weights)
    found = weighted_kappa(confusion(gold, model, scale), weights=weights)
    assert found.value == pytest.approx(wanted, abs=EXACT, nan_ok=True)


def test_weighted_kappa_of_cohens_own_table_is_the_published_one() -> None:
    # J. Cohen (1968), doi:10.1037/h0026256: q_o = 0.90, q_c = 1.38, weighted kappa 0.348.
    found = weighted_kappa(COHEN, weights=[[0, 1, 3], [1, 0, 6], [3, 6, 0]])
    assert found.value == pytest.approx(1 - 0.90 / 1.38, abs=EXACT)


def test_weights_of_0_and_1_make_cohens_kappa() -> None:
    found = weighted_kappa(COHEN, weights=1 - np.eye(3))
    assert found.value == pytest.approx(cohen_kappa(COHEN).value, abs=EXACT)


def test_gaps_of_the_scale_count_as_wide_as_they_are() -> None:
    labels = LIKERT.names
    by_steps = weighted_kappa(LIKERT, scale=range(len(labels)))
    assert by_steps.value == pytest.approx(0.925, abs=EXACT)
    distance = np.subtract.outer(labels, labels) ** 2.0
    square = LIKERT.square
    chance = np.outer(square.sum(axis=1), square.sum(axis=0)) / square.sum()
    wanted = 1 - (square * distance).sum() / (chance * distance).sum()
    assert weighted_kappa(LIKERT).value == pytest.approx(wanted, abs=EXACT)
    assert by_steps.value < weighted_kappa(LIKERT).value


@pytest.mark.parametrize(("gold", "model"), PAIRED)
def test_errors_of_tables_and_arrays_are_those_of_scikit_learn(gold: Side, model: Side) -> None:
    pairs = both(gold, model)
    wanted = {
        "mean_absolute_error": mean_absolute_error(*pairs),
        "root_mean_square_error": root_mean_squared_error(*pairs),
        "mean_error": np.mean(pairs[1]) - np.mean(pairs[0]),
    }
    for name, expected in wanted.items():
        function = getattr(ordinal, name)
        assert function(confusion(gold, model)).value == pytest.approx(expected, abs=EXACT)
        of_arrays = function(numbers(gold), numbers(model))
        assert of_arrays.value == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("within", [0, 1, 2.5])
@pytest.mark.parametrize(("gold", "model"), PAIRED)
def test_adjacent_agreement_counts_what_has_no_answer_as_wrong(
    gold: Side, model: Side, within: float
) -> None:
    first, second = map(np.array, with_gold(gold, model))
    wanted = float((np.abs(first - second) <= within).mean())
    of_table = adjacent_agreement(confusion(gold, model), within=within)
    assert of_table.value == pytest.approx(wanted, abs=EXACT)
    assert adjacent_agreement(numbers(gold), numbers(model), within=within) == of_table


def test_adjacent_agreement_within_nothing_is_the_accuracy() -> None:
    table = confusion([1, 2, 3], [1, 3, None])
    assert adjacent_agreement(table, within=0) == accuracy(table)
    assert adjacent_agreement(table, absent="exclude").value == 1.0


def test_a_step_of_decimals_is_a_step() -> None:
    assert adjacent_agreement([0.3, 0.3], [0.2, 0.4], within=0.1).value == 1.0
    assert adjacent_agreement(confusion([0.3], [0.2]), within=0.1).value == 1.0


def test_bias_has_a_sign() -> None:
    assert mean_error(confusion([5, 5], [4, 3])).value == -1.5


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
@pytest.mark.parametrize("edge", EDGES)
def test_metrics_of_odd_tables_are_bounded_or_undefined_with_a_note(
    edge: str, metric: Metric
) -> None:
    found = metric.function(confusion(*EDGES[edge]))
    assert math.isnan(found.value) == bool(found.note)
    assert math.isnan(found.value) or metric.low <= found.value <= metric.high


@pytest.mark.parametrize(("gold", "model"), ALL_SIDES[::3])
def test_the_sweep_gives_what_each_metric_gives(gold: Side, model: Side) -> None:
    table = confusion(gold, model)
    rows = {row.metric: row.value for row in ordinal_metrics(table)}
    for metric in METRICS:
        assert repr(rows[metric.name]) == repr(metric.function(table))
    arrays = {row.metric: row.value for row in ordinal_metrics(numbers(gold), numbers(model))}
    assert set(arrays) == {"adjacent_agreement", *PAIR_METRICS}
    for name, found in arrays.items():
        assert found.value == pytest.approx(rows[name].value, abs=EXACT, nan_ok=True)
        assert (found.n, found.note) == (rows[name].n, rows[name].note)


def test_a_scale_below_0_has_every_row_and_no_ratio() -> None:
    rows = {row.metric: row.value for row in ordinal_metrics(confusion([-1, 1], [-1, 1]))}
    assert rows["krippendorff_alpha_interval"].value == 1.0
    assert rows["krippendorff_alpha_ratio"].note == "numbers below 0 have no ratios"
    assert "krippendorff_alpha_ratio" not in ordinal_kernels(np.array([-1.0, 1.0]))


def test_a_sweep_of_text_needs_its_scale() -> None:
    table = confusion(["low", "high"], ["low", "low"])
    with pytest.raises(UsageError, match="give `scale`"):
        ordinal_metrics(table)
    rows = {row.metric: row.value for row in ordinal_metrics(table, scale=[5, 1])}
    assert rows["mean_error"].value == -2.0


@pytest.mark.parametrize("name", ordinal_kernels(np.arange(3.0)))
def test_a_kernel_of_many_tables_is_that_of_each(name: str) -> None:
    cells, scale = stacked(40, 4), [0.0, 1.0, 1.5, 7.0]
    found = ordinal_kernels(np.array(scale))[name](cells.reshape(2, 20, 4, 5)).ravel()
    rows = [ordinal_metrics(table_of_counts(one, scale)) for one in cells]
    each = [row.value.value for one in rows for row in one if row.metric == name]
    np.testing.assert_allclose(found, each, rtol=0, atol=EXACT)


def test_unknown_options_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `quadratic`"):
        weighted_kappa(LIKERT, weights="quadratics")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(UnknownNameError, match="kind of weights"):
        weighted_kappa_kernel(np.arange(2.0), "none")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(UsageError, match="5 by 5; found"):
        weighted_kappa(LIKERT, weights=[[0, 1], [1, 0]])
    with pytest.raises(UnknownNameError, match="absence on a scale"):
        adjacent_agreement(LIKERT, absent="class")
    with pytest.raises(UsageError, match="distance of 0 or more"):
        adjacent_agreement(LIKERT, within=-1)


def test_pairs_of_numbers_know_how_many_were_asked() -> None:
    pairs = number_pairs([1, 2, NAN], [1, NAN, 3])
    assert (len(pairs), pairs.n_gold) == (1, 2)
    assert is_label(1)
    assert not is_label(Absent.FAILED)


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), -1.0])
def test_weights_are_finite_and_not_below_0(weight: float) -> None:
    with pytest.raises(UsageError, match="weights are finite"):
        weighted_kappa(confusion([1, 2], [1, 2]), weights=[[0, weight], [1, 0]])


@pytest.mark.parametrize("size", [1e-200, 1e300])
def test_a_scale_of_any_unit_gives_the_same_coefficients(size: float) -> None:
    table = confusion([1, 2, 3, 3], [1, 2, 2, 3])
    scales = ordinal_metrics(table), ordinal_metrics(table, scale=[size, 2 * size, 3 * size])
    for one, other in zip(*scales, strict=True):
        if one.metric.startswith(("weighted", "krippendorff")):
            assert other.value.value == pytest.approx(one.value.value, abs=1e-12)
