"""Ranks of runs with what is certain about them, and groups that cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.distributions import normal_sf, student_quantile
from evalhouse.stats.groups import letters
from evalhouse.stats.pairwise import AllPairs, variances_of_differences
from evalhouse.stats.results import checked_level

Floats = NDArray[np.float64]
RankingMethod = Literal["max-t", "holm"]
RANKING_METHODS: tuple[RankingMethod, ...] = ("max-t", "holm")
DRAWS = 10_000
_FEW = 50  # below so many units, or twice the runs, the covariance is too uncertain to draw from


@dataclass(frozen=True)
class Ranks:
    """Ranks of R runs, 1 the best, with simultaneous intervals.

    `rank` (R,) is by the means, equal means sharing the better rank; `low` and `high` (R,) bound
    the true ranks of all runs at once with confidence `level`. `is_better` (R, R) says that the
    run of the row is above that of the column; `groups` (R,) are letters that two runs share when
    neither is. `critical` is how many standard errors that takes; NaN for `holm`.
    """

    rank: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    is_better: NDArray[np.bool_]
    groups: tuple[str, ...]
    critical: float
    level: float
    method: str
    seed: int | None = None
    note: str = ""


def rank_runs(
    pairs: AllPairs,
    *,
    higher_is_better: bool,
    method: RankingMethod = "max-t",
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> Ranks:
    """Rank runs, and bound the true ranks of all of them at once.

    The rank of a run lies between 1 + the runs that are surely better and R - the runs that are
    surely worse. `max-t`: a pair is sure when its difference exceeds c standard errors, with c the
    quantile of the largest |t| over all pairs, so that all the intervals `difference ± c se` hold
    at once: the tail that the quantile of the largest |z| of normal draws with the runs' covariance
    leaves, as a quantile of t(df). `holm`: sure is a pair whose Holm-adjusted p-value is at most
    1 - level.

    Args:
        pairs: what `compare_all` gave.
        higher_is_better: whether rank 1 is the highest mean.
        method: `max-t` needs 50 units (clusters), two a run, and none missing; otherwise `holm`
            takes its place, and the note says so.
        level: the chance that all intervals hold at once.
        draws: for the quantile.
        seed: of the draws.

    From 1 to R; an interval of one rank is certain, one of all ranks says nothing. Pairs without
    a standard error are never sure.

    Raises:
        UsageError: for a level outside (0, 1), fewer than 100 draws, or an unknown method.

    Mogstad, Romano, Shaikh and Wilhelm (2024), doi:10.1093/restud/rdad006; we use their
    single-step intervals, with normal draws in place of the bootstrap.

    Example:
        >>> from evalhouse.stats.pairwise import compare_all
        >>> scores = np.random.default_rng(1).random((3, 200)) + [[0.0], [0.02], [0.3]]
        >>> found = rank_runs(compare_all(scores), higher_is_better=True)
        >>> found.low.tolist(), found.high.tolist(), found.groups
        ([2, 2, 1], [3, 3, 1], ('b', 'b', 'a'))
    """
    level = checked_level(level)
    if method not in RANKING_METHODS:
        raise UnknownNameError("ranking method", method, RANKING_METHODS)
    if draws < 100:
        raise UsageError(f"the quantile of the largest t needs 100 draws or more; found {draws}")
    reason = _why_not_drawn(pairs) if method == "max-t" else ""
    critical = np.nan
    if method == "max-t" and not reason:
        critical = _critical(pairs, level, draws, seed)
        is_sure = np.abs(pairs.differences) > critical * pairs.stderrs
        is_sure &= pairs.stderrs > 0
    else:
        is_sure = pairs.holm <= 1 - level
    used = "max-t" if np.isfinite(critical) else "holm"
    direction = 1.0 if higher_is_better else -1.0
    return _ranked(pairs, is_sure, direction, (critical, level, used, seed, reason))


def _ranked(
    pairs: AllPairs,
    is_sure: NDArray[np.bool_],
    sign: float,
    rest: tuple[float, float, str, int, str],
) -> Ranks:
    critical, level, method, seed, reason = rest
    is_better = is_sure & (sign * pairs.differences > 0)
    scores = np.where(np.isnan(pairs.means), -np.inf, sign * pairs.means)
    rank = 1 + (scores[None, :] > scores[:, None]).sum(axis=1)
    order = np.argsort(-scores, kind="stable")
    differs = (is_better | is_better.T)[np.ix_(order, order)]
    groups = np.empty(len(order), object)
    groups[order] = letters(differs)
    note = "; ".join(text for text in (pairs.note, reason) if text)
    return Ranks(
        rank,
        1 + is_better.sum(axis=0),
        len(rank) - is_better.sum(axis=1),
        is_better,
        tuple(groups),
        critical,
        level,
        method,
        seed if method == "max-t" else None,
        note,
    )


def _why_not_drawn(pairs: AllPairs) -> str:
    if pairs.covariance is None:
        return "units are missing or too few, so pairs are judged by Holm's adjustment"
    if pairs.n < max(_FEW, 2 * len(pairs.means)):
        return f"{pairs.n} units or clusters are few, so pairs are judged by Holm's adjustment"
    return ""


def _critical(pairs: AllPairs, level: float, draws: int, seed: int) -> float:
    """Return the quantile of the largest |t| over all pairs."""
    assert pairs.covariance is not None
    source = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh((pairs.covariance + pairs.covariance.T) / 2)
    # Runs that agree, or clusters that are few, make it singular, which Cholesky does not take.
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    means = root @ source.standard_normal((len(values), draws))
    largest = np.zeros(draws)
    stderrs = np.sqrt(variances_of_differences(pairs.covariance))
    for run in range(len(values) - 1):
        others = run + 1 + np.flatnonzero(stderrs[run, run + 1 :] > 0)
        if len(others):
            reach = np.abs(means[run] - means[others]) / stderrs[run, others, None]
            np.maximum(largest, reach.max(axis=0), out=largest)
    tail = normal_sf(np.quantile(largest, level))
    return -float(student_quantile(tail, pairs.df[0, 0]))
