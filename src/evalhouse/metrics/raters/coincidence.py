"""How often two labels met within a unit: what alpha is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Label
from evalhouse.metrics.raters.ratings import (
    Codes,
    Floats,
    Ratings,
    Table,
    UnitVectors,
    label_counts,
    rate,
)

WIDEST = 256
"""Labels up to which all their pairs are held."""


@dataclass(frozen=True)
class Coincidences:
    """How often each two labels met within a unit.

    `cells` (k, k) is symmetric; a unit of `m` labels adds each of its `m * (m - 1)` ordered pairs
    with weight `1 / (m - 1)`, so each label that can be paired counts once. `n` counts the units
    with at least two labels.
    """

    names: tuple[Label, ...]
    cells: Floats
    n: int

    @property
    def margins(self) -> Floats:
        """How often each label was given where another could be paired with it (k,)."""
        margins: Floats = self.cells.sum(axis=1)
        return margins


def coincidences(ratings: Table, labels: Sequence[Label] | None = None) -> Coincidences:
    """Count the coincidences of a table (units, coders), as `rate` reads it.

    Example:
        >>> coincidences([["a", "a"], ["a", "b"], ["b", None]]).cells
        array([[2., 1.],
               [1., 0.]])
    """
    table = rate(ratings, labels)
    checked_width(table)
    units = label_counts(table)
    given = units.vectors.sum(axis=1)
    weights = pair_weights(given) * units.counts
    pairs = (units.vectors.T * weights) @ units.vectors
    cells = pairs - np.diag(weights @ units.vectors)
    return Coincidences(table.names, cells, int(units.counts[given >= 2].sum()))


def coincidences_by_unit(ratings: Ratings) -> UnitVectors:
    """Return what each unit adds to the coincidences (u, k * k)."""
    checked_width(ratings)
    units = label_counts(ratings)
    given = units.vectors
    alone = given[:, :, None] * np.eye(given.shape[1])
    pairs = given[:, :, None] * given[:, None, :] - alone
    cells = pairs * pair_weights(given.sum(axis=1))[:, None, None]
    return UnitVectors(cells.reshape(len(cells), -1), units.counts, units.place)


def pair_weights(labels: Floats | Codes) -> Floats:
    """Return 1 / (m - 1), and nothing for a unit with one label or none."""
    return np.where(labels >= 2, 1.0 / np.maximum(labels - 1, 1), 0.0)


def checked_width(ratings: Ratings) -> None:
    """Refuse a table of pairs that would not fit."""
    if len(ratings.names) > WIDEST:
        raise UsageError(
            f"there are {len(ratings.names)} different labels, and pairs of labels are counted up "
            f"to {WIDEST}; round them, or use the `interval` level"
        )
