"""Span as codebook-lab scores it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.codebook_lab.columns import Column
from evalhouse.metrics.codebook_lab.marks import Mark, entries, parsed
from evalhouse.metrics.spans.tokens import TokenMap, token_map
from evalhouse.metrics.value import Value

Marks = tuple[Mark, ...]
Codes = NDArray[np.int64]

_OUTSIDE = "O"  # codebook-lab's name for tokens of no span; a label of this name is no class


def span_values(
    gold: Column, model: Column, texts: Sequence[str], *, is_labelled: bool
) -> dict[str, Value]:
    """Score spans: tokens by class, spans that are identical, and characters row by row.

    A token belongs to the first span in the list that covers it wholly; whether labels count for
    identical spans and characters depends on `is_labelled`.

    Raises:
        UnreadableMarksError: for cells over which codebook-lab gives up the field.
    """
    filled = gold.where(lambda cell: bool(entries(cell))) | model.where(
        lambda cell: bool(entries(cell))
    )
    used = np.flatnonzero(filled)
    places = token_map([texts[row] for row in used.tolist()], _is_word)
    painted = _Painted(_marks(gold.kept(used)), _marks(model.kept(used)), places)
    rows = len(gold)
    found = {
        "token_f1": painted.token_f1(),
        "exact_match_f1": painted.exact_match_f1(is_labelled=is_labelled),
        "char_iou": (painted.char_ious(is_labelled=is_labelled) + rows - len(used)) / rows,
    }
    return {
        name: Value(value, rows, "no span on either side" if math.isnan(value) else "")
        for name, value in found.items()
    }


@dataclass(frozen=True)
class _Painted:
    """The rows with any entry, and where their texts and tokens lie."""

    gold: list[Marks]
    model: list[Marks]
    places: TokenMap

    def token_f1(self) -> float:
        names: dict[str | None, int] = {_OUTSIDE: 0}
        gold, model = self._tokens(self.gold, names), self._tokens(self.model, names)
        classes = len(names)
        hits = np.bincount(gold[gold == model], minlength=classes)[1:]
        both = np.bincount(gold, minlength=classes)[1:] + np.bincount(model, minlength=classes)[1:]
        seen = both > 0
        return float(np.mean(2 * hits[seen] / both[seen])) if seen.any() else math.nan

    def exact_match_f1(self, *, is_labelled: bool) -> float:
        hits = total = 0
        for one, other in zip(self.gold, self.model, strict=True):
            first, second = (_identities(marks, is_labelled=is_labelled) for marks in (one, other))
            hits += len(first & second)
            total += len(first) + len(second)
        return 2 * hits / total if total else math.nan

    def char_ious(self, *, is_labelled: bool) -> float:
        """Return the sum over rows of shared characters by covered ones."""
        if not self.gold:
            return 0.0
        names: dict[str | None, int] = {}
        gold = self._characters(self.gold, names, is_labelled=is_labelled)
        model = self._characters(self.model, names, is_labelled=is_labelled)
        begins = self.places.offsets[:-1]
        shared = np.add.reduceat(((gold == model) & (gold > 0)).astype(np.int64), begins)
        covered = np.add.reduceat(((gold > 0) | (model > 0)).astype(np.int64), begins)
        # Lists that cover nothing agree, though not on an empty text.
        ratios = np.where(covered > 0, shared / np.maximum(covered, 1), self.places.lengths > 0)
        return float(ratios.sum())

    def _tokens(self, side: list[Marks], names: dict[str | None, int]) -> Codes:
        painted = np.zeros(int(self.places.edges[-1]), np.int64)
        units, starts, ends = self._clipped(side)
        first, last = self.places.covered(units, starts, ends, "contract")
        codes = [names.setdefault(mark.label, len(names)) for marks in side for mark in marks]
        _paint(painted, first.tolist(), last.tolist(), codes)
        return painted

    def _characters(
        self, side: list[Marks], names: dict[str | None, int], *, is_labelled: bool
    ) -> Codes:
        painted = np.zeros(int(self.places.offsets[-1]), np.int64)
        units, starts, ends = self._clipped(side)
        begins = self.places.offsets[units]
        labels = [mark.label if is_labelled else None for marks in side for mark in marks]
        codes = [names.setdefault(label, len(names) + 1) for label in labels]
        _paint(painted, (begins + starts).tolist(), (begins + ends).tolist(), codes)
        return painted

    def _clipped(self, side: list[Marks]) -> tuple[Codes, Codes, Codes]:
        units = np.repeat(np.arange(len(side)), [len(marks) for marks in side])
        lengths = self.places.lengths[units]
        longest = int(lengths.max(initial=0))
        flat = [
            (min(max(mark.start, 0), longest), min(max(mark.end, 0), longest))
            for marks in side
            for mark in marks
        ]
        offsets = np.array(flat, np.int64).reshape(-1, 2)
        return units, np.minimum(offsets[:, 0], lengths), np.minimum(offsets[:, 1], lengths)


def _marks(side: Column) -> list[Marks]:
    read = [parsed(text) if text else () for text in side.texts]
    return [read[code] for code in side.codes.tolist()]


def _paint(painted: Codes, starts: list[int], ends: list[int], codes: list[int]) -> None:
    # The first span of a list is on top, so it is painted last.
    for start, end, code in zip(reversed(starts), reversed(ends), reversed(codes), strict=True):
        painted[start:end] = code


def _identities(marks: Marks, *, is_labelled: bool) -> set[tuple[int, int, str | None]]:
    return {
        (mark.start, mark.end, mark.label if is_labelled else None)
        for mark in marks
        if mark.end > mark.start
    }


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
