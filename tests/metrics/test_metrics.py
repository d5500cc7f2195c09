"""What holds of every metric, whatever it measures."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from evalhouse.metrics import METRICS
from evalhouse.metrics.label_sets import pair_sets
from evalhouse.metrics.spans import Span
from evalhouse.metrics.table import confusion
from evalhouse.metrics.value import Metric, Value

Sides = tuple[Any, ...]
Draw = Callable[[np.random.Generator, int], Sides]
NEEDS_A_MODEL = {"embedding_cosine", "bertscore_precision", "bertscore_recall", "bertscore_f1"}
WORDS = ("the", "cat", "sat", "on", "a", "mat", "tax", "3", "Harbour", "high")
TEXT = "The cat sat on the mat, and the tax was high."


def _points(chance: np.random.Generator, n: int) -> Sides:
    gold = chance.integers(1, 6, n)
    return gold, np.where(chance.random(n) < 0.5, gold, chance.integers(1, 6, n))


def _sets(chance: np.random.Generator, n: int) -> Sides:
    return chance.random((n, 3)) < 0.5, chance.random((n, 3)) < 0.5


def _ratings(chance: np.random.Generator, n: int) -> Sides:
    return (chance.integers(1, 4, (n, 3)).astype(float),)


def _texts(chance: np.random.Generator, n: int) -> Sides:
    def one() -> str:
        return " ".join(chance.choice(WORDS, chance.integers(1, 7)))

    return [one() for _ in range(n)], [one() for _ in range(n)]


def _spans(chance: np.random.Generator, n: int) -> Sides:
    def one() -> list[Span]:
        starts = chance.integers(0, 30, chance.integers(0, 3))
        return [
            Span(int(start), int(start) + 9, str(chance.choice(["A", "B"]))) for start in starts
        ]

    return [one() for _ in range(n)], [one() for _ in range(n)], [TEXT] * n


def _successes(chance: np.random.Generator, n: int) -> Sides:
    return chance.integers(0, 9, n), np.full(n, 8), 3


def _votes(chance: np.random.Generator, n: int) -> Sides:
    return chance.choice(["a", "b", "c"], n), chance.choice(["a", "b", "c"], (n, 5)), 3


def _numbers(chance: np.random.Generator, n: int) -> Sides:
    return tuple([str(number) for number in chance.integers(0, 3, n)] for _ in range(2))


def _chosen(chance: np.random.Generator, n: int) -> Sides:
    from evalhouse.metrics.likelihood import likelihood_choice

    return chance.integers(0, 4, n), likelihood_choice(-chance.random((n, 4)), "raw")


def _surprise(chance: np.random.Generator, n: int) -> Sides:
    return -9 * chance.random(n), chance.integers(1, 9, n)


def _forecasts(chance: np.random.Generator, n: int) -> Sides:
    return chance.integers(0, 2, n), chance.random(n)


FAMILIES: dict[str, Draw] = {
    "choices": _points,
    "agreement": _points,
    "ordinal": _points,
    "correlation": _points,
    "multilabel": _sets,
    "raters": _ratings,
    "text": _texts,
    "spans": _spans,
    "calibration": _forecasts,
    "ranking": _forecasts,
}
OWN: dict[str, Draw] = {
    "pass_at_k": _successes,
    "pass_all_k": _successes,
    "maj_at_k": _votes,
    "numeric_match": _numbers,
    "likelihood_accuracy": _chosen,
    "bits_per_byte": _surprise,
    "perplexity": _surprise,
}
BY_TABLE = {"choices", "agreement", "ordinal", "correlation"}


def _drawn(metric: Metric, seed: int, n: int) -> Sides:
    draw = OWN.get(metric.name) or FAMILIES[metric.family]
    return draw(np.random.default_rng(seed), n)


def _value(metric: Metric, sides: Sides) -> Value:
    if metric.family in BY_TABLE:
        gold, model = sides
        sides = (confusion(gold, model, range(1, 6)),)
    if metric.family == "multilabel":
        sides = (pair_sets(*sides),)
    found = metric.function(*sides)
    value = found if isinstance(found, Value) else found.value
    assert isinstance(value, Value)
    return value


def _permuted(sides: Sides, order: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Sides:
    n = len(order)

    def one(side: Any) -> Any:
        if isinstance(side, np.ndarray):
            return side[order]
        if isinstance(side, list):
            return [side[place] for place in order.tolist()]
        return side

    return tuple(
        one(side) if hasattr(side, "__len__") and len(side) == n else side for side in sides
    )


def str_of(metric: Metric) -> str:
    return f"{metric.family}-{metric.name}"


COMPUTED = [metric for metric in METRICS if metric.name not in NEEDS_A_MODEL]
computed = pytest.mark.parametrize("metric", COMPUTED, ids=str_of)
every = pytest.mark.parametrize("metric", METRICS, ids=str_of)


@computed
def test_a_value_lies_in_its_range(metric: Metric) -> None:
    for seed in range(60):
        value = _value(metric, _drawn(metric, seed, 2 + seed % 9))
        assert math.isnan(value.value) or metric.low - 1e-12 <= value.value <= metric.high + 1e-12


@computed
def test_most_values_are_defined(metric: Metric) -> None:
    values = [_value(metric, _drawn(metric, seed, 30)) for seed in range(20)]
    assert all(value.is_defined and value.n > 0 for value in values)


@pytest.mark.parametrize(
    "metric",
    # Choices by likelihood come as one object, which has tests of its own.
    [each for each in COMPUTED if each.name != "likelihood_accuracy"],
    ids=str_of,
)
def test_the_order_of_units_does_not_matter(metric: Metric) -> None:
    for seed in range(5):
        sides = _drawn(metric, seed, 25)
        order = np.random.default_rng(seed + 100).permutation(25)
        before, after = _value(metric, sides), _value(metric, _permuted(sides, order))
        assert after.value == pytest.approx(before.value, abs=1e-12)


@pytest.mark.parametrize(
    "metric",
    # Coders have no two sides; their order is a matter of the tests of raters.
    [each for each in COMPUTED if each.is_symmetric and each.family != "raters"],
    ids=str_of,
)
def test_sides_change_places_where_a_metric_is_symmetric(metric: Metric) -> None:
    differences = []
    for seed in range(20):
        first, second, *rest = _drawn(metric, seed, 12)
        one, other = (_value(metric, (*pair, *rest)) for pair in ((first, second), (second, first)))
        differences.append(abs(one.value - other.value))
    assert np.nanmax(differences, initial=0.0) <= 1e-12


@computed
def test_nothing_is_undefined_with_a_note(metric: Metric) -> None:
    value = _value(metric, _drawn(metric, 0, 0))
    assert math.isnan(value.value)
    assert value.n == 0
    assert value.note


@computed
def test_one_unit_is_no_error(metric: Metric) -> None:
    for seed in range(10):
        value = _value(metric, _drawn(metric, seed, 1))
        assert value.is_defined or value.note


@every
def test_a_metric_is_documented_with_its_range_and_an_example(metric: Metric) -> None:
    text = metric.documentation
    assert "Example" in text
    assert len(text.splitlines()) > 4


def test_a_metric_is_known_by_its_family_and_name() -> None:
    keys = [(metric.family, metric.name) for metric in METRICS]
    assert len(set(keys)) == len(keys)


@every
def test_what_is_known_of_a_metric_is_known_whole(metric: Metric) -> None:
    assert all((metric.name, metric.family, metric.unit, metric.reference))
    assert metric.low < metric.high
    if metric.unit == "proportion":
        assert (metric.low, metric.high) == (0.0, 1.0)
