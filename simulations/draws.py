"""Runs whose truth is known: what simulated comparisons draw, and what they count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalhouse.stats.results import HypothesisTest, Interval
from simulations.case import Trials

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator], tuple[Any, ...]]
EXACT = (0.0, 0.05)
NOMINAL = (0.04, 0.06)
NAIVE = (0.10, 1.0)
COVERS = (0.94, 0.96)
CONSERVATIVE = (0.95, 1.0)
EVEN = np.full(10, 20)
UNEVEN = np.array([10, 12, 14, 16, 18, 20, 24, 26, 28, 32])
FIVE = "10 clusters of 20, 0/1"
MIXED = "10 clusters of 10 to 32, 0/1"


def rejections(draw: Draw, test: Callable[..., HypothesisTest]) -> Trials:
    """Count how often a test rejects at 5% what is drawn."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        return np.array([test(*draw(chance)).p_value <= 0.05 for _ in range(repetitions)])

    return trials


def coverage(draw: Draw, interval: Callable[..., Interval], truth: float) -> Trials:
    """Count how often an interval holds the truth."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        found = (interval(*draw(chance)) for _ in range(repetitions))
        return np.array([each.low <= truth <= each.high for each in found])

    return trials


def normal_pairs(n: int, shift: float = 0.0) -> Draw:
    """Draw pairs that share most of their spread; the first is above by `shift`."""

    def draw(chance: np.random.Generator) -> tuple[Floats, Floats]:
        shared = chance.standard_normal(n)
        noise = 0.6 * chance.standard_normal((2, n))
        return shared + shift + noise[0], shared + noise[1]

    return draw


def right_or_wrong(n: int, only_first: float, only_second: float) -> Draw:
    """Draw two runs that are right on the same units except for these shares."""

    def draw(chance: np.random.Generator) -> tuple[Floats, Floats]:
        kind = chance.random(n)
        both = chance.random(n) < 0.6
        first = np.where(kind < only_first, 1.0, both)
        second = np.where(kind < only_first, 0.0, both)
        swapped = (kind >= only_first) & (kind < only_first + only_second)
        return np.where(swapped, 0.0, first), np.where(swapped, 1.0, second)

    return draw


def clustered_pairs(sizes: NDArray[np.int64], icc: float = 0.3, share: float = 0.4) -> Draw:
    """Draw two runs of which one or the other is better in each cluster, neither on the whole."""
    names = np.repeat(np.arange(len(sizes)), sizes)
    strength = (1 - icc) / icc / 2

    def draw(chance: np.random.Generator) -> tuple[Floats, Floats, NDArray[np.int64]]:
        lean = chance.beta(strength, strength, len(sizes))[names]
        differs = chance.random(len(names)) < share
        first = np.where(differs, chance.random(len(names)) < lean, chance.random(len(names)) < 0.6)
        second = np.where(differs, 1 - first, first)
        return first.astype(np.float64), second.astype(np.float64), names

    return draw


def clustered_samples(sizes: NDArray[np.int64]) -> Draw:
    """Draw two independent samples with clusters of one kind."""
    names = np.repeat(np.arange(len(sizes)), sizes)

    def draw(chance: np.random.Generator) -> tuple[Any, ...]:
        middle = 0.5 * chance.standard_normal((2, len(sizes)))[:, names]
        first, second = middle + chance.standard_normal((2, len(names)))
        return first, second, (names, names + len(sizes))

    return draw


def two_samples(first: tuple[int, float], second: tuple[int, float]) -> Draw:
    """Draw two normal samples of such sizes and deviations, without a difference."""

    def draw(chance: np.random.Generator) -> tuple[Floats, Floats]:
        one, other = (spread * chance.standard_normal(n) for n, spread in (first, second))
        return one, other

    return draw


def likert(n: int, *, is_paired: bool) -> Draw:
    """Draw answers from 1 to 5, full of ties, paired or not."""
    shares = (0.1, 0.2, 0.3, 0.25, 0.15)

    def draw(chance: np.random.Generator) -> tuple[Floats, Floats]:
        one, other = chance.choice(np.arange(1.0, 6.0), (2, n), p=shares)
        same = chance.random(n) < 0.5
        return one, np.where(same & is_paired, one, other)

    return draw


def coded(n: int, *, sizes: NDArray[np.int64] | None = None) -> Draw:
    """Draw the agreement of two models with gold, (n, 4) cells each, equally good on the whole."""
    names = np.arange(n) if sizes is None else np.repeat(np.arange(len(sizes)), sizes)

    def draw(chance: np.random.Generator) -> tuple[Any, ...]:
        gold = chance.random(len(names)) < 0.3
        rates = np.full((2, len(names)), 0.8)
        if sizes is not None:
            rates = 0.8 + 0.15 * (2 * chance.integers(0, 2, (2, len(sizes))) - 1.0)[:, names]
        codes = [
            np.where(chance.random(len(names)) < rate, gold, ~gold) + 2 * gold for rate in rates
        ]
        cells = [np.eye(4)[code.astype(np.int64)] for code in codes]
        return cells[0], cells[1], names

    return draw


def alike(n: int, rare: float, right: float, same: float) -> Draw:
    """Draw the cells of two equally good models that give the `same` share of answers alike."""

    def draw(chance: np.random.Generator) -> tuple[Any, ...]:
        gold = chance.random(n) < rare
        one, other = chance.random((2, n)) < right
        other = np.where(chance.random(n) < same, one, other)
        codes = [np.where(side, gold, ~gold) + 2 * gold for side in (one, other)]
        cells = [np.eye(4)[code.astype(np.int64)] for code in codes]
        return cells[0], cells[1], np.arange(n)

    return draw


def kappa(cells: Floats) -> Floats:
    """Cohen's kappa of two classes, from cells in a row."""
    table = cells.reshape(*cells.shape[:-1], 2, 2)
    n = cells.sum(axis=-1)
    seen = (table[..., 0, 0] + table[..., 1, 1]) / n
    expected = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1) / n**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((seen - expected) / (1 - expected))


def f1(cells: Floats) -> Floats:
    """F1 of the rarer of two classes, from cells in a row."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(2 * cells[..., 3] / (2 * cells[..., 3] + cells[..., 1] + cells[..., 2]))


def with_clusters(test: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the names that were drawn on as clusters."""
    return lambda first, second, names: test(first, second, clusters=names)


def without_clusters(test: Callable[..., Any]) -> Callable[..., Any]:
    """Keep the names of the clusters from a method."""
    return lambda first, second, _names: test(first, second)


def of_metric(test: Callable[..., Any], kernel: Any, *, is_clustered: bool, **options: int) -> Any:
    """Hand a metric to a method that takes any."""

    def run(one: Floats, other: Floats, names: NDArray[np.int64]) -> Any:
        return test(one, other, kernel, clusters=names if is_clustered else None, **options)

    return run
