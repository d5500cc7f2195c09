"""What is resampled: units, each with a vector whose sum a statistic is a function of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError

Floats = NDArray[np.float64]
Kernel = Callable[[Floats], Floats]
"""A statistic of sums: `(..., m)` in, `(...)` out, for any number of leading axes."""


@dataclass(frozen=True)
class Sample:
    """Independent units, equal ones counted together.

    `vectors` is (u, m), the distinct units; `counts` (u,) says how often each occurs. A confusion
    table has as many distinct units as cells, so its cost does not grow with its rows. `prior` (u,)
    is a weight that resampling adds to the counts, where a count of zero does not mean that a unit
    cannot occur.
    """

    vectors: Floats
    counts: NDArray[np.int64]
    prior: Floats | None = None
    is_clustered: bool = False

    @property
    def n(self) -> int:
        """Independent units."""
        return int(self.counts.sum())

    @property
    def totals(self) -> Floats:
        """The sum over all units (m,)."""
        return self.counts @ self.vectors


def sample_of_rows(rows: ArrayLike, clusters: ArrayLike | None = None) -> Sample:
    """Make a sample of rows (n, m) or (n,); with `clusters` (n,) each cluster is one unit.

    Raises:
        UsageError: when rows and clusters differ in length.
    """
    array = np.asarray(rows, np.float64)
    array = array[:, None] if array.ndim == 1 else array
    if clusters is None:
        return Sample(array, np.ones(len(array), np.int64))
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    if len(place) != len(array):
        raise UsageError(f"there are {len(array)} rows and {len(place)} clusters; give one a row")
    sums = np.zeros((len(names), array.shape[1]))
    np.add.at(sums, place, array)
    return Sample(sums, np.ones(len(names), np.int64), is_clustered=True)


def sample_of_counts(table: ArrayLike) -> Sample:
    """Make a sample of a table of counts of any shape; its kernels get the cells, flat."""
    counts = np.asarray(table, np.int64).ravel()
    if counts.size and counts.min() < 0:
        raise UsageError(f"counts are zero or more; found {counts.min()}")
    return Sample(np.eye(counts.size), counts)


def sample_of_table(table: ArrayLike) -> Sample:
    """Make a sample of a table of counts whose empty cells may fill up when it is resampled.

    The `prior` spreads one unit over the cells, in proportion to the product of the roots of the
    margins: labels that nobody used stay out, and rare ones may be confused like others.
    """
    counts = np.asarray(table, np.int64)
    sample, total = sample_of_counts(counts), int(counts.sum())
    if not total:
        return sample
    prior = np.ones(counts.shape)
    for axis in range(counts.ndim):
        others = tuple(other for other in range(counts.ndim) if other != axis)
        prior = prior * np.sqrt(counts.sum(axis=others, keepdims=True))
    return Sample(sample.vectors, sample.counts, prior.ravel() / prior.sum())
