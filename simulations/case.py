"""One simulated promise, and how it turned out."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Measure = Literal["coverage", "type-I error", "power", "wrong certificates", "relative error"]
Trials = Callable[[np.random.Generator, int], NDArray[np.bool_] | float]
"""Takes a source of chance and a number of repetitions; gives what happened in each of them.

What is summed over all outcomes exactly, and not simulated, comes back as one rate.
"""


@dataclass(frozen=True)
class Case:
    """What is repeated, and the bounds between which its rate is promised to lie.

    A naive method that must be seen failing promises a rate on the wrong side. Without a promise
    the rate is shown for comparison.
    """

    family: str
    method: str
    setting: str
    measure: Measure
    promise: tuple[float, float] | None
    trials: Trials
    repetitions: int = 10_000
    slice: int = 400
    """Repetitions in the tests; 0 leaves the case to the full run."""

    @property
    def name(self) -> str:
        """What identifies the case."""
        return f"{self.family}: {self.method}, {self.setting} ({self.measure})"

    @property
    def seed(self) -> int:
        """A seed of its own, the same on every machine."""
        return zlib.crc32(self.name.encode())


@dataclass(frozen=True)
class Outcome:
    """The rate of a case; `error` is its Monte-Carlo standard error, 0 where it is exact."""

    rate: float
    error: float
    repetitions: int
    seconds: float


def run(case: Case, repetitions: int) -> Outcome:
    """Repeat a case; the same repetitions give the same outcome."""
    started = time.perf_counter()
    found = case.trials(np.random.default_rng(case.seed), repetitions)
    seconds = time.perf_counter() - started
    if isinstance(found, float):
        return Outcome(found, 0.0, 0, seconds)
    rate = float(np.mean(found))
    return Outcome(rate, math.sqrt(rate * (1 - rate) / len(found)), len(found), seconds)


def holds(case: Case, outcome: Outcome, slack: float) -> bool:
    """Whether a rate lies within its promise, give or take `slack` Monte-Carlo errors."""
    if case.promise is None:
        return True
    low, high = case.promise
    below, above = (_error(bound, outcome.repetitions) * slack for bound in (low, high))
    return low - below <= outcome.rate <= high + above


def _error(rate: float, repetitions: int) -> float:
    return math.sqrt(rate * (1 - rate) / repetitions) if repetitions else 1e-9
