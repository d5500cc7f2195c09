"""Corrected estimates: few human labels beside many of a model that errs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalhouse.stats.corrected import (
    Corrected,
    Correction,
    corrected_difference,
    corrected_linear,
    corrected_logistic,
    corrected_mean,
    corrected_proportion,
)
from evalhouse.stats.results import Interval
from simulations.case import Case, Trials

FAMILY = "corrected estimates"
TUNED = Correction()
REST = 1000
COVERS = (0.93, 0.97)
CAREFUL = (0.93, 0.98)
FAILS = (0.0, 0.8)
Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator], tuple[Corrected, float]]
"""Draws labels; gives the estimate and the truth."""
Reading = Callable[[Corrected], Interval]


def corrected(found: Corrected) -> Interval:
    """Read the corrected interval."""
    return found.interval


def human(found: Corrected) -> Interval:
    """Read the interval of the human labels alone."""
    return found.human


def model(found: Corrected) -> Interval:
    """Read the naive interval of the model labels alone."""
    return found.model


def coverage(draw: Draw, reading: Reading = corrected) -> Trials:
    """Repeat a draw and count whether the interval covers the truth."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        covers = []
        for _ in range(repetitions):
            found, truth = draw(chance)
            interval = reading(found)
            covers.append(interval.low <= truth <= interval.high)
        return np.array(covers)

    return trials


def shorter(draw: Draw) -> Trials:
    """Repeat a draw and count whether the corrected interval is shorter than people's alone."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        found = [draw(chance)[0] for _ in range(repetitions)]
        return np.array([one.interval.stderr < one.human.stderr for one in found])

    return trials


@dataclass(frozen=True)
class YesOrNo:
    """Questions of which a `share` is yes, and a model right in `on_yes` and `on_no` of cases."""

    share: float
    on_yes: float
    on_no: float

    def labels(self, chance: np.random.Generator, size: int) -> tuple[Floats, Floats]:
        """Draw human and model labels."""
        truth = chance.random(size) < self.share
        is_right = chance.random(size) < np.where(truth, self.on_yes, self.on_no)
        return truth.astype(float), np.where(is_right, truth, ~truth).astype(float)

    def proportion(self, n: int, how: Correction = TUNED) -> Draw:
        """Estimate the share from n human labels."""

        def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
            people, machine = self.labels(chance, n + REST)
            found = corrected_proportion(people[:n], machine[:n], machine[n:], how=how)
            return found, self.share

        return draw

    def mean(self, n: int) -> Draw:
        """Estimate the share as if it were any mean."""

        def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
            people, machine = self.labels(chance, n + REST)
            return corrected_mean(people[:n], machine[:n], machine[n:]), self.share

        return draw


def likert(chance: np.random.Generator, size: int, shift: int = 0) -> tuple[Floats, Floats]:
    """Draw answers from 1 to 5, and a model that leans upwards."""
    truth = chance.choice(5, size, p=[0.1, 0.2, 0.3, 0.25, 0.15]) + 1 + shift
    noise = chance.choice([-1, 0, 1, 2], size, p=[0.1, 0.55, 0.25, 0.1])
    return truth.astype(float), np.clip(truth + noise, 1, 5).astype(float)


LIKERT = float(np.dot([0.1, 0.2, 0.3, 0.25, 0.15], [1, 2, 3, 4, 5]))


def likert_mean(n: int) -> Draw:
    """Estimate a mean answer."""

    def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
        people, machine = likert(chance, n + REST)
        return corrected_mean(people[:n], machine[:n], machine[n:]), LIKERT

    return draw


def clustered_mean(clusters: int, *, is_known: bool) -> Draw:
    """Estimate a mean of units that come ten to a document, five of them labelled."""

    def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
        names = np.repeat(np.arange(4 * clusters), 5)
        shared = chance.normal(size=4 * clusters)[names]
        truth = shared + chance.normal(size=len(names))
        machine = truth + 0.5 + 0.8 * chance.normal(size=4 * clusters)[names]
        n = 5 * clusters
        both = (names[:n], names[n:]) if is_known else None
        return corrected_mean(truth[:n], machine[:n], machine[n:], clusters=both), 0.0

    return draw


def runs_difference(n: int) -> Draw:
    """Estimate how much more often one run is right; the judge errs more on it."""

    def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
        size = n + REST
        hard = chance.random(size)
        first, second = (hard < 0.7).astype(float), (chance.random(size) < 0.62).astype(float)
        sides = ((first, 0.8), (second, 0.92))
        judged = [np.where(chance.random(size) < right, one, 1 - one) for one, right in sides]
        gap, seen = first - second, judged[0] - judged[1]
        return corrected_mean(gap[:n], seen[:n], seen[n:]), 0.08

    return draw


def groups_difference(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
    """Cover the difference of two groups' shares, the model worse in one."""
    one, two = YesOrNo(0.4, 0.9, 0.95), YesOrNo(0.25, 0.7, 0.85)
    covers = []
    for _ in range(repetitions):
        sides = [group.proportion(100)(chance)[0] for group in (one, two)]
        gap = corrected_difference(*sides)
        covers.append(gap.low <= 0.15 <= gap.high)
    return np.array(covers)


BETA = (0.5, -0.8, 0.6)


def covariates(chance: np.random.Generator, size: int) -> Floats:
    """Draw an intercept, a number, and a group of three in ten."""
    return np.column_stack([np.ones(size), chance.normal(size=size), chance.random(size) < 0.3])


def linear(n: int, column: int) -> Draw:
    """Estimate a linear coefficient; the spread of labels grows with the number."""

    def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
        rows = covariates(chance, n + REST)
        noise = chance.normal(size=n + REST) * np.exp(0.3 * rows[:, 1])
        people = rows @ BETA + noise
        machine = 0.8 * people + 0.4 * rows[:, 1] + 0.3 * rows[:, 2] + chance.normal(size=n + REST)
        found = corrected_linear(
            people[:n], machine[:n], machine[n:], covariates=(rows[:n], rows[n:])
        )
        return found[column], BETA[column]

    return draw


def logistic(n: int, column: int) -> Draw:
    """Estimate a logistic coefficient; the model errs more on one side of the number."""

    def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
        rows = covariates(chance, n + REST)
        truth = chance.random(n + REST) < 1 / (1 + np.exp(-rows @ BETA))
        is_right = chance.random(n + REST) < np.where(rows[:, 1] > 0, 0.95, 0.75)
        people, machine = truth.astype(float), np.where(is_right, truth, ~truth).astype(float)
        found = corrected_logistic(
            people[:n], machine[:n], machine[n:], covariates=(rows[:n], rows[n:])
        )
        return found[column], BETA[column]

    return draw


GOOD, LEANING, NEARLY = YesOrNo(0.3, 0.9, 0.9), YesOrNo(0.1, 0.8, 0.9), YesOrNo(0.3, 0.97, 0.97)
PUBLISHED = Correction(is_asymptotic=True)
ALONE, NAIVE = "human labels alone", "model labels alone"

Row = tuple[str, str, Trials, tuple[float, float] | None, int]
_PROPORTIONS: tuple[Row, ...] = (
    (
        "PPI++ proportion",
        "50 labels, 90% right, share 0.3",
        coverage(GOOD.proportion(50)),
        CAREFUL,
        1500,
    ),
    (
        "PPI++ proportion",
        "50 labels, leaning model, share 0.1",
        coverage(LEANING.proportion(50)),
        CAREFUL,
        1500,
    ),
    (
        "PPI++ proportion",
        "100 labels, leaning model, share 0.1",
        coverage(LEANING.proportion(100)),
        COVERS,
        1500,
    ),
    (
        "PPI++ proportion",
        "200 labels, 97% right, share 0.3",
        coverage(NEARLY.proportion(200)),
        COVERS,
        1200,
    ),
    (
        "PPI++ proportion",
        "30 labels (warned of), 97% right, share 0.3",
        coverage(NEARLY.proportion(30)),
        None,
        800,
    ),
    (
        "PPI++ as published",
        "50 labels, leaning model, share 0.1",
        coverage(LEANING.proportion(50, PUBLISHED)),
        (0.0, 0.92),
        800,
    ),
    (ALONE, "100 labels, share 0.1", coverage(LEANING.proportion(100), human), None, 800),
    (
        NAIVE,
        "1,100 labels, leaning model, share 0.1",
        coverage(LEANING.proportion(100), model),
        FAILS,
        200,
    ),
)
_MEANS: tuple[Row, ...] = (
    ("PPI++ mean", "50 labels from 1 to 5", coverage(likert_mean(50)), COVERS, 2000),
    ("PPI++ mean", "200 labels from 1 to 5", coverage(likert_mean(200)), COVERS, 1500),
    (
        "PPI++ mean (warned of)",
        "50 labels of 0 and 1, share 0.05, model errs in 3%",
        coverage(YesOrNo(0.05, 0.97, 0.97).mean(50)),
        (0.0, 0.90),
        800,
    ),
    (NAIVE, "1,200 labels from 1 to 5", coverage(likert_mean(200), model), FAILS, 300),
    (
        "PPI++ mean",
        "20 labelled documents of 5",
        coverage(clustered_mean(20, is_known=True)),
        COVERS,
        1200,
    ),
    (
        "PPI++ mean, clusters ignored",
        "20 labelled documents of 5",
        coverage(clustered_mean(20, is_known=False)),
        FAILS,
        200,
    ),
    (
        "PPI++ difference of runs",
        "100 labels of both",
        coverage(runs_difference(100)),
        COVERS,
        1200,
    ),
    ("PPI++ difference of groups, MOVER", "100 labels each", groups_difference, COVERS, 1200),
    (NAIVE, "difference of runs, 1,100 items", coverage(runs_difference(100), model), FAILS, 300),
)
_REGRESSIONS: tuple[Row, ...] = (
    ("PPI++ linear", "50 labels, slope", coverage(linear(50, 1)), COVERS, 1500),
    ("PPI++ linear", "200 labels, group", coverage(linear(200, 2)), COVERS, 800),
    (NAIVE, "linear, slope", coverage(linear(50, 1), model), FAILS, 200),
    ("PPI++ logistic", "100 labels, slope", coverage(logistic(100, 1)), COVERS, 1200),
    ("PPI++ logistic", "200 labels, group", coverage(logistic(200, 2)), COVERS, 800),
    (NAIVE, "logistic, slope", coverage(logistic(50, 1), model), FAILS, 200),
)
_SHORTER: tuple[Row, ...] = (
    (
        "PPI++ proportion",
        "shorter than human labels alone, 100 labels, 90% right",
        shorter(GOOD.proportion(100)),
        None,
        200,
    ),
    (
        "PPI++ linear",
        "shorter than human labels alone, 100 labels, slope",
        shorter(linear(100, 1)),
        None,
        200,
    ),
)

CASES: tuple[Case, ...] = (
    *(
        Case(FAMILY, method, setting, "coverage", promise, trials, repetitions, slice=25)
        for method, setting, trials, promise, repetitions in (*_PROPORTIONS, *_MEANS, *_REGRESSIONS)
    ),
    *(
        Case(FAMILY, method, setting, "power", promise, trials, repetitions, slice=0)
        for method, setting, trials, promise, repetitions in _SHORTER
    ),
)
