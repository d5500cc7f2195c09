"""Span as codebook-lab scores it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.codebook_lab.columns import Column
from evalhouse.metrics.codebook_lab.marks import Mark, parsed
from evalhouse.metrics.spans.intervals import Integers, Intervals
from evalhouse.metrics.spans.tokens import TokenMap, token_map
from evalhouse.metrics.value import Value

_OUTSIDE = "O"  # codebook-lab's name for tokens of no span; a label of this name is no class
_FAR = 2**31  # behind the end of every text


def span_values(
    gold: Column, model: Column, texts: Sequence[str], *, is_labelled: bool
) -> dict[str, Value]:
    """Score spans: tokens by class, spans that are identical, and characters row by row.

    A token belongs to the first span in the list that covers it wholly; whether labels count for
    identical spans and characters depends on `is_labelled`.

    Raises:
        UnreadableMarksError: for cells over which codebook-lab gives up the field.
    """
    rows, places, sides = _read(gold, model, texts)
    found = {
        "token_f1": _token_f1(places, *sides),
        "exact_match_f1": _exact_match_f1(*sides, is_labelled=is_labelled),
        "char_iou": (_char_ious(places, *sides, is_labelled=is_labelled) + rows) / len(gold),
    }
    return {
        name: Value(value, len(gold), "no span on either side" if math.isnan(value) else "")
        for name, value in found.items()
    }


@dataclass(frozen=True)
class _Side:
    """The spans (s,) of one side in their order; `labels` index names, of which 0 is outside."""

    units: Integers
    starts: Integers
    ends: Integers
    labels: Integers

    def clipped(self, places: TokenMap) -> Intervals:
        lengths = places.lengths[self.units]
        starts, ends = self.starts.clip(0, lengths), self.ends.clip(0, lengths)
        return Intervals(self.units, starts, ends)


def _read(
    gold: Column, model: Column, texts: Sequence[str]
) -> tuple[int, TokenMap, tuple[_Side, _Side]]:
    """Return how many rows have no entry, where the texts of the others lie, and their spans."""
    read = [[parsed(cell) for cell in side.texts] for side in (gold, model)]
    filled = [np.array([marks is not None for marks in side], bool) for side in read]
    used = np.flatnonzero(filled[0][gold.codes] | filled[1][model.codes])
    names: dict[str | None, int] = {_OUTSIDE: 0}
    sides = [
        _flat([marks[code] or () for code in side.codes[used].tolist()], names)
        for side, marks in zip((gold, model), read, strict=True)
    ]
    places = token_map([texts[row] for row in used.tolist()], _is_word)
    return len(gold) - len(used), places, (sides[0], sides[1])


def _flat(rows: list[tuple[Mark, ...]], names: dict[str | None, int]) -> _Side:
    flat = list(chain.from_iterable(rows))
    units = np.repeat(np.arange(len(rows)), list(map(len, rows)))
    labels = [names.setdefault(mark[2], len(names)) for mark in flat]
    return _Side(
        units,
        _offsets(mark[0] for mark in flat),
        _offsets(mark[1] for mark in flat),
        np.array(labels, np.int64),
    )


def _offsets(values: Iterable[int]) -> Integers:
    return np.array([value if -_FAR < value < _FAR else _FAR for value in values], np.int64)


def _token_f1(places: TokenMap, gold: _Side, model: _Side) -> float:
    first, second = (_tokens(places, side) for side in (gold, model))
    classes = int(max(first.max(initial=0), second.max(initial=0))) + 1
    hits = np.bincount(first[first == second], minlength=classes)[1:]
    both = np.bincount(first, minlength=classes)[1:] + np.bincount(second, minlength=classes)[1:]
    seen = both > 0
    return float(np.mean(2 * hits[seen] / both[seen])) if seen.any() else math.nan


def _tokens(places: TokenMap, side: _Side) -> NDArray[np.int32]:
    spans = side.clipped(places)
    first, last = places.covered(spans.keys, spans.starts, spans.ends, "contract")
    return _painted(int(places.edges[-1]), first, last, side.labels)


def _exact_match_f1(gold: _Side, model: _Side, *, is_labelled: bool) -> float:
    first, second = (_identities(side, is_labelled=is_labelled) for side in (gold, model))
    total = len(first.keys) + len(second.keys)
    pairs = zip(first.parts, second.parts, strict=True)
    hits = total - len(Intervals(*map(np.concatenate, pairs)).distinct().keys)
    return 2 * hits / total if total else math.nan


def _identities(side: _Side, *, is_labelled: bool) -> Intervals:
    labels = side.labels if is_labelled else 0
    # Both sides use the same names, and no field has this many.
    spans = Intervals(side.units * _FAR + labels, side.starts, side.ends)
    return spans.where(spans.lengths > 0).distinct()


def _char_ious(places: TokenMap, gold: _Side, model: _Side, *, is_labelled: bool) -> float:
    """Return the sum over rows of shared characters by covered ones."""
    begins = places.offsets[:-1]
    if not len(begins):
        return 0.0
    first, second = (_characters(places, side, is_labelled=is_labelled) for side in (gold, model))
    shared = np.add.reduceat((first == second) & (first > 0), begins, dtype=np.int64)
    covered = np.add.reduceat((first > 0) | (second > 0), begins, dtype=np.int64)
    # Lists that cover nothing agree, though not on an empty text.
    return float(np.where(covered > 0, shared / np.maximum(covered, 1), places.lengths > 0).sum())


def _characters(places: TokenMap, side: _Side, *, is_labelled: bool) -> NDArray[np.int32]:
    spans = side.clipped(places)
    begins = places.offsets[spans.keys]
    labels = side.labels + 1 if is_labelled else np.ones(len(side.labels), np.int64)
    return _painted(int(places.offsets[-1]), begins + spans.starts, begins + spans.ends, labels)


def _painted(size: int, starts: Integers, ends: Integers, labels: Integers) -> NDArray[np.int32]:
    painted = np.zeros(size, np.int32)
    parts = (values[::-1].tolist() for values in (starts, ends, labels))
    # The first span of a list is on top, so it is painted last.
    for start, end, label in zip(*parts, strict=True):
        painted[start:end] = label
    return painted


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
