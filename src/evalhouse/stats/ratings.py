"""Ratings from pairwise judgements: Bradley and Terry's strengths, ties included."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.distributions import chi_squared_sf, student_quantile
from evalhouse.stats.judgements import Floats, Judgements, unconnected
from evalhouse.stats.results import HypothesisTest, Interval, checked_level
from evalhouse.stats.strength_errors import (
    RATING_METHODS,
    TIE_RULES,
    Errors,
    RatingMethod,
    TieRule,
    errors_of,
    under,
)
from evalhouse.stats.strengths import Model, fitted_strengths

ELO = 400 / math.log(10)
"""Elo points in one unit of strength: 400 points are odds of ten to one."""
_FEW = 20
"""Judgements for each player below which intervals are rough."""
_ORDERED = (
    "no finite strengths: results follow one order of the players without exception, or nearly so"
)


@dataclass(frozen=True)
class Ratings:
    """Strengths of `players` on the logit scale, and what follows from them.

    `strengths` are relative to their mean, or to `anchor`. `ranks` (1 is best) come with bounds
    that hold for each player at `level`. `wins` (m, m) are the chances that the player of the row
    beats that of the column, `ties` (m, m) that they tie. `nu` is Davidson's: the ratio of the
    chance of a tie to that of a win between equals. `goodness` tests the model against free
    chances for each pair. `covariance` (m, m) is of the strengths as they stand.
    """

    players: tuple[str, ...]
    strengths: tuple[Interval, ...]
    ranks: tuple[Interval, ...]
    wins: Floats
    ties: Floats
    nu: Interval
    goodness: HypothesisTest
    covariance: Floats
    anchor: str | None = None
    note: str = ""

    def elo(self, base: float = 1500.0) -> tuple[Interval, ...]:
        """Return strengths as Elo points: `base + 400 / ln(10) * strength`.

        The mean of the players, or the anchor, stands at `base`.
        """
        return tuple(
            replace(
                one,
                estimate=base + ELO * one.estimate,
                low=base + ELO * one.low,
                high=base + ELO * one.high,
                stderr=ELO * one.stderr,
            )
            for one in self.strengths
        )


def bradley_terry(
    found: Judgements,
    *,
    ties: TieRule = "davidson",
    method: RatingMethod = "sandwich",
    anchor: str | None = None,
    ridge: float = 0.0,
    level: float = 0.95,
    seed: int = 0,
) -> Ratings:
    """Rate players by who beat whom.

    Maximum likelihood of `P(i beats j) = e^si / (e^si + e^sj + nu e^((si + sj) / 2))` and of a tie
    `nu e^((si + sj) / 2) / (...)`; without ties nu is 0, which is Bradley and Terry's model.

    Args:
        found: as `judgements` or `judgements_of_table` makes them.
        ties: "davidson" fits nu; "half" counts a tie as half a win for each.
        method: of the intervals. "sandwich" holds if judgements of a cluster belong together or
            chances are not quite the model's, "hessian" only if the model is right and judgements
            independent; "bootstrap" redraws judgements, or clusters, and takes percentiles.
        anchor: the player whose strength is 0; the mean of all if left out.
        ridge: a normal prior's precision for each strength, 0 for none; with it strengths are
            finite, and drawn together.
        level: confidence of every interval.
        seed: of the bootstrap.

    Strengths are log odds: 0 is the mean player, ln 2 wins two of three against one. Intervals
    cover 93 to 97% from 20 judgements a player; below they say so. Undefined, and the note says by
    whom, unless from every player a chain of wins or ties leads to every other, and where results
    follow an order without exception.

    Bradley and Terry (1952), doi:10.1093/biomet/39.3-4.324; Davidson (1970),
    doi:10.1080/01621459.1970.10481082; ranks by Mogstad, Romano, Shaikh and Wilhelm (2024),
    doi:10.1093/restud/rdad006, with Bonferroni's bound. The example is PlackettLuce's.

    Example:
        >>> from evalhouse.stats.judgements import judgements
        >>> found = bradley_terry(judgements("ACBB", "BAAC", [1, 1, 1, 1]), anchor="A")
        >>> [round(one.estimate, 4) for one in found.strengths]
        [0.0, 0.8392, 0.4196]
    """
    level = checked_level(level)
    _check(found, ties, method, anchor, ridge)
    model = Model(len(found.players), found.pairs, ties == "davidson" and found.ties > 0, ridge)
    fitted, reason = _fitted(found, model, under(ties, found.counts))
    if reason:
        nothing = np.full((model.parameters, model.parameters), np.nan)
        errors = Errors(nothing, note=reason)
    else:
        errors = errors_of(found, model, fitted, ties=ties, method=method, seed=seed)
    # Everything below is about strengths as they are shown, so all of it moves to the anchor.
    contrast = _contrast(model, found, anchor)
    errors = replace(
        errors,
        covariance=contrast @ errors.covariance @ contrast.T,
        draws=None if errors.draws is None else errors.draws @ contrast.T,
    )
    told = "; ".join(
        text for text in ("" if reason else _few(found), errors.note, _prior(ridge)) if text
    )
    label = (level, f"Bradley-Terry, {method}", seed if method == "bootstrap" else None)
    values, size = contrast @ fitted, model.size
    intervals = _intervals(values, errors, label, found.n, told)
    spread = errors.covariance[:size, :size]
    chances = np.full((size, size, 3), np.nan) if reason else _all_chances(model, fitted)
    return Ratings(
        players=found.players,
        strengths=tuple(intervals[:size]),
        ranks=_ranks(values[:size], spread, errors.df, intervals),
        wins=chances[..., 0],
        ties=chances[..., 2],
        nu=_nu(intervals, model, ties),
        goodness=_goodness(model, found, fitted),
        covariance=spread,
        anchor=anchor,
        note=told,
    )


def _check(found: Judgements, ties: str, method: str, anchor: str | None, ridge: float) -> None:
    if ties not in TIE_RULES:
        raise UnknownNameError("rule for ties", ties, TIE_RULES)
    if method not in RATING_METHODS:
        raise UnknownNameError("method for intervals of ratings", method, RATING_METHODS)
    if anchor is not None and anchor not in found.players:
        raise UnknownNameError("player", anchor, found.players)
    if not 0 <= ridge < math.inf:
        raise UsageError(f"the precision of a prior is zero or more; found {ridge}")


def _fitted(found: Judgements, model: Model, counts: Floats) -> tuple[Floats, str]:
    """Return strengths and log nu (q,), or NaN and why there are none."""
    nothing = np.full(model.parameters, np.nan)
    if len(found.players) < 2 or not found.counts.sum():
        return nothing, "ratings need two players and a judgement"
    if model.has_ties and found.ties == found.counts.sum():
        return nothing, "every judgement is a tie, so nu has no bound; count ties as half wins"
    # A prior makes every strength finite, whoever met whom.
    reason = "" if model.ridge else unconnected(found)
    if reason:
        return nothing, f"no finite strengths: {reason}"
    fitted = fitted_strengths(model, counts)
    return fitted, "" if np.isfinite(fitted).all() else _ORDERED


def _contrast(model: Model, found: Judgements, anchor: str | None) -> Floats:
    contrast = np.eye(model.parameters)
    if anchor is not None:
        contrast[: model.size, found.players.index(anchor)] -= 1.0
    return contrast


def _intervals(
    values: Floats, errors: Errors, label: tuple[float, str, int | None], n: int, note: str
) -> list[Interval]:
    level, method, seed = label
    stderr = np.sqrt(np.maximum(np.diag(errors.covariance), 0.0))
    reach = float(student_quantile(0.5 + level / 2, errors.df)) * stderr
    low, high = values - reach, values + reach
    if errors.draws is not None:
        low, high = np.quantile(errors.draws, (0.5 - level / 2, 0.5 + level / 2), axis=0)
    columns = zip(values.tolist(), low.tolist(), high.tolist(), stderr.tolist(), strict=True)
    return [
        Interval(value, start, end, level, method, n, error, seed=seed, note=note)
        for value, start, end, error in columns
    ]


def _ranks(
    values: Floats, spread: Floats, df: float, intervals: list[Interval]
) -> tuple[Interval, ...]:
    """Rank players, each with the ranks that its differences from all others leave open."""
    size = len(values)
    if size < 2 or not np.isfinite(spread).all():
        nothing = replace(intervals[0], estimate=math.nan) if intervals else None
        return (
            tuple(replace(nothing, low=math.nan, high=math.nan) for _ in values) if nothing else ()
        )
    # Differences do not depend on the anchor, so neither do ranks.
    own = np.diag(spread)
    stderr = np.sqrt(np.maximum(own[:, None] + own[None, :] - 2 * spread, 0.0))
    level = intervals[0].level
    tail = 1 - (1 - level) / (2 * (size - 1))
    reach = float(student_quantile(tail, df)) * stderr
    gap = values[:, None] - values[None, :]
    better, worse = (gap < -reach).sum(axis=1), (gap > reach).sum(axis=1)
    rank = 1 + (gap < 0).sum(axis=1)
    numbers = zip(rank.tolist(), (1 + better).tolist(), (size - worse).tolist(), strict=True)
    return tuple(
        replace(
            intervals[place],
            estimate=float(middle),
            low=float(first),
            high=float(last),
            stderr=math.nan,
            method=f"{intervals[place].method}, Bonferroni",
        )
        for place, (middle, first, last) in enumerate(numbers)
    )


def _all_chances(model: Model, fitted: Floats) -> Floats:
    """Return the chances of every outcome between all players (m, m, 3); NaN with oneself."""
    found = np.full((model.size, model.size, 3), np.nan)
    one, two = np.triu_indices(model.size, 1)
    chances = replace(model, pairs=np.column_stack([one, two])).chances(fitted)
    found[one, two], found[two, one] = chances, chances[:, [1, 0, 2]]
    return found


def _nu(intervals: list[Interval], model: Model, ties: TieRule) -> Interval:
    if model.has_ties:
        last = intervals[-1]
        low, high, estimate = (math.exp(one) for one in (last.low, last.high, last.estimate))
        return replace(last, estimate=estimate, low=low, high=high, stderr=estimate * last.stderr)
    reason = "there are no ties" if ties == "davidson" else "ties count as half wins"
    nan, value = math.nan, 0.0 if ties == "davidson" else math.nan
    if not intervals:
        return Interval(nan, nan, nan, 0.95, "Bradley-Terry", 0, note="there are no players")
    return replace(intervals[0], estimate=value, low=nan, high=nan, stderr=nan, note=reason)


def _goodness(model: Model, found: Judgements, fitted: Floats) -> HypothesisTest:
    """Test the model against chances of its own for each pair (likelihood ratio)."""
    df = len(found.pairs) * (2 if model.has_ties else 1) - model.parameters + 1
    method, note = "likelihood ratio of all pairs", ""
    if found.ties and not model.has_ties:
        note = "ties count as half wins, which have no likelihood"
    elif model.ridge or not np.isfinite(fitted).all():
        note = "strengths are not the most likely ones" if model.ridge else "no finite strengths"
    elif not found.counts.sum():
        note = "there are no judgements"
    elif df < 1:
        note = "as many strengths as pairs, so any results fit"
    if note:
        return HypothesisTest(math.nan, math.nan, method, found.n, "greater", note=note)
    counts, chances = found.counts, model.chances(fitted)
    expected = counts.sum(axis=1, keepdims=True) * chances
    seen = counts > 0
    statistic = 2 * float((counts[seen] * np.log(counts[seen] / expected[seen])).sum())
    # Without ties the third outcome cannot occur.
    used = expected[:, : 3 if model.has_ties else 2]
    rough = "" if used.min() >= 1 else "some outcomes are expected less than once: a rough p-value"
    p_value = float(chi_squared_sf(statistic, df))
    return HypothesisTest(statistic, p_value, method, found.n, "greater", note=rough)


def _few(found: Judgements) -> str:
    met = found.counts.sum(axis=1)
    each = np.bincount(found.pairs.ravel(), np.repeat(met, 2), len(found.players))
    if not len(each) or each.min() >= _FEW:
        return ""
    rarest = found.players[int(each.argmin())]
    return f"only {each.min():.0f} judgements of `{rarest}`: intervals hold their level from {_FEW}"


def _prior(ridge: float) -> str:
    return f"a prior of precision {ridge:g} draws strengths together" if ridge else ""
