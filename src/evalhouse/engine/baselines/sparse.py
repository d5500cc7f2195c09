"""Tables of which nearly every number is zero: the others, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalhouse.engine.baselines.folds import Integers

Floats = NDArray[np.float64]
_BLOCK = 1 << 16
"""So many products are held at once: few enough to stay in a processor's cache."""


@dataclass(frozen=True, eq=False)
class SparseRows:
    """A table (n, width): row `i` has `values[starts[i]:starts[i + 1]]` in the columns `places`.

    `values` and `places` are (z,), and `starts` is (n + 1,).
    """

    values: Floats
    places: NDArray[np.int32]
    starts: Integers
    width: int

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.starts) - 1

    @cached_property
    def sizes(self) -> Integers:
        """How many numbers each row holds (n,)."""
        return np.diff(self.starts)

    @cached_property
    def rows(self) -> Integers:
        """Which row each number is in (z,)."""
        return np.repeat(np.arange(len(self)), self.sizes)

    @cached_property
    def turned(self) -> SparseRows:
        """The table with rows and columns exchanged."""
        order = np.argsort(self.places, kind="stable")
        sizes = np.bincount(self.places, minlength=self.width)
        places = self.rows[order].astype(np.int32)
        return SparseRows(self.values[order], places, _starts(sizes), len(self))

    def taken(self, rows: NDArray[np.integer[Any]]) -> SparseRows:
        """Return some of the rows, in the order in which they are named."""
        sizes = self.sizes[rows]
        starts = _starts(sizes)
        at = np.repeat(self.starts[rows] - starts[:-1], sizes) + np.arange(starts[-1])
        return SparseRows(self.values[at], self.places[at], starts, self.width)

    def parted(self, columns: Integers) -> tuple[Floats, SparseRows]:
        """Return some columns (c,) as a full table (n, c), and the rows without them."""
        number = np.full(self.width, -1)
        number[columns] = np.arange(len(columns))
        at = number[self.places]
        inside, outside = np.flatnonzero(at >= 0), np.flatnonzero(at < 0)
        table = np.zeros((len(self), len(columns)))
        table[self.rows[inside], at[inside]] = self.values[inside]
        starts = _starts(np.bincount(self.rows[outside], minlength=len(self)))
        return table, SparseRows(self.values[outside], self.places[outside], starts, self.width)

    def times(self, table: Floats) -> Floats:
        """Multiply by a table (width, k); return one (n, k)."""
        product = np.zeros((len(self), table.shape[1]))
        for rows in self._blocks(max(1, _BLOCK // max(1, table.shape[1]))):
            first, last = self.starts[rows[0]], self.starts[rows[-1] + 1]
            parts = table.take(self.places[first:last], axis=0)
            parts *= self.values[first:last, None]
            product[rows] = np.add.reduceat(parts, self.starts[rows] - first, axis=0)
        return product

    def _blocks(self, size: int) -> Iterator[Integers]:
        """Yield the rows that hold anything, in blocks of about so many numbers."""
        # A row without numbers would be given the first number of the next one.
        filled = np.flatnonzero(self.sizes)
        limits = np.arange(size, len(self.values), size)
        yield from filter(
            len, np.split(filled, np.unique(np.searchsorted(self.starts[filled], limits)))
        )


def _starts(sizes: Integers) -> Integers:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
