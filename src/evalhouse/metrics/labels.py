"""Answers as codes: labels from zero up, and four kinds of absence below zero."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UsageError

Label = str | int | float | bool
_DENSE = 4  # a table of all values in the range is worth it up to so many cells a value


class Absent(enum.IntEnum):
    """Why there is no label. The four are counted apart and never become a class by themselves."""

    MISSING = -1
    """Nobody answered."""
    NOT_APPLICABLE = -2
    """The question did not arise."""
    INVALID = -3
    """There is an answer, and it is none of those allowed."""
    FAILED = -4
    """Asking failed: a timeout, an error of the server."""


ABSENT = tuple(Absent)
"""All kinds, in the order in which tables hold them."""


@dataclass(frozen=True)
class Labels:
    """Labels of `n` units: `codes` (n,) index `names`, and negative codes are `Absent`."""

    codes: NDArray[np.int64]
    names: tuple[Label, ...]

    def __len__(self) -> int:
        """Count the units."""
        return len(self.codes)

    @property
    def is_valid(self) -> NDArray[np.bool_]:
        """Which units have a label (n,)."""
        return self.codes >= 0

    def absent(self) -> dict[Absent, int]:
        """Count the units without a label, by kind."""
        return {kind: int(np.count_nonzero(self.codes == kind)) for kind in ABSENT}


Answers = Labels | Sequence[Any] | NDArray[Any]


def encode(
    values: Answers, names: Sequence[Label] | None = None, *, is_strict: bool = True
) -> Labels:
    """Turn answers into codes.

    Args:
        values: (n,) strings, numbers or booleans. `None` and NaN are `Absent.MISSING`, members of
            `Absent` are themselves. Text is what it says: "None" and "NA" are labels.
        names: the allowed labels in their order; without them, those that occur, sorted.
        is_strict: whether a label outside `names` is an error (as it must be in gold data);
            otherwise it is `Absent.INVALID`.

    Raises:
        UsageError: for labels outside `names`, labels of mixed types, or more than one dimension.

    Example:
        >>> encode(["b", "a", None, "NA"])
        Labels(codes=array([ 2,  1, -1,  0]), names=('NA', 'a', 'b'))
        >>> encode([3, 9, Absent.FAILED], names=[1, 2, 3], is_strict=False).codes
        array([ 2, -3, -4])
    """
    if isinstance(values, Labels):
        return values if names is None else _renamed(values, tuple(names), is_strict=is_strict)
    array = values if isinstance(values, np.ndarray) else _array(values)
    if array.ndim != 1:
        raise UsageError(f"labels are one array of one dimension; found {array.ndim} dimensions")
    found = _numbers(array) if array.dtype.kind in "iufb" else _objects(array)
    return found if names is None else _renamed(found, tuple(names), is_strict=is_strict)


def encode_pair(
    gold: Answers, model: Answers, names: Sequence[Label] | None = None
) -> tuple[Labels, Labels]:
    """Encode two sides over one list of names.

    Without `names` these are the labels that occur on either side, sorted; with them, a model's
    label outside is `Absent.INVALID` and one in the gold data an error.

    Raises:
        UsageError: for sides of different lengths, and as `encode` does.
    """
    first, second = encode(gold, names), encode(model, names, is_strict=False)
    if len(first) != len(second):
        raise UsageError(
            f"gold has {len(first)} answers and the model {len(second)}; align them by item first"
        )
    if names is None and first.names != second.names:
        both = _sorted(set(first.names) | set(second.names))
        return encode(first, both), encode(second, both)
    return first, second


def _array(values: Iterable[Any]) -> NDArray[Any]:
    held = list(values)
    array = np.empty(len(held), object)
    array[:] = held
    return array


def _numbers(array: NDArray[Any]) -> Labels:
    if array.dtype.kind == "f":
        present = ~np.isnan(array)
        names, inverse = np.unique(array[present], return_inverse=True)
        codes = np.full(len(array), int(Absent.MISSING), np.int64)
        codes[present] = inverse
        return Labels(codes, tuple(names.tolist()))
    if not array.size:
        return Labels(np.empty(0, np.int64), ())
    low, high = int(array.min()), int(array.max())
    if high - low > _DENSE * len(array):
        names, inverse = np.unique(array, return_inverse=True)
        return Labels(inverse.astype(np.int64), tuple(names.tolist()))
    offsets = array.astype(np.int64) - low
    used = np.flatnonzero(np.bincount(offsets))
    place = np.zeros(high - low + 1, np.int64)
    place[used] = np.arange(len(used))
    names = (used + low).astype(array.dtype)
    return Labels(place[offsets], tuple(names.tolist()))


def _objects(array: NDArray[Any]) -> Labels:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and numbers do not need it

    kinds = {type(value) for value in array} if array.dtype.kind == "O" else {str}
    if kinds <= {str, type(None)}:
        coded = pa.array(array, pa.string(), from_pandas=True).dictionary_encode()
        distinct = coded.dictionary.to_pylist()
        codes = coded.indices.fill_null(int(Absent.MISSING)).to_numpy().astype(np.int64)
    else:
        distinct, codes = _hashed(array.tolist())
    names = _sorted(distinct)
    place = {name: position for position, name in enumerate(names)}
    order = np.array([place[name] for name in distinct] + list(map(int, reversed(ABSENT))))
    # A negative code counts from the end of the table, where the kinds of absence stand.
    return Labels(order[codes].astype(np.int64), names)


def _hashed(values: list[Any]) -> tuple[list[Label], NDArray[np.int64]]:
    known: dict[Any, int] = {}
    codes = np.empty(len(values), np.int64)
    for row, value in enumerate(values):
        if isinstance(value, Absent):
            codes[row] = value
        elif value is None or value != value:  # noqa: PLR0124 - NaN of any type
            codes[row] = Absent.MISSING
        else:
            codes[row] = known.setdefault(value, len(known))
    return list(known), codes


def _sorted(names: Iterable[Any]) -> tuple[Label, ...]:
    held = [name.item() if isinstance(name, np.generic) else name for name in names]
    try:
        return tuple(sorted(held))
    except TypeError as failure:
        kinds = " and ".join(sorted({f"`{type(name).__name__}`" for name in held}))
        raise UsageError(
            f"labels are all text or all numbers; found {kinds}; convert them to one type"
        ) from failure


def _renamed(found: Labels, names: tuple[Label, ...], *, is_strict: bool) -> Labels:
    if len(set(names)) != len(names):
        raise UsageError("the list of labels names one of them twice; every label has one place")
    place = {name: position for position, name in enumerate(names)}
    targets = [place.get(name, int(Absent.INVALID)) for name in found.names]
    if is_strict:
        outside = [found.names[row] for row, code in enumerate(targets) if code < 0]
        used = [name for name in outside if _occurs(found, name)]
        if used:
            raise UsageError(
                f"`{used[0]}` is not one of the {len(names)} labels; correct it, add it, or mark "
                "it as `Absent.INVALID`"
            )
    order = np.array(targets + list(map(int, reversed(ABSENT))), np.int64)
    return Labels(order[found.codes], names)


def _occurs(found: Labels, name: Label) -> bool:
    return bool(np.any(found.codes == found.names.index(name)))
