from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    matthews_corrcoef,
    precision_recall_fscore_support,
)

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.agreement import AGREEMENT_RULES
from evalhouse.metrics.choices import (
    AVERAGES,
    CLASS_METRICS,
    KERNELS,
    METRICS,
    Average,
    accuracy,
    balanced_accuracy,
    choice_metrics,
    class_kernel,
    class_scores,
    f1,
    matthews_correlation,
    precision,
    recall,
    valid_share,
)
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.table import (
    ABSENT_LABEL,
    ABSENT_RULES,
    AbsentRule,
    confusion,
    table_of_counts,
)
from evalhouse.metrics.value import Metric
from tests.metrics.answers import ALL_SIDES, EDGES, Side, both, labels_of, quiet, with_gold
from tests.metrics.test_agreement import stacked

EXACT = 1e-12
SCORED = [sides for sides in ALL_SIDES if with_gold(*sides)[0]]
PAIRED = [sides for sides in ALL_SIDES if both(*sides)[0]]
FUNCTIONS = {"precision": precision, "recall": recall, "f1": f1}


@pytest.mark.parametrize(("gold", "model"), SCORED)
def test_accuracy_counts_what_has_no_answer_as_wrong(gold: Side, model: Side) -> None:
    table, wanted = confusion(gold, model), accuracy_score(*with_gold(gold, model))
    assert accuracy(table).value == pytest.approx(wanted, abs=EXACT)
    assert accuracy(table).n == len(with_gold(gold, model)[0])


@pytest.mark.parametrize(("gold", "model"), PAIRED)
def test_accuracy_without_absence_is_that_of_the_pairs(gold: Side, model: Side) -> None:
    found = accuracy(confusion(gold, model), absent="exclude")
    assert found.value == pytest.approx(accuracy_score(*both(gold, model)), abs=EXACT)


@pytest.mark.parametrize(("gold", "model"), SCORED)
def test_balanced_accuracy_is_that_of_scikit_learn(gold: Side, model: Side) -> None:
    with quiet():
        wanted = balanced_accuracy_score(*with_gold(gold, model))
    assert balanced_accuracy(confusion(gold, model)).value == pytest.approx(wanted, abs=EXACT)


@pytest.mark.parametrize(("gold", "model"), PAIRED)
def test_matthews_correlation_is_that_of_scikit_learn_or_undefined(gold: Side, model: Side) -> None:
    found = matthews_correlation(confusion(gold, model))
    with quiet():
        wanted = matthews_corrcoef(*both(gold, model))
    constant = any(len(set(side)) == 1 for side in both(gold, model))
    assert math.isnan(found.value) == constant
    assert constant or found.value == pytest.approx(wanted, abs=EXACT)


@pytest.mark.parametrize("average", AVERAGES[:-1])
@pytest.mark.parametrize(("gold", "model"), SCORED)
def test_averages_are_those_of_scikit_learn(gold: Side, model: Side, average: Average) -> None:
    sides = with_gold(gold, model)
    wanted = precision_recall_fscore_support(
        *sides, average=average, labels=labels_of(*sides), zero_division=0
    )
    table = confusion(gold, model)
    for metric, expected in zip(CLASS_METRICS, wanted, strict=False):
        found = FUNCTIONS[metric](table, average=average).value
        # Where nothing is divided by nothing scikit-learn says 0.
        assert (0.0 if math.isnan(found) else found) == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize(("gold", "model"), SCORED)
def test_values_of_each_label_are_those_of_scikit_learn(gold: Side, model: Side) -> None:
    sides, table = with_gold(gold, model), confusion(gold, model)
    wanted = precision_recall_fscore_support(*sides, labels=list(table.names), zero_division=np.nan)
    for place, scores in enumerate(class_scores(table)):
        assert scores.precision.value == pytest.approx(wanted[0][place], abs=EXACT, nan_ok=True)
        assert scores.recall.value == pytest.approx(wanted[1][place], abs=EXACT, nan_ok=True)
        assert scores.f1.value == pytest.approx(wanted[2][place], abs=EXACT, nan_ok=True)
        assert scores.recall.n == wanted[3][place]


@pytest.mark.parametrize(("gold", "model"), SCORED[:12])
def test_binary_values_are_those_of_the_positive_label(gold: Side, model: Side) -> None:
    table = confusion(gold, model)
    for scores in class_scores(table):
        for metric, function in FUNCTIONS.items():
            found = function(table, average="binary", positive=scores.label)
            assert repr(found) == repr(getattr(scores, metric))


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
@pytest.mark.parametrize("edge", EDGES)
def test_metrics_of_odd_tables_are_bounded_or_undefined_with_a_note(
    edge: str, metric: Metric
) -> None:
    found = metric.function(confusion(*EDGES[edge]))
    assert math.isnan(found.value) == bool(found.note)
    assert math.isnan(found.value) or metric.low <= found.value <= metric.high
    assert found.n or math.isnan(found.value)


def test_the_share_of_valid_answers_counts_every_kind_of_absence() -> None:
    model = ["a", None, Absent.INVALID, Absent.FAILED, Absent.NOT_APPLICABLE]
    found = valid_share(confusion(["a"] * 5, model))
    assert (found.value, found.n) == (0.2, 5)


def test_undefined_values_of_a_label_say_why() -> None:
    never, always = class_scores(confusion(["b", "b"], ["b", None], ["a", "b"]))
    assert never.precision.note == "the model never chose the label"
    assert never.recall.note == "the label never occurs in gold"
    assert never.f1.note == "the label occurs on neither side"
    assert (always.precision.value, always.recall.value) == (1.0, 0.5)


def test_micro_precision_is_undefined_where_nothing_was_chosen() -> None:
    found = precision(confusion(["a"], [None]), average="micro")
    assert (found.n, found.note) == (1, "the model chose no label")


def test_declared_labels_that_never_occur_leave_the_macro_mean_alone() -> None:
    few, many = confusion([1, 2, 2], [1, 2, 1]), confusion([1, 2, 2], [1, 2, 1], range(9))
    for metric in METRICS:
        assert metric.function(few) == metric.function(many)


def test_absence_as_a_label_is_a_label_that_the_model_alone_uses() -> None:
    table = confusion(["a", "b", "b"], ["a", "b", None])
    filled = confusion(["a", "b", "b"], ["a", "b", "-"])
    assert f1(table, absent="class") == f1(filled)
    assert f1(table).value == pytest.approx((1 + 2 / 3) / 2, abs=EXACT)
    assert class_scores(table, absent="class")[-1].label == ABSENT_LABEL


def test_text_and_numbers_give_the_same_values() -> None:
    words = {1: "one", 2: "other"}
    gold, model = [1, 2, 2, 1], [1, 2, 1, None]
    table = confusion([words[each] for each in gold], [words.get(each or 0) for each in model])
    for metric in METRICS:
        assert metric.function(table) == metric.function(confusion(gold, model))


def test_unknown_averages_and_labels_are_refused() -> None:
    table = confusion(["yes", "no"], ["yes", "yes"])
    with pytest.raises(UnknownNameError, match="did you mean `macro`"):
        f1(table, average="makro")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(UsageError, match="needs `positive`"):
        f1(table, average="binary")
    with pytest.raises(UnknownNameError, match="no label is called `maybe`"):
        f1(table, average="binary", positive="maybe")
    with pytest.raises(UsageError, match="`positive` belongs to the average `binary`"):
        f1(table, positive="yes")
    with pytest.raises(UnknownNameError, match="metric of one label"):
        class_kernel("accuracy", 0)  # type: ignore[arg-type]  # what is tested


@pytest.mark.parametrize("absent", ABSENT_RULES)
@pytest.mark.parametrize(("gold", "model"), ALL_SIDES[::4])
def test_the_sweep_gives_what_each_metric_gives(
    gold: Side, model: Side, absent: AbsentRule
) -> None:
    table = confusion(gold, model)
    rows = {row.metric: row.value for row in choice_metrics(table, absent=absent)}
    for metric in METRICS:
        rule = absent if metric.unit == "proportion" or absent in AGREEMENT_RULES else "exclude"
        options = {} if metric.name == "valid_share" else {"absent": rule}
        assert repr(rows[metric.name]) == repr(metric.function(table, **options))


def test_the_sweep_ends_with_the_values_of_each_label() -> None:
    table = confusion(["a", "b", "b"], ["a", "b", None])
    rows = choice_metrics(table, positive="b")
    held = {(row.metric, row.label): row.value for row in rows}
    for scores in class_scores(table):
        for metric in CLASS_METRICS:
            assert held[metric, scores.label] == getattr(scores, metric)
    assert held["f1_binary", None] == held["f1", "b"]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_kernel_of_many_tables_is_that_of_each(metric: Metric) -> None:
    cells = stacked(60, 3)
    found = KERNELS[metric.name](cells.reshape(3, 20, 3, 4)).ravel()
    each = [metric.function(table_of_counts(one)).value for one in cells]
    np.testing.assert_array_equal(found, each)


@pytest.mark.parametrize("metric", CLASS_METRICS)
def test_a_kernel_of_one_label_is_that_of_each_table(metric: str) -> None:
    cells = stacked(60, 3)
    found = class_kernel(metric, 1)(cells)  # type: ignore[arg-type]  # one of three
    each = [getattr(class_scores(table_of_counts(one))[1], metric).value for one in cells]
    np.testing.assert_array_equal(found, each)
