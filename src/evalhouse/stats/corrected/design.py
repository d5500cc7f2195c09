"""Estimates from human labels drawn with known probabilities: design-based supervised learning."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalhouse.errors import UsageError
from evalhouse.stats.corrected.logistic import balanced, expit, slope
from evalhouse.stats.corrected.result import (
    ABSENT,
    DIFFERING,
    ENOUGH,
    ENOUGH_BY_DESIGN,
    NAIVE,
    UNDETERMINED,
    Corrected,
    Floats,
    Part,
    around,
    effective,
    few,
    noted,
    reaches,
    within,
)
from evalhouse.stats.corrected.sampling import DesignedLabels
from evalhouse.stats.corrected.spread import Designed
from evalhouse.stats.corrected.squares import inverse, pseudo_inverse
from evalhouse.stats.results import Interval, checked_level
from evalhouse.stats.values import numbers

Link = Literal["linear", "logistic"]
_METHOD = "DSL"


def designed_mean(labels: DesignedLabels, *, level: float = 0.95) -> Corrected:
    """Estimate a mean from human labels with known probabilities and model labels of all units.

    `mean(f + (R / p)(y - f))`: the mean of the model's labels f, corrected by how they differ
    from the human labels y, each counting for the 1 / p units that it stands for.

    Args:
        labels: as `designed_labels` makes them, perhaps `cross_fitted`.
        level: confidence.

    The estimate has the unit of the labels. Intervals are t, robust to clusters, with degrees of
    freedom from how evenly units add to the variance; they cover 93 to 98% from 50 human labels,
    and up to 99% where whole clusters were drawn. Undefined without human labels.

    Egami, Hinck, Stewart and Wei (2023), arXiv:2306.04746. They take normal quantiles; we also
    divide errors by 1 - leverage, and take out what a fixed number of draws of `strata` cannot
    vary.

    Example:
        >>> from evalhouse.stats.corrected import designed_labels
        >>> nan = math.nan
        >>> labels = designed_labels([1, nan, 0, nan], [1, 1, 1, 0], [0.5, 0.5, 0.5, 0.5])
        >>> designed_mean(labels).interval.estimate
        0.25
    """
    return _designed(labels, np.ones((len(labels.model), 1)), "linear", level)[0]


def designed_proportion(labels: DesignedLabels, *, level: float = 0.95) -> Corrected:
    """Estimate a proportion as `designed_mean` does a mean, within [0, 1].

    `mean(f + (R / p)(y - f))`, cut at 0 and 1 as its bounds are.

    Args:
        labels: of yes-or-no questions as 0 and 1, or probabilities by the model.
        level: confidence.

    Covers 93 to 98% from 50 human labels if ten or more of them differ from the model's; where
    fewer do, the note says so. Undefined without human labels.

    Egami, Hinck, Stewart and Wei (2023), arXiv:2306.04746.

    Example:
        >>> from evalhouse.stats.corrected import designed_labels
        >>> nan = math.nan
        >>> labels = designed_labels([1, nan, 0, nan], [1, 1, 1, 0], [0.5, 0.5, 0.5, 0.5])
        >>> designed_proportion(labels).interval.low
        0.0
    """
    human = labels.human[labels.has_human]
    if human.size and (human.min() < 0 or human.max() > 1):
        raise UsageError("labels of a proportion lie between 0 and 1; use `designed_mean`")
    made = designed_mean(labels, level=level)
    return replace(
        made,
        interval=within(made.interval, _rare(labels)),
        human=within(made.human),
        model=within(made.model),
    )


def designed_linear(
    labels: DesignedLabels, *, covariates: ArrayLike, level: float = 0.95
) -> tuple[Corrected, ...]:
    """Estimate linear regression coefficients from human labels with known probabilities.

    Least squares of `f + (R / p)(y - f)` on the covariates of all units.

    Args:
        labels: as `designed_labels` makes them, perhaps `cross_fitted`.
        covariates: (M, d), with a column of ones if there is to be an intercept.
        level: confidence.

    One result for each column; intervals as for `designed_mean`, but from 200 human labels.
    Undefined without more of them than columns and for columns that follow from others. A
    difference of two groups is the coefficient of the column that says which group.

    Egami, Hinck, Stewart and Wei (2023), arXiv:2306.04746.

    Example:
        >>> from evalhouse.stats.corrected import designed_labels
        >>> labels = designed_labels([0, 1, 2, 4], [0, 1, 2, 3])
        >>> rows = np.c_[np.ones(4), np.arange(4)]
        >>> [round(one.interval.estimate, 4) for one in designed_linear(labels, covariates=rows)]
        [-0.2, 1.3]
    """
    return _designed(labels, _table(covariates, labels), "linear", level)


def designed_logistic(
    labels: DesignedLabels, *, covariates: ArrayLike, level: float = 0.95
) -> tuple[Corrected, ...]:
    """Estimate logistic regression coefficients from human labels with known probabilities.

    Solves `sum x (f + (R / p)(y - f) - expit(x b)) = 0` over all units.

    Args:
        labels: of 0 and 1; the model's may be probabilities.
        covariates: (M, d), with a column of ones if there is to be an intercept.
        level: confidence.

    One result for each column: log odds ratios; intervals as for `designed_mean`, but from 200
    human labels. Undefined for one class only, for labels that the covariates separate, and for
    columns that follow from others.

    Egami, Hinck, Stewart and Wei (2023), arXiv:2306.04746.

    Example:
        >>> from evalhouse.stats.corrected import designed_labels
        >>> labels = designed_labels([0, 1, 1, 1], [0, 1, 1, 0])
        >>> found = designed_logistic(labels, covariates=np.ones((4, 1)))
        >>> round(found[0].interval.estimate, 4)
        1.0986
    """
    return _designed(labels, _table(covariates, labels), "logistic", level)


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients (d,), their variances, degrees of freedom, and what the drawing adds (d,)."""

    coefficients: Floats
    variance: Floats
    df: Floats
    drawing: Floats


def _designed(
    labels: DesignedLabels, rows: Floats, link: Link, level: float
) -> tuple[Corrected, ...]:
    level, columns, seen = checked_level(level), rows.shape[1], labels.has_human
    enough = labels.n > columns - (link == "linear")
    enough = enough and (link == "linear" or bool(np.ptp(labels.human[seen])))
    ones = np.ones(len(rows))
    fit = _fit(labels, rows, ones, link) if enough else None
    # People alone: each unit they saw counts for those it stands for.
    plain = replace(labels, model=np.where(seen, labels.human, 0.0), strata=None)
    by_human = _fit(plain, rows, seen / labels.probability, link) if enough else None
    wrong = replace(labels, human=labels.model, probability=ones, strata=None)
    by_model = _fit(wrong, rows, ones, link)
    warning = few(labels.n, ENOUGH if columns == 1 and link == "linear" else ENOUGH_BY_DESIGN)
    absence = _absence(labels, columns)
    told = (
        (_METHOD, labels.n, noted(warning, "" if fit else absence)),
        ("human labels alone", labels.n, noted(warning, "" if by_human else absence)),
        ("model labels alone", len(rows), NAIVE if by_model else UNDETERMINED),
    )
    # All quantiles in one call: they cost more than everything else here.
    parts = [part for found in (fit, by_human, by_model) for part in _parts(found, columns)]
    intervals = [
        replace(around(part, reach, level, *told[place // columns]), seed=labels.seed)
        for place, (part, reach) in enumerate(zip(parts, reaches(parts, level), strict=True))
    ]
    return tuple(
        _assembled(labels, intervals[column::columns], fit, column) for column in range(columns)
    )


def _assembled(
    labels: DesignedLabels, intervals: list[Interval], fit: Fit | None, column: int
) -> Corrected:
    spread = None
    if fit is not None and labels.n > 1:
        # No chance can pass 1, so the greatest one says how far all can be raised alike.
        most = int(labels.n / float(labels.probability.max()) + 1e-9)
        drawing = float(fit.drawing[column])
        spread = Designed(intervals[0].stderr ** 2, drawing, labels.n, most)
    return Corrected(
        interval=intervals[0],
        human=intervals[1],
        model=intervals[2],
        weight=1.0 if fit else math.nan,
        n_human=labels.n,
        n_model=len(labels.model),
        effective_n=effective(labels.n, intervals[1].stderr, intervals[0].stderr),
        spread=spread,
    )


def _parts(fit: Fit | None, columns: int) -> list[Part]:
    if fit is None:
        return [ABSENT] * columns
    numbers = (fit.coefficients, np.sqrt(fit.variance), fit.df)
    return [Part(*map(float, values)) for values in zip(*numbers, strict=True)]


def _fit(labels: DesignedLabels, rows: Floats, weights: Floats, link: Link) -> Fit | None:
    target = rows.T @ (weights * labels.outcomes)
    curve = inverse((rows * weights[:, None]).T @ rows)
    if curve is None:
        return None
    coefficients = curve @ target
    mean = rows @ coefficients
    if link == "logistic":
        found = balanced(rows, weights / len(rows), target / len(rows))
        bend = weights if found is None else weights * slope(rows @ found)
        curve = inverse((rows * bend[:, None]).T @ rows)
        if found is None or curve is None:
            return None
        coefficients, mean = found, expit(rows @ found)
    drawn = rows * (weights * labels.errors / _room(labels, rows))[:, None] @ curve
    even, loose = _within_strata(drawn, labels)
    influences = rows * (weights * (labels.model - mean))[:, None] @ curve + even + loose
    variance, df = _variance(influences, labels, rows.shape[1])
    return Fit(coefficients, variance, df, (loose**2).sum(0))


def _room(labels: DesignedLabels, rows: Floats) -> Floats:
    """Return 1 - leverage among human labels, each weighted by what it stands for.

    A label that stands for many units, far out, makes the variance as uncertain as one label does.
    """
    stands = labels.has_human / labels.probability
    spread = pseudo_inverse((rows * stands[:, None]).T @ rows)
    room: Floats = np.maximum(1.0 - ((rows @ spread) * rows).sum(1) * stands, 0.1)
    return room


def _within_strata(drawn: Floats, labels: DesignedLabels) -> tuple[Floats, Floats]:
    """Split influences of errors (M, d) into each stratum's mean and what the drawing varies.

    Where a fixed number is drawn of a stratum, chance moves only which units they are.
    """
    if labels.strata is None:
        return np.zeros_like(drawn), drawn
    seen = labels.has_human
    sizes = np.bincount(labels.strata).astype(np.float64)
    counts = np.bincount(labels.strata, seen, len(sizes))
    sums = np.zeros((len(sizes), drawn.shape[1]))
    np.add.at(sums, labels.strata, drawn)
    even = (sums / sizes[:, None])[labels.strata]
    middle = (sums / np.maximum(counts, 1)[:, None])[labels.strata]
    # A stratum of one human label shows no spread: its whole deviation stays in.
    room = np.where(counts > 1, np.sqrt(counts / np.maximum(counts - 1, 1)), 1.0)[labels.strata]
    middle = np.where((counts > 1)[labels.strata, None], middle, 0.0)
    return even, np.where(seen[:, None], (drawn - middle) * room[:, None], 0.0)


def _variance(influences: Floats, labels: DesignedLabels, columns: int) -> tuple[Floats, Floats]:
    count = len(influences)
    if labels.clusters is not None:
        count = int(labels.clusters.max()) + 1
        sums = np.zeros((count, columns))
        np.add.at(sums, labels.clusters, influences)
        influences = sums
        with_labels = len(np.unique(labels.clusters[labels.has_human]))
    else:
        with_labels = labels.n
    squares = influences**2
    total = squares.sum(0)
    # Few units that add most of the variance leave it as uncertain as few units would.
    heavy = (squares**2).sum(0) - total**2 / count
    even = np.divide(2 * total**2, heavy, out=np.full(columns, np.inf), where=heavy > 0)
    df = np.minimum(even, max(with_labels - columns, 0))
    factor = count / (count - columns) if count > columns else math.nan
    return total * factor, np.asarray(np.where(total > 0, df, max(with_labels - columns, 0)))


def _absence(labels: DesignedLabels, columns: int) -> str:
    if not labels.n:
        return "no human labels, so nothing corrects the model"
    if labels.n <= columns and columns > 1:
        return f"{columns} coefficients need more human labels than {labels.n}"
    return UNDETERMINED


def _rare(labels: DesignedLabels) -> str:
    # Where the two agree nothing is corrected, so only those that differ tell of the variance.
    differ = int(np.count_nonzero(labels.errors))
    if not labels.n or differ >= DIFFERING:
        return ""
    return f"only {differ} human labels differ from the model's: the interval may be too short"


def _table(covariates: ArrayLike, labels: DesignedLabels) -> Floats:
    rows = numbers(covariates, "covariates")
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2 or len(rows) != len(labels.model) or not np.isfinite(rows).all():
        raise UsageError(
            f"covariates are a table of numbers with {len(labels.model)} rows; found shape "
            f"{rows.shape}"
        )
    return rows
