"""Ratings from judgements that follow the model, with ties and with prompts that matter."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from evalhouse.stats.judgements import Judgements, judgements
from evalhouse.stats.ratings import Ratings, bradley_terry
from evalhouse.stats.strength_errors import RatingMethod
from simulations.case import Case, Trials

FAMILY = "ratings"
STRENGTHS = np.array([0.8, 0.4, 0.1, -0.2, -0.4, -0.7])
NAMES = np.array(list("abcdef"))
NU = 0.5
COVERS = (0.93, 0.97)
Floats = NDArray[np.float64]
Reading = Callable[[Ratings], bool]


def drawn(chance: np.random.Generator, n: int, prompts: int = 0) -> Judgements:
    """Draw n judgements; with prompts, each player is stronger on some of them than on others."""
    one = chance.integers(0, 6, n)
    two = (one + chance.integers(1, 6, n)) % 6
    shift = np.zeros((1, 6))
    prompt = np.zeros(n, int)
    if prompts:
        shift, prompt = chance.normal(size=(prompts, 6)) * 0.7, chance.integers(0, prompts, n)
    first, second = (np.exp(STRENGTHS[side] + shift[prompt, side]) for side in (one, two))
    tie = NU * np.sqrt(first * second)
    at = chance.random(n) * (first + second + tie)
    outcomes = np.where(at < first, 1.0, np.where(at < first + second, 0.0, 0.5))
    clusters = prompt if prompts else None
    return judgements(NAMES[one].tolist(), NAMES[two].tolist(), outcomes, clusters=clusters)


def strength(found: Ratings) -> bool:
    """Whether the strength of the best is covered."""
    one = found.strengths[0]
    return bool(one.low <= STRENGTHS[0] <= one.high)


def tie(found: Ratings) -> bool:
    """Whether nu is covered."""
    return found.nu.low <= NU <= found.nu.high


def rank(found: Ratings) -> bool:
    """Whether the rank of the third is covered."""
    return found.ranks[2].low <= 3 <= found.ranks[2].high


def coverage(n: int, method: RatingMethod, reading: Reading = strength) -> Trials:
    """Repeat ratings of n judgements; those without finite strengths count as covering nothing."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        return np.array(
            [reading(bradley_terry(drawn(chance, n), method=method)) for _ in range(repetitions)]
        )

    return trials


def equals(method: RatingMethod, prompts: int = 60, n: int = 1200) -> Trials:
    """Count whether two equal players are told apart when prompts favour one or the other."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        rejected = []
        for _ in range(repetitions):
            shift = chance.normal(size=prompts)
            prompt = chance.integers(0, prompts, n)
            won = chance.random(n) < 1 / (1 + np.exp(-shift[prompt]))
            table = judgements(["a"] * n, ["b"] * n, won, clusters=prompt)
            one = bradley_terry(table, method=method).strengths[0]
            rejected.append(not one.low <= 0 <= one.high)
        return np.array(rejected)

    return trials


CASES: tuple[Case, ...] = (
    Case(
        FAMILY,
        "Bradley-Terry sandwich",
        "6 players, 20 judgements each, ties",
        "coverage",
        COVERS,
        coverage(60, "sandwich"),
        1500,
        20,
    ),
    Case(
        FAMILY,
        "Bradley-Terry sandwich",
        "6 players, 100 judgements each, ties",
        "coverage",
        COVERS,
        coverage(300, "sandwich"),
        1000,
        20,
    ),
    Case(
        FAMILY,
        "Bradley-Terry hessian",
        "6 players, 20 judgements each, ties",
        "coverage",
        COVERS,
        coverage(60, "hessian"),
        1500,
        20,
    ),
    Case(
        FAMILY,
        "Bradley-Terry bootstrap",
        "6 players, 100 judgements each, ties",
        "coverage",
        COVERS,
        coverage(300, "bootstrap"),
        500,
        2,
    ),
    Case(
        FAMILY,
        "Davidson's nu",
        "6 players, 100 judgements each",
        "coverage",
        COVERS,
        coverage(300, "sandwich", tie),
        1000,
        20,
    ),
    Case(
        FAMILY,
        "rank, Bonferroni",
        "6 players, 100 judgements each",
        "coverage",
        (0.95, 1.0),
        coverage(300, "sandwich", rank),
        1000,
        20,
    ),
    Case(
        FAMILY,
        "Bradley-Terry sandwich by prompt",
        "equal players, 60 prompts of 20",
        "type-I error",
        (0.035, 0.065),
        equals("sandwich"),
        1000,
        20,
    ),
    Case(
        FAMILY,
        "Bradley-Terry hessian, prompts ignored",
        "equal players, 60 prompts of 20",
        "type-I error",
        (0.15, 1.0),
        equals("hessian"),
        1000,
        20,
    ),
)
