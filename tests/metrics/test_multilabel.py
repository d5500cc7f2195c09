from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    jaccard_score,
    precision_recall_fscore_support,
)
from sklearn.metrics import hamming_loss as hamming_loss_of_scikit_learn

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.label_sets import SetPairs, pair_sets
from evalhouse.metrics.multilabel import (
    KERNELS,
    METRICS,
    SET_METRICS,
    hamming_loss,
    hamming_score,
    jaccard,
    label_kernel,
    label_scores,
    multilabel_metrics,
    set_f1,
    set_precision,
    set_recall,
    subset_accuracy,
)
from evalhouse.metrics.value import Metric

EXACT = 1e-12
SEEDS = range(30)
EDGES: dict[str, tuple[list[Any], list[Any]]] = {
    "empty": ([], []),
    "one unit": ([{"a"}], [{"a"}]),
    "no label at all": ([set()], [set()]),
    "no label chosen": ([{"a"}], [set()]),
    "no label in gold": ([set()], [{"a"}]),
    "no gold": ([None], [{"a"}]),
    "no answer": ([{"a"}, set()], [None, None]),
    "one label": ([{"a"}, {"a"}], [{"a"}, {"a"}]),
}


def marks(seed: int) -> tuple[Any, Any]:
    chance = np.random.default_rng(seed)
    shape = chance.integers(1, 4 + 3 * seed), chance.integers(1, 7)
    gold = chance.random(shape) < chance.choice([0.1, 0.5])
    return gold, gold ^ (chance.random(shape) < 0.3)


def occurring(gold: Any, model: Any) -> list[int]:
    return [int(place) for place in np.flatnonzero((gold | model).any(axis=0))]


@pytest.mark.parametrize("seed", SEEDS)
def test_whole_sets_and_boxes_are_those_of_scikit_learn(seed: int) -> None:
    gold, model = marks(seed)
    pairs = pair_sets(gold, model)
    wanted = hamming_loss_of_scikit_learn(gold, model)
    assert subset_accuracy(pairs).value == pytest.approx((gold == model).all(1).mean(), abs=EXACT)
    assert hamming_loss(pairs).value == pytest.approx(wanted, abs=EXACT)
    assert hamming_score(pairs).value == pytest.approx(1 - wanted, abs=EXACT)
    if gold.shape[1] > 1:
        assert subset_accuracy(pairs).value == accuracy_score(gold, model)


@pytest.mark.parametrize("average", ["micro", "macro", "samples"])
@pytest.mark.parametrize("seed", SEEDS)
def test_averages_are_those_of_scikit_learn(seed: int, average: Any) -> None:
    gold, model = (np.pad(side, ((0, 0), (0, 1))) for side in marks(seed))
    labels = occurring(gold, model)
    if not labels:
        return
    pairs = pair_sets(gold, model, both_empty=0.0)
    options = {"average": average, "labels": labels, "zero_division": 0}
    wanted = [*precision_recall_fscore_support(gold, model, **options)[:3]]
    wanted.append(jaccard_score(gold, model, **options))
    for function, expected in zip(
        (set_precision, set_recall, set_f1, jaccard), wanted, strict=True
    ):
        found = function(pairs, average=average).value
        assert (0.0 if math.isnan(found) else found) == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_empty_sets_agree_as_scikit_learn_can_be_told(seed: int) -> None:
    gold, model = (np.pad(side, ((0, 0), (0, 1))) for side in marks(seed))
    pairs = pair_sets(gold, model)
    options = {"average": "samples", "zero_division": 1.0}
    wanted = precision_recall_fscore_support(gold, model, **options)[2]
    assert set_f1(pairs, average="samples").value == pytest.approx(wanted, abs=EXACT)
    assert jaccard(pairs).value == pytest.approx(jaccard_score(gold, model, **options), abs=EXACT)


@pytest.mark.parametrize("seed", SEEDS)
def test_values_of_each_label_are_those_of_scikit_learn(seed: int) -> None:
    gold, model = (np.pad(side, ((0, 0), (0, 1))) for side in marks(seed))
    wanted = precision_recall_fscore_support(gold, model, zero_division=np.nan)
    both, either = (gold & model).sum(axis=0), (gold | model).sum(axis=0)
    for place, scores in enumerate(label_scores(pair_sets(gold, model))):
        found = [scores.precision.value, scores.recall.value, scores.f1.value]
        assert found == pytest.approx([each[place] for each in wanted[:3]], abs=EXACT, nan_ok=True)
        assert (scores.recall.n, scores.jaccard.n) == (wanted[3][place], either[place])
        assert not either[place] or scores.jaccard.value == both[place] / either[place]


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
@pytest.mark.parametrize("edge", EDGES)
def test_metrics_of_odd_sets_are_bounded_or_undefined_with_a_note(
    edge: str, metric: Metric
) -> None:
    found = metric.function(pair_sets(*EDGES[edge]))
    assert math.isnan(found.value) == bool(found.note)
    assert math.isnan(found.value) or 0 <= found.value <= 1
    assert found.n or math.isnan(found.value)


def test_a_unit_without_an_answer_is_wrong_throughout() -> None:
    rows = {row.metric: row.value for row in multilabel_metrics(pair_sets(*EDGES["no answer"]))}
    assert rows["valid_share"].value == 0.0
    assert rows["hamming_loss"].value == 1.0
    for name in ("subset_accuracy", "f1_samples", "jaccard_samples", "recall_micro", "f1_macro"):
        assert rows[name].value == 0.0
    assert rows["precision_micro"].note == "the model chose no label"


def test_undefined_values_of_a_label_say_why() -> None:
    _, never = label_scores(pair_sets([{"a"}], [{"a"}], ["a", "b"]))
    assert never.precision.note == "the model never chose the label"
    assert never.recall.note == "the label never occurs in gold"
    assert never.jaccard.note == never.f1.note == "the label occurs on neither side"


def test_declared_labels_that_never_occur_count_as_boxes_alone() -> None:
    few = pair_sets([{"a"}, {"b"}], [{"a"}, {"a"}])
    many = pair_sets([{"a"}, {"b"}], [{"a"}, {"a"}], ["a", "b", "c", "d"])
    for metric in METRICS:
        is_equal = metric.function(few) == metric.function(many)
        assert is_equal == (not metric.name.startswith("hamming"))


def resampled(pairs: SetPairs, seed: int) -> SetPairs:
    rows = np.random.default_rng(seed).integers(0, len(pairs), len(pairs))
    return SetPairs(pairs.names, pairs.gold[rows], pairs.model[rows], pairs.answered[rows])


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_of_many_sums_is_that_of_each(name: str) -> None:
    pairs = pair_sets(*marks(7))
    samples = [resampled(pairs, seed) for seed in range(6)]
    found = KERNELS[name](np.array([each.sums for each in samples]).reshape(2, 3, -1)).ravel()
    rows = [row for one in samples for row in multilabel_metrics(one)]
    each = [row.value.value for row in rows if row.metric == name and row.label is None]
    np.testing.assert_array_equal(found, each)


@pytest.mark.parametrize("metric", SET_METRICS)
def test_a_kernel_of_one_label_is_its_value(metric: Any) -> None:
    pairs = pair_sets(*marks(7))
    assert (
        float(label_kernel(metric, 0)(pairs.sums)) == getattr(label_scores(pairs)[0], metric).value
    )


def test_unknown_options_are_refused() -> None:
    pairs = pair_sets([{"a"}], [{"a"}])
    with pytest.raises(UnknownNameError, match="did you mean `samples`"):
        set_f1(pairs, average="sample")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(UnknownNameError, match="metric of one label"):
        label_kernel("accuracy", 0)  # type: ignore[arg-type]  # what is tested
