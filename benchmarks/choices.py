"""How fast metrics of choices are: a million rows of five classes, beside scikit-learn.

`python -m benchmarks.choices` prints a table; both sides compute accuracy, balanced accuracy,
precision, recall and F1 (macro, micro, weighted and of each class), Matthews' correlation and
Cohen's kappa. Ours adds agreement that scikit-learn does not have.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics

from benchmarks.measure import machine
from benchmarks.peers import Contest, table, versions
from evalhouse.metrics.choices import choice_metrics
from evalhouse.metrics.label_sets import pair_sets
from evalhouse.metrics.multilabel import multilabel_metrics
from evalhouse.metrics.ordinal import ordinal_metrics
from evalhouse.metrics.table import confusion
from evalhouse.metrics.value import Score

ROWS = 1_000_000
LABELS = ("economy", "environment", "health", "migration", "other")
Numbers = dict[str, float]


def codes(rows: int = ROWS) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Answers of uneven classes, three quarters of them right."""
    chance = np.random.default_rng(0)
    gold = chance.choice(len(LABELS), rows, p=(0.45, 0.25, 0.15, 0.1, 0.05))
    guesses = chance.integers(0, len(LABELS), rows)
    return gold, np.where(chance.random(rows) < 0.7, gold, guesses)


def named(rows: tuple[Score, ...]) -> Numbers:
    """Return values by metric and label."""
    return {_key(row.metric, row.label): row.value.value for row in rows}


def of_choices(gold: Any, model: Any) -> Numbers:
    """Compute every metric of choices."""
    return named(choice_metrics(confusion(gold, model, LABELS if _is_text(gold) else range(5))))


def choices_of_scikit_learn(gold: Any, model: Any) -> Numbers:
    """Compute those of them that scikit-learn has, each by its own call, as one would."""
    found = {
        "accuracy": metrics.accuracy_score(gold, model),
        "balanced_accuracy": metrics.balanced_accuracy_score(gold, model),
        "matthews_correlation": metrics.matthews_corrcoef(gold, model),
        "cohen_kappa": metrics.cohen_kappa_score(gold, model),
    }
    for average in ("macro", "micro", "weighted"):
        values = metrics.precision_recall_fscore_support(gold, model, average=average)
        for name, value in zip(("precision", "recall", "f1"), values, strict=False):
            found[f"{name}_{average}"] = value
    each = metrics.precision_recall_fscore_support(gold, model)
    for name, values in zip(("precision", "recall", "f1"), each, strict=False):
        for label, value in zip(LABELS if _is_text(gold) else range(5), values, strict=True):
            found[_key(name, label)] = value
    return {name: float(value) for name, value in found.items()}


def of_scale(gold: Any, model: Any) -> Numbers:
    """Compute every metric of ordered answers."""
    return named(ordinal_metrics(confusion(gold, model, range(5))))


def scale_of_others(gold: Any, model: Any) -> Numbers:
    """Compute those of them that scikit-learn and scipy have."""
    kappa = partial(metrics.cohen_kappa_score, gold, model)
    return {
        "weighted_kappa_linear": float(kappa(weights="linear")),
        "weighted_kappa_quadratic": float(kappa(weights="quadratic")),
        "pearson": float(stats.pearsonr(gold, model).statistic),
        "spearman": float(stats.spearmanr(gold, model).statistic),
        "kendall_tau_b": float(stats.kendalltau(gold, model).statistic),
        "mean_absolute_error": float(metrics.mean_absolute_error(gold, model)),
        "root_mean_square_error": float(metrics.root_mean_squared_error(gold, model)),
    }


def of_sets(gold: Any, model: Any) -> Numbers:
    """Compute every metric of sets of labels."""
    return named(multilabel_metrics(pair_sets(gold, model, both_empty=0.0)))


def sets_of_scikit_learn(gold: Any, model: Any) -> Numbers:
    """Compute those of them that scikit-learn has."""
    found = {
        "subset_accuracy": metrics.accuracy_score(gold, model),
        "hamming_loss": metrics.hamming_loss(gold, model),
    }
    for average in ("samples", "micro", "macro"):
        options: dict[str, Any] = {"average": average, "zero_division": 0}
        values = metrics.precision_recall_fscore_support(gold, model, **options)
        for name, value in zip(("precision", "recall", "f1"), values, strict=False):
            found[f"{name}_{average}"] = value
        found[f"jaccard_{average}"] = metrics.jaccard_score(gold, model, **options)
    return {name: float(value) for name, value in found.items()}


def equality(ours: object, theirs: object) -> str:
    """Say how far the values that both have lie apart at most."""
    assert isinstance(ours, dict)
    assert isinstance(theirs, dict)
    apart = np.max([abs(ours[name] - theirs[name]) for name in theirs])  # NaN stays visible
    return f"{len(theirs)} values within {apart:.0e}"


def contest(
    what: str, ours: Callable[..., Numbers], theirs: Callable[..., Numbers], *sides: Any
) -> Contest:
    """Let both compute; where there are two pairs of sides, theirs get the second."""
    return Contest(what, partial(ours, *sides[0]), partial(theirs, *sides[-1]), equality)


def _key(metric: str, label: object) -> str:
    return metric if label is None else f"{metric} of {label}"


def _is_text(side: Any) -> bool:
    return isinstance(side[0], str | pa.StringScalar)


def main() -> int:
    """Print the table."""
    gold, model = codes()
    # Scikit-learn is fastest with numpy's text: with lists it takes four times as long.
    texts = tuple(np.array(LABELS)[side] for side in (gold, model))
    lists = tuple(side.tolist() for side in texts)
    columns = tuple(map(pa.array, lists))
    boxes = tuple(np.random.default_rng(1).random((2, ROWS // 10, 6)) < 0.3)
    choices = of_choices, choices_of_scikit_learn
    used = versions("numpy", "pyarrow", "scikit-learn", "scipy")
    print(f"{ROWS:,} rows of {len(LABELS)} classes; {machine()}; {used}\n")
    contests = (
        contest("choices, integer codes", *choices, (gold, model)),
        contest("choices, arrays of text", *choices, texts),
        contest("choices, lists of text", *choices, lists, texts),
        contest("choices, arrow columns of text", *choices, columns, texts),
        contest("ordered answers", of_scale, scale_of_others, (gold, model)),
        contest("sets of six labels, a tenth of the rows", of_sets, sets_of_scikit_learn, boxes),
    )
    for line in table(contests):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
