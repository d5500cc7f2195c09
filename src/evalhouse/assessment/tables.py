"""What became of the rows of a field: statuses, and gold labels against those of the model."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evalhouse.assessment.lines import label_text
from evalhouse.assessment.matching import Cells, FieldRows
from evalhouse.assessment.results import Confusion
from evalhouse.metrics.labels import ABSENT, Absent
from evalhouse.metrics.table import confusion
from evalhouse.scoring.cells import read_labels, read_sets, read_spans, read_texts
from evalhouse.scoring.field import Field, Kind
from evalhouse.scoring.validity import kinds_of

Kinds = NDArray[np.int64]
LABELLED: tuple[Kind, ...] = ("checkbox", "dropdown", "likert")
"""The types of which each row has one label."""
WORDS = {
    Absent.MISSING: "missing",
    Absent.NOT_APPLICABLE: "not_applicable",
    Absent.INVALID: "invalid",
    Absent.FAILED: "failed",
}
"""What absence is called where no status is known."""
_ANSWERED = ("ok", "repaired")


def absence(field: Field, cells: Cells) -> Kinds:
    """Return why each answer is absent (n,), 0 where it is there and allowed.

    Example:
        >>> absence(Field("stance", "dropdown", ("for", "against")), ["for", "", "both"])
        array([ 0, -1, -3])
    """
    if field.kind in LABELLED:
        return np.minimum(read_labels(field, cells).codes, 0)
    if field.kind == "multiselect":
        return kinds_of(read_sets(field, cells))
    return kinds_of(read_spans(cells) if field.kind == "span" else read_texts(cells))


@dataclass(frozen=True)
class Counts:
    """The rows of a field that both sides have columns for, counted."""

    rows: FieldRows
    gold: Cells
    model: Cells

    @cached_property
    def applies(self) -> NDArray[np.bool_]:
        """Which rows the question arises for (n,)."""
        return np.array(self.rows.applies, bool)

    @cached_property
    def has_gold(self) -> NDArray[np.bool_]:
        """Which rows have a gold answer (n,)."""
        return absence(self.rows.field, self.gold) >= 0

    @cached_property
    def absent(self) -> Kinds:
        """Why each answer of the model is absent (n,), 0 where it is there."""
        return absence(self.rows.field, self.model)

    @cached_property
    def statuses(self) -> dict[str, int]:
        """How often each status occurs among the rows that the field applies to."""
        given = self.rows.statuses or ["ok"] * len(self.model)
        counts = Counter(
            status if kind >= 0 or status not in _ANSWERED else WORDS[Absent(kind)]
            for status, kind, applies in zip(
                given, self.absent.tolist(), self.applies.tolist(), strict=True
            )
            if applies
        )
        return dict(counts.most_common())

    @cached_property
    def confusion(self) -> Confusion | None:
        """Gold labels against those of the model; None for fields without labels."""
        if self.rows.field.kind not in LABELLED:
            return None
        gold, model = (read_labels(self.rows.field, side) for side in (self.gold, self.model))
        # Declared labels keep the order of the codebook; others have none but their own.
        is_declared = gold.names == model.names
        found = confusion(gold, model, gold.names if is_declared else None)
        size = len(found.names)
        occurs = [kind for kind, count in found.unanswered().items() if count]
        columns = [*range(size), *(size + ABSENT.index(kind) for kind in occurs)]
        return Confusion(
            tuple(map(label_text, found.names)),
            tuple(WORDS[kind] for kind in occurs),
            tuple(map(tuple, found.counts[:size, columns].tolist())),
        )

    @cached_property
    def uses(self) -> dict[str, tuple[int, int]]:
        """How often gold and model give each label, over rows with a gold answer."""
        if self.confusion:
            counts = np.array(self.confusion.counts, np.int64).reshape(
                len(self.confusion.labels), -1
            )
            model = counts.sum(axis=0)
            return {
                label: (int(counts[place].sum()), int(model[place]))
                for place, label in enumerate(self.confusion.labels)
            }
        sides = [self._labels(side) for side in (self.gold, self.model)]
        field = self.rows.field
        names = (*field.options, *field.labels) or tuple(sorted(sides[0]))
        return {name: (sides[0][name], sides[1][name]) for name in names}

    def _labels(self, cells: Cells) -> Counter[str]:
        """Count each option that is selected, or each label of spans."""
        kept = [cell for cell, held in zip(cells, self.has_gold.tolist(), strict=True) if held]
        if self.rows.field.kind == "multiselect":
            sets = read_sets(self.rows.field, kept)
            return Counter(label for one in sets if not isinstance(one, Absent) for label in one)
        if self.rows.field.kind == "span" and self.rows.field.labels:
            lists = read_spans(kept)
            return Counter(
                span.label
                for one in lists
                if not isinstance(one, Absent)
                for span in one
                if span.label is not None
            )
        return Counter()
