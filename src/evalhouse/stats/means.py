"""Intervals of a mean, a weighted mean, and a ratio of sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from evalhouse.errors import UsageError
from evalhouse.stats.clustered import clustered_mean, estimate_mean, sums_by_cluster
from evalhouse.stats.estimate import Estimate
from evalhouse.stats.results import Interval
from evalhouse.stats.special import Floats
from evalhouse.stats.values import numbers, places


def mean(values: ArrayLike, clusters: ArrayLike | None = None, *, level: float = 0.95) -> Interval:
    """Estimate a mean with a t interval that clusters do not make too short.

    `mean ± t(df) * stderr`: without clusters `s / sqrt(n)` and n - 1 degrees of freedom; with
    clusters the standard error and the degrees of freedom of `clustered_mean`, which says
    when ten clusters are enough.

    Args:
        values: (n,) numbers; NaN is missing and left out, and the note counts it.
        clusters: (n,) names of what makes units alike, such as a document or a seed.
        level: confidence between 0 and 1.

    NaN with a note without values, below two units or clusters, and where nothing varies.

    Raises:
        UsageError: for values and clusters that do not fit.

    Example:
        Darwin's fifteen differences of height (Fisher 1935, section 17).

        >>> darwin = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
        >>> found = mean(darwin)
        >>> round(found.estimate, 2), round(found.low, 2), round(found.high, 2)
        (20.93, 0.03, 41.84)
    """
    return estimate_mean(values, clusters).interval(level)


def weighted_mean(
    values: ArrayLike,
    weights: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    level: float = 0.95,
) -> Interval:
    """Estimate a weighted mean, `sum(w x) / sum(w)`, with a t interval.

    The weights are those of a design: they say how many units each stands for, and the standard
    error is that of a ratio of sums (CR2).

    Args:
        values: (n,) numbers; NaN is missing and left out.
        weights: (n,) zero or more.
        clusters: (n,) names of what makes units alike.
        level: confidence between 0 and 1.

    NaN with a note as for `ratio`.

    Raises:
        UsageError: for weights below zero, and arrays that do not fit.

    Example:
        >>> found = weighted_mean([1.0, 2.0, 4.0], [1.0, 1.0, 2.0])
        >>> found.estimate, found.n
        (2.75, 3)
    """
    sizes, shares = numbers(values), numbers(weights, "weights")
    if sizes.shape == shares.shape:
        return ratio(sizes * shares, shares, clusters, level=level)
    raise UsageError(f"weights are one for each of {sizes.size} values; found {shares.size}")


def ratio(
    numerators: ArrayLike,
    denominators: ArrayLike,
    clusters: ArrayLike | None = None,
    *,
    level: float = 0.95,
) -> Interval:
    """Estimate a ratio of sums, `sum(y) / sum(x)`, with a t interval.

    `stderr^2 = sum(a_g (Y_g - ratio X_g)^2) / sum(x)^2`, `a_g = 1 / (1 - X_g / sum(x))`, over the
    sums of each cluster, with the degrees of freedom of `clustered_mean`.

    Args:
        numerators: (n,) what is counted, such as right tokens of each item.
        denominators: (n,) zero or more, what it is counted of.
        clusters: (n,) names of what makes units alike.
        level: confidence between 0 and 1.

    Units in which a part is NaN are left out, and the note counts them. NaN with a note where
    the denominators add up to zero, below two units or clusters, where one holds all of the
    denominators, and where nothing varies.

    Raises:
        UsageError: for denominators below zero, and arrays that do not fit.

    Bell and McCaffrey (2002), Survey Methodology 28:169-181, who write it for regression through
    the origin with weights 1 / x, which this is.

    Example:
        >>> found = ratio([3, 5, 9, 2], [4, 8, 10, 2])
        >>> round(found.estimate, 4), round(found.stderr, 4)
        (0.7917, 0.0922)
    """
    top, bottom = _paired(numerators, denominators)
    place, _ = places(np.arange(len(top)) if clusters is None else clusters, len(top))
    present = ~np.isnan(top + bottom)
    top, bottom, left = top[present], bottom[present], int((~present).sum())
    place, count = places(place[present], len(top))
    sums, sizes = (sums_by_cluster(each, place, count) for each in (top, bottom))
    used = int(np.count_nonzero(sizes))
    method = "ratio of sums, t" if clusters is None else "ratio of sums, clustered t (CR2)"
    note = f"{left} units with a missing value left out" if left else ""
    if used < 2:
        with np.errstate(over="ignore"):
            value = float(sums.sum() / sizes.sum()) if used else np.nan
        what = f"a standard error needs two units with a denominator; found {used}"
        return Estimate(value, np.nan, np.nan, count, method).noted(note, what).interval(level)
    found = clustered_mean(sums, sizes)
    flat = "" if found.stderr > 0 else "all units are equal, so there is no spread to judge by"
    parts = float(found.value), float(found.stderr), float(found.df)
    return Estimate(*parts, count, method).noted(note, flat).interval(level)


def _paired(numerators: ArrayLike, denominators: ArrayLike) -> tuple[Floats, Floats]:
    top, bottom = numbers(numerators, "numerators"), numbers(denominators, "denominators")
    if top.ndim != 1 or top.shape != bottom.shape:
        raise UsageError(
            f"numerators and denominators are arrays of one length; found {top.shape} and "
            f"{bottom.shape}"
        )
    if np.any(bottom < 0):
        raise UsageError(f"denominators and weights are zero or more; found {np.nanmin(bottom)}")
    return top, bottom
