"""Families and ranks: false rejections among many tests, and ranks of runs that are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalhouse.stats.distributions import normal_sf
from evalhouse.stats.families import Adjustment, adjusted
from evalhouse.stats.pairwise import compare_all
from evalhouse.stats.ranks import RankingMethod, rank_runs
from simulations.case import Case, Trials
from simulations.draws import EXACT, NAIVE, Floats

_TRUE = 15
_FALSE = 5
_BOTH = _TRUE + _FALSE


def _p_values(chance: np.random.Generator, correlation: float) -> Floats:
    shared = np.sqrt(correlation) * chance.standard_normal()
    z = shared + np.sqrt(1 - correlation) * chance.standard_normal(_BOTH)
    z[_TRUE:] += 3.0
    return 2 * normal_sf(np.abs(z))


def _any_false(method: Adjustment | None, correlation: float) -> Trials:
    """Count the families in which a true hypothesis is rejected."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        found = []
        for _ in range(repetitions):
            p_values = _p_values(chance, correlation)
            held = p_values if method is None else adjusted(p_values, method)
            found.append(bool((held[:_TRUE] <= 0.05).any()))
        return np.array(found)

    return trials


def _false_share(method: Adjustment, correlation: float) -> Trials:
    """Average the share of true hypotheses among those rejected, as a rate of its own draws."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        found = []
        for _ in range(repetitions):
            rejected = np.flatnonzero(adjusted(_p_values(chance, correlation), method) <= 0.05)
            # One of the rejected, drawn by chance, is false as often as the share says.
            found.append(len(rejected) > 0 and bool(chance.choice(rejected) < _TRUE))
        return np.array(found)

    return trials


def _ranked(
    means: Floats, n: int, method: RankingMethod, sizes: NDArray[np.int64] | None = None
) -> Trials:
    """Count how often the intervals hold the true ranks of all runs at once."""
    least = 1 + (means[None, :] > means[:, None]).sum(axis=1)
    most = len(means) - (means[None, :] < means[:, None]).sum(axis=1)
    names = np.arange(n) if sizes is None else np.repeat(np.arange(len(sizes)), sizes)

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        found = []
        for turn in range(repetitions):
            scores = means[:, None] + chance.standard_normal(len(names))
            scores = scores + chance.standard_normal((len(means), len(names)))
            if sizes is not None:
                scores = scores + 0.5 * chance.standard_normal((len(means), len(sizes)))[:, names]
            pairs = compare_all(scores, clusters=None if sizes is None else names)
            ranks = rank_runs(pairs, higher_is_better=True, method=method, draws=2_000, seed=turn)
            found.append(bool(((ranks.low <= least) & (most <= ranks.high)).all()))
        return np.array(found)

    return trials


def _naive_ranks(runs: int, n: int) -> Trials:
    """Count how often ranks hold when each pair is judged at 5% for itself."""

    def trials(chance: np.random.Generator, repetitions: int) -> NDArray[np.bool_]:
        found = []
        for _ in range(repetitions):
            p_values = compare_all(chance.standard_normal((runs, n))).p_values
            found.append(not bool((p_values <= 0.05).any()))
        return np.array(found)

    return trials


def _family(method: str, setting: str, promise: tuple[float, float], trials: Trials) -> Case:
    return Case("Families of tests", method, setting, "type-I error", promise, trials, 10_000, 200)


def _rank(
    method: str,
    setting: str,
    promise: tuple[float, float],
    trials: Trials,
) -> Case:
    return Case("Ranks", method, setting, "coverage", promise, trials, 3_000, 20)


_LADDER = np.array([0.0, 0.0, 0.1, 0.1, 0.3, 0.3, 0.6, 1.0])
_EQUAL = np.zeros(8)
_SIZES = np.array([10, 12, 14, 16, 18, 20, 24, 26, 28, 32])
_WHAT = "15 true of 20"
_STRICT: tuple[Adjustment, ...] = ("holm", "bonferroni")
_SHARES: tuple[tuple[str, Adjustment], ...] = (
    ("Benjamini-Hochberg", "benjamini-hochberg"),
    ("Benjamini-Yekutieli", "benjamini-yekutieli"),
)
_CLUSTERED: tuple[tuple[RankingMethod, str, int], ...] = (
    ("max-t", "50 clusters", 5),
    ("holm", "10 clusters", 1),
)
_RANKINGS: tuple[tuple[RankingMethod, tuple[float, float]], ...] = (
    ("max-t", (0.94, 1.0)),
    ("holm", (0.95, 1.0)),
)

CASES: tuple[Case, ...] = (
    _family("no adjustment", f"any false, {_WHAT}, independent", NAIVE, _any_false(None, 0.0)),
    *(
        _family(method.capitalize(), f"any false, {_WHAT}, {what}", EXACT, _any_false(method, rho))
        for method in _STRICT
        for what, rho in (("independent", 0.0), ("correlated 0.7", 0.7))
    ),
    *(
        _family(name, f"share of false, {_WHAT}, {what}", EXACT, _false_share(method, rho))
        for name, method in _SHARES
        for what, rho in (("independent", 0.0), ("correlated 0.7", 0.7))
    ),
    *(
        _rank(method, f"8 runs, 200 items, {what}", promise, _ranked(means, 200, method))
        for method, promise in _RANKINGS
        for what, means in (("all equal", _EQUAL), ("a ladder", _LADDER))
    ),
    *(
        _rank(
            method,
            f"8 runs, {setting} of 10 to 32, {what}",
            (0.94, 1.0),
            _ranked(means, 0, method, np.tile(_SIZES, times)),
        )
        for method, setting, times in _CLUSTERED
        for what, means in (("all equal", _EQUAL), ("a ladder", _LADDER))
    ),
    _rank("each pair for itself", "8 runs, 200 items, all equal", (0.0, 0.9), _naive_ranks(8, 200)),
)
