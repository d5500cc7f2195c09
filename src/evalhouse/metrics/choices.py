"""How well a model chooses labels: everything that follows from one confusion table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.agreement import COEFFICIENTS, NO_PAIR, AgreementRule, checked_rule
from evalhouse.metrics.labels import Label
from evalhouse.metrics.table import (
    AbsentRule,
    Confusion,
    Floats,
    Margins,
    checked_cells,
    kernel_of,
    margins,
    ratio,
)
from evalhouse.metrics.value import Kernel, Metric, Score, Value, value_of

Average = Literal["macro", "micro", "weighted", "binary"]
AVERAGES: tuple[Average, ...] = ("macro", "micro", "weighted", "binary")
ClassMetric = Literal["precision", "recall", "f1"]
CLASS_METRICS: tuple[ClassMetric, ...] = ("precision", "recall", "f1")
NO_GOLD = "no unit has a gold label"
_NEVER = {
    "precision": "the model never chose the label",
    "recall": "the label never occurs in gold",
    "f1": "the label occurs on neither side",
}
_CONSTANT = "one side holds one label throughout, so there is nothing to correlate"
_NO_CHOICE = "the model chose no label"


@dataclass(frozen=True, slots=True)
class ClassScores:
    """What holds of one label; `n` is its units chosen (precision), gold (recall), or either."""

    label: Label
    precision: Value
    recall: Value
    f1: Value


def _accuracy(sums: Margins) -> Floats:
    return ratio(sums.agreed, sums.total)


def _valid_share(sums: Margins) -> Floats:
    return ratio(sums.pairs, sums.total)


def _balanced(sums: Margins) -> Floats:
    return _mean(_recalls(sums), sums.gold > 0)


def _matthews(sums: Margins) -> Floats:
    joint = sums.pairs * sums.agreed - (sums.answered * sums.chosen).sum(axis=-1)
    gold = sums.pairs**2 - (sums.answered**2).sum(axis=-1)
    model = sums.pairs**2 - (sums.chosen**2).sum(axis=-1)
    return np.clip(ratio(joint, np.sqrt(gold * model)), -1.0, 1.0)


def _precisions(sums: Margins) -> Floats:
    return ratio(sums.hits, sums.chosen)


def _recalls(sums: Margins) -> Floats:
    return ratio(sums.hits, sums.gold)


def _f1s(sums: Margins) -> Floats:
    return ratio(2 * sums.hits, sums.gold + sums.chosen)


_PER_CLASS: dict[str, Callable[[Margins], Floats]] = {
    "precision": _precisions,
    "recall": _recalls,
    "f1": _f1s,
}


def _mean(values: Floats, counted: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Floats:
    known = np.where(counted, np.nan_to_num(values), 0.0)
    return ratio(known.sum(axis=-1), counted.sum(axis=-1))


def _macro(metric: ClassMetric, sums: Margins) -> Floats:
    return _mean(_PER_CLASS[metric](sums), sums.gold + sums.chosen > 0)


def _weighted(metric: ClassMetric, sums: Margins) -> Floats:
    known = np.nan_to_num(_PER_CLASS[metric](sums))
    return ratio((known * sums.gold).sum(axis=-1), sums.total)


def _micro(metric: ClassMetric, sums: Margins) -> Floats:
    divisors = {"precision": sums.pairs, "recall": sums.total, "f1": sums.pairs + sums.total}
    return ratio((1 + (metric == "f1")) * sums.agreed, divisors[metric])


def _one(metric: ClassMetric, place: int, cells: Floats) -> Floats:
    # Of a table of many labels the row and the column of one are little.
    table = checked_cells(cells)
    answered = table[..., place, :-1].sum(axis=-1)
    parts = (
        table[..., place, place],
        answered + table[..., place, -1],
        answered,
        table[..., place].sum(axis=-1),
    )
    return np.asarray(_PER_CLASS[metric](Margins(*parts)))


_AVERAGED = {"macro": _macro, "micro": _micro, "weighted": _weighted}
_OF_TOTAL: dict[str, tuple[Callable[[Margins], Floats], str]] = {
    "accuracy": (_accuracy, NO_GOLD),
    "balanced_accuracy": (_balanced, NO_GOLD),
    **{
        f"{metric}_{average}": (partial(function, metric), _NO_CHOICE)
        for average, function in _AVERAGED.items()
        for metric in CLASS_METRICS
    },
}
_OF_PAIRS: dict[str, tuple[Callable[[Margins], Floats], str]] = {
    "matthews_correlation": (_matthews, _CONSTANT),
    **{name: (known.of_margins, known.reason) for name, known in COEFFICIENTS.items()},
}
KERNELS: dict[str, Kernel] = {
    "valid_share": kernel_of(_valid_share),
    **{name: kernel_of(function) for name, (function, _) in (_OF_TOTAL | _OF_PAIRS).items()},
}
"""Each metric of the whole table as a function of tables (..., k, k + 1), agreement included."""


def class_kernel(metric: ClassMetric, place: int) -> Kernel:
    """Return the precision, recall or F1 of one label as a function of tables (..., k, k + 1).

    Raises:
        UnknownNameError: for another metric.
    """
    if metric not in CLASS_METRICS:
        raise UnknownNameError("metric of one label", metric, CLASS_METRICS)
    return partial(_one, metric, place)


def valid_share(table: Confusion) -> Value:
    """Share of the units with a gold label to which the model gave a label.

    (units with both labels) / (units with a gold label).

    Args:
        table: gold answers in rows, the model's in columns.

    From 0 to 1; 1 is no answer missing, invalid, failed or not applicable. Undefined without gold
    labels. A count of our own, to be read beside every score that leaves units out.

    Example:
        >>> from evalhouse.metrics.table import confusion
        >>> valid_share(confusion(["a", "b", "b", "b"], ["a", None, "b", "a"])).value
        0.75
    """
    found = _valid_share(margins(table.cells("wrong")))
    return value_of(found, table.n_gold, NO_GOLD, NO_GOLD)


def accuracy(table: Confusion, *, absent: AbsentRule = "wrong") -> Value:
    """Share of units whose gold label the model chose.

    (units with equal labels) / (units with a gold label).

    Args:
        table: gold answers in rows, the model's in columns.
        absent: what a unit with a gold label and none from the model is: an error (`wrong`), left
            out (`exclude`), or chosen as a label of its own (`class`).

    From 0 (none right) to 1 (all right). Undefined without gold labels. As scikit-learn's
    `accuracy_score` with absence as a label that is never right.

    Example:
        >>> from evalhouse.metrics.table import confusion
        >>> accuracy(confusion(["a", "a", "b", "b"], ["a", "b", "b", None]))
        Value(value=0.5, n=4, note='')
    """
    return _total("accuracy", table, absent)


def balanced_accuracy(table: Confusion, *, absent: AbsentRule = "wrong") -> Value:
    """Mean recall over the labels that occur in gold.

    (1 / K) sum_k (hits of k) / (gold units of k).

    Args:
        table: gold answers in rows, the model's in columns.
        absent: as in `accuracy`.

    From 0 to 1; guessing gives 1 / K. Undefined without gold labels. Brodersen et al. (2010),
    doi:10.1109/ICPR.2010.764, for two classes; scikit-learn's `balanced_accuracy_score`.

    Example:
        >>> from evalhouse.metrics.table import confusion
        >>> balanced_accuracy(confusion([0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 0, 1])).value
        0.625
    """
    return _total("balanced_accuracy", table, absent)


def precision(
    table: Confusion,
    *,
    average: Average = "macro",
    positive: Label | None = None,
    absent: AbsentRule = "wrong",
) -> Value:
    """How often the model was right when it chose a label.

    P_k = (hits of k) / (units for which the model chose k).

    Args:
        table: gold answers in rows, the model's in columns.
        average: `macro`, the mean over the labels that occur in gold or from the model; `micro`,
            hits over all choices; `weighted`, the mean weighted by gold units; `binary`, that of
            the `positive` label.
        positive: the label of `binary`.
        absent: as in `accuracy`; absence is chosen by nobody, so it weighs on recall alone.

    From 0 to 1. A label that was never chosen has no precision: its own is undefined, and in a
    mean it counts as 0 (scikit-learn's `zero_division=0`). Undefined without gold labels; `micro`
    also where nothing was chosen. Source: scikit-learn's `precision_score` over the true labels.

    Example:
        >>> from evalhouse.metrics.table import confusion
        >>> precision(confusion([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1])).value
        0.2222222222222222
    """
    return _averaged("precision", table, average, positive, absent)


def recall(
    table: Confusion,
    *,
    average: Average = "macro",
    positive: Label | None = None,
    absent: AbsentRule = "wrong",
) -> Value:
    """How many of the units of a label the model found.

    R_k = (hits of k) / (gold units of k).

    Args:
        table: gold answers in rows, the model's in columns.
        average: as in `precision`.
        positive: as in `precision`.
        absent: as in `accuracy`.

    From 0 to 1. A label that the model alone uses has no recall, and counts as 0 in the `macro`
    mean. Undefined without gold labels. Source: scikit-learn's `recall_score`.

    Example:
        >>> from evalhouse.metrics.table import confusion
        >>> recall(confusion([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1])).value
        0.3333333333333333
    """
    return _averaged("recall", table, average, positive, absent)


def f1(
    table: Confusion,
    *,
    average: Average = "macro",
    positive: Label | None = None,
    absent: AbsentRule = "wrong",
) -> Value:
    """Harmonic mean of precision and recall.

    F_k = 2 (hits of k) / (gold units of k + units for which the model chose k).

    Args:
        table: gold answers in rows, the model's in columns.
        average: as in `precision`; `macro` is the mean of the labels' F1, not the F1 of means.
        positive: as in `precision`.
        absent: as in `accuracy`.

    From 0 to 1. Undefined without gold labels; that of a label that occurs on neither side is
    undefined and enters no mean. Source: van Rijsbergen, Information Retrieval (1979), chapter 7;
    scikit-learn's `f1_score`.

    Example:
        >>> from evalhouse.metrics.table import confusion
        >>> f1(confusion([0, 1, 2, 0, 1, 2], [0, 2, 1, 0, 0, 1])).value
        0.26666666666666666
    """
    return _averaged("f1", table, average, positive, absent)


def matthews_correlation(table: Confusion, *, absent: AgreementRule = "exclude") -> Value:
    """Matthews' correlation of gold and model, for any number of labels.

    (n c - sum_k g_k m_k) / sqrt((n² - sum_k g_k²) (n² - sum_k m_k²)) with n pairs, c of them
    equal, and g_k, m_k the units of label k on either side.

    Args:
        table: gold answers in rows, the model's in columns.
        absent: `exclude` uses units with both labels; `class` makes absence one more label.

    From -1 (with two labels; above it with more) to 1, full agreement; 0 is chance. Undefined
    where one side holds one label throughout: scikit-learn gives 0 there. Gorodkin (2004),
    doi:10.1016/j.compbiolchem.2004.09.006.

    Example:
        >>> from evalhouse.metrics.table import confusion
        >>> round(matthews_correlation(confusion([1, 1, 1, 0], [1, 0, 1, 1])).value, 4)
        -0.3333
    """
    sums = margins(table.cells(checked_rule(absent)))
    return value_of(_matthews(sums), int(sums.pairs), NO_PAIR, _CONSTANT)


def class_scores(table: Confusion, *, absent: AbsentRule = "wrong") -> tuple[ClassScores, ...]:
    """Return precision, recall and F1 of each label of a table, in its order.

    Args:
        table: gold answers in rows, the model's in columns.
        absent: as in `accuracy`.

    Each as `precision`, `recall` and `f1` define it, and undefined where its divisor is 0.

    Example:
        >>> from evalhouse.metrics.table import confusion
        >>> [each.f1.value for each in class_scores(confusion(["a", "b"], ["a", "a"]))]
        [0.6666666666666666, 0.0]
    """
    return tuple(_classes(margins(table.cells(absent)), table.cell_names(absent)))


def choice_metrics(
    table: Confusion, *, absent: AbsentRule = "wrong", positive: Label | None = None
) -> tuple[Score, ...]:
    """Return every metric of choices and agreement, those of each label last.

    Args:
        table: gold answers in rows, the model's in columns.
        absent: as in `accuracy`; agreement looks at pairs of labels under `wrong` as well.
        positive: adds precision, recall and F1 of this label as `..._binary`.

    Example:
        >>> from evalhouse.metrics.table import confusion
        >>> rows = choice_metrics(confusion(["a", "b"], ["a", "a"]))
        >>> rows[1].metric, rows[1].value.value
        ('accuracy', 0.5)
        >>> rows[-1].metric, rows[-1].label
        ('f1', 'b')
    """
    sums, names = margins(table.cells(absent)), table.cell_names(absent)
    classes = tuple(_classes(sums, names))
    rows = [Score("valid_share", None, valid_share(table)), *_totals(sums)]
    if positive is not None:
        chosen = classes[_place(positive, names)]
        rows += [Score(f"{name}_binary", None, getattr(chosen, name)) for name in CLASS_METRICS]
    for name in CLASS_METRICS:
        rows += [Score(name, one.label, getattr(one, name)) for one in classes]
    return tuple(rows)


def _totals(sums: Margins) -> Iterator[Score]:
    total, pairs = int(sums.total), int(sums.pairs)
    for name, (function, reason) in _OF_TOTAL.items():
        yield Score(name, None, value_of(function(sums), total, NO_GOLD, reason))
    for name, (function, reason) in _OF_PAIRS.items():
        yield Score(name, None, value_of(function(sums), pairs, NO_PAIR, reason))


def _classes(sums: Margins, names: tuple[Label, ...]) -> Iterator[ClassScores]:
    counts = {
        "precision": sums.chosen,
        "recall": sums.gold,
        "f1": sums.gold + sums.chosen - sums.hits,
    }
    found = {name: function(sums) for name, function in _PER_CLASS.items()}
    for place, label in enumerate(names):
        values = {
            # No unit and a divisor of 0 are the same thing here.
            name: value_of(found[name][place], int(counts[name][place]), reason, reason)
            for name, reason in _NEVER.items()
        }
        yield ClassScores(label, **values)


def _total(name: str, table: Confusion, absent: AbsentRule) -> Value:
    sums = margins(table.cells(absent))
    function, reason = _OF_TOTAL[name]
    return value_of(function(sums), int(sums.total), NO_GOLD, reason)


def _averaged(
    metric: ClassMetric,
    table: Confusion,
    average: Average,
    positive: Label | None,
    absent: AbsentRule,
) -> Value:
    if average not in AVERAGES:
        raise UnknownNameError("average", average, AVERAGES)
    if average == "binary":
        found = class_scores(table, absent=absent)
        one: Value = getattr(found[_place(positive, table.cell_names(absent))], metric)
        return one
    if positive is not None:
        raise UsageError(f"`positive` belongs to the average `binary`; found `{average}`")
    return _total(f"{metric}_{average}", table, absent)


def _place(positive: Label | None, names: tuple[Label, ...]) -> int:
    if positive is None:
        raise UsageError("the average `binary` needs `positive`, the label that counts")
    if positive not in names:
        raise UnknownNameError(
            "label",
            str(positive),
            map(str, names),
            "one that may not occur is declared in `labels`",
        )
    return names.index(positive)


def _metric(name: str, function: Callable[..., Value], reference: str = "scikit-learn") -> Metric:
    return Metric(name, "choices", function, "proportion", 0.0, 1.0, True, False, reference)


METRICS: tuple[Metric, ...] = (
    _metric("valid_share", valid_share, "a count"),
    _metric("accuracy", accuracy),
    _metric("balanced_accuracy", balanced_accuracy),
    *(
        _metric(f"{function.__name__}_{average}", partial(function, average=average))
        for function in (precision, recall, f1)
        for average in AVERAGES[:-1]
    ),
    Metric(
        "matthews_correlation",
        "choices",
        matthews_correlation,
        "coefficient",
        -1.0,
        1.0,
        higher_is_better=True,
        is_symmetric=True,
        reference="scikit-learn",
    ),
)
