"""Margins, repeats and power: wrong certificates, seeds drawn anew, and plans put to the test."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalhouse.stats.clustered import estimate_mean
from evalhouse.stats.components import variance_components
from evalhouse.stats.designs import (
    Design,
    PairedMeans,
    PairedShares,
    UnpairedMeans,
    UnpairedShares,
)
from evalhouse.stats.equivalence import Certificate, certify, equivalence_test, noninferiority_test
from evalhouse.stats.mcnemar import mcnemar_test
from evalhouse.stats.paired import paired_t_test
from evalhouse.stats.power import power
from evalhouse.stats.repeats import summarise_repeats
from evalhouse.stats.results import HypothesisTest, Interval
from evalhouse.stats.unpaired import welch_t_test
from simulations.case import Case, Trials
from simulations.draws import (
    CONSERVATIVE,
    COVERS,
    NAIVE,
    UNEVEN,
    Draw,
    Floats,
    clustered_pairs,
    coverage,
    normal_pairs,
    rejections,
    right_or_wrong,
    two_samples,
)

_MARGIN = 0.05
_WRONG = (0.0, 0.055)
_below = partial(noninferiority_test, margin=_MARGIN, higher_is_better=True)
_by_t = partial(_below, method="t")
_score = partial(_below, method="score")


def _certificates(draw: Draw, test: Callable[..., Certificate]) -> Trials:
    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        return np.array([test(*draw(chance)).is_certified for _ in range(repetitions)])

    return trials


def _worse_in_clusters(chance: np.random.Generator) -> tuple[Floats, Floats, NDArray[np.int64]]:
    first, second, names = clustered_pairs(UNEVEN)(chance)
    return first - _MARGIN, second, names


def _worse_over_seeds(
    items: int, seeds: int, spread: tuple[float, float, float] = (0.0, 0.05, 0.4)
) -> Draw:
    """Draw differences at the margin, seeds by items, in long form with the seeds' names."""
    by_item, by_seed, noise = spread
    names = np.repeat(np.arange(seeds), items)

    def draw(chance: np.random.Generator) -> tuple[Floats, Floats, NDArray[np.int64]]:
        shift = by_item * chance.standard_normal(items) - _MARGIN
        shift = shift + by_seed * chance.standard_normal((seeds, 1))
        shift = shift + noise * chance.standard_normal((seeds, items))
        return shift.ravel(), np.zeros(items * seeds), names

    return draw


def _clustered(new: Floats, reference: Floats, names: NDArray[np.int64]) -> Certificate:
    return _below(new, reference, clusters=names)


def _blind(new: Floats, reference: Floats, _names: NDArray[np.int64]) -> Certificate:
    return _below(new, reference)


def _crossed(new: Floats, _reference: Floats, names: NDArray[np.int64]) -> Certificate:
    seeds = int(names.max()) + 1
    mean = variance_components(new.reshape(seeds, -1).T).mean
    return certify(mean, _MARGIN, claim="non-inferior", higher_is_better=True)


def _scores(seeds: int, spread: float = 0.02) -> Draw:
    def draw(chance: np.random.Generator) -> tuple[Floats]:
        return (0.7 + spread * chance.standard_normal(seeds),)

    return draw


def _crossed_scores(items: int, seeds: int) -> Draw:
    def draw(chance: np.random.Generator) -> tuple[Floats]:
        matrix = 0.5 * chance.standard_normal((items, 1)) + 0.1 * chance.standard_normal(seeds)
        return (matrix + 0.5 * chance.standard_normal((items, seeds)),)

    return draw


def _mean(scores: Floats) -> Interval:
    return summarise_repeats(scores, higher_is_better=True).mean


def _deviation(scores: Floats) -> Interval:
    return summarise_repeats(scores, higher_is_better=True).deviation


def _passing(scores: Floats) -> Interval:
    found = summarise_repeats(
        scores, higher_is_better=True, threshold=0.7 - 0.02 * 0.5244
    ).pass_rate
    assert found is not None
    return found


def _mean_of_matrix(scores: Floats) -> Interval:
    return variance_components(scores).mean.interval()


def _mean_of_answers(scores: Floats) -> Interval:
    return estimate_mean(scores.ravel()).interval()


def _mcnemar(first: Floats, second: Floats, **options: Any) -> HypothesisTest:
    return mcnemar_test(first, second, **options).test


def _shifted(draw: Draw, shift: float) -> Draw:
    def shifted(chance: np.random.Generator) -> tuple[Any, ...]:
        first, *rest = draw(chance)
        return first + shift, *rest

    return shifted


def _shares(n: int, first: float, second: float) -> Draw:
    def draw(chance: np.random.Generator) -> tuple[Floats, Floats]:
        one, other = chance.random((2, n))
        return (one < first).astype(np.float64), (other < second).astype(np.float64)

    return draw


def _clustered_normal(clusters: int, size: int, icc: float, shift: float) -> Draw:
    names = np.repeat(np.arange(clusters), size)

    def draw(chance: np.random.Generator) -> tuple[Floats, Floats, NDArray[np.int64]]:
        shared = np.sqrt(icc) * chance.standard_normal(clusters)[names]
        own = np.sqrt(1 - icc) * chance.standard_normal(len(names))
        return shared + own + shift, np.zeros(len(names)), names

    return draw


def _certified(
    method: str, setting: str, promise: tuple[float, float], trials: Trials, few: int = 50
) -> Case:
    family = "Non-inferiority and equivalence"
    return Case(family, method, setting, "wrong certificates", promise, trials, 10_000, few)


def _repeats(method: str, setting: str, promise: tuple[float, float], trials: Trials) -> Case:
    return Case("Repeats and seeds", method, setting, "coverage", promise, trials, 4_000, 20)


def _planned(
    setting: str,
    design: Design,
    difference: float,
    n: int,
    trials: Trials,
    slack: float = 0.01,
) -> Case:
    planned = power(design, difference, n)
    promise = (planned.power - slack, planned.power + slack)
    what = f"{setting}, planned {100 * planned.power:.1f} %"
    return Case("Power", planned.method, what, "power", promise, trials, 5_000, 30)


def _clustered_t(first: Floats, second: Floats, names: NDArray[np.int64]) -> HypothesisTest:
    return paired_t_test(first, second, clusters=names)


_SEEDS = (3, 5, 10)

CASES: tuple[Case, ...] = (
    _certified(
        "paired t",
        "n = 200, normal, at the margin",
        _WRONG,
        _certificates(normal_pairs(200, -_MARGIN), _below),
    ),
    _certified(
        "paired t",
        "n = 400, 0/1, 5% against 10%",
        _WRONG,
        _certificates(right_or_wrong(400, 0.05, 0.1), _by_t),
    ),
    _certified(
        "paired t",
        "n = 200, 0/1, 1% against 3%",
        (0.055, 1.0),
        _certificates(right_or_wrong(200, 0.01, 0.03), partial(_by_t, margin=0.02)),
    ),
    *(
        _certified(
            "Tango score",
            f"n = {n}, 0/1, 5% against 10%",
            _WRONG,
            _certificates(right_or_wrong(n, 0.05, 0.1), _score),
            few=20,
        )
        for n in (50, 400)
    ),
    *(
        _certified(
            "Tango score",
            f"n = {n}, 0/1, {won:.1%} against {lost:.1%}",
            _WRONG,
            _certificates(right_or_wrong(n, won, lost), partial(_below, margin=0.02)),
            few=20,
        )
        for n, won, lost in ((200, 0.01, 0.03), (1000, 0.005, 0.025), (500, 0.0, 0.02))
    ),
    _certified(
        "equivalence, paired t",
        "n = 200, normal, at the margin",
        _WRONG,
        _certificates(normal_pairs(200, -0.2), partial(equivalence_test, margin=0.2)),
    ),
    _certified(
        "clustered t",
        "10 clusters of 10 to 32, 0/1",
        _WRONG,
        _certificates(_worse_in_clusters, _clustered),
    ),
    _certified(
        "paired t, blind to clusters",
        "10 clusters of 10 to 32, 0/1",
        NAIVE,
        _certificates(_worse_in_clusters, _blind),
    ),
    *(
        _certified(
            "clustered t over seeds",
            f"{seeds} seeds of 100 items",
            _WRONG,
            _certificates(_worse_over_seeds(100, seeds), _clustered),
        )
        for seeds in _SEEDS
    ),
    *(
        _certified(
            "items by seeds",
            f"100 items, {seeds} seeds, {what}",
            _WRONG,
            _certificates(_worse_over_seeds(100, seeds, spread), _crossed),
        )
        for seeds in _SEEDS
        for what, spread in (
            ("both vary", (0.2, 0.05, 0.4)),
            ("items vary", (0.3, 0.0, 0.4)),
            ("seeds vary", (0.0, 0.1, 0.4)),
        )
    ),
    _certified(
        "paired t over all answers",
        "100 items, 5 seeds, both vary",
        NAIVE,
        _certificates(_worse_over_seeds(100, 5, (0.2, 0.05, 0.4)), _blind),
    ),
    _repeats("t over seeds", "5 seeds, normal", COVERS, coverage(_scores(5), _mean, 0.7)),
    _repeats("chi-squared", "5 seeds, normal", COVERS, coverage(_scores(5), _deviation, 0.02)),
    _repeats(
        "Clopper-Pearson",
        "10 seeds, pass rate 70%",
        CONSERVATIVE,
        coverage(_scores(10), _passing, 0.7),
    ),
    _repeats(
        "items by seeds",
        "60 items, 5 seeds",
        (0.94, 0.97),
        coverage(_crossed_scores(60, 5), _mean_of_matrix, 0.0),
    ),
    _repeats(
        "items by seeds",
        "60 items, 10 seeds",
        (0.94, 0.96),
        coverage(_crossed_scores(60, 10), _mean_of_matrix, 0.0),
    ),
    _repeats(
        "t over all answers",
        "60 items, 10 seeds",
        (0.0, 0.9),
        coverage(_crossed_scores(60, 10), _mean_of_answers, 0.0),
    ),
    _planned(
        "n = 34, half a deviation",
        PairedMeans(0.6 * 2**0.5),
        0.3 * 2**0.5,
        34,
        rejections(normal_pairs(34, 0.3 * 2**0.5), paired_t_test),
    ),
    _planned(
        "12 clusters of 10",
        PairedMeans(1.0, cluster_size=10, icc=0.2),
        0.5,
        120,
        rejections(_clustered_normal(12, 10, 0.2, 0.5), _clustered_t),
    ),
    _planned(
        "n = 64 and 64, half a deviation",
        UnpairedMeans(1.0),
        0.5,
        64,
        rejections(_shifted(two_samples((64, 1.0), (64, 1.0)), 0.5), welch_t_test),
    ),
    _planned(
        "n = 200 and 200, 60% against 50%",
        UnpairedShares(0.5),
        0.1,
        200,
        rejections(_shares(200, 0.6, 0.5), welch_t_test),
        slack=0.015,
    ),
    *(
        _planned(
            "n = 200, 15% against 5%",
            PairedShares(0.2, test),
            0.1,
            200,
            rejections(right_or_wrong(200, 0.15, 0.05), partial(_mcnemar, method=test)),
        )
        for test in ("exact", "mid-p")
    ),
    _planned(
        "n = 200, 15% against 5%",
        PairedShares(0.2),
        0.1,
        200,
        rejections(right_or_wrong(200, 0.15, 0.05), partial(_mcnemar, method="asymptotic")),
        slack=0.02,
    ),
)
