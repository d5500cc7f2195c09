"""Pairwise judgements: who met whom, and who won."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.values import numbers, places

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_OUTCOMES = (1.0, 0.0, 0.5)
_SHOWN = 5


@dataclass(frozen=True)
class Judgements:
    """Judgements between `players`: `pairs` (p, 2) that met, and `counts` (p, 3) of outcomes.

    A pair's lower place stands first; outcomes are: the first won, the second won, a tie. `rows`
    (n,) says for each judgement which cell of `counts` it is in, and `weights` (n,) for how many
    it stands; `clusters` (n,) numbers what it belongs to, such as a prompt or a judge.
    """

    players: tuple[str, ...]
    pairs: Places
    counts: Floats
    rows: Places
    weights: Floats
    clusters: Places | None = None

    @property
    def n(self) -> int:
        """Judgements, each as often as it counts."""
        return round(float(self.counts.sum()))

    @property
    def ties(self) -> float:
        """Judgements that are ties."""
        return float(self.counts[:, 2].sum())


def judgements(
    first: Sequence[str],
    second: Sequence[str],
    outcomes: ArrayLike,
    *,
    counts: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
) -> Judgements:
    """Put together judgements one by one.

    Args:
        first: (n,) one player of each judgement.
        second: (n,) the other.
        outcomes: (n,) what the first scored: 1 won, 0 lost, 0.5 a tie.
        counts: (n,) how often each judgement was made; once each if left out.
        clusters: (n,) names of what each judgement belongs to.

    Raises:
        UsageError: for other outcomes, a player against itself, and sides of different lengths.
    """
    scores = np.atleast_1d(numbers(outcomes, "outcomes"))
    weights = np.ones(len(scores)) if counts is None else numbers(counts, "counts")
    sides = {len(first), len(second), len(weights), len(scores)}
    if scores.ndim != 1 or len(sides) != 1:
        raise UsageError("judgements are rows: two players, an outcome and a count for each")
    if not np.isin(scores, _OUTCOMES).all() or not (weights >= 0).all():
        raise UsageError("outcomes are 1 (the first won), 0 (lost) or 0.5 (a tie), counts above 0")
    names = sorted(set(first) | set(second), key=str)
    place = {name: position for position, name in enumerate(names)}
    one = np.array([place[name] for name in first], np.int64)
    two = np.array([place[name] for name in second], np.int64)
    if np.any(one == two):
        raise UsageError(f"`{names[int(one[one == two][0])]}` meets itself; leave such rows out")
    # A pair is one place in the table, whoever stands first.
    scores = np.where(one < two, scores, 1.0 - scores)
    found = None if clusters is None else places(clusters, len(scores))[0]
    kinds = np.where(scores == 1.0, 0, np.where(scores == 0.0, 1, 2)).astype(np.int64)
    cells = np.minimum(one, two) * len(names) + np.maximum(one, two)
    return _tabled(tuple(names), cells, kinds, weights, found)


def judgements_of_table(
    wins: ArrayLike, ties: ArrayLike | None = None, *, players: Sequence[str] | None = None
) -> Judgements:
    """Put together judgements from how often each player beat each.

    Args:
        wins: (m, m), how often the player of the row beat that of the column.
        ties: (m, m), how often they tied, symmetric; none if left out.
        players: (m,) names; their numbers if left out.

    Raises:
        UsageError: for tables that are not square or alike, negative counts, and ties that differ
            between the two places of a pair.
    """
    won = numbers(wins, "wins")
    drawn = np.zeros_like(won) if ties is None else numbers(ties, "ties")
    if won.ndim != 2 or won.shape[0] != won.shape[1] or drawn.shape != won.shape:
        raise UsageError(f"wins and ties are square tables; found {won.shape} and {drawn.shape}")
    if (won < 0).any() or (drawn < 0).any() or not np.array_equal(drawn, drawn.T):
        raise UsageError("counts are zero or more, and ties the same in both places of a pair")
    names = [str(place) for place in range(len(won))] if players is None else list(players)
    if len(names) != len(won) or np.diag(won + drawn).any():
        raise UsageError(f"there are {len(won)} players with names, and none meets itself")
    one, two = np.triu_indices(len(won), 1)
    counts = np.column_stack([won[one, two], won[two, one], drawn[one, two]])
    # Pairs that never met would count as degrees of freedom.
    met = counts.sum(axis=1) > 0
    cells = np.repeat(one[met] * len(won) + two[met], 3)
    kinds = np.tile(np.arange(3), int(met.sum()))
    return _tabled(tuple(names), cells, kinds, counts[met].ravel(), None)


def unconnected(found: Judgements) -> str:
    """Say which players keep strengths from being finite; nothing if none does.

    Strengths are finite if from every player a chain of wins or ties leads to every other.
    """
    reach = _reach(found)
    both = reach & reach.T
    groups = [np.flatnonzero(row) for row in np.unique(both, axis=0)]
    if len(groups) < 2:
        return ""
    told = []
    for group in groups:
        others = np.setdiff1d(np.arange(len(reach)), group)
        wins, losses = reach[np.ix_(group, others)].any(), reach[np.ix_(others, group)].any()
        if wins and losses:
            continue
        never = (
            "never met"
            if not wins and not losses
            else "never lost to"
            if wins
            else ("never won against")
        )
        names = ", ".join(f"`{found.players[place]}`" for place in group[:_SHOWN])
        more = f" and {len(group) - _SHOWN} more" if len(group) > _SHOWN else ""
        told.append(f"{names}{more} {never} the others")
    return "; ".join(told[:_SHOWN])


def _reach(found: Judgements) -> NDArray[np.bool_]:
    size = len(found.players)
    reach = np.eye(size, dtype=bool)
    one, two = found.pairs.T
    tied = found.counts[:, 2] > 0
    reach[one, two] |= (found.counts[:, 0] > 0) | tied
    reach[two, one] |= (found.counts[:, 1] > 0) | tied
    # Each squaring doubles the length of the chains that are followed.
    for _ in range(max(size - 1, 1).bit_length()):
        reach = (reach.astype(np.float32) @ reach.astype(np.float32)) > 0
    return reach


def _tabled(
    players: tuple[str, ...], cells: Places, kinds: Places, weights: Floats, clusters: Places | None
) -> Judgements:
    distinct, place = np.unique(cells, return_inverse=True)
    pairs = np.column_stack(np.divmod(distinct, max(len(players), 1))).astype(np.int64)
    rows = (place * 3 + kinds).astype(np.int64)
    counts = np.bincount(rows, weights, 3 * len(distinct)).astype(np.float64).reshape(-1, 3)
    return Judgements(players, pairs, counts, rows, weights, clusters)
