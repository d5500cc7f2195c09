"""Tests that are looked at after every item: how often they ever reject, and how soon."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalhouse.stats.sequential import SequentialTest
from simulations.case import Case, Measure, Trials

FAMILY = "sequential tests"
ITEMS = 3000
NEVER = (0.0, 0.05)
Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]


@dataclass(frozen=True)
class Shares:
    """Items that take a few values with given chances."""

    values: tuple[float, ...]
    chances: tuple[float, ...]

    def __call__(self, chance: np.random.Generator, size: int) -> Floats:
        """Draw items."""
        return chance.choice(self.values, size, p=self.chances)

    @property
    def mean(self) -> float:
        """The mean that items have."""
        return float(np.dot(self.values, self.chances))


def rate(share: float) -> Shares:
    """Return items that are 1 in a share of cases."""
    return Shares((0.0, 1.0), (1 - share, share))


def decided(draw: Draw, test: SequentialTest, items: int = ITEMS) -> Trials:
    """Count whether a test ever decides."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        found = [test.add(draw(chance, items)).decision for _ in range(repetitions)]
        return np.array([one is not None for one in found])

    return trials


def refilled(pool: int, failures: int, test: SequentialTest) -> Trials:
    """Count whether a test ever decides on a pool that is drawn empty, without replacement."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        items = (np.arange(pool) < failures).astype(float)
        found = [test.add(chance.permutation(items)).decision for _ in range(repetitions)]
        return np.array([one is not None for one in found])

    return trials


def covered(draw: Draw, truth: float, test: SequentialTest) -> Trials:
    """Count whether the interval holds the truth at each of 40 looks."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        covers = []
        for _ in range(repetitions):
            state = test
            for piece in np.split(draw(chance, 600), 40):
                state = state.add(piece)
            covers.append(state.interval.low <= truth <= state.interval.high)
        return np.array(covers)

    return trials


def repeated_t(share: float, items: int = ITEMS) -> Trials:
    """Count whether a t-test at 5%, looked at after every item from the tenth, ever rejects."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        rejected = []
        counts = np.arange(1, items + 1)
        for _ in range(repetitions):
            mean = np.cumsum(chance.random(items) < share) / counts
            spread = np.sqrt(np.maximum(mean * (1 - mean), 1e-12) / np.maximum(counts - 1, 1))
            rejected.append((np.abs(mean - share) > 1.96 * spread)[9:].any())
        return np.array(rejected)

    return trials


def fixed_z(share: float, null: float, items: int) -> Trials:
    """Count whether one look after all items rejects."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        mean = chance.binomial(items, share, repetitions) / items
        return np.abs(mean - null) > 1.96 * math.sqrt(null * (1 - null) / items)

    return trials


HALF = SequentialTest(0.5)
PAIRED = SequentialTest(0.0, (-1.0, 1.0))
TIES = Shares((-1.0, 0.0, 1.0), (0.1, 0.8, 0.1))
SCALE = Shares((0.0, 0.25, 0.5, 0.75, 1.0), (0.55, 0.2, 0.1, 0.1, 0.05))
TOLERATED = SequentialTest(0.01)

Row = tuple[str, str, Measure, tuple[float, float] | None, Trials, int, int]
_ROWS: tuple[Row, ...] = (
    (
        "betting",
        "share 0.5, every of 3,000 items",
        "type-I error",
        NEVER,
        decided(rate(0.5), HALF),
        2000,
        60,
    ),
    (
        "betting",
        "rate 0.01 as tolerated, every of 3,000 items",
        "type-I error",
        NEVER,
        decided(rate(0.01), TOLERATED),
        2000,
        60,
    ),
    (
        "betting, one side",
        "share 0.5, every of 3,000 items",
        "type-I error",
        NEVER,
        decided(rate(0.5), SequentialTest(0.5, alternative="greater")),
        2000,
        60,
    ),
    (
        "betting",
        "equal runs that differ on a fifth, every of 3,000 items",
        "type-I error",
        NEVER,
        decided(TIES, PAIRED),
        2000,
        50,
    ),
    (
        "betting",
        "skewed scores, every of 3,000 items",
        "type-I error",
        NEVER,
        decided(SCALE, SequentialTest(SCALE.mean)),
        2000,
        50,
    ),
    (
        "betting",
        "rate 0.1 as tolerated, a pool of 300 drawn empty",
        "type-I error",
        NEVER,
        refilled(300, 30, SequentialTest(0.1)),
        2000,
        100,
    ),
    (
        "t-test after every item",
        "share 0.5, every of 3,000 items",
        "type-I error",
        (0.3, 1.0),
        repeated_t(0.5),
        2000,
        300,
    ),
    (
        "confidence sequence",
        "share 0.3, 40 looks",
        "coverage",
        (0.95, 1.0),
        covered(rate(0.3), 0.3, HALF),
        300,
        4,
    ),
    (
        "confidence sequence",
        "skewed scores, 40 looks",
        "coverage",
        (0.95, 1.0),
        covered(SCALE, SCALE.mean, HALF),
        300,
        4,
    ),
    (
        "betting",
        "share 0.6 against 0.5, within 500 items",
        "power",
        None,
        decided(rate(0.6), HALF, 500),
        1000,
        0,
    ),
    (
        "z-test, one look",
        "share 0.6 against 0.5, at 500 items",
        "power",
        None,
        fixed_z(0.6, 0.5, 500),
        10_000,
        0,
    ),
    (
        "z-test, one look",
        "share 0.6 against 0.5, at 250 items",
        "power",
        None,
        fixed_z(0.6, 0.5, 250),
        10_000,
        0,
    ),
    (
        "betting",
        "no failure, 0.01 tolerated, within 600 items",
        "power",
        (1.0, 1.0),
        decided(rate(0.0), TOLERATED, 600),
        20,
        4,
    ),
    (
        "betting",
        "rate 0.03, 0.01 tolerated, within 1,000 items",
        "power",
        None,
        decided(rate(0.03), TOLERATED, 1000),
        1000,
        0,
    ),
)
CASES: tuple[Case, ...] = tuple(
    Case(FAMILY, method, setting, measure, promise, trials, repetitions, short)
    for method, setting, measure, promise, trials, repetitions, short in _ROWS
)
