"""What statistics give back: intervals, tests, comparisons."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from evalhouse.errors import UnknownNameError, UsageError

Alternative = Literal["two-sided", "greater", "less"]
ALTERNATIVES: tuple[Alternative, ...] = ("two-sided", "greater", "less")


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate between two bounds.

    `level` is the confidence (0.95), `method` names how the bounds were found, `n` counts the
    independent units (rows, or clusters where there are clusters). NaN is undefined, and `note`
    says why, or what weakens the result. `seed` is there whenever chance was used.
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str
    n: int
    stderr: float = math.nan
    seed: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class HypothesisTest:
    """A test: its statistic, its p-value against `alternative`, and what it looked at.

    `estimate` is the effect under test in its own unit; `n` counts independent units.
    """

    statistic: float
    p_value: float
    method: str
    n: int
    alternative: Alternative = "two-sided"
    estimate: float = math.nan
    seed: int | None = None
    note: str = ""


def checked_level(level: float) -> float:
    """Return a confidence level, or say that it is none."""
    if not 0.0 < level < 1.0:
        raise UsageError(f"a confidence level lies between 0 and 1, as 0.95 does; found {level}")
    return level


def checked_alternative(alternative: str) -> Alternative:
    """Return an alternative hypothesis, or say which there are."""
    for known in ALTERNATIVES:
        if alternative == known:
            return known
    raise UnknownNameError("alternative", alternative, ALTERNATIVES)
