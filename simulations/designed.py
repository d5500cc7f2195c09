"""Human labels drawn with unequal chances: design-based estimates and what ignores the design."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from evalhouse.stats.corrected import (
    Corrected,
    DesignedLabels,
    cross_fitted,
    designed_labels,
    designed_linear,
    designed_logistic,
    designed_mean,
    designed_proportion,
)
from simulations.case import Case
from simulations.corrected import (
    BETA,
    CAREFUL,
    COVERS,
    FAILS,
    Draw,
    Row,
    covariates,
    coverage,
    model,
)

FAMILY = "designed estimates"
SIZE = 1000
SHARE = 0.3
Floats = NDArray[np.float64]


def unsure(chance: np.random.Generator, n: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Draw truth, a model, its doubt, and chances of a label that grow with doubt; n expected."""
    doubt = chance.random(SIZE)
    truth = chance.random(SIZE) < SHARE
    errs = chance.random(SIZE) < 0.02 + 0.35 * doubt * np.where(truth, 0.4, 1.0)
    machine = np.where(errs, ~truth, truth).astype(float)
    weight = 0.4 + doubt
    return truth.astype(float), machine, doubt, np.clip(n * weight / weight.sum(), 0, 1)


def labels_of(
    chance: np.random.Generator, truth: Floats, machine: Floats, probability: Floats
) -> DesignedLabels:
    """Draw who gets a human label."""
    human = np.where(chance.random(SIZE) < probability, truth, math.nan)
    return designed_labels(human, machine, probability)


def proportion(n: int) -> Draw:
    """Estimate a share from labels drawn more often where the model doubts."""

    def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
        truth, machine, _, probability = unsure(chance, n)
        return designed_proportion(labels_of(chance, truth, machine, probability)), SHARE

    return draw


def fitted(n: int) -> Draw:
    """Estimate the same share with model labels cross-fitted to the human ones."""

    def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
        truth, machine, doubt, probability = unsure(chance, n)
        labels = labels_of(chance, truth, machine, probability)
        return designed_proportion(cross_fitted(labels, doubt * machine)), SHARE

    return draw


def stratified(n: int) -> Draw:
    """Estimate a mean from as many labels of a small stratum as of a large one."""

    def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
        strata = (np.arange(SIZE) < SIZE // 5).astype(int)
        truth = chance.normal(size=SIZE) + 2 * (strata - 0.2)
        machine = 0.7 * truth + 0.4 * strata + 0.6 * chance.normal(size=SIZE)
        human = np.full(SIZE, math.nan)
        for name in (0, 1):
            chosen = chance.choice(np.flatnonzero(strata == name), n // 2, replace=False)
            human[chosen] = truth[chosen]
        return designed_mean(designed_labels(human, machine, strata=strata)), 0.0

    return draw


def clustered(documents: int) -> Draw:
    """Estimate a mean where whole documents of ten were drawn."""

    def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
        names = np.repeat(np.arange(SIZE // 10), 10)
        truth = chance.normal(size=SIZE // 10)[names] + chance.normal(size=SIZE)
        machine = truth + 0.5 + 0.8 * chance.normal(size=SIZE // 10)[names]
        drawn = chance.choice(SIZE // 10, documents, replace=False)
        human = np.where(np.isin(names, drawn), truth, math.nan)
        probability = np.full(SIZE, documents / (SIZE // 10))
        found = designed_mean(designed_labels(human, machine, probability, clusters=names))
        return found, 0.0

    return draw


def linear(n: int) -> Draw:
    """Estimate a slope; chances of a label grow with the covariate."""

    def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
        rows = covariates(chance, SIZE)
        truth = rows @ BETA + chance.normal(size=SIZE) * np.exp(0.3 * rows[:, 1])
        machine = 0.8 * truth + 0.4 * rows[:, 1] + chance.normal(size=SIZE)
        probability = np.clip(n / SIZE * np.exp(0.5 * rows[:, 1] - 0.125), 0.01, 1)
        labels = labels_of(chance, truth, machine, probability)
        return designed_linear(labels, covariates=rows)[1], BETA[1]

    return draw


def logistic(n: int) -> Draw:
    """Estimate a log odds ratio; the model errs on one side of the covariate."""

    def draw(chance: np.random.Generator) -> tuple[Corrected, float]:
        rows = covariates(chance, SIZE)
        truth = chance.random(SIZE) < 1 / (1 + np.exp(-rows @ BETA))
        errs = chance.random(SIZE) < np.where(rows[:, 1] > 0, 0.05, 0.25)
        machine = np.where(errs, ~truth, truth).astype(float)
        probability = np.where(rows[:, 1] > 0, 0.6, 1.4) * n / SIZE
        labels = labels_of(chance, truth.astype(float), machine, probability)
        return designed_logistic(labels, covariates=rows)[1], BETA[1]

    return draw


def ignored(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
    """Cover the share by human labels that are taken as drawn evenly, and were drawn by outcome."""
    covers = []
    for _ in range(repetitions):
        truth = (chance.random(SIZE) < SHARE).astype(float)
        probability = np.where(truth > 0, 0.16, 0.08)
        seen = truth[chance.random(SIZE) < probability]
        found = designed_proportion(designed_labels(seen, seen)).human
        covers.append(found.low <= SHARE <= found.high)
    return np.array(covers)


_ROWS: tuple[Row, ...] = (
    ("DSL proportion", "50 labels where the model doubts", coverage(proportion(50)), CAREFUL, 1500),
    (
        "DSL proportion",
        "200 labels where the model doubts",
        coverage(proportion(200)),
        COVERS,
        1000,
    ),
    (
        "DSL proportion, cross-fitted",
        "100 labels where the model doubts",
        coverage(fitted(100)),
        COVERS,
        1000,
    ),
    (
        "DSL mean",
        "100 labels, half of them of a fifth of the units",
        coverage(stratified(100)),
        COVERS,
        1000,
    ),
    ("DSL mean", "20 of 100 documents of 10", coverage(clustered(20)), (0.93, 0.99), 1000),
    ("DSL linear", "200 labels, slope", coverage(linear(200)), COVERS, 1200),
    ("DSL linear", "100 labels (warned of), slope", coverage(linear(100)), None, 800),
    ("DSL logistic", "200 labels, slope", coverage(logistic(200)), CAREFUL, 1000),
    ("model labels alone", "1,000 labels, share 0.3", coverage(proportion(50), model), FAILS, 200),
    ("human labels, design ignored", "100 labels, drawn by outcome", ignored, FAILS, 200),
)
CASES: tuple[Case, ...] = tuple(
    Case(FAMILY, method, setting, "coverage", promise, trials, repetitions, slice=20)
    for method, setting, trials, promise, repetitions in _ROWS
)
