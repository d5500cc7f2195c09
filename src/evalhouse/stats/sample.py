"""What is resampled: units, each with a vector whose sum a statistic is a function of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.values import counts_of, numbers, places

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
        UsageError: for rows of another shape, and when rows and clusters differ in length.
    """
    array = numbers(rows, "rows")
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2:
        raise UsageError(f"rows are a table, one row a unit; found shape {array.shape}")
    if clusters is None:
        return _counted(array)
    place, count = places(clusters, len(array))
    sums = np.empty((count, array.shape[1]))
    for column, held in zip(sums.T, array.T, strict=True):
        column[:] = np.bincount(place, held, count)
    return Sample(sums, np.ones(count, np.int64), is_clustered=True)


def _counted(rows: Floats) -> Sample:
    """Count equal rows together where many are, so that the cost does not grow with n."""
    # Sorting one projection is cheaper than sorting rows; equal ones are then compared in full.
    mark = rows @ np.random.default_rng(len(rows)).standard_normal(rows.shape[1])
    _, first, place, counts = np.unique(
        mark, return_index=True, return_inverse=True, return_counts=True
    )
    if 2 * len(first) > len(rows) or not np.array_equal(rows[first][place], rows):
        return Sample(rows, np.ones(len(rows), np.int64))
    return Sample(rows[first], counts.astype(np.int64))


def sample_of_counts(table: ArrayLike) -> Sample:
    """Make a sample of a table of counts of any shape; its kernels get the cells, flat."""
    counts = counts_of(table).ravel()
    return Sample(np.eye(counts.size), counts)


def sample_of_table(table: ArrayLike) -> Sample:
    """Make a sample of a table of counts whose empty cells may fill up when it is resampled.

    The `prior` spreads one unit over the cells, in proportion to the product of the roots of the
    margins: labels that nobody used stay out, and rare ones may be confused like others.
    """
    counts = counts_of(table)
    sample, total = sample_of_counts(counts), int(counts.sum())
    if not total:
        return sample
    prior = np.ones(counts.shape)
    for axis in range(counts.ndim):
        others = tuple(other for other in range(counts.ndim) if other != axis)
        prior = prior * np.sqrt(counts.sum(axis=others, keepdims=True))
    return Sample(sample.vectors, sample.counts, prior.ravel() / prior.sum())
