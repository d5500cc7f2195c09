"""What people marked in texts, and where the same words stand in all texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evalhouse.engine.baselines.folds import Integers
from evalhouse.engine.baselines.material import Material
from evalhouse.engine.baselines.pieces import Phrase
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from evalhouse.tasks.spans import Span, read_spans


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What some rows teach of each phrase (q,).

    `marked` counts how often it was marked, and `stood` how often it stands in their texts outside
    of longer spans; `labels` is the label it most often has, of those alike the codebook's first.
    """

    marked: Integers
    stood: Integers
    labels: Integers


class Phrases:
    """The spans of a field, read when they are first needed.

    A cell with a wrong span is no answer; an empty one says that there are none.
    """

    def __init__(self, field: Field, cells: Sequence[Cell], material: Material) -> None:
        self.field = field
        self._cells, self._material = cells, material

    @cached_property
    def sizes(self) -> Integers:
        """How many spans each row has (n,): -1 where it has no answer."""
        return np.array([-1 if spans is None else len(spans) for spans in self._spans], np.int64)

    @cached_property
    def _spans(self) -> list[tuple[Span, ...] | None]:
        pairs = zip(self._cells, self._material.texts, strict=True)
        return [_read(self.field, cell, text) for cell, text in pairs]

    @cached_property
    def _known(self) -> tuple[dict[Phrase, int], Integers]:
        """The phrases with their numbers, and row, phrase and label of each mark (m, 3)."""
        known: dict[Phrase, int] = {}
        marks = []
        for row, (spans, text) in enumerate(zip(self._spans, self._material.texts, strict=True)):
            for span in spans or ():
                phrase = self._material.pieces.phrase(text[span.start : span.end])
                label = self.field.labels.index(span.label) if span.label else 0
                if phrase is not None:
                    marks.append((row, known.setdefault(phrase, len(known)), label))
        return known, _table(marks, 3)

    @cached_property
    def _places(self) -> Integers:
        """Row, phrase, begin and end of every place where a phrase stands (p, 4), row by row."""
        known, _ = self._known
        found = self._material.pieces.found(known)
        return _table([(row, known[phrase], *place) for row, phrase, *place in found], 4)

    @cached_property
    def _is_inside(self) -> NDArray[np.bool_]:
        """Whether each place is inside of a longer span, which says nothing about it (p,)."""
        inside = [
            any(
                one.start <= begin and end <= one.end and end - begin < one.end - one.start
                for one in self._spans[row] or ()
            )
            for row, _, begin, end in self._places.tolist()
        ]
        return np.array(inside, np.bool_)

    def learned(self, train: Integers) -> Lexicon:
        """Return what some rows teach; those without an answer teach nothing."""
        known, marks = self._known
        is_teaching = np.zeros(len(self.sizes), np.bool_)
        is_teaching[train] = self.sizes[train] >= 0
        marks = marks[is_teaching[marks[:, 0]]]
        places = self._places[is_teaching[self._places[:, 0]] & ~self._is_inside]
        count = len(known)
        kinds = max(1, len(self.field.labels))
        by_label = np.bincount(marks[:, 1] * kinds + marks[:, 2], minlength=count * kinds)
        table = by_label.reshape(count, kinds)
        stood = np.bincount(places[:, 1], minlength=count)
        return Lexicon(table.sum(axis=1), stood, table.argmax(axis=1))

    def places_in(self, row: int, is_known: NDArray[np.bool_]) -> Integers:
        """Return the places in a row (p, 4) of those phrases that are known."""
        first, last = np.searchsorted(self._places[:, 0], [row, row + 1])
        places = self._places[first:last]
        return places[is_known[places[:, 1]]]

    def cell(self, places: Iterable[Sequence[int]], labels: Integers) -> str:
        """Return the cell that marks places, in the order of the text; empty for none."""
        spans = [
            {"start": begin, "end": end, "text": self._material.texts[row][begin:end]}
            | ({"label": self.field.labels[labels[phrase]]} if self.field.labels else {})
            for row, phrase, begin, end in sorted(places, key=lambda place: place[2])
        ]
        return json.dumps(spans, ensure_ascii=False) if spans else ""


def apart(places: Iterable[Sequence[int]]) -> list[Sequence[int]]:
    """Return the first places none of which overlaps one before it."""
    taken = list[Sequence[int]]()
    for place in places:
        _, _, begin, end = place
        if all(end <= one[2] or one[3] <= begin for one in taken):
            taken.append(place)
    return taken


def _read(field: Field, cell: Cell, text: str) -> tuple[Span, ...] | None:
    if isinstance(cell, Absent):
        return None
    spans, findings = read_spans(cell or "", text, field.labels)
    return None if findings else spans


def _table(rows: Sequence[tuple[int, ...]], width: int) -> Integers:
    return np.array(rows, np.int64).reshape(len(rows), width)
