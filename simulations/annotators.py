"""The alternative annotator test where the model is exactly as much worse as is allowed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalhouse.stats.alternative_annotator import (
    AnnotatorMethod,
    alternative_annotator_test,
    exact_p_value,
)
from evalhouse.stats.distributions import log_binomial, normal_cdf, student_cdf
from evalhouse.stats.tango import tango_statistic
from simulations.case import Case, Trials

FAMILY = "alternative annotator"
EPSILON = 0.2
Floats = NDArray[np.float64]


def outcomes(n: int) -> tuple[Floats, Floats]:
    """Every number of units on which the annotator, and the model, was closer."""
    above, below = (side.ravel().astype(float) for side in np.mgrid[: n + 1, : n + 1])
    return above[above + below <= n], below[above + below <= n]


def t_test(above: Floats, below: Floats, n: int) -> Floats:
    """Return the published p-values."""
    mean = (above - below) / n
    spread = np.sqrt(((above + below) / n - mean**2) * n / (n - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = student_cdf((mean - EPSILON) / spread * n**0.5, n - 1)
    return np.where(spread < 1e-9, mean >= EPSILON, found)


def score_test(above: Floats, below: Floats, n: int) -> Floats:
    """Return the p-values of the score test."""
    return normal_cdf(tango_statistic(above, below, n, EPSILON))


def exact_test(above: Floats, below: Floats, n: int) -> Floats:
    """Return the p-values of the exact test."""
    return np.array(
        [
            exact_p_value(int(up), int(down), n, EPSILON)
            for up, down in zip(above, below, strict=True)
        ]
    )


def size(test: object, n: int, differing: tuple[float, ...]) -> Trials:
    """Sum the greatest chance of a false rejection over shares of units that differ."""

    def trials(_chance: np.random.Generator, _repetitions: int) -> float:
        above, below = outcomes(n)
        assert callable(test)
        rejected = test(above, below, n) <= 0.05
        ways = log_binomial(np.full_like(above, n), above) + log_binomial(n - above, below)
        sums = []
        for share in differing:
            up, down = (share + EPSILON) / 2, max((share - EPSILON) / 2, 1e-300)
            rest = max(1 - share, 1e-300)
            logs = ways + above * np.log(up) + below * np.log(down)
            sums.append(np.exp(logs + (n - above - below) * np.log(rest))[rejected].sum())
        return float(max(sums))

    return trials


def passes(n: int, method: AnnotatorMethod) -> Trials:
    """Count wrong passes: three who always agree, and a model wrong as often as is allowed."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        found = []
        for _ in range(repetitions):
            wrong = (chance.random(n) < EPSILON).astype(int)
            people = np.zeros((3, n), int)
            found.append(alternative_annotator_test(people, wrong, method=method).is_passed)
        return np.array(found)

    return trials


GRID = tuple(np.linspace(EPSILON, 1.0, 33).tolist())
CORNER = (EPSILON,)
CASES: tuple[Case, ...] = (
    Case(
        FAMILY,
        "Tango score, exact",
        "an annotator, 20 units, worst case",
        "type-I error",
        (0.0, 0.05),
        size(exact_test, 20, GRID),
        1,
        1,
    ),
    Case(
        FAMILY,
        "Tango score",
        "an annotator, 30 units, worst case",
        "type-I error",
        (0.0, 0.06),
        size(score_test, 30, GRID),
        1,
        1,
    ),
    Case(
        FAMILY,
        "Tango score",
        "an annotator, 100 units, worst case",
        "type-I error",
        (0.0, 0.06),
        size(score_test, 100, GRID),
        1,
        1,
    ),
    Case(
        FAMILY,
        "t-test as published",
        "an annotator, 30 units, model never closer",
        "type-I error",
        (0.10, 1.0),
        size(t_test, 30, CORNER),
        1,
        1,
    ),
    Case(
        FAMILY,
        "t-test as published",
        "an annotator, 100 units, model never closer",
        "type-I error",
        (0.07, 1.0),
        size(t_test, 100, CORNER),
        1,
        1,
    ),
    Case(
        FAMILY,
        "score, winning rate",
        "three annotators, 50 units, model never closer",
        "type-I error",
        (0.0, 0.05),
        passes(50, "score"),
        2000,
        100,
    ),
    Case(
        FAMILY,
        "as published, winning rate",
        "three annotators, 50 units, model never closer",
        "type-I error",
        None,
        passes(50, "published"),
        2000,
        100,
    ),
)
