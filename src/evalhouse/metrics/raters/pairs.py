"""Each two coders side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Label
from evalhouse.metrics.raters.ratings import Codes, Floats, Ratings, Table, rate
from evalhouse.metrics.value import Value, undefined

_MOST_CELLS = 2**27  # a gigabyte of counts


@dataclass(frozen=True, slots=True)
class Pair:
    """Two coders: the units that both labelled, and how they agree on them."""

    first: str
    second: str
    agreement: Value
    kappa: Value


@dataclass(frozen=True)
class Pairwise:
    """Every two coders: `agreement` and Cohen's `kappa` (coders, coders) on their `n` shared units.

    The matrices are symmetric with NaN where a number is undefined: no shared units, or, for
    kappa, two coders who gave one label only. The diagonal holds each coder with itself.
    """

    coders: tuple[str, ...]
    n: Codes
    agreement: Floats
    kappa: Floats

    def pairs(self) -> Iterator[Pair]:
        """Yield each two different coders once."""
        for row, first in enumerate(self.coders):
            for column in range(row + 1, len(self.coders)):
                n = int(self.n[row, column])
                why = "both gave one and the same label" if n else "no unit has labels of both"
                values = (self.agreement[row, column], self.kappa[row, column])
                both = (undefined(n, why) if np.isnan(v) else Value(float(v), n) for v in values)
                yield Pair(first, self.coders[column], *both)

    @property
    def mean_agreement(self) -> Value:
        """The mean agreement of all pairs that share units, each pair alike; `n` counts pairs."""
        return self._mean(self.agreement)

    @property
    def mean_kappa(self) -> Value:
        """Light's kappa: the mean of the kappas of all pairs that have one; `n` counts pairs."""
        return self._mean(self.kappa)

    def _mean(self, matrix: Floats) -> Value:
        pairs = matrix[np.triu_indices(len(self.coders), 1)]
        held = pairs[~np.isnan(pairs)]
        if not held.size:
            return undefined(0, "no pair of coders has one")
        left = pairs.size - held.size
        note = f"{left} of {pairs.size} pairs have none" if left else ""
        return Value(float(held.mean()), held.size, note)


def pairwise(
    ratings: Table,
    *,
    labels: Sequence[Label] | None = None,
    coders: Sequence[str] | None = None,
) -> Pairwise:
    """Compare every two coders on the units that both labelled.

    Agreement is the share of equal labels, Cohen's kappa `(p - e) / (1 - e)` with `e` from the
    labels that the two gave on these units.

    Args:
        ratings: (units, coders) labels, `None` or NaN where a coder gave none; or `Ratings`.
        labels: the allowed labels in their order.
        coders: their names; without them "1", "2", ...

    Returns:
        Agreement is 0 to 1. Kappa is at most 1; 0 is what chance gives.

    Raises:
        UsageError: for a wrong number of names, and for more cells (coders and labels squared)
            than fit into memory.

    References:
        Cohen (1960), doi:10.1177/001316446002000104; the mean over pairs is Light (1971),
        doi:10.1037/h0031643.

    Example:
        >>> found = pairwise([["a", "a"], ["a", "a"], ["b", "a"], ["b", "b"]])
        >>> float(found.agreement[0, 1]), float(found.kappa[0, 1])
        (0.75, 0.5)
    """
    table = rate(ratings, labels)
    names = _names(coders, table.codes.shape[1])
    cells = _cells(table, len(names))
    n = cells.sum(axis=(-2, -1))
    agreeing = np.trace(cells, axis1=-2, axis2=-1)
    chance = (cells.sum(axis=-1) * cells.sum(axis=-2)).sum(axis=-1)
    agreement = _divided(agreeing, n)
    # n * n - chance is zero exactly where both gave one and the same label.
    kappa = _divided(n * agreeing - chance, n * n - chance)
    return Pairwise(names, n, agreement, kappa)


def _names(coders: Sequence[str] | None, count: int) -> tuple[str, ...]:
    names = tuple(coders or (str(number) for number in range(1, count + 1)))
    if len(names) != count:
        raise UsageError(f"there are {count} coders and {len(names)} names; give one to each")
    return names


def _cells(table: Ratings, coders: int) -> Codes:
    """Count who met whom with what: (coders, coders, k, k), both orders of each pair."""
    size = len(table.names)
    wide = coders * size
    if wide * wide > _MOST_CELLS:
        raise UsageError(
            f"{coders} coders and {size} labels make {wide * wide} cells; compare fewer coders "
            "at a time, or join rare labels"
        )
    # Labels stand first in each row, so that many coders with few units each cost little.
    order = np.argsort(table.codes < 0, axis=1, kind="stable")
    fullest = int(np.count_nonzero(table.codes >= 0, axis=1).max(initial=0))
    codes = np.take_along_axis(table.codes, order, axis=1)[:, :fullest]
    keys = np.where(codes >= 0, order[:, :fullest] * size + codes, -1)
    flat = np.zeros(wide * wide, np.int64)
    for last in range(fullest):
        held = keys[:, last] >= 0
        for first in range(last):
            flat += np.bincount(keys[held, first] * wide + keys[held, last], minlength=wide * wide)
    cells = flat.reshape(coders, size, coders, size).transpose(0, 2, 1, 3)
    cells = cells + cells.transpose(1, 0, 3, 2)
    own = np.bincount(keys[keys >= 0], minlength=wide).reshape(coders, size)
    cells[np.arange(coders), np.arange(coders)] = own[:, :, None] * np.eye(size, dtype=np.int64)
    return cells


def _divided(numerator: Codes, denominator: Codes) -> Floats:
    safe = np.where(denominator == 0, 1, denominator)
    return np.where(denominator == 0, np.nan, numerator / safe)
