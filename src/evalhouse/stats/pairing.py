"""Which units two samples share, and the refusal to call something paired that is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import NotPairedError, RepeatedUnitError, UsageError

NEEDED = 0.95
"""The share of either sample that must be in the other before a comparison counts as paired."""


@dataclass(frozen=True)
class Pairing:
    """Rows of two samples that are the same units, in the order of the first.

    `first` and `second` (n,) are positions in the samples, so `values[pairing.first]` aligns
    anything held by unit. The shares say how much of each sample is in the pairing.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    share_of_first: float
    share_of_second: float

    @property
    def n(self) -> int:
        """Shared units."""
        return len(self.first)

    @property
    def note(self) -> str:
        """Say what was left out; empty when the samples hold the same units."""
        if self.share_of_first == self.share_of_second == 1.0:
            return ""
        return (
            f"compared on {self.n} shared units: {self.share_of_first:.1%} of the first sample "
            f"and {self.share_of_second:.1%} of the second"
        )


def pair(first: ArrayLike, second: ArrayLike, *, needed: float = NEEDED) -> Pairing:
    """Match two samples by the ids of their units.

    Args:
        first: (n,) ids, each once.
        second: (m,) ids, each once.
        needed: the least share of each sample that the other must hold, above 0 and at most 1.

    Raises:
        RepeatedUnitError: when an id is there twice, so what belongs together is open.
        NotPairedError: when less than `needed` of either sample is shared.
        UsageError: for ids of more than one dimension, or a share that is none.

    Example:
        >>> pairing = pair(["a", "b", "c", "d"], ["d", "c", "b", "x"], needed=0.7)
        >>> pairing.first.tolist(), pairing.second.tolist(), pairing.share_of_first
        ([1, 2, 3], [2, 1, 0], 0.75)
    """
    if not 0.0 < needed <= 1.0:
        raise UsageError(f"the share needed lies above 0 and up to 1, as 0.95 does; found {needed}")
    sides = (_ids(first, "first"), _ids(second, "second"))
    kinds = {side.dtype.kind in "US" for side in sides if len(side)}
    if len(kinds) > 1:
        raise UsageError("ids are text on one side and numbers on the other; use one of them")
    _, rows, columns = np.intersect1d(*sides, assume_unique=True, return_indices=True)
    order = np.argsort(rows)
    shares = [len(rows) / len(side) if len(side) else 1.0 for side in sides]
    # An empty sample shares nothing with one that holds units, though all of it is shared.
    if min(shares) < needed:
        raise NotPairedError(len(rows), len(sides[0]), len(sides[1]), needed)
    return Pairing(rows[order], columns[order], *shares)


def _ids(values: ArrayLike, side: str) -> NDArray[np.generic]:
    ids = np.asarray(values)
    if ids.ndim != 1:
        raise UsageError(f"ids are one array of one dimension; found shape {ids.shape}")
    try:
        names, counts = np.unique(ids, return_counts=True)
    except TypeError as reason:
        raise UsageError(f"ids are of one kind, none missing; found {reason}") from reason
    if len(names) < len(ids):
        place = int(counts.argmax())
        raise RepeatedUnitError(side, str(names[place]), int(counts[place]), len(ids) - len(names))
    return ids
