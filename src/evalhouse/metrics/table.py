"""The confusion table: every pair of answers, counted once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import ABSENT, Absent, Answers, Label, encode_pair
from evalhouse.metrics.numbers import as_numbers
from evalhouse.metrics.value import Kernel

Floats = NDArray[np.float64]
AbsentRule = Literal["wrong", "exclude", "class"]
ABSENT_RULES: tuple[AbsentRule, ...] = ("wrong", "exclude", "class")
ABSENT_LABEL = "(absent)"
"""What absence is called where it counts as a label."""
_MOST = 2.0**53  # a float holds every count below it


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def n_gold(self) -> int:
        """Units with a gold label."""
        return int(self.counts[: len(self.names)].sum())

    @cached_property
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
        one more label that the model can give, so the table is (k + 1, k + 2) with an empty last
        column. Units without a gold label never enter.

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

    def cell_names(self, absent: AbsentRule = "wrong") -> tuple[Label, ...]:
        """Return the label of each row of `cells(absent)`."""
        return (*self.names, ABSENT_LABEL) if absent == "class" else self.names

    def on_scale(self, scale: Sequence[float] | None = None) -> tuple[Confusion, Floats]:
        """Return the table with its labels in ascending order, and the number of each (k,).

        Args:
            scale: (k,) the number of each label of `names`, all different; without it the labels
                are the numbers themselves.

        Raises:
            UsageError: for labels that are no numbers without a `scale`, and for a scale of
                another length, with equal or with infinite numbers.
        """
        points: list[Any] = self._numbers() if scale is None else list(scale)
        values = as_numbers(points, "points of a scale")
        if len(values) != len(self.names):
            raise UsageError(
                f"the scale has {len(values)} numbers for {len(self.names)} labels; give one each"
            )
        order = np.argsort(values, kind="stable")
        values = values[order]
        if not np.isfinite(values).all() or (np.diff(values) == 0).any():
            raise UsageError("the numbers of a scale are finite and differ; correct `scale`")
        places = np.concatenate([order, np.arange(len(order), len(self.counts))])
        names = tuple(self.names[place] for place in order)
        return Confusion(names, self.counts[np.ix_(places, places)]), values

    def _numbers(self) -> list[Label]:
        words = [name for name in self.names if isinstance(name, str | bool)]
        if words:
            raise UsageError(
                f"the label `{words[0]}` is no number; give `scale`, the number of each label"
            )
        return list(self.names)


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
    kinds, size = len(ABSENT), len(rows.names) + len(ABSENT)
    flat = rows.codes * size
    flat += columns.codes
    flat += kinds * (size + 1)  # absence, -4 to -1, takes the first four places for a moment
    counts = np.bincount(flat, minlength=size * size).reshape(size, size)
    order = [*range(kinds, size), *range(kinds - 1, -1, -1)]
    return Confusion(rows.names, counts[np.ix_(order, order)])


def table_of_counts(cells: ArrayLike, names: Sequence[Label] | None = None) -> Confusion:
    """Take a table that somebody counted.

    Args:
        cells: (k, k) counts, gold in rows and model in columns, or (k, k + 1) with the units that
            the model left without a label last; why it did is unknown, so they are `MISSING`.
        names: the label of each row; without them their positions, from 0.

    Raises:
        UsageError: for another shape, what is no count, and another number of names.

    Example:
        >>> table_of_counts([[2, 1, 0], [0, 3, 1]]).n_pairs
        6
    """
    given = as_numbers(cells, "counts")
    size = len(given) if given.ndim else 0
    is_count = (given >= 0) & (given == np.rint(given)) & (given < _MOST)
    if given.shape not in {(size, size), (size, size + 1)} or not is_count.all():
        shown = given.shape if is_count.all() else f"the count {given[~is_count][0]:g}"
        raise UsageError(
            "a table has k rows, k or k + 1 columns, and counts that are whole numbers of 0 or "
            f"more; found {shown}"
        )
    held = tuple(range(size)) if names is None else tuple(names)
    if len(set(held)) != size:
        raise UsageError(f"the table has {size} rows and {len(set(held))} names; give one each")
    counts = np.zeros((size + len(ABSENT), size + len(ABSENT)), np.int64)
    counts[:size, : given.shape[1]] = given
    return Confusion(held, counts)


@dataclass(frozen=True, eq=False)
class Margins:
    """What nominal metrics need of a table, for each label (..., k); `total` and `pairs` (...).

    `hits` is the diagonal, `answered` the rows and `chosen` the columns of the pairs with both
    labels, `gold` the rows with the units that were left without a label.
    """

    hits: Floats
    gold: Floats
    answered: Floats
    chosen: Floats

    @cached_property
    def total(self) -> Floats:
        """Units with a gold label."""
        return np.asarray(self.gold.sum(axis=-1))

    @cached_property
    def pairs(self) -> Floats:
        """Units with a label on both sides."""
        return np.asarray(self.answered.sum(axis=-1))

    @cached_property
    def agreed(self) -> Floats:
        """Units with the same label on both sides."""
        return np.asarray(self.hits.sum(axis=-1))


def margins(cells: ArrayLike) -> Margins:
    """Sum the tables (..., k, k + 1) that `Confusion.cells` makes.

    Raises:
        UsageError: for another shape.
    """
    table = checked_cells(cells)
    pairs = table[..., :-1]
    answered = np.einsum("...ij->...i", pairs)
    return Margins(
        hits=np.einsum("...ii->...i", pairs),
        gold=answered + table[..., -1],
        answered=answered,
        chosen=np.einsum("...ij->...j", pairs),
    )


def checked_cells(cells: ArrayLike) -> Floats:
    """Return tables as floats, or say that they have another shape than (..., k, k + 1)."""
    table = np.asarray(cells, np.float64)
    if table.ndim < 2 or table.shape[-1] != table.shape[-2] + 1:
        raise UsageError(
            f"a table has one column more than rows, for what has no answer; found {table.shape}"
        )
    return table


def kernel_of(function: Callable[[Margins], Floats]) -> Kernel:
    """Make a kernel of tables (..., k, k + 1) out of a function of their margins."""

    def kernel(cells: Floats) -> Floats:
        return function(margins(cells))

    return kernel


def flat_kernel(kernel: Kernel) -> Kernel:
    """Let a kernel of tables (..., k, k + 1) take their cells in one row (..., k * (k + 1)).

    Example:
        >>> def corner(cells):
        ...     return cells[..., 0, 0]
        >>> flat_kernel(corner)(np.arange(12.0).reshape(2, 6))
        array([0., 6.])
    """

    def of_flat(sums: Floats) -> Floats:
        size = int(np.sqrt(sums.shape[-1]))  # k < sqrt(k (k + 1)) < k + 1
        return kernel(sums.reshape(*sums.shape[:-1], size, size + 1))

    return of_flat


def ratio(top: ArrayLike, bottom: ArrayLike) -> Floats:
    """Divide; NaN, without a warning, where the divisor is 0."""
    above, below = np.broadcast_arrays(np.asarray(top, np.float64), np.asarray(bottom, np.float64))
    quotient = np.full(above.shape, np.nan)
    np.divide(above, below, out=quotient, where=below != 0)
    return quotient
