"""Answers that are sets of labels: which of several boxes are ticked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent, Label, encode, is_missing
from evalhouse.metrics.numbers import as_numbers
from evalhouse.metrics.table import Floats

Bools = NDArray[np.bool_]
SetRule = Literal["wrong", "exclude"]
SET_RULES: tuple[SetRule, ...] = ("wrong", "exclude")
SAMPLE_SUMS = (
    "units",
    "answered",
    "subset_accuracy",
    "hamming_score",
    "precision",
    "recall",
    "f1",
    "jaccard",
)
"""What each unit adds to the sums, before three counts for each label."""


@dataclass(frozen=True, eq=False)
class LabelSets:
    """Sets of labels of `n` units.

    `marks` (n, k) says which of `names` each unit has, `absent` (n,) is 0 where there is an answer
    (which may be the empty set) and otherwise a kind of `Absent`.
    """

    names: tuple[Label, ...]
    marks: Bools
    absent: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class SetPairs:
    """Sets of gold and model, of the units with a gold answer: `gold` and `model` are (n, k).

    A unit that the model left without an answer has no mark and is not `answered` (n,).
    `both_empty` is what two empty sets score in means over units.
    """

    names: tuple[Label, ...]
    gold: Bools
    model: Bools
    answered: Bools
    both_empty: float = 1.0

    def __len__(self) -> int:
        """Count the units."""
        return len(self.gold)

    @cached_property
    def hits(self) -> Bools:
        """Labels that both sides have (n, k)."""
        return self.gold & self.model

    def units(self) -> Floats:
        """Return what each unit adds to the sums (n, 8 + 3 k), for resampling.

        The eight of `SAMPLE_SUMS`, then for each label its hits, its gold and its chosen marks.
        """
        return np.hstack([self._samples, self.hits, self.gold, self.model])

    @cached_property
    def sums(self) -> Floats:
        """The sum of `units` (8 + 3 k,), of which all metrics are functions."""
        counts = [side.sum(axis=0) for side in (self.hits, self.gold, self.model)]
        return np.concatenate([self._samples.sum(axis=0), *counts]).astype(np.float64)

    @cached_property
    def _samples(self) -> Floats:
        hits, gold, model = (side.sum(axis=1) for side in (self.hits, self.gold, self.model))
        wrong = gold + model - 2 * hits
        columns = [
            np.ones(len(self)),
            self.answered,
            self.answered & (wrong == 0),
            self.answered * (1 - wrong / max(len(self.names), 1)),
            self._share(hits, model, gold),
            self._share(hits, gold, model),
            self._share(2 * hits, gold + model, gold),
            self._share(hits, gold + model - hits, gold),
        ]
        return np.stack(columns, axis=1).astype(np.float64)

    def _share(self, top: Floats, bottom: Floats, other: Floats) -> Floats:
        # One empty side has no hit and scores 0; nothing to find and nothing found is no error.
        empty = np.where(bottom + other == 0, self.both_empty, 0.0)
        share = np.divide(top, bottom, out=empty, where=bottom > 0)
        return np.where(self.answered, share, 0.0)


def encode_sets(
    values: Iterable[Any] | NDArray[Any],
    names: Sequence[Label] | None = None,
    *,
    is_strict: bool = True,
) -> LabelSets:
    """Turn sets of labels into marks.

    Args:
        values: an (n, k) array of booleans, or of 0 and 1 (a row of NaN is missing), whose columns
            are `names` or else numbered from 0; or n sets or lists of labels, with `None`, NaN or
            a member of `Absent` where there is no answer. The empty set is an answer. A list
            column of pyarrow is such a list.
        names: the allowed labels in their order; without them, those that occur, sorted.
        is_strict: whether a label outside `names` is an error; otherwise its unit is
            `Absent.INVALID`.

    Raises:
        UsageError: for units that are no sets, labels outside `names` or of mixed types, and
            arrays of another shape or with other numbers than 0 and 1.

    Example:
        >>> encode_sets([{"b", "a"}, [], None]).marks.astype(int)
        array([[1, 1],
               [0, 0],
               [0, 0]])
    """
    if hasattr(values, "columns"):
        raise UsageError(
            "sets of labels are a matrix or one column of lists; found a table with named columns; "
            "give its values as an array, and its columns as the names of the labels"
        )
    if isinstance(values, np.ndarray) and values.ndim == 2:
        return _of_matrix(values, names)
    units = values.to_pylist() if hasattr(values, "to_pylist") else list(values)
    absent = np.array([_absence(unit) for unit in units], np.int64)
    held = [unit for unit, kind in zip(units, absent, strict=True) if not kind]
    sizes = [len(unit) for unit in held]
    labels = list(chain.from_iterable(held))
    if any(is_missing(label) or isinstance(label, Absent) for label in labels):
        raise UsageError("a set holds `None`, NaN or `Absent` among its labels; leave it out")
    found = encode(labels, names, is_strict=is_strict)
    rows = np.repeat(np.flatnonzero(absent == 0), sizes)
    outside = found.codes < 0
    marks = np.zeros((len(units), len(found.names)), np.bool_)
    marks[rows[~outside], found.codes[~outside]] = True
    absent[rows[outside]] = Absent.INVALID
    marks[absent != 0] = False
    return LabelSets(found.names, marks, absent)


def pair_sets(
    gold: Iterable[Any] | NDArray[Any],
    model: Iterable[Any] | NDArray[Any],
    labels: Sequence[Label] | None = None,
    *,
    absent: SetRule = "wrong",
    both_empty: float = 1.0,
) -> SetPairs:
    """Pair the sets of two sides.

    Args:
        gold: as in `encode_sets`; units without an answer here never enter.
        model: as in `encode_sets`, of the same units in the same order.
        labels: the allowed labels in their order; without them, those that occur, sorted.
        absent: a unit that the model left without an answer is `wrong` in every label and has
            found nothing, or is left out (`exclude`).
        both_empty: what two empty sets score in precision, recall, F1 and Jaccard of a unit: 1,
            because they agree; scikit-learn's `zero_division=0` makes it 0.

    Raises:
        UsageError: for sides of different lengths, and as `encode_sets` does.
        UnknownNameError: for another rule.

    Example:
        >>> pairs = pair_sets([{"a"}, {"a", "b"}], [{"a"}, {"b"}])
        >>> pairs.names, pairs.sums[2:4]
        (('a', 'b'), array([1. , 1.5]))
    """
    if absent not in SET_RULES:
        raise UnknownNameError("rule for absent answers", absent, SET_RULES)
    if not 0 <= both_empty <= 1:
        raise UsageError(f"two empty sets score from 0 to 1; found {both_empty}")
    first, second = encode_sets(gold, labels), encode_sets(model, labels, is_strict=False)
    if len(first.marks) != len(second.marks):
        raise UsageError(
            f"gold has {len(first.marks)} answers and the model {len(second.marks)}; align them by "
            "item first"
        )
    names = encode([*first.names, *second.names]).names if labels is None else first.names
    answered = second.absent == 0
    enters = (first.absent == 0) & (answered | (absent == "wrong"))
    marks, chosen = (_widened(side, names)[enters] for side in (first, second))
    return SetPairs(names, marks, chosen, answered[enters], both_empty)


def _of_matrix(values: NDArray[Any], names: Sequence[Label] | None) -> LabelSets:
    held = tuple(range(values.shape[1])) if names is None else tuple(names)
    if len(held) != values.shape[1]:
        raise UsageError(
            f"the table has {values.shape[1]} columns for {len(held)} labels; give one each"
        )
    if values.dtype == np.bool_ and not isinstance(values, np.ma.MaskedArray):
        return LabelSets(held, values, np.zeros(len(values), np.int64))
    numbers = np.array(as_numbers(values, "marks"))
    is_blank = np.isnan(numbers).all(axis=1) & (numbers.shape[1] > 0)
    numbers[is_blank] = 0.0
    if not np.isin(numbers, (0.0, 1.0)).all():
        raise UsageError(
            "a table of marks holds booleans, or 0 and 1, or NaN in a whole row; correct the others"
        )
    return LabelSets(held, numbers == 1.0, np.where(is_blank, int(Absent.MISSING), 0))


def _absence(unit: Any) -> int:
    if isinstance(unit, Absent):
        return int(unit)
    if is_missing(unit):
        return int(Absent.MISSING)
    # A mapping of labels to ticks would give all its labels.
    is_scalar = isinstance(unit, np.ndarray) and not unit.ndim
    if is_scalar or isinstance(unit, str | Mapping) or not isinstance(unit, Collection):
        raise UsageError(
            f"a unit is a set or list of labels; found `{unit!r}`; put a single label into a list"
        )
    return 0


def _widened(side: LabelSets, names: tuple[Label, ...]) -> Bools:
    if side.names == names:
        return side.marks
    place = {name: position for position, name in enumerate(names)}
    marks = np.zeros((len(side.marks), len(names)), np.bool_)
    marks[:, [place[name] for name in side.names]] = side.marks
    return marks
