"""Scores in columns: numbers as arrays, words as codes, so that a million cost milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

UNKNOWN = -1
"""The code of what is empty."""


class Words:
    """The words that columns have codes for."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._codes: dict[str, int] = {}
        for word in words:
            self.code(word)

    def code(self, word: str | None) -> int:
        """Return the code of a word, a new one for a new word."""
        if word is None:
            return UNKNOWN
        return self._codes.setdefault(word, len(self._codes))

    def codes(self, column: pa.ChunkedArray) -> Ints:
        """Return the codes of a column of text."""
        encoded = column.combine_chunks().dictionary_encode()
        known = [self.code(word) for word in encoded.dictionary.to_pylist()]
        indices = np.asarray(encoded.indices.fill_null(len(known)))
        return np.asarray(np.array([*known, UNKNOWN], dtype=np.int32)[indices])

    def word(self, code: int) -> str | None:
        """Return the word of a code."""
        return None if code < 0 else self._listed()[code]

    def column(self, codes: Ints) -> pa.Array:
        """Return words for codes, as text."""
        return pa.array(self._listed(), pa.string()).take(indices(codes))

    def _listed(self) -> list[str]:
        return list(self._codes)


@dataclass(frozen=True)
class Entries:
    """Scores, by place: one model in one run. NaN is no number, `UNKNOWN` no word."""

    place: Ints
    row: Ints  # of the cells that they were read from; `UNKNOWN` where made from members
    value: Floats
    stderr: Floats
    n_items: Floats
    metric: Ints
    unit: Ints
    direction: Ints  # 1: higher is better, 0: lower is
    origin: Ints

    def __len__(self) -> int:
        """Return how many scores there are."""
        return len(self.place)

    def at(self, which: slice | Ints | Bools) -> Entries:
        """Return some of them, by a slice, a mask or their positions."""
        if isinstance(which, np.ndarray) and which.dtype == bool and which.all():
            return self
        return Entries(**{name: column[which] for name, column in vars(self).items()})

    def with_(self, **columns: npt.NDArray[Any]) -> Entries:
        """Return them with some columns replaced."""
        return Entries(**{**vars(self), **columns})

    @property
    def single(self) -> Bools:
        """Return which of them are the only one at their place; they must be in order."""
        alike = self.place[1:] == self.place[:-1]
        alone = np.ones(len(self), dtype=bool)
        alone[1:] &= ~alike
        alone[:-1] &= ~alike
        return alone


_NAMES = tuple(each.name for each in fields(Entries))
_FLOATS = frozenset({"value", "stderr", "n_items"})
NOTHING = Entries(**{name: np.empty(0, float if name in _FLOATS else np.int64) for name in _NAMES})


def joined(parts: Sequence[Entries]) -> Entries:
    """Return scores one part after the other."""
    if len(parts) == 1:
        return parts[0]
    return Entries(
        **{
            name: np.concatenate([getattr(part, name) for part in (*parts, NOTHING)])
            for name in _NAMES
        }
    )


def indices(codes: Ints) -> pa.Array:
    """Return codes as indices of Arrow, empty where unknown."""
    return pa.array(codes, mask=codes < 0)


def numbers(values: Floats) -> pa.Array:
    """Return numbers as Arrow has them, empty where they are NaN."""
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def counts(values: Floats) -> pa.Array:
    """Return whole numbers as Arrow has them, empty where they are NaN."""
    empty = np.isnan(values)
    return pa.array(np.where(empty, 0, values).astype(np.int64), mask=empty)


def truths(codes: Ints) -> pa.Array:
    """Return 1 as true and 0 as false."""
    return pa.array(codes > 0, mask=codes < 0)
