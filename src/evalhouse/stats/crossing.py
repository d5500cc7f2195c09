"""Where a condition that begins to hold somewhere begins to hold."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_BITS = 55  # so many halvings leave nothing of the start but rounding


def crossing(
    holds: Callable[[Floats], NDArray[np.bool_]], low: float, high: float, *, sections: int = 32
) -> float:
    """Return the point between `low` and `high` from which on a condition holds.

    Whole grids are tried at once, since a call of a vectorised function costs little more for
    many points than for one. `high` where it holds nowhere, `low` where it holds everywhere.

    Args:
        holds: takes points (k,) in rising order, false first and true from some point on.
        low: where the search begins.
        high: where it ends.
        sections: of each grid; few where a point is expensive.

    Example:
        >>> round(crossing(lambda x: x**2 > 2, 0, 2), 9)
        1.414213562
    """
    for _ in range(math.ceil(_BITS / math.log2(sections))):
        grid = np.linspace(low, high, sections + 1)
        place = int(np.count_nonzero(~holds(grid[1:-1])))
        low, high = float(grid[place]), float(grid[place + 1])
    return (low + high) / 2
