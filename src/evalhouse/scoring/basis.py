"""What the scores of a field rest on: units that can be drawn again, and metrics of their sums."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.labels import Label
from evalhouse.metrics.value import Kernel, Score
from evalhouse.stats.sample import Sample

Clusters = NDArray[np.int64]
Key = tuple[str, Label | None]
"""A metric, and the label that it is about."""
_CLASS_SHARES = ("precision", "recall")


@dataclass(frozen=True, eq=False)
class Basis:
    """The scores of a field and how each is computed from independent units.

    `kernels` turn sums over `sample` into scores. `shares` holds the scores that are a plain share
    of units, as (successes, units). A score with neither has no interval. `rarest` counts the
    units of the rarest class.
    """

    scores: tuple[Score, ...]
    sample: Sample
    kernels: Mapping[Key, Kernel]
    shares: Mapping[Key, tuple[int, int]] = field(default_factory=dict)
    rarest: int | None = None


def shares_of(scores: Iterable[Score], names: Collection[str]) -> dict[Key, tuple[int, int]]:
    """Return the scores that are a share of independent units, as (successes, units).

    These are the ones of `names`, and precision and recall of one label.
    """
    return {
        (score.metric, score.label): (round(score.value.value * score.value.n), score.value.n)
        for score in scores
        if score.metric in (names if score.label is None else _CLASS_SHARES)
        and score.value.is_defined
    }


def clustered_counts(place: NDArray[np.int64], size: int, clusters: Clusters) -> Sample:
    """Make a sample of clusters out of the cell (n,), below `size`, that each unit falls into."""
    names, row = np.unique(clusters, return_inverse=True)
    flat = np.bincount(row * size + place, minlength=len(names) * size)
    vectors = flat.reshape(len(names), size).astype(np.float64)
    return Sample(vectors, np.ones(len(names), np.int64), is_clustered=True)
