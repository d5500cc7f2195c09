"""The baseline that guesses: answers as often as people gave them, to any text."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from evalhouse.engine.baselines.folds import Fold
from evalhouse.engine.baselines.gold import Gold, fallback
from evalhouse.engine.baselines.material import Material
from evalhouse.engine.baselines.phrases import Phrases
from evalhouse.ids import sha256_hex


class Prior:
    """Answers drawn from those of the rows that teach.

    Each row draws by a hash of the seed, the column and its id, the same on every machine and in
    whatever order rows come. A multiselect draws whole sets. Of spans a row draws how many, and
    then as many phrases of its own text, as far as it has any, that were marked in others.
    """

    def __init__(self, material: Material, fold: Fold) -> None:
        self._material, self._fold = material, fold

    def cells(self, gold: Gold) -> list[str]:
        """Return the cells of the rows that are predicted."""
        limits = np.cumsum(gold.counts(self._fold.train)).tolist()
        if not limits or not limits[-1]:
            return [fallback(gold.field)] * len(self._fold.test)
        column = gold.field.name
        return [
            gold.cell(bisect_right(limits, self._draw(column, row) % limits[-1]))
            for row in self._fold.test.tolist()
        ]

    def spans(self, phrases: Phrases) -> list[str]:
        """Return the cells of the rows that are predicted."""
        sizes = phrases.sizes[self._fold.train]
        usual = np.sort(sizes[sizes >= 0]).tolist()
        if not usual:
            return [fallback(phrases.field)] * len(self._fold.test)
        lexicon = phrases.learned(self._fold.train)
        column, is_known = phrases.field.name, lexicon.marked > 0
        cells = []
        for row in self._fold.test.tolist():
            size = usual[self._draw(column, row) % len(usual)]
            # Their order must not tell what else was marked, as the numbers of phrases do.
            places = sorted(phrases.places_in(row, is_known).tolist(), key=lambda one: one[2:])
            cells.append(phrases.cell(self._chosen(places, size, column), lexicon.labels))
        return cells

    def _chosen(self, places: list[list[int]], size: int, column: str) -> list[list[int]]:
        """Draw some of the places in a row, none over another."""
        taken: list[list[int]] = []
        while places and len(taken) < size:
            turn = self._draw(column, places[0][0], len(taken)) % len(places)
            _, _, begin, end = place = places[turn]
            taken.append(place)
            places = [one for one in places if end <= one[2] or one[3] <= begin]
        return taken

    def _draw(self, column: str, row: int, *more: int) -> int:
        parts = (self._material.seed, column, self._material.ids[row], *more)
        return int(sha256_hex("\x1f".join(map(str, parts))), 16)
