"""The baseline that learns from words: a linear model on how much each one says of a text."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evalhouse.engine.baselines.folds import Fold, Integers
from evalhouse.engine.baselines.gold import Gold, fallback
from evalhouse.engine.baselines.logistic import fit
from evalhouse.engine.baselines.majority import most_frequent
from evalhouse.engine.baselines.material import Material
from evalhouse.engine.baselines.phrases import Phrases, apart
from evalhouse.engine.baselines.similar import nearest
from evalhouse.engine.baselines.sparse import Floats, SparseRows
from evalhouse.engine.baselines.terms import weighted

_SURE = 0.5 - 1e-9  # half, for all that rounding does to a sum


class Tfidf:
    """Logistic regression on TF-IDF weights of words and of pairs of words.

    A checkbox or dropdown gets its most probable answer, a Likert scale the median of what is
    probable, as the point that is least far off on average, and a multiselect every option whose
    own model says more than one half. Classes are not balanced: rare answers are given rarely.

    Text is that of the most similar row. Spans are phrases that were marked elsewhere, in at least
    half of the places where they stand: the longest first, none over another, with the label they
    most often had.
    """

    def __init__(self, material: Material, fold: Fold) -> None:
        self._material, self._fold = material, fold

    @cached_property
    def _weighted(self) -> SparseRows:
        return weighted(self._material.terms, self._fold.train)

    @cached_property
    def _test(self) -> SparseRows:
        return self._weighted.taken(self._fold.test)

    @cached_property
    def _train(self) -> SparseRows:
        return self._weighted.taken(self._fold.train)

    def cells(self, gold: Gold) -> list[str]:
        """Return the cells of the rows that are predicted."""
        codes = gold.codes[self._fold.train]
        is_answered = codes >= 0
        if not is_answered.any():
            return [fallback(gold.field)] * len(self._fold.test)
        # Fields that were asked everywhere share one table, and what is worked out of it.
        rows = self._train if is_answered.all() else self._train.taken(np.flatnonzero(is_answered))
        codes = codes[is_answered]
        if gold.field.kind == "textbox":
            return self._texts(gold, rows, codes)
        if gold.field.kind == "multiselect":
            return self._sets(gold, rows, gold.selected[codes])
        classes, places = np.unique(codes, return_inverse=True)
        shares = self._shares(rows, places)
        if gold.field.kind == "likert":
            chosen = np.argmax(np.cumsum(shares, axis=1) >= _SURE, axis=1)
        else:
            chosen = np.argmax(shares, axis=1)
        return [gold.cell(int(code)) for code in classes[chosen]]

    def spans(self, phrases: Phrases) -> list[str]:
        """Return the cells of the rows that are predicted."""
        lexicon = phrases.learned(self._fold.train)
        is_known = (lexicon.marked > 0) & (2 * lexicon.marked >= lexicon.stood)
        cells = []
        for row in self._fold.test.tolist():
            places = phrases.places_in(row, is_known).tolist()
            longest = sorted(places, key=lambda place: (place[2] - place[3], place[2]))
            cells.append(phrases.cell(apart(longest), lexicon.labels))
        return cells

    def _shares(self, rows: SparseRows, codes: Integers) -> Floats:
        """Return how probable each class is (t, classes); of one alone, certain."""
        if not codes.any():
            return np.ones((len(self._fold.test), 1))
        return fit(rows, codes).probabilities(self._test)

    def _sets(self, gold: Gold, rows: SparseRows, is_selected: NDArray[np.bool_]) -> list[str]:
        columns = [self._is_likely(rows, column) for column in is_selected.T]
        table = np.array(columns).reshape(len(columns), len(self._fold.test))
        return [gold.listed(row) for row in table.T]

    def _is_likely(self, rows: SparseRows, is_selected: NDArray[np.bool_]) -> NDArray[np.bool_]:
        if is_selected.all():
            return np.ones(len(self._fold.test), np.bool_)
        shares = self._shares(rows, is_selected.astype(np.int64))
        return shares[:, -1] > 0.5 if shares.shape[1] > 1 else np.zeros(len(shares), np.bool_)

    def _texts(self, gold: Gold, rows: SparseRows, codes: Integers) -> list[str]:
        usual = most_frequent(gold, self._fold)
        places = nearest(self._test, rows).tolist()
        return [gold.cell(codes[place]) if place >= 0 else usual for place in places]
