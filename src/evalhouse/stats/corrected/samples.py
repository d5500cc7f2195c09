"""The two samples of a prediction-powered estimate: units with a human label, and the rest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.values import numbers, places

Floats = NDArray[np.float64]
Pair = tuple[ArrayLike, ArrayLike]
"""Something of the units with a human label, and the same of the rest."""


@dataclass(frozen=True, slots=True)
class Correction:
    """How model labels enter an estimate.

    `weight` is lambda: None tunes it to the data (PPI++), 1 is prediction-powered inference as
    first published, 0 leaves the model labels out. `is_asymptotic` takes the published interval
    for large samples (normal quantiles, no correction for few labels), which is too short below
    some hundred labels.
    """

    weight: float | None = None
    is_asymptotic: bool = False

    def __post_init__(self) -> None:
        """Refuse weights outside [0, 1]."""
        if self.weight is not None and not 0.0 <= self.weight <= 1.0:
            raise UsageError(
                f"the weight of model labels lies between 0 and 1; found {self.weight}; "
                "leave it out to have it tuned"
            )

    @property
    def method(self) -> str:
        """The name of the method."""
        kind = "PPI++" if self.weight is None else "PPI" if self.weight == 1 else "weighted PPI"
        return f"{kind}, large samples" if self.is_asymptotic else kind


TUNED = Correction()


@dataclass(frozen=True, slots=True)
class Samples:
    """Human and model labels of `n` units, model labels of the `rest`, clusters of both."""

    human: Floats
    model: Floats
    rest: Floats
    clusters: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    @property
    def n(self) -> int:
        """Units with a human label."""
        return len(self.human)

    @property
    def every(self) -> Floats:
        """All model labels."""
        return np.concatenate([self.model, self.rest])


def samples(
    human: ArrayLike, model: ArrayLike, rest: ArrayLike, clusters: Pair | None = None
) -> Samples:
    """Check the labels of both samples.

    Raises:
        UsageError: for labels that are missing or not one array each, and for sides that differ
            in length.
    """
    names = ("human labels", "model labels", "model labels of the rest")
    columns = zip((human, model, rest), names, strict=True)
    first, second, others = (_column(values, name) for values, name in columns)
    if len(first) != len(second):
        raise UsageError(
            f"there are {len(first)} human labels and {len(second)} model labels of the "
            "same units; give both for each unit, and the model labels of all others as `rest`"
        )
    return Samples(first, second, others, _numbered(clusters, len(first), len(others)))


def matrices(covariates: Pair, found: Samples) -> tuple[Floats, Floats]:
    """Check the covariates (n, d) and (N, d) of both samples."""
    both = [numbers(values, "covariates") for values in covariates]
    both = [values[:, None] if values.ndim == 1 else values for values in both]
    wanted = (found.n, len(found.rest))
    if any(values.ndim != 2 for values in both) or tuple(map(len, both)) != wanted:
        raise UsageError(
            f"covariates are two tables of {wanted[0]} and {wanted[1]} rows; found shapes "
            f"{both[0].shape} and {both[1].shape}"
        )
    if both[0].shape[1] != both[1].shape[1]:
        raise UsageError("covariates of the rest have the same columns as those of labelled units")
    if not all(np.isfinite(values).all() for values in both):
        raise UsageError("covariates are numbers; leave out units that lack one")
    return both[0], both[1]


def tuned_weight(human: Floats, model: Floats, rest: Floats) -> float:
    """Return the lambda that makes the sum of variances least, between 0 and 1.

    `lambda = sum_j cov(g_j, f_j) / ((1 + n/N) sum_j var(f_j))`, where g and f are the influences
    (n, d) and (N, d) of human and model labels on each of d targets.
    """
    n, others = len(human), len(rest)
    if n < 2 or not others:
        return 0.0
    shared = ((human - human.mean(0)) * (model - model.mean(0))).mean(0)
    # Model labels of both samples: the rest are many, so their variance is the surer one.
    spread = np.concatenate([model, rest]).var(0, ddof=1).sum()
    weight = float(shared.sum() / ((1 + n / others) * spread)) if spread > 0 else 0.0
    # Outside [0, 1] it would only follow noise, and a logistic loss would not be convex.
    return min(max(weight, 0.0), 1.0)


def variance_by_cluster(labelled: Floats, rest: Floats, found: Samples) -> tuple[Floats, float]:
    """Return the variance (d,) of sums of influences (n, d) and (N, d), and its df.

    A cluster may hold units of both samples; what it adds to the estimate is one number.
    """
    assert found.clusters is not None
    place = np.concatenate(found.clusters)
    count = int(place.max()) + 1
    sums = np.zeros((count, labelled.shape[1]))
    np.add.at(sums, place, np.concatenate([labelled, rest]))
    with_labels = len(np.unique(found.clusters[0]))
    if with_labels < 2:
        return np.full(labelled.shape[1], math.nan), 0.0
    # Clusters with human labels are the few; the factor must come from them.
    factor = with_labels / (with_labels - 1)
    return factor * (sums**2).sum(0), with_labels - 1


def _column(values: ArrayLike, name: str) -> Floats:
    array = numbers(values, name)
    if array.ndim != 1:
        raise UsageError(f"{name} are one array of one dimension; found shape {array.shape}")
    if not np.isfinite(array).all():
        raise UsageError(
            f"{name} hold {np.count_nonzero(~np.isfinite(array))} that are missing; units without "
            "a human label belong to the rest, units without a model label to neither"
        )
    return array


def _numbered(
    clusters: Pair | None, n: int, others: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    if clusters is None:
        return None
    first, second = (np.asarray(names).ravel() for names in clusters)
    if (len(first), len(second)) != (n, others):
        raise UsageError(
            f"there are {n} units with a human label and {others} others, and clusters for "
            f"{len(first)} and {len(second)}; give one for each unit"
        )
    place, _ = places(np.concatenate([first, second]), n + others)
    return place[:n], place[n:]
