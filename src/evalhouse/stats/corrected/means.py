"""Means, proportions and their differences from few human and many model labels."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from evalhouse.errors import UsageError
from evalhouse.stats.corrected.result import (
    ABSENT,
    DIFFERING,
    NAIVE,
    Corrected,
    Floats,
    Part,
    around,
    effective,
    few,
    noted,
    reaches,
    satterthwaite,
    within,
)
from evalhouse.stats.corrected.samples import (
    TUNED,
    Correction,
    Pair,
    Samples,
    samples,
    tuned_weight,
    variance_by_cluster,
)
from evalhouse.stats.corrected.spread import tuned_spread
from evalhouse.stats.results import Interval, checked_level

_CELLS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
"""Every pair of a human and a model label of a yes-or-no question."""
_PSEUDO = 0.5
"""How many imagined units each of these pairs gets in the variance of a proportion."""


def corrected_mean(
    human: ArrayLike,
    model: ArrayLike,
    rest: ArrayLike,
    *,
    how: Correction = TUNED,
    clusters: Pair | None = None,
    level: float = 0.95,
) -> Corrected:
    """Estimate a mean from a few human and many model labels.

    `mean(human) + w (mean(rest) - mean(model))`: what the model says of the rest, corrected by
    how it errs where a human looked. The weight w is tuned (PPI++) unless `how` names one.

    Args:
        human: (n,) labels by people of units drawn at random.
        model: (n,) labels by the model of the same units.
        rest: (N,) labels by the model of all other units.
        how: weight and kind of interval; see `Correction`.
        clusters: names of what units belong to, as `((n,), (N,))`, where units come in groups.
        level: confidence.

    The estimate has the unit of the labels. Its interval is t with Satterthwaite's degrees of
    freedom and covers 93 to 97% from 50 human labels of which ten differ from the model's; below
    it says so. Labels of 0 and 1 that a model hardly misses are better left to
    `corrected_proportion`. Undefined without human labels; with one there is no interval; without
    a rest it is the mean of the human labels.

    Angelopoulos, Bates, Fannjiang, Jordan and Zrnic (2023), doi:10.1126/science.adi6000;
    Angelopoulos, Duchi and Zrnic (2023), arXiv:2311.01453. They take normal quantiles and
    uncorrected variances: `Correction(is_asymptotic=True)`.

    Example:
        >>> found = corrected_mean([3, 4, 2, 5], [3, 5, 2, 4], [3, 4, 4, 2, 5, 3, 4, 3])
        >>> round(found.interval.estimate, 4), round(found.weight, 4)
        (3.5, 0.6667)
    """
    found = samples(human, model, rest, clusters)
    return _estimate(found, how, checked_level(level), is_proportion=False)


def corrected_proportion(
    human: ArrayLike,
    model: ArrayLike,
    rest: ArrayLike,
    *,
    how: Correction = TUNED,
    clusters: Pair | None = None,
    level: float = 0.95,
) -> Corrected:
    """Estimate a proportion from a few human and many model labels.

    The estimate is that of `corrected_mean`. Errors of a good model are rare among a few human
    labels, and then the variance of what is seen is too small; so the interval is found as if
    half a unit more had been seen of each pair of answers (0 or 1 by either), which moves its
    middle as Agresti and Coull's does, and it ends at 0 and 1.

    Args:
        human: (n,) 0 or 1, or shares between, by people, of units drawn at random.
        model: (n,) the same by the model, which may be a probability.
        rest: (N,) the model's for all other units.
        how: weight and kind of interval; see `Correction`.
        clusters: names of what units belong to, as `((n,), (N,))`; the interval is then
            `corrected_mean`'s, within [0, 1].
        level: confidence.

    Covers 93 to 98% from 50 human labels, and up to 100% where the model hardly errs. Undefined
    without human labels. The estimate itself is cut at 0 and 1.

    Angelopoulos, Duchi and Zrnic (2023), arXiv:2311.01453, from whose interval we depart; the
    imagined units follow Bonett and Price (2012), doi:10.3102/1076998611411915.

    Example:
        >>> found = corrected_proportion([1, 0, 1, 1], [1, 0, 1, 1], [1, 0, 1, 1, 0, 1, 0, 1])
        >>> round(found.interval.estimate, 4), round(found.interval.low, 4)
        (0.6855, 0.1373)
    """
    found = samples(human, model, rest, clusters)
    if any(
        values.size and (values.min() < 0 or values.max() > 1)
        for values in (found.human, found.every)
    ):
        raise UsageError("labels of a proportion lie between 0 and 1; use `corrected_mean`")
    made = _estimate(found, how, checked_level(level), is_proportion=True)
    return replace(
        made,
        interval=within(made.interval),
        human=within(made.human),
        model=within(made.model),
    )


def corrected_difference(first: Corrected, second: Corrected) -> Interval:
    """Return the difference of two independent corrected estimates.

    `L = d - sqrt((e1 - l1)^2 + (u2 - e2)^2)` and `U` alike (MOVER): the bounds of each go into
    the difference, so it holds where they hold.

    Args:
        first: an estimate of one group or run, of units of its own.
        second: an estimate of the same level, of other units. Two runs on the same units are
            compared by `corrected_mean` of the differences of their labels.

    Undefined where either is; notes of both are kept.

    Zou and Donner (2008), doi:10.1002/sim.3095.

    Example:
        >>> one = corrected_mean([3, 4, 2, 5], [3, 5, 2, 4], [3, 4, 4, 2, 5, 3, 4, 3])
        >>> corrected_difference(one, one).estimate
        0.0
    """
    one, two = first.interval, second.interval
    if one.level != two.level:
        raise UsageError(f"both estimates have one level; found {one.level} and {two.level}")
    estimate = one.estimate - two.estimate
    low = estimate - math.hypot(one.estimate - one.low, two.high - two.estimate)
    high = estimate + math.hypot(one.high - one.estimate, two.estimate - two.low)
    note = one.note if one.note == two.note else noted(one.note, two.note)
    stderr = math.hypot(one.stderr, two.stderr)
    method = f"{one.method}, MOVER"
    return Interval(estimate, low, high, one.level, method, one.n + two.n, stderr, note=note)


def _estimate(found: Samples, how: Correction, level: float, *, is_proportion: bool) -> Corrected:
    weight = how.weight
    if weight is None:
        columns = (values[:, None] for values in (found.human, found.model, found.rest))
        weight = tuned_weight(*columns)
    # Without a rest there is nothing that the model could add.
    weight = weight if len(found.rest) else 0.0
    pseudo = is_proportion and not how.is_asymptotic and found.clusters is None
    parts = (
        _part(found, weight, how, pseudo=pseudo),
        _part(found, 0.0, how, pseudo=pseudo),
        _naive(found.every),
    )
    note = _note(found, weight, pseudo=pseudo)
    alone = few(found.n) if found.n else "no human labels"
    one, two, three = reaches(parts, level)
    n, every = found.n, len(found.every)
    return Corrected(
        interval=_moved(around(parts[0], one, level, how.method, n, note), _point(found, weight)),
        human=_moved(
            around(parts[1], two, level, "human labels alone", n, alone), _point(found, 0.0)
        ),
        model=around(parts[2], three, level, "model labels alone", every, NAIVE),
        weight=weight if n else math.nan,
        n_human=n,
        n_model=every,
        effective_n=effective(n, parts[1].stderr, parts[0].stderr),
        spread=tuned_spread(found.human, found.model, found.every, every) if n > 1 else None,
    )


def _point(found: Samples, weight: float) -> float:
    if not found.n:
        return math.nan
    gap = float(found.rest.mean() - found.model.mean()) if weight else 0.0
    return float(found.human.mean()) + weight * gap


def _moved(interval: Interval, estimate: float) -> Interval:
    return replace(interval, estimate=estimate)


def _part(found: Samples, weight: float, how: Correction, *, pseudo: bool) -> Part:
    n, others = found.n, len(found.rest)
    if not n:
        return ABSENT
    left = found.human - weight * found.model
    estimate = float(left.mean()) + (weight * float(found.rest.mean()) if weight else 0.0)
    far = (
        weight**2 * float(found.rest.var(ddof=0 if how.is_asymptotic else 1)) / others
        if (weight and others > 1)
        else 0.0
    )
    if how.is_asymptotic:
        return Part(estimate, math.sqrt(float(left.var()) / n + far), math.inf)
    # A document may have units of both kinds, so both enter one sum for each.
    if found.clusters is not None:
        near = ((left - left.mean()) / n)[:, None]
        beyond = (weight * (found.rest - found.rest.mean()) / max(others, 1))[:, None]
        variance, df = variance_by_cluster(near, beyond, found)
        return Part(estimate, math.sqrt(variance[0]), df)
    # One degree goes to the mean and one to the tuned weight.
    degrees = n - 1 - (1 if weight and how.weight is None else 0)
    near, shift = _near(left, weight, degrees, pseudo=pseudo)
    df = satterthwaite(near, n if pseudo else degrees, far, others - 1)
    return Part(estimate + shift, math.sqrt(near + far), df)


def _near(left: Floats, weight: float, degrees: int, *, pseudo: bool) -> tuple[float, float]:
    if not pseudo:
        if degrees < 1:
            return math.nan, 0.0
        return float(((left - left.mean()) ** 2).sum() / degrees / len(left)), 0.0
    # A sample that shows no error of the model is no proof that there is none.
    cells = _CELLS[:, 0] - weight * _CELLS[:, 1]
    total = len(left) + _PSEUDO * len(cells)
    mean = (left.sum() + _PSEUDO * cells.sum()) / total
    squares = ((left - mean) ** 2).sum() + _PSEUDO * ((cells - mean) ** 2).sum()
    return float(squares / total / len(left)), float(mean - left.mean())


def _naive(labels: Floats) -> Part:
    if len(labels) < 2:
        return ABSENT
    stderr = float(labels.std(ddof=1)) / math.sqrt(len(labels))
    return Part(float(labels.mean()), stderr, len(labels) - 1.0)


def _note(found: Samples, weight: float, *, pseudo: bool) -> str:
    if not found.n:
        return "no human labels, so nothing corrects the model"
    left = found.human - weight * found.model
    equal = found.n > 1 and not np.ptp(left) and not pseudo
    differ = int(np.count_nonzero(found.human != found.model))
    is_rare = weight > 0 and not pseudo and not equal and differ < DIFFERING
    return noted(
        few(found.n),
        "" if len(found.rest) else "no model labels beyond the human ones: these alone count",
        "what is left after the model's labels does not vary among the units with a human label, "
        "so the interval may be too short"
        if equal
        else "",
        f"only {differ} human labels differ from the model's: the interval may be too short"
        if is_rare
        else "",
    )
