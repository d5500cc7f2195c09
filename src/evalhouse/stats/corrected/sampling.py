"""Human labels drawn by design: who could have had one, with what chance, and who has."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.values import numbers, places

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class DesignedLabels:
    """Labels of all M units: `human` (M,) is NaN where nobody looked.

    `probability` (M,) is what each unit's chance of a human label was, known because someone chose
    it. `strata` (M,) are names of the groups within which a fixed number was drawn, `clusters`
    (M,) of what units come in. Make it with `designed_labels`.
    """

    human: Floats
    model: Floats
    probability: Floats
    strata: NDArray[np.int64] | None = None
    clusters: NDArray[np.int64] | None = None
    seed: int | None = None

    @property
    def has_human(self) -> NDArray[np.bool_]:
        """Which units have a human label (M,)."""
        return ~np.isnan(self.human)

    @property
    def n(self) -> int:
        """Units with a human label."""
        return int(np.count_nonzero(self.has_human))

    @property
    def errors(self) -> Floats:
        """What the model's label lacks, weighted by the design: `(R / p)(human - model)` (M,)."""
        lacking = np.where(self.has_human, self.human - self.model, 0.0)
        return lacking / self.probability

    @property
    def outcomes(self) -> Floats:
        """Labels that are right on average: `model + (R / p)(human - model)` (M,)."""
        return self.model + self.errors


def designed_labels(
    human: ArrayLike,
    model: ArrayLike,
    probability: ArrayLike | None = None,
    *,
    strata: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
) -> DesignedLabels:
    """Put together labels with the design that human labels were drawn by.

    Args:
        human: (M,) labels by people, NaN where there is none.
        model: (M,) labels by the model of the same units, all there.
        probability: (M,) the chance of each unit to get a human label, above 0, at most 1.
            Without it, a fixed number was drawn of all units or of each stratum, and this is its
            share.
        strata: (M,) names of groups within which a fixed number was drawn.
        clusters: (M,) names of what units come in, such as documents.

    Raises:
        UsageError: for sides of different lengths, missing model labels, probabilities outside
            (0, 1], and strata without a human label.
    """
    first, second = numbers(human, "human labels"), numbers(model, "model labels")
    if first.ndim != 1 or first.shape != second.shape:
        raise UsageError(
            f"human and model labels are one number a unit; found shapes {first.shape} and "
            f"{second.shape}; mark units without a human label with NaN"
        )
    if not np.isfinite(second).all():
        raise UsageError("every unit needs a model label; leave out those without")
    groups = None if strata is None else places(strata, len(first), "strata")[0]
    if probability is None:
        chances = _shares(first, groups)
    else:
        chances = numbers(probability, "probabilities")
    if chances.shape != first.shape or not ((chances > 0) & (chances <= 1)).all():
        raise UsageError(
            "probabilities are one number a unit, above 0 and at most 1: a unit that could never "
            "be drawn cannot be spoken for"
        )
    if probability is None and groups is None:
        groups = np.zeros(len(first), np.int64)
    found = None if clusters is None else places(clusters, len(first))[0]
    return DesignedLabels(first, second, chances, groups, found)


def cross_fitted(
    labels: DesignedLabels, predictors: ArrayLike | None = None, *, folds: int = 5, seed: int = 0
) -> DesignedLabels:
    """Replace the model's labels by what they, and `predictors`, say of the human ones.

    In each fold the labels come from a linear regression of human labels on the model's, weighted
    by 1 / probability, over the other folds; so no unit's human label enters its own prediction,
    and the estimates stay unbiased. It shortens intervals when the model errs systematically.

    Args:
        labels: as `designed_labels` makes them.
        predictors: (M, k) whatever else is known of all units.
        folds: parts that the units (or clusters) are cut into by chance.
        seed: of the cut; the result has it.

    Egami, Hinck, Stewart and Wei (2023), arXiv:2306.04746, who let any learner do this, repeat
    the cut and take medians.
    """
    if folds < 2:
        raise UsageError(f"cross-fitting needs two folds or more; found {folds}")
    size = len(labels.model)
    columns = [np.ones(size), labels.model]
    if predictors is not None:
        table = _predictors(predictors, size)
        columns.extend(table.T)
    rows = np.column_stack(columns)
    # Units of a cluster are alike, so one must not be predicted from another.
    units = np.arange(size) if labels.clusters is None else labels.clusters
    chance = np.random.default_rng(seed)
    fold = chance.permutation(int(units.max(initial=-1)) + 1)[units] % folds
    predicted = labels.model.copy()
    for held in range(folds):
        used = labels.has_human & (fold != held)
        if np.count_nonzero(used) > rows.shape[1]:
            root = np.sqrt(1 / labels.probability[used])
            fit = np.linalg.lstsq(rows[used] * root[:, None], labels.human[used] * root, rcond=None)
            predicted[fold == held] = rows[fold == held] @ fit[0]
    return replace(labels, model=predicted, seed=seed)


def _predictors(values: ArrayLike, size: int) -> Floats:
    table = numbers(values, "predictors")
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) != size or np.isnan(table).any():
        raise UsageError(
            f"predictors are a table of numbers with {size} rows, none missing; found shape "
            f"{table.shape}"
        )
    return table


def _shares(human: Floats, groups: NDArray[np.int64] | None) -> Floats:
    place = np.zeros(len(human), np.int64) if groups is None else groups
    seen = np.bincount(place, ~np.isnan(human))
    if groups is not None and not seen.all():
        raise UsageError(
            f"{np.count_nonzero(seen == 0)} strata have no human label, so nothing can be said of "
            "their units; draw some of them, or merge strata"
        )
    # Without any human label at all there is nothing to weigh.
    return np.maximum(seen / np.maximum(np.bincount(place), 1), 1e-300)[place]
