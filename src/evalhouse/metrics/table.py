"""The confusion table: every pair of answers, counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.labels import ABSENT, Absent, Answers, Label, encode_pair

AbsentRule = Literal["wrong", "exclude", "class"]
ABSENT_RULES: tuple[AbsentRule, ...] = ("wrong", "exclude", "class")


@dataclass(frozen=True)
class Confusion:
    """How often each gold answer met each answer of the model.

    `counts` is (k + 4, k + 4): gold in rows, model in columns, the k labels of `names` first and
    then the four kinds of absence in the order of `ABSENT`.
    """

    names: tuple[Label, ...]
    counts: NDArray[np.int64]

    @property
    def square(self) -> NDArray[np.int64]:
        """The pairs in which both sides have a label (k, k)."""
        size = len(self.names)
        return self.counts[:size, :size]

    @property
    def n_gold(self) -> int:
        """Units with a gold label."""
        return int(self.counts[: len(self.names)].sum())

    @property
    def n_pairs(self) -> int:
        """Units with a label on both sides."""
        return int(self.square.sum())

    def unanswered(self) -> dict[Absent, int]:
        """Count the units with a gold label and none from the model, by kind."""
        size = len(self.names)
        by_kind = self.counts[:size, size:].sum(axis=0)
        return dict(zip(ABSENT, map(int, by_kind), strict=True))

    def cells(self, absent: AbsentRule = "wrong") -> NDArray[np.int64]:
        """Return the (k, k + 1) table that metrics are computed from.

        Rows are gold labels, columns the model's; the last column holds the units that the model
        left without a label: all of them (`wrong`), or none (`exclude`). Under `class` absence is
        one more label, so the table is (k + 1, k + 2) with an empty last column.

        Raises:
            UnknownNameError: for another rule.
        """
        size = len(self.names)
        left = self.counts[:size, size:].sum(axis=1, keepdims=True)
        if absent == "wrong":
            return np.hstack([self.square, left])
        if absent == "exclude":
            return np.hstack([self.square, np.zeros_like(left)])
        if absent == "class":
            table = np.zeros((size + 1, size + 2), np.int64)
            table[:size, : size + 1] = np.hstack([self.square, left])
            return table
        raise UnknownNameError("rule for absent answers", absent, ABSENT_RULES)


def confusion(gold: Answers, model: Answers, labels: Sequence[Label] | None = None) -> Confusion:
    """Count the pairs of two sides in one pass.

    Args:
        gold: (n,) answers that are held to be right; strings, numbers, or `Labels`.
        model: (n,) answers of the same units in the same order.
        labels: the allowed labels in their order; without them, those that occur, sorted.

    Raises:
        UsageError: for sides of different lengths and gold labels outside `labels`.

    Example:
        >>> confusion(["a", "a", "b"], ["a", "b", None]).cells()
        array([[1, 1, 0],
               [0, 0, 1]])
    """
    rows, columns = encode_pair(gold, model, labels)
    size = len(rows.names) + len(ABSENT)
    # Absence -1 .. -4 takes the four places behind the labels.
    first = np.where(rows.codes < 0, len(rows.names) - 1 - rows.codes, rows.codes)
    second = np.where(columns.codes < 0, len(rows.names) - 1 - columns.codes, columns.codes)
    flat = np.bincount(first * size + second, minlength=size * size)
    return Confusion(rows.names, flat.reshape(size, size))
