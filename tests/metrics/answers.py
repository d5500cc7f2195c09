"""Pairs of answers of every shape that metrics must stand, and what the references need of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from evalhouse.metrics.labels import ABSENT, Absent

Side = list[Any]
SEEDS = range(40)
LEFT = -99  # stands for an answer that is not there, where a reference must count it as wrong


def random_sides(seed: int, *, share_absent: float = 0.15) -> tuple[Side, Side]:
    """Up to 120 rows of up to 7 integer labels, some absent; small seeds make small tables."""
    chance = np.random.default_rng(seed)
    n, labels = int(chance.integers(1, 4 + 3 * seed)), int(chance.integers(1, 8))
    gold = chance.integers(0, labels, n)
    model = np.where(chance.random(n) < 0.6, gold, chance.integers(0, labels, n))
    sides = gold.tolist(), model.tolist()
    for side in sides:
        for row in np.flatnonzero(chance.random(n) < share_absent):
            side[row] = ABSENT[chance.integers(len(ABSENT))]
    return sides


EDGES: dict[str, tuple[Side, Side]] = {
    "empty": ([], []),
    "one row, equal": ([1], [1]),
    "one row, different": ([1], [2]),
    "one label on both sides": ([3, 3, 3], [3, 3, 3]),
    "one label on each side": ([3, 3, 3], [4, 4, 4]),
    "gold constant": ([3, 3, 3], [3, 4, 4]),
    "model constant": ([3, 4, 5], [4, 4, 4]),
    "no gold": ([Absent.MISSING, Absent.INVALID], [1, 2]),
    "no answer": ([1, 2], [Absent.FAILED, Absent.NOT_APPLICABLE]),
    "nothing at all": ([None, None], [None, None]),
    "never together": ([1, None], [None, 1]),
}
ALL_SIDES = [random_sides(seed) for seed in SEEDS] + list(EDGES.values())


def is_label(value: Any) -> bool:
    return value is not None and not isinstance(value, Absent)


def both(gold: Side, model: Side) -> tuple[Side, Side]:
    """Only the units with two labels."""
    kept = [pair for pair in zip(gold, model, strict=True) if all(map(is_label, pair))]
    return [first for first, _ in kept], [second for _, second in kept]


def with_gold(gold: Side, model: Side) -> tuple[Side, Side]:
    """Only the units with a gold label; what the model left is a label of its own."""
    kept = [pair for pair in zip(gold, model, strict=True) if is_label(pair[0])]
    answers = [second if is_label(second) else LEFT for _, second in kept]
    return [first for first, _ in kept], answers


def labels_of(gold: Side, model: Side) -> Side:
    """The labels of two sides, sorted."""
    return sorted({*gold, *model} - {LEFT})


@contextmanager
def quiet() -> Iterator[None]:
    """Let a reference warn; ours must not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
