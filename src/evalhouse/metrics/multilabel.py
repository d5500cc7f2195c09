"""How well a model finds sets of labels: metrics of groups of boxes to tick."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.choices import NO_GOLD
from evalhouse.metrics.label_sets import SAMPLE_SUMS, SetPairs
from evalhouse.metrics.labels import Label
from evalhouse.metrics.table import Floats, ratio
from evalhouse.metrics.value import Kernel, Metric, Score, Unit, Value, value_of

SetAverage = Literal["samples", "micro", "macro"]
SET_AVERAGES: tuple[SetAverage, ...] = ("samples", "micro", "macro")
SetMetric = Literal["precision", "recall", "f1", "jaccard"]
SET_METRICS: tuple[SetMetric, ...] = ("precision", "recall", "f1", "jaccard")
_FIRST = len(SAMPLE_SUMS)
_NO_TICK = {
    "precision": "the model chose no label",
    "recall": "no label occurs in gold",
    "f1": "no label occurs on either side",
    "jaccard": "no label occurs on either side",
}
_NEVER = {
    "precision": "the model never chose the label",
    "recall": "the label never occurs in gold",
    "f1": "the label occurs on neither side",
    "jaccard": "the label occurs on neither side",
}


@dataclass(frozen=True, slots=True)
class LabelScores:
    """What holds of one label; `n` is its units chosen (precision), gold (recall), or either."""

    label: Label
    precision: Value
    recall: Value
    f1: Value
    jaccard: Value


@dataclass(frozen=True, eq=False)
class _Counts:
    """Hits, gold and chosen marks of labels (..., k), or their totals (...)."""

    hits: Floats
    gold: Floats
    chosen: Floats

    def of(self, metric: SetMetric) -> Floats:
        return ratio(self.hits * (1 + (metric == "f1")), self.divisor(metric))

    def divisor(self, metric: SetMetric) -> Floats:
        return {
            "precision": self.chosen,
            "recall": self.gold,
            "f1": self.gold + self.chosen,
            "jaccard": self.gold + self.chosen - self.hits,
        }[metric]


def _labels(sums: Floats) -> _Counts:
    size = (sums.shape[-1] - _FIRST) // 3
    starts = (_FIRST, _FIRST + size, _FIRST + 2 * size)
    return _Counts(*(sums[..., start : start + size] for start in starts))


def _sample_mean(name: str, sums: Floats) -> Floats:
    return ratio(sums[..., SAMPLE_SUMS.index(name)], sums[..., 0])


def _hamming_loss(sums: Floats) -> Floats:
    return 1 - _sample_mean("hamming_score", sums)


def _micro(metric: SetMetric, sums: Floats) -> Floats:
    counts = _labels(sums)
    totals = (side.sum(axis=-1) for side in (counts.hits, counts.gold, counts.chosen))
    return _Counts(*totals).of(metric)


def _macro(metric: SetMetric, sums: Floats) -> Floats:
    counts = _labels(sums)
    occurs = counts.gold + counts.chosen > 0
    return ratio(np.nan_to_num(counts.of(metric)).sum(axis=-1), occurs.sum(axis=-1))


def _one(metric: SetMetric, place: int, sums: Floats) -> Floats:
    return np.asarray(_labels(sums).of(metric)[..., place])


_AVERAGED: dict[SetAverage, Callable[[SetMetric, Floats], Floats]] = {
    "samples": _sample_mean,
    "micro": _micro,
    "macro": _macro,
}
KERNELS: dict[str, Kernel] = {
    "valid_share": partial(_sample_mean, "answered"),
    "subset_accuracy": partial(_sample_mean, "subset_accuracy"),
    "hamming_score": partial(_sample_mean, "hamming_score"),
    "hamming_loss": _hamming_loss,
    **{
        f"{metric}_{average}": partial(function, metric)
        for average, function in _AVERAGED.items()
        for metric in SET_METRICS
    },
}
"""Each metric as a function of sums (..., 8 + 3 k) of what `SetPairs.units` gives."""


def label_kernel(metric: SetMetric, place: int) -> Kernel:
    """Return a metric of one label as a function of sums (..., 8 + 3 k).

    Raises:
        UnknownNameError: for another metric.
    """
    if metric not in SET_METRICS:
        raise UnknownNameError("metric of one label", metric, SET_METRICS)
    return partial(_one, metric, place)


def subset_accuracy(pairs: SetPairs) -> Value:
    """Share of units whose whole set is right.

    (units with equal sets) / (units).

    Args:
        pairs: sets of gold and model.

    From 0 to 1. Undefined without gold answers. scikit-learn's `accuracy_score` of indicators.

    Example:
        >>> from evalhouse.metrics.label_sets import pair_sets
        >>> subset_accuracy(pair_sets([{"a"}, {"a", "b"}], [{"a"}, {"b"}])).value
        0.5
    """
    return _whole("subset_accuracy", pairs)


def hamming_score(pairs: SetPairs) -> Value:
    """Share of the boxes, units times labels, that are ticked or left as in gold.

    1 - (labels on one side only) / (n k).

    Args:
        pairs: sets of gold and model. Its labels are the declared ones, or those that occur: boxes
            that nobody ticks count only where they are declared.

    From 0 to 1. A unit left without an answer has all boxes wrong. Undefined without gold
    answers. One less `hamming_loss`.

    Example:
        >>> from evalhouse.metrics.label_sets import pair_sets
        >>> hamming_score(pair_sets([{"a"}, {"a", "b"}], [{"a"}, {"b"}])).value
        0.75
    """
    return _whole("hamming_score", pairs)


def hamming_loss(pairs: SetPairs) -> Value:
    """Share of the boxes, units times labels, that are not as in gold.

    (labels on one side only) / (n k).

    Args:
        pairs: as in `hamming_score`.

    From 0, no box wrong, to 1; lower is better. Undefined without gold answers. scikit-learn's
    `hamming_loss`.

    Example:
        >>> import numpy as np
        >>> from evalhouse.metrics.label_sets import pair_sets
        >>> hamming_loss(pair_sets(np.array([[0, 1], [1, 1]]), np.zeros((2, 2)))).value
        0.75
    """
    return _whole("hamming_loss", pairs)


def set_precision(pairs: SetPairs, *, average: SetAverage = "macro") -> Value:
    """How often a label that the model ticked is right.

    hits / chosen: over all ticks (`micro`), the mean over labels (`macro`) or units (`samples`).

    Args:
        pairs: sets of gold and model.
        average: `macro` is the mean over the labels that occur in gold or from the model, of which
            one never chosen counts 0; in `samples` an empty set scores 0 against a full one, and
            `pairs.both_empty` against an empty one.

    From 0 to 1. Undefined without gold answers; `micro` also without a tick of the model, `macro`
    without any tick. scikit-learn's `precision_score` of indicators, whose macro mean takes in
    labels that never occur.

    Example:
        >>> from evalhouse.metrics.label_sets import pair_sets
        >>> set_precision(pair_sets([{"a"}, {"a", "b"}], [{"a"}, {"b", "c"}])).value
        0.6666666666666666
    """
    return _averaged("precision", pairs, average)


def set_recall(pairs: SetPairs, *, average: SetAverage = "macro") -> Value:
    """How many of the labels of gold the model ticked.

    hits / gold: over all ticks (`micro`), the mean over labels (`macro`) or units (`samples`).

    Args:
        pairs: sets of gold and model.
        average: as in `set_precision`.

    From 0 to 1. Undefined as `set_precision` is, with gold in the model's place. scikit-learn's
    `recall_score` of indicators.

    Example:
        >>> from evalhouse.metrics.label_sets import pair_sets
        >>> set_recall(pair_sets([{"a"}, {"a", "b"}], [{"a"}, {"b", "c"}])).value
        0.5
    """
    return _averaged("recall", pairs, average)


def set_f1(pairs: SetPairs, *, average: SetAverage = "macro") -> Value:
    """Harmonic mean of precision and recall of ticks.

    2 hits / (gold + chosen): over all ticks (`micro`), the mean over labels (`macro`) or units
    (`samples`).

    Args:
        pairs: sets of gold and model.
        average: as in `set_precision`.

    From 0 to 1. Undefined without gold answers; `micro` and `macro` also without any tick.
    scikit-learn's `f1_score` of indicators.

    Example:
        >>> from evalhouse.metrics.label_sets import pair_sets
        >>> set_f1(pair_sets([{"a"}, {"a", "b"}], [{"a"}, {"b"}]), average="micro").value
        0.8
    """
    return _averaged("f1", pairs, average)


def jaccard(pairs: SetPairs, *, average: SetAverage = "samples") -> Value:
    """Labels on both sides among those on either side.

    hits / (gold + chosen - hits): the mean over units (`samples`), over all ticks (`micro`), or
    the mean over labels (`macro`).

    Args:
        pairs: sets of gold and model.
        average: as in `set_precision`.

    From 0 to 1. Undefined as `set_f1` is. Jaccard (1912), doi:10.1111/j.1469-8137.1912.tb05611.x;
    scikit-learn's `jaccard_score` of indicators.

    Example:
        >>> from evalhouse.metrics.label_sets import pair_sets
        >>> jaccard(pair_sets([{"a"}, {"a", "b"}, set()], [{"a"}, {"b"}, set()])).value
        0.8333333333333334
    """
    return _averaged("jaccard", pairs, average)


def label_scores(pairs: SetPairs) -> tuple[LabelScores, ...]:
    """Return precision, recall, F1 and Jaccard of each label, undefined where the divisor is 0.

    Args:
        pairs: sets of gold and model.

    Example:
        >>> from evalhouse.metrics.label_sets import pair_sets
        >>> [each.f1.value for each in label_scores(pair_sets([{"a"}, {"b"}], [{"a"}, {"a"}]))]
        [0.6666666666666666, 0.0]
    """
    return tuple(_each_label(pairs))


def multilabel_metrics(pairs: SetPairs) -> tuple[Score, ...]:
    """Return every metric of sets of labels, those of each label last.

    Args:
        pairs: sets of gold and model.

    Example:
        >>> from evalhouse.metrics.label_sets import pair_sets
        >>> rows = multilabel_metrics(pair_sets([{"a"}, {"b"}], [{"a"}, {"a"}]))
        >>> rows[1].metric, rows[1].value.value
        ('subset_accuracy', 0.5)
    """
    rows = [Score(name, None, _whole(name, pairs)) for name in KERNELS]
    each = label_scores(pairs)
    for name in SET_METRICS:
        rows += [Score(name, one.label, getattr(one, name)) for one in each]
    return tuple(rows)


def _each_label(pairs: SetPairs) -> Iterator[LabelScores]:
    counts = _labels(pairs.sums)
    either = counts.divisor("jaccard")
    units = {"precision": counts.chosen, "recall": counts.gold, "f1": either, "jaccard": either}
    found = {metric: counts.of(metric) for metric in SET_METRICS}
    for place, label in enumerate(pairs.names):
        values = {
            metric: value_of(
                found[metric][place], int(units[metric][place]), _NEVER[metric], _NEVER[metric]
            )
            for metric in SET_METRICS
        }
        yield LabelScores(label, **values)


def _averaged(metric: SetMetric, pairs: SetPairs, average: SetAverage) -> Value:
    if average not in SET_AVERAGES:
        raise UnknownNameError("average", average, SET_AVERAGES)
    return _whole(f"{metric}_{average}", pairs)


def _whole(name: str, pairs: SetPairs) -> Value:
    metric = "f1" if name.endswith("_macro") else name.partition("_")[0]
    reason = _NO_TICK.get(metric, NO_GOLD)
    return value_of(KERNELS[name](pairs.sums), len(pairs), NO_GOLD, reason)


def _metric(name: str, function: Callable[..., Value], *, higher_is_better: bool = True) -> Metric:
    family: str = "multilabel"
    unit: Unit = "proportion"
    return Metric(name, family, function, unit, 0.0, 1.0, higher_is_better, False, "scikit-learn")


METRICS: tuple[Metric, ...] = (
    _metric("subset_accuracy", subset_accuracy),
    _metric("hamming_score", hamming_score),
    _metric("hamming_loss", hamming_loss, higher_is_better=False),
    *(
        _metric(f"{metric}_{average}", partial(function, average=average))
        for metric, function in (
            ("precision", set_precision),
            ("recall", set_recall),
            ("f1", set_f1),
            ("jaccard", jaccard),
        )
        for average in SET_AVERAGES
    ),
)
