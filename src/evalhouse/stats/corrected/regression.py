"""Linear and logistic regression coefficients from few human and many model labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from evalhouse.errors import UsageError
from evalhouse.stats.corrected.logistic import balanced, expit
from evalhouse.stats.corrected.result import (
    ABSENT,
    ENOUGH,
    ENOUGH_FOR_CURVES,
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
    satterthwaite,
)
from evalhouse.stats.corrected.samples import (
    TUNED,
    Correction,
    Pair,
    Samples,
    matrices,
    samples,
    tuned_weight,
    variance_by_cluster,
)
from evalhouse.stats.corrected.spread import Tuned, tuned_spread
from evalhouse.stats.corrected.squares import inverse
from evalhouse.stats.results import checked_level


@dataclass(frozen=True, slots=True)
class Regression:
    """The samples with their covariates: `rows` (n, d) and `others` (N, d)."""

    found: Samples
    rows: Floats
    others: Floats

    def classical(self) -> Regression:
        """Leave the rest out."""
        return replace(
            self,
            found=replace(self.found, rest=self.found.rest[:0], clusters=None),
            others=self.others[:0],
        )

    def naive(self) -> Regression:
        """Take all model labels for human ones."""
        every, all_rows = self.found.every, np.concatenate([self.rows, self.others])
        found = Samples(every, every, every[:0])
        return Regression(found, all_rows, all_rows[:0])


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients (d,), fitted means of both samples, and what each unit adds to coefficients.

    `inverse` is the inverse of the mean curvature (d, d); `near` (n, d) and `far` (N, d) are
    influences that make up for having been fitted themselves. `residuals` are what is left of the
    human labels, the model's beside them (n,) and the model's of the rest (N,).
    """

    coefficients: Floats
    mean: Floats
    beyond: Floats
    inverse: Floats
    near: Floats
    far: Floats
    residuals: tuple[Floats, Floats, Floats]


Fitter = Callable[[Regression, float], Fit | None]


def corrected_linear(
    human: ArrayLike,
    model: ArrayLike,
    rest: ArrayLike,
    *,
    covariates: Pair,
    how: Correction = TUNED,
    clusters: Pair | None = None,
    level: float = 0.95,
) -> tuple[Corrected, ...]:
    """Estimate linear regression coefficients of the human labels on covariates.

    `b = ols(X', w f') + ols(X, y - w f)`: the regression of the model's labels f' of the rest,
    plus the regression of what the human labels y differ from them. The weight w is tuned to the
    sum of variances, each relative to that of human labels alone.

    Args:
        human: (n,) labels by people of units drawn at random.
        model: (n,) labels by the model of the same units.
        rest: (N,) labels by the model of all other units.
        covariates: X (n, d) and X' (N, d), with a column of ones if there is to be an intercept.
        how: weight, one for all coefficients, and kind of interval; see `Correction`.
        clusters: names of what units belong to, as `((n,), (N,))`, where units come in groups.
        level: confidence.

    One result for each column, in the labels' unit by the covariate's. Intervals are t with HC3
    variances (residuals divided by 1 - leverage) and cover 93 to 97% from 50 human labels.
    Undefined without more human labels than columns and for columns that follow from others.

    Angelopoulos et al. (2023), doi:10.1126/science.adi6000, and arXiv:2311.01453, which take
    normal quantiles, plain residuals about b, and the sum of variances in the covariates' units:
    `Correction(is_asymptotic=True)`.

    Example:
        >>> x, z = np.arange(8.0), np.arange(16.0)
        >>> columns = np.c_[np.ones(8), x], np.c_[np.ones(16), z]
        >>> wrong = np.array([1, -1, 0, 0, 1, -1, 0, 0])
        >>> found = corrected_linear(2 * x + wrong, 2 * x, 2 * z, covariates=columns)
        >>> [round(one.interval.estimate, 4) for one in found]
        [0.1667, 1.9524]
    """
    return _regressed(_linear, samples(human, model, rest, clusters), covariates, how, level)


def corrected_logistic(
    human: ArrayLike,
    model: ArrayLike,
    rest: ArrayLike,
    *,
    covariates: Pair,
    how: Correction = TUNED,
    clusters: Pair | None = None,
    level: float = 0.95,
) -> tuple[Corrected, ...]:
    """Estimate logistic regression coefficients of the human labels on covariates.

    b minimises `w L'(f') + L(y) - w L(f)`, where L and L' are the mean log losses over the units
    with a human label and over the rest.

    Args:
        human: (n,) 0 or 1 by people, of units drawn at random.
        model: (n,) the same by the model, or its probability of 1.
        rest: (N,) the model's for all other units.
        covariates: (n, d) and (N, d), with a column of ones if there is to be an intercept.
        how: weight, one for all coefficients, and kind of interval; see `Correction`.
        clusters: names of what units belong to, as `((n,), (N,))`, where units come in groups.
        level: confidence.

    One result for each column: log odds ratios by unit of the covariate. Intervals are t with
    residuals divided by 1 - leverage and cover 93 to 97% from 100 human labels. Undefined for one
    class only, labels that the covariates separate, and columns that follow from others.

    Angelopoulos et al. (2023), doi:10.1126/science.adi6000, and arXiv:2311.01453, which take
    normal quantiles and plain residuals: `Correction(is_asymptotic=True)`.

    Example:
        >>> ones = np.ones((4, 1)), np.ones((6, 1))
        >>> found = corrected_logistic([1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 1, 1, 0, 0],
        ...     covariates=ones)
        >>> round(found[0].interval.estimate, 4)
        1.0986
    """
    found = samples(human, model, rest, clusters)
    if any(part.size and (part.min() < 0 or part.max() > 1) for part in (found.human, found.every)):
        raise UsageError("labels of a logistic regression lie between 0 and 1")
    return _regressed(_logistic, found, covariates, how, level)


def _regressed(
    fitter: Fitter, found: Samples, covariates: Pair, how: Correction, level: float
) -> tuple[Corrected, ...]:
    level = checked_level(level)
    task = Regression(found, *matrices(covariates, found))
    weight, fit = _tuned(fitter, task, how)
    alone = fitter(task.classical(), 0.0) if found.n > task.rows.shape[1] else None
    naive = fitter(task.naive(), 0.0) if len(found.every) > task.rows.shape[1] else None
    parts = (
        *_parts(fit, task, how, weight),
        *_parts(alone, task.classical(), how, 0.0),
        *_parts(naive, task.naive(), how, 0.0),
    )
    warning = few(found.n, ENOUGH if fitter is _linear else ENOUGH_FOR_CURVES)
    told = (
        (
            how.method,
            found.n,
            noted(warning, _absence(task, fit), _idle(task, weight)),
        ),
        ("human labels alone", found.n, noted(warning, _absence(task, alone))),
        ("model labels alone", len(found.every), NAIVE if naive else UNDETERMINED),
    )
    columns = task.rows.shape[1]
    intervals = [
        around(part, reach, level, *told[place // columns])
        for place, (part, reach) in enumerate(zip(parts, reaches(parts, level), strict=True))
    ]
    sides = (intervals[:columns], intervals[columns : 2 * columns], intervals[2 * columns :])
    return tuple(
        Corrected(
            interval=one,
            human=two,
            model=three,
            weight=weight,
            n_human=found.n,
            n_model=len(found.every),
            effective_n=effective(found.n, two.stderr, one.stderr),
            spread=spread,
        )
        for one, two, three, spread in zip(*sides, _spreads(task, fit), strict=True)
    )


def _absence(task: Regression, fit: Fit | None) -> str:
    columns = task.rows.shape[1]
    if fit is not None:
        return ""
    if task.found.n <= columns:
        return f"{columns} coefficients need more human labels than {task.found.n}"
    return UNDETERMINED


def _idle(task: Regression, weight: float) -> str:
    if weight == 0 and len(task.others) and task.found.n > task.rows.shape[1]:
        return "the model's labels add nothing here"
    return ""


def _tuned(fitter: Fitter, task: Regression, how: Correction) -> tuple[float, Fit | None]:
    if task.found.n <= task.rows.shape[1]:
        return math.nan, None
    weight = how.weight if len(task.others) else 0.0
    if weight is None:
        weight = _best_weight(fitter, task, is_published=how.is_asymptotic)
    return weight, fitter(task, weight)


def _best_weight(fitter: Fitter, task: Regression, *, is_published: bool) -> float:
    fit, weight = fitter(task, 1.0), 0.0
    # Logistic coefficients may be finite with one weight and not with the other.
    fit = fitter(task, 0.0) if fit is None else fit
    # The second round takes the weight at the coefficients that the first one led to.
    for _ in range(2):
        if fit is None:
            return 0.0
        human, model, rest = _influences(task, fit, is_published=is_published)
        # Relative to its own variance each coefficient counts the same, whatever its unit.
        own = human.std(0)
        # One that human labels do not vary has no say in the weight.
        unit = np.ones_like(own) if is_published else np.where(own > 0, own, math.inf)
        weight = tuned_weight(human / unit, model / unit, rest / unit)
        fit = fitter(task, weight)
    return weight if fit is not None else 0.0


def _linear(task: Regression, weight: float) -> Fit | None:
    rows, others, found = task.rows, task.others if weight else task.others[:0], task.found
    own, theirs = _inverse(rows), _inverse(others)
    whole = _inverse(np.concatenate([rows, others]))
    if own is None or whole is None or (weight and theirs is None):
        return None
    coefficients, near = _squares(rows, own, found.human - weight * found.model)
    far = np.zeros_like(task.others)
    if weight and theirs is not None:
        added, far = _squares(others, theirs, weight * found.rest)
        coefficients = coefficients + added
    spread = whole * (len(rows) + len(others))
    means = rows @ coefficients, task.others @ coefficients
    return Fit(coefficients, *means, spread, near, far, _left(task, own))


def _left(task: Regression, own: Floats) -> tuple[Floats, Floats, Floats]:
    """Return what regressions of their own leave of human and of model labels."""
    rows, others, found = task.rows, task.others, task.found
    by_human = own @ (rows.T @ found.human)
    # All rows determine what some of them do.
    whole = _inverse(np.concatenate([rows, others]))
    assert whole is not None
    by_model = whole @ (rows.T @ found.model + others.T @ found.rest)
    return (
        found.human - rows @ by_human,
        found.model - rows @ by_model,
        found.rest - others @ by_model,
    )


def _squares(rows: Floats, spread: Floats, labels: Floats) -> tuple[Floats, Floats]:
    """Return the least squares coefficients and HC3 influences."""
    coefficients = spread @ (rows.T @ labels)
    residuals = (labels - rows @ coefficients) / _room(rows, spread)
    return coefficients, rows @ spread * residuals[:, None]


def _logistic(task: Regression, weight: float) -> Fit | None:
    rows, others, found = task.rows, task.others if weight else task.others[:0], task.found
    if not found.n or not np.ptp(found.human):
        return None
    n, count = len(rows), max(len(others), 1)
    weights = np.r_[np.full(n, (1 - weight) / n), np.full(len(others), weight / count)]
    target = rows.T @ (found.human - weight * found.model) / n
    target = target + weight * others.T @ found.rest[: len(others)] / count
    coefficients = balanced(np.concatenate([rows, others]), weights, target)
    if coefficients is None:
        return None
    mean, beyond = expit(rows @ coefficients), expit(task.others @ coefficients)
    bent = rows * np.sqrt(mean * (1 - mean))[:, None]
    past = others * np.sqrt(beyond * (1 - beyond))[: len(others), None]
    own, whole = _inverse(bent), _inverse(np.concatenate([bent, past]))
    if own is None or whole is None:
        return None
    spread = whole * (n + len(others))
    # Only the share 1 - w of the mean is fitted to these units; the rest of it comes from others.
    residuals = (found.human - weight * found.model - (1 - weight) * mean) / _room(bent, own)
    # The two samples balance each other, so neither sums to zero by itself.
    near = _centred(rows * residuals[:, None]) @ spread / n
    far = _centred(task.others * (weight * (found.rest - beyond))[:, None]) @ spread / count
    left = found.human - mean, found.model - mean, found.rest - beyond
    return Fit(coefficients, mean, beyond, spread, near, far, left)


def _parts(fit: Fit | None, task: Regression, how: Correction, weight: float) -> list[Part]:
    columns = task.rows.shape[1]
    if fit is None:
        return [ABSENT] * columns
    n, others = task.found.n, len(task.others)
    if how.is_asymptotic:
        human, model, rest = _influences(task, fit, is_published=True)
        variance = (human - weight * model).var(0, ddof=1) / n
        if weight:
            variance = variance + (weight * rest).var(0, ddof=1) / others
        df = [math.inf] * columns
    elif task.found.clusters is not None:
        variance, degrees = variance_by_cluster(fit.near, fit.far, task.found)
        df = [degrees] * columns
    else:
        near, far = (fit.near**2).sum(0), (fit.far**2).sum(0)
        variance = near + far
        free = n - columns - (1 if weight and how.weight is None else 0)
        sides = zip(near.tolist(), far.tolist(), strict=True)
        df = [satterthwaite(one, free, two, others - columns) for one, two in sides]
    values = zip(fit.coefficients.tolist(), np.sqrt(variance).tolist(), df, strict=True)
    return [Part(*value) for value in values]


def _influences(
    task: Regression, fit: Fit, *, is_published: bool = False
) -> tuple[Floats, Floats, Floats]:
    found = task.found
    left = fit.residuals
    if is_published:
        left = found.human - fit.mean, found.model - fit.mean, found.rest - fit.beyond
    sides = zip((task.rows, task.rows, task.others), left, strict=True)
    human, model, rest = ((rows * residuals[:, None]) @ fit.inverse for rows, residuals in sides)
    return human, model, rest


def _spreads(task: Regression, fit: Fit | None) -> list[Tuned | None]:
    if fit is None or task.found.n < 2:
        return [None] * task.rows.shape[1]
    human, model, rest = _influences(task, fit)
    every, total = np.concatenate([model, rest]), task.found.n + len(task.others)
    columns = zip(human.T, model.T, every.T, strict=True)
    return [tuned_spread(own, theirs, both, total) for own, theirs, both in columns]


def _inverse(rows: Floats) -> Floats | None:
    return inverse(rows.T @ rows)


def _room(rows: Floats, spread: Floats) -> Floats:
    """Return 1 - leverage, away from zero."""
    room: Floats = np.maximum(1.0 - ((rows @ spread) * rows).sum(1), 0.01)
    return room


def _centred(values: Floats) -> Floats:
    return values - values.mean(0) if len(values) else values
