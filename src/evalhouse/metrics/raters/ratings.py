"""What many coders said of the same units, equal units held together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Label, Labels, encode
from evalhouse.metrics.numbers import as_numbers
from evalhouse.metrics.rows import rows_of

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
NO_PAIR = "no unit has labels of two coders"
_BEYOND = 1e100  # sums of squares of what is below stay finite
_DENSE = 4  # a table of all possible keys is worth it up to so many cells a row
_LARGEST = 2**62  # keys stay within 64 bits


@dataclass(frozen=True)
class Ratings:
    """Labels of units by coders: `codes` (units, coders) index `names`, below zero is `Absent`.

    `has_order` says that the order of `names` means something: they are numbers, or were declared.
    """

    codes: Codes
    names: tuple[Label, ...]
    has_order: bool

    def scale(self) -> Floats:
        """Return the labels as numbers (k,).

        Raises:
            UsageError: when they are text, or not below 1e100.
        """
        if any(isinstance(name, str) for name in self.names):
            raise UsageError(
                f"distances need labels that are numbers; found `{self.names[0]}`; use the "
                "`nominal` level, or `ordinal` with `labels` in their order"
            )
        numbers = as_numbers(self.names, "ratings")
        outside = numbers[~(np.abs(numbers) < _BEYOND)]
        if outside.size:
            raise UsageError(f"ratings are below {_BEYOND:g}; found {outside[0]:g}; correct it")
        return numbers

    def numbers(self) -> Floats:
        """Return the labels as numbers (units, coders), NaN where there is none."""
        # Every negative code is cut to -1 and finds the NaN at the end.
        return np.append(self.scale(), np.nan)[np.maximum(self.codes, -1)]


Table = Ratings | NDArray[Any] | Sequence[Sequence[Any]]


@dataclass(frozen=True)
class UnitVectors:
    """One vector a unit, equal units held together: what a bootstrap over units resamples.

    `vectors` is (u, m), one row for each kind of unit; `counts` (u,) says how many units are of
    that kind, and `place` (units,) which kind each unit is.
    """

    vectors: Floats
    counts: Codes
    place: Codes

    @property
    def sums(self) -> Floats:
        """The sum over all units (m,): what a kernel takes."""
        return self.counts @ self.vectors

    def rows(self) -> Floats:
        """Return one vector for each unit (units, m), as resampling by cluster needs them."""
        return self.vectors[self.place]


def rate(
    values: Table, labels: Sequence[Label] | None = None, *, is_strict: bool = True
) -> Ratings:
    """Encode a table of ratings.

    Args:
        values: (units, coders) strings, numbers or booleans, also as a table of pyarrow, pandas or
            polars; `None` and NaN are `Absent.MISSING`, members of `Absent` are themselves.
        labels: the allowed labels in their order; without them, those that occur, sorted.
        is_strict: whether a label outside `labels` is an error; otherwise it is `Absent.INVALID`.

    Raises:
        UsageError: for a table that is not rectangular, and as `encode` does.

    Example:
        >>> rate([["b", "a"], ["a", None]]).codes
        array([[ 1,  0],
               [ 0, -1]])
    """
    if isinstance(values, Ratings) and labels is None:
        return values
    flat, shape = _flat(values)
    found = encode(flat, labels, is_strict=is_strict)
    has_order = labels is not None or not any(isinstance(name, str) for name in found.names)
    return Ratings(found.codes.reshape(shape), found.names, has_order)


def label_counts(ratings: Ratings) -> UnitVectors:
    """Count the labels of each unit: vectors are (u, k), and units alike are one row.

    Which coder said what is forgotten, so a hundred thousand units of five coders and five labels
    are 252 rows.
    """
    rows, place = kinds_of_units(ratings.codes)
    size = len(ratings.names)
    held = rows >= 0
    flat = (np.arange(len(rows))[:, None] * size + rows)[held]
    vectors = np.bincount(flat, minlength=len(rows) * size).reshape(len(rows), size)
    counts = np.bincount(place, minlength=len(rows))
    return UnitVectors(vectors.astype(np.float64), counts, place)


def kinds_of_units(codes: Codes) -> tuple[Codes, Codes]:
    """Return the units that differ but for the order of their labels, and the row of each unit.

    Labels come first, and there are as many columns as the fullest unit has labels.
    """
    ordered, first = _distinct(codes)
    packed = -np.sort(-np.maximum(ordered, -1), axis=1)
    fullest = int(np.count_nonzero(packed >= 0, axis=1).max(initial=0))
    rows, second = _distinct(packed[:, :fullest])
    return rows, second[first]


def _flat(values: Table) -> tuple[Any, tuple[int, int]]:
    if isinstance(values, Ratings):
        return Labels(values.codes.ravel(), values.names), values.codes.shape
    if isinstance(values, np.ndarray):
        if values.ndim != 2:
            raise UsageError(f"ratings are a table of units by coders; found {values.ndim} axes")
        return values.ravel(), values.shape
    rows = rows_of(values)
    widths = set(map(len, rows))
    if len(widths) > 1:
        raise UsageError(
            f"units have from {min(widths)} to {max(widths)} ratings; give one place to each coder "
            "and `None` where one is missing"
        )
    return [value for row in rows for value in row], (len(rows), max(widths, default=0))


def _distinct(codes: Codes) -> tuple[Codes, Codes]:
    """Find equal rows; every kind of absence is the same."""
    base = int(codes.max(initial=-1)) + 2
    key, span = np.zeros(len(codes), np.int64), 1
    for column in codes.T:
        if span > _LARGEST // base:
            key, span = _compressed(key, span)
        key = key * base + np.maximum(column, -1) + 1
        span *= base
    place, found = _compressed(key, span)
    example = np.empty(found, np.int64)
    example[place] = np.arange(len(codes))
    return codes[example], place


def _compressed(key: Codes, span: int) -> tuple[Codes, int]:
    if span > _DENSE * len(key):
        names, place = np.unique(key, return_inverse=True)
        return place, len(names)
    used = np.flatnonzero(np.bincount(key, minlength=span))
    table = np.empty(span, np.int64)
    table[used] = np.arange(len(used))
    return table[key], len(used)
