"""What people marked in texts, and where the same words stand in all texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalhouse.engine.baselines.folds import Integers
from evalhouse.engine.baselines.pieces import Phrase, PieceRows
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from evalhouse.tasks.spans import Span, read_spans


@dataclass(frozen=True, eq=False)
class Lexicon:
    """What some rows teach of each phrase (q,).

    `marked` counts how often it was marked and `stood` how often it stands in their texts; `labels`
    is the label it has most often, the codebook's first of those alike.
    """

    marked: Integers
    stood: Integers
    labels: Integers


@dataclass(frozen=True, eq=False)
class Phrases:
    """The spans of a field.

    `sizes` (n,) counts those of each row, and is -1 where it has no answer. `marks` (m, 3) has the
    row, phrase and label of each whose words can be found again; `places` (p, 4) has the row,
    phrase, begin and end of every place where one of these phrases stands, row by row.
    """

    field: Field
    texts: Sequence[str]
    sizes: Integers
    marks: Integers
    places: Integers

    def learned(self, train: Integers) -> Lexicon:
        """Return what some rows teach; those without an answer teach nothing."""
        is_teaching = np.zeros(len(self.texts), np.bool_)
        is_teaching[train] = self.sizes[train] >= 0
        marks = self.marks[is_teaching[self.marks[:, 0]]]
        places = self.places[is_teaching[self.places[:, 0]]]
        count = int(self.marks[:, 1].max(initial=-1)) + 1
        kinds = max(1, len(self.field.labels))
        by_label = np.bincount(marks[:, 1] * kinds + marks[:, 2], minlength=count * kinds)
        table = by_label.reshape(count, kinds)
        stood = np.bincount(places[:, 1], minlength=count)
        return Lexicon(table.sum(axis=1), stood, table.argmax(axis=1))

    def places_in(self, row: int, is_known: NDArray[np.bool_]) -> Integers:
        """Return the places in a row (p, 4) of those phrases that are known."""
        first, last = np.searchsorted(self.places[:, 0], [row, row + 1])
        places = self.places[first:last]
        return places[is_known[places[:, 1]]]

    def cell(self, places: Iterable[Sequence[int]], labels: Integers) -> str:
        """Return the cell that marks places, in the order of the text; empty for none."""
        spans = [
            {"start": begin, "end": end, "text": self.texts[row][begin:end]}
            | ({"label": self.field.labels[labels[phrase]]} if self.field.labels else {})
            for row, phrase, begin, end in sorted(places, key=lambda place: place[2])
        ]
        return json.dumps(spans, ensure_ascii=False) if spans else ""


def read_phrases(
    field: Field, cells: Sequence[Cell], texts: Sequence[str], pieces: PieceRows
) -> Phrases:
    """Read a column of spans; a cell with a wrong one is no answer, and an empty cell has none."""
    sizes = np.full(len(cells), -1, np.int64)
    known: dict[Phrase, int] = {}
    marks = list[tuple[int, int, int]]()
    for row, (cell, text) in enumerate(zip(cells, texts, strict=True)):
        spans = _spans(field, cell, text)
        sizes[row] = -1 if spans is None else len(spans)
        for span in spans or ():
            phrase = pieces.phrase(text[span.start : span.end])
            label = field.labels.index(span.label) if span.label else 0
            if phrase is not None:
                marks.append((row, known.setdefault(phrase, len(known)), label))
    places = [(row, known[phrase], *place) for row, phrase, *place in pieces.found(known)]
    return Phrases(field, texts, sizes, _table(marks, 3), _table(places, 4))


def apart(places: Iterable[Sequence[int]], most: int | None = None) -> list[Sequence[int]]:
    """Return the first places none of which overlaps one before it."""
    taken = list[Sequence[int]]()
    for place in places:
        _, _, begin, end = place
        if len(taken) != most and all(end <= one[2] or one[3] <= begin for one in taken):
            taken.append(place)
    return taken


def _spans(field: Field, cell: Cell, text: str) -> tuple[Span, ...] | None:
    if isinstance(cell, Absent):
        return None
    spans, findings = read_spans(cell or "", text, field.labels)
    return None if findings else spans


def _table(rows: Sequence[tuple[int, ...]], width: int) -> Integers:
    return np.array(rows, np.int64).reshape(len(rows), width)
