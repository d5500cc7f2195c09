"""Checkbox, dropdown and likert as codebook-lab scores them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.codebook_lab.columns import Column, number
from evalhouse.metrics.value import Value, undefined

Codes = NDArray[np.int64]
ENDLESS = "codebook-lab stops with an error at infinite numbers"

_TICKED = frozenset(("1", "true", "yes", "checked"))
_NO_NUMBER = -9999  # codebook-lab's sign for text, which this number is then taken for
_INT64 = range(-(2**63), 2**63)


def prepared(answers: Column, kind: str) -> Column | None:
    """Return the classes of a field's answers; `None` where codebook-lab fails on them."""
    if kind == "checkbox":
        return answers.map(lambda text: "1" if text.lower() in _TICKED else "0")
    if kind != "likert":
        return answers
    numbers = [number(text) for text in answers.texts]
    if any(value is not None and math.isinf(value) for value in numbers):
        return None
    return Column(answers.codes, tuple(map(_whole, numbers)))


def choice_values(gold: Column, model: Column) -> dict[str, Value]:
    """Score two columns of classes: agreement, macro means, kappa, and alpha.

    Empty text is a class like any other. Kappa and alpha are undefined where only one class
    occurs.
    """
    first, second, classes = _coded(gold, model)
    rows = len(first)
    right = first == second
    hits = np.bincount(first[right], minlength=classes)
    asked, given = np.bincount(first, minlength=classes), np.bincount(second, minlength=classes)
    agreement = float(np.mean(right))
    one_class = classes == 1
    found = {
        "percentage_agreement": agreement,
        "accuracy": agreement,
        "precision": _mean_ratio(hits, given),
        "recall": _mean_ratio(hits, asked),
        "f1": _mean_ratio(2 * hits, asked + given),
        "cohen_kappa": math.nan if one_class else _kappa(agreement, asked, given),
        "krippendorff_alpha": math.nan if one_class else _interval_alpha(first, second),
    }
    note = "only one class occurs"
    return {name: Value(x, rows, note if math.isnan(x) else "") for name, x in found.items()}


def likert_values(gold: Column, model: Column) -> dict[str, Value]:
    """Score pairs that are numbers on both sides: rank correlation and quadratic kappa.

    The kappa takes the place of a value among those that occur for the value, so gaps in the
    scale count as one step.
    """
    first, second = _numbers(gold), _numbers(model)
    paired = ~(np.isnan(first) | np.isnan(second))
    rows = int(paired.sum())
    levels, places = np.unique(np.concatenate([first[paired], second[paired]]), return_inverse=True)
    one, other = places[:rows], places[rows:]
    found = {
        "spearman_corr": _spearman(first[paired], second[paired]),
        "quadratic_kappa": _quadratic(one, other) if len(levels) > 1 else math.nan,
    }
    note = "fewer than two different numbers"
    return {name: Value(x, rows, note if math.isnan(x) else "") for name, x in found.items()}


def nothing(names: tuple[str, ...], rows: int, note: str) -> dict[str, Value]:
    """Return each metric without a number."""
    return {name: undefined(rows, note) for name in names}


def _whole(value: float | None) -> str:
    if value is None or int(value) == _NO_NUMBER:
        return ""
    # What no 64 bits hold becomes the smallest number.
    return str(int(value) if int(value) in _INT64 else _INT64.start)


def _coded(gold: Column, model: Column) -> tuple[Codes, Codes, int]:
    """Number the classes that occur by their order as text."""
    used = [{side.texts[code] for code in np.unique(side.codes).tolist()} for side in (gold, model)]
    names = sorted(used[0] | used[1])
    place = {name: position for position, name in enumerate(names)}
    orders = [np.array([place.get(text, 0) for text in side.texts]) for side in (gold, model)]
    return orders[0][gold.codes], orders[1][model.codes], len(names)


def _mean_ratio(parts: Codes, wholes: Codes) -> float:
    return float(np.mean(parts / np.maximum(wholes, 1)))


def _kappa(agreement: float, asked: Codes, given: Codes) -> float:
    expected = float(asked / asked.sum() @ (given / given.sum()))
    return (agreement - expected) / (1 - expected)


def _interval_alpha(first: Codes, second: Codes) -> float:
    """Krippendorff's alpha with the squared difference of the codes, two values a unit."""
    values = 2 * len(first)
    total = int(first.sum() + second.sum())
    squares = int((first**2).sum() + (second**2).sum())
    observed = int(((first - second) ** 2).sum())
    return 1 - (values - 1) * observed / (values * squares - total**2)


def _numbers(answers: Column) -> NDArray[np.float64]:
    read = [number(text) for text in answers.texts]
    return np.array([math.nan if value is None else value for value in read])[answers.codes]


def _spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    ranks = [_ranks(side) for side in (first, second)]
    one, other = (side - side.mean() for side in ranks) if len(first) else ranks
    spread = math.sqrt(one @ one * (other @ other))
    return float(one @ other) / spread if spread else math.nan


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[places], np.float64)


def _quadratic(first: Codes, second: Codes) -> float:
    rows = len(first)
    squares = int((first**2).sum() + (second**2).sum())
    observed = int(((first - second) ** 2).sum())
    expected = squares - 2 * int(first.sum()) * int(second.sum()) / rows
    return 1 - observed / expected
