"""The baseline that gives every text the answer most people gave."""

from __future__ import annotations

import numpy as np

from evalhouse.engine.baselines.folds import Fold
from evalhouse.engine.baselines.gold import Gold, fallback
from evalhouse.engine.baselines.material import Material
from evalhouse.engine.baselines.phrases import Phrases


class Majority:
    """The most frequent answer of the rows that teach; of those alike the codebook's first.

    A multiselect selects what more than half of the answers select. Spans are never marked.
    """

    def __init__(self, _: Material, fold: Fold) -> None:
        self._fold = fold

    def cells(self, gold: Gold) -> list[str]:
        """Return the cells of the rows that are predicted."""
        return [most_frequent(gold, self._fold)] * len(self._fold.test)

    def spans(self, phrases: Phrases) -> list[str]:
        """Return the cells of the rows that are predicted."""
        return [fallback(phrases.field)] * len(self._fold.test)


def most_frequent(gold: Gold, fold: Fold) -> str:
    """Return the cell that most rows have, or the field's fallback where none has an answer."""
    counts = gold.counts(fold.train)
    if not counts.any():
        return fallback(gold.field)
    if gold.field.kind == "multiselect":
        return gold.listed(2 * (counts @ gold.selected) > counts.sum())
    return gold.cell(int(np.argmax(counts)))
