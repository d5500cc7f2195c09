"""Published tables of ratings, and random ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ = np.nan

# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, part C: 12 units, 4 observers.
FOUR_OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
        [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
    ]
).T

# Fleiss (1971), table 1: 30 patients, 6 diagnoses each, as counts of the five categories.
DIAGNOSES = np.array(
    [
        [0, 0, 0, 6, 0],
        [0, 3, 0, 0, 3],
        [0, 1, 4, 0, 1],
        [0, 0, 0, 0, 6],
        [0, 3, 0, 3, 0],
        [2, 0, 4, 0, 0],
        [0, 0, 4, 0, 2],
        [2, 0, 3, 1, 0],
        [2, 0, 0, 4, 0],
        [0, 0, 0, 0, 6],
        [1, 0, 0, 5, 0],
        [1, 1, 0, 4, 0],
        [0, 3, 3, 0, 0],
        [1, 0, 0, 5, 0],
        [0, 2, 0, 3, 1],
        [0, 0, 5, 0, 1],
        [3, 0, 0, 1, 2],
        [5, 1, 0, 0, 0],
        [0, 2, 0, 4, 0],
        [1, 0, 2, 0, 3],
        [0, 0, 0, 0, 6],
        [0, 1, 0, 5, 0],
        [0, 2, 0, 1, 3],
        [2, 0, 0, 4, 0],
        [1, 0, 0, 4, 1],
        [0, 5, 0, 1, 0],
        [4, 0, 0, 0, 2],
        [0, 2, 0, 4, 0],
        [1, 0, 5, 0, 0],
        [0, 0, 0, 0, 6],
    ]
)

# The table of ten subjects, fourteen raters and five categories in the encyclopedia's article on
# Fleiss' kappa, which says 0.210.
FOURTEEN_RATERS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)


def spelled_out(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return ratings with such counts of labels in each unit."""
    return np.array([np.repeat(np.arange(counts.shape[1]), row) for row in counts])


def random_table(rng: np.random.Generator, missing: float = 0.3) -> NDArray[np.float64]:
    """Return 1 to 40 units of 2 to 7 coders on up to 6 uneven labels, some of them missing."""
    size = int(rng.integers(1, 7))
    scale = np.sort(rng.choice(np.arange(12), size, replace=False)).astype(float)
    shape = (int(rng.integers(1, 41)), int(rng.integers(2, 8)))
    table = rng.choice(scale, shape, p=rng.dirichlet(np.ones(size)))
    table[rng.random(shape) < missing * rng.random()] = np.nan
    return table
