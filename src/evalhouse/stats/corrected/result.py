"""What a corrected estimate is: the number, what either kind of label alone gives, its spread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalhouse.stats.corrected.spread import Spread
from evalhouse.stats.distributions import student_quantile
from evalhouse.stats.results import Interval

Floats = NDArray[np.float64]
NAIVE = "errors of the model are in it"
UNDETERMINED = (
    "the data do not determine the coefficients: a covariate follows from the others, all labels "
    "are equal, or the covariates separate them"
)
ENOUGH = 50
"""Human labels from which intervals hold their level; below, they say so."""
ENOUGH_FOR_CURVES = 100
"""The same for logistic coefficients."""
DIFFERING = 10
"""Human labels that must differ from the model's for their variance to be known."""
ENOUGH_BY_DESIGN = 200
"""The same for coefficients where chances of a label are unequal: a few labels stand for many."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """An estimate from a few human and many model labels.

    `interval` is the corrected one. `human` is what the human labels alone give (classical) and
    `model` what the model labels alone give (naive: its errors go into the number). `weight` is
    how much the model labels count (0 not at all, 1 fully). `effective_n` is how many human labels
    alone would give the same standard error. `spread` is what a planner needs.
    """

    interval: Interval
    human: Interval
    model: Interval
    weight: float
    n_human: int
    n_model: int
    effective_n: float
    spread: Spread | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Where an estimate stands, with its standard error and degrees of freedom (inf: normal)."""

    estimate: float
    stderr: float
    df: float


ABSENT = Part(math.nan, math.nan, 0.0)


def reaches(parts: Sequence[Part], level: float) -> list[float]:
    """Return half the widths of `estimate ± t * stderr`; NaN where there is no spread to use."""
    df = np.array([part.df for part in parts])
    stderr = np.array([part.stderr for part in parts])
    found = student_quantile(0.5 + level / 2, df) * stderr
    return [float(reach) for reach in found]


def around(part: Part, reach: float, level: float, method: str, n: int, note: str) -> Interval:
    """Make the interval `estimate ± reach`."""
    low, high = part.estimate - reach, part.estimate + reach
    return Interval(part.estimate, low, high, level, method, n, part.stderr, note=note)


def within(interval: Interval, note: str = "") -> Interval:
    """Cut an interval of a proportion at 0 and 1, and add a note."""
    numbers = np.clip([interval.estimate, interval.low, interval.high], 0.0, 1.0)
    estimate, low, high = map(float, numbers)
    said = noted(interval.note, note)
    return replace(interval, estimate=estimate, low=low, high=high, note=said)


def satterthwaite(first: float, first_df: float, second: float, second_df: float) -> float:
    """Return the degrees of freedom of a sum of two independent variances; 0 if both are none."""
    terms = ((first, first_df), (second, second_df))
    below = sum(value**2 / df if df > 0 else math.inf for value, df in terms if value > 0)
    return (first + second) ** 2 / below if below > 0 else 0.0


def effective(n: int, alone: float, corrected: float) -> float:
    """Return the human labels that would give the corrected standard error by themselves."""
    return n * (alone / corrected) ** 2 if corrected > 0 else math.nan


def noted(*notes: str) -> str:
    """Join what is said."""
    return "; ".join(note for note in notes if note)


def few(n: int, enough: int = ENOUGH) -> str:
    """Warn of few human labels."""
    return (
        f"only {n} human labels: the interval holds its level from {enough}" if n < enough else ""
    )
