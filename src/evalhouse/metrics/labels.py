"""Answers as codes: labels from zero up, and four kinds of absence below zero."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UsageError

Label = str | int | float | bool
_DENSE = 4  # a table of all values in the range is worth it up to so many cells a value
_EXACT = 2.0**53  # below it, a float holds every whole number
# Those of pandas are known by name, so that it need not be there.
_BLANKS = ("NAType", "NaTType", "MaskedConstant")


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


@dataclass(frozen=True, eq=False)
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
"""Labels of units: a list, an array, or a column of pyarrow, pandas or polars."""


def encode(
    values: Answers, names: Sequence[Label] | None = None, *, is_strict: bool = True
) -> Labels:
    """Turn answers into codes.

    Args:
        values: (n,) strings, numbers or booleans. `None` and NaN are `Absent.MISSING`, members of
            `Absent` are themselves, but in a list: numpy makes plain numbers of them. Text is what
            it says: "None" and "NA" are labels, and "1" is not the number 1.
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
    found = _checked(values) if isinstance(values, Labels) else _encoded(values)
    return found if names is None else _renamed(found, _declared(names), is_strict=is_strict)


def is_missing(value: object) -> bool:
    """Whether a value says that there is none: `None`, NaN of any type, or pandas' NA."""
    if _is_blank(type(value)):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


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
    if names is None:
        both = _sorted({*first.names, *second.names}, (first.names, second.names))
        return _renamed(first, both, is_strict=True), _renamed(second, both, is_strict=True)
    return first, second


def _encoded(values: Any) -> Labels:
    if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
        return _column(values)
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise UsageError(
                f"labels are one array of one dimension; found {values.ndim} dimensions"
            )
        if isinstance(values, np.ma.MaskedArray):
            return _listed(values.tolist())
        if values.dtype.kind in "iufb":
            return _numbers(values)
        return _texts(values) if values.dtype.kind == "U" else _listed(values.tolist())
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise UsageError(f"labels are a list or an array; found one `{type(values).__name__}`")
    return _listed(list(values))


def _declared(names: Sequence[Label]) -> tuple[Label, ...]:
    if isinstance(names, str):
        raise UsageError(f"declared labels are a list; found the text `{names}`; put it in a list")
    if any(map(is_missing, names)):
        raise UsageError("the list of labels holds `None` or NaN, which is no label; leave it out")
    return tuple(map(_plain, names))


def _numbers(array: NDArray[Any]) -> Labels:
    if array.dtype.kind != "f":
        return _integers(array)
    present = ~np.isnan(array)
    held = array[present].astype(np.float64)
    # Likert answers beside blanks are floats; as whole numbers they need no sorting.
    is_small = bool((np.abs(held) < _EXACT).all())
    whole = held.astype(np.int64) if is_small else None
    if whole is not None and np.array_equal(whole, held):
        found = _integers(whole)
    else:
        values, inverse = np.unique(held, return_inverse=True)
        found = Labels(inverse, tuple(values.tolist()))
    codes = np.full(len(array), int(Absent.MISSING), np.int64)
    codes[present] = found.codes
    return Labels(codes, tuple(map(float, found.names)))


def _integers(array: NDArray[Any]) -> Labels:
    if not array.size:
        return Labels(np.empty(0, np.int64), ())
    low, high = int(array.min()), int(array.max())
    if high - low > _DENSE * len(array):
        values, inverse = np.unique(array, return_inverse=True)
        return Labels(inverse, tuple(values.tolist()))
    # Small signed numbers overflow when the lowest is taken away, large unsigned ones when cast.
    wide = array if array.dtype.kind == "u" else array.astype(np.int64, copy=False)
    offsets = wide.astype(np.int64, copy=False) if low == 0 else (wide - low).astype(np.int64)
    used = np.flatnonzero(np.bincount(offsets))
    names = tuple(array.dtype.type(low + place).item() for place in used.tolist())
    if len(used) == high - low + 1:
        return Labels(offsets, names)
    position = np.zeros(high - low + 1, np.int64)
    position[used] = np.arange(len(used))
    return Labels(position[offsets], names)


def _listed(values: list[Any]) -> Labels:
    kinds = _kinds(values)
    family = _family(kinds)
    if family is str and kinds <= {str, NoneType}:
        return _texts(values)
    if family in (int, bool) and not any(map(_is_odd, kinds)):
        array = _floats(values)
        if array is not None:
            found = _numbers(array)
            kind = float if any(map(_is_float, kinds)) else family
            return Labels(found.codes, tuple(map(kind, found.names)))
    return _labels(*_hashed(values, kinds))


def _kinds(values: list[Any]) -> set[type]:
    """Return the types of values; NaN among text or booleans is an absence and has none."""
    kinds = set(map(type, values))
    floats = {kind for kind in kinds if _is_float(kind)}
    if not floats or all(_family_of(kind) is int or _is_blank(kind) for kind in kinds):
        return kinds
    has_numbers = any(value == value for value in values if type(value) in floats)  # noqa: PLR0124
    return kinds if has_numbers else kinds - floats


def _texts(values: list[Any] | NDArray[Any]) -> Labels:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and numbers do not need it

    try:
        return _column(pa.array(values, pa.large_string(), from_pandas=True))
    except UnicodeError:  # half a surrogate pair, which Arrow cannot hold
        return _labels(*_hashed(list(values), {str, NoneType}))


def _column(values: Any) -> Labels:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and numbers do not need it

    is_stream = hasattr(values, "__arrow_c_stream__")
    column = pa.chunked_array(values).combine_chunks() if is_stream else pa.array(values)
    if pa.types.is_nested(column.type):
        raise UsageError(f"labels are one value a row; found a column of `{column.type}`")
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    indices = coded.indices.fill_null(int(Absent.MISSING)) if column.null_count else coded.indices
    codes = indices.to_numpy(zero_copy_only=False).astype(np.int64)
    distinct = coded.dictionary.to_pylist()
    if coded is column:
        # A dictionary that came with the column may hold values that never occur.
        used = np.bincount(codes[codes >= 0], minlength=len(distinct)) > 0
        distinct = [value if occurs else None for value, occurs in zip(distinct, used, strict=True)]
    return _labels(distinct, codes)


def _floats(values: list[Any]) -> NDArray[np.float64] | None:
    try:
        array = np.array(values, np.float64)
    except OverflowError:
        return None
    return array if bool((np.isnan(array) | (np.abs(array) < _EXACT)).all()) else None


def _hashed(values: list[Any], kinds: set[type]) -> tuple[list[Any], NDArray[np.int64]]:
    blanks = tuple(kind for kind in kinds if _is_blank(kind))
    known: dict[Any, int] = {}
    codes = np.empty(len(values), np.int64)
    for row, value in enumerate(values):
        if isinstance(value, Absent):  # first, because -1 equals `Absent.MISSING`
            codes[row] = value
        elif isinstance(value, blanks) or value != value:  # noqa: PLR0124 - NaN of any type
            codes[row] = Absent.MISSING
        else:
            codes[row] = known.setdefault(value, len(known))
    return list(known), codes


def _labels(distinct: list[Any], codes: NDArray[np.int64]) -> Labels:
    # Columns may hold NaN, or nothing, as a value.
    held = [value for value in distinct if value is not None and value == value]  # noqa: PLR0124
    names = _sorted([_plain(value) for value in held], (held,))
    place: dict[Any, int] = {name: position for position, name in enumerate(names)}
    targets = [place.get(value, int(Absent.MISSING)) for value in distinct]
    return Labels(_looked_up(targets, codes), names)


def _looked_up(targets: list[int], codes: NDArray[np.int64]) -> NDArray[np.int64]:
    # A negative code counts from the end of the table, where the kinds of absence stand.
    return np.array([*targets, *sorted(map(int, ABSENT))], np.int64)[codes]


def _plain(value: Any) -> Label:
    plain: Label = value.item() if isinstance(value, np.generic) else value
    return plain


def _sorted(names: Iterable[Any], sides: Iterable[Iterable[Any]]) -> tuple[Label, ...]:
    _family({type(name) for side in sides for name in side})
    return tuple(sorted(names))


def _renamed(found: Labels, names: tuple[Label, ...], *, is_strict: bool) -> Labels:
    if len(set(names)) != len(names):
        raise UsageError("the list of labels names one of them twice; every label has one place")
    # Text "1" among the numbers 1 to 5 would be invalid in every row, and nobody would know why.
    _family({type(name) for side in (names, found.names) for name in side})
    if found.names == names:
        return Labels(found.codes, names)
    place = {name: position for position, name in enumerate(names)}
    targets = [place.get(name, int(Absent.INVALID)) for name in found.names]
    if is_strict:
        outside = [name for name, code in zip(found.names, targets, strict=True) if code < 0]
        used = [name for name in outside if _occurs(found, name)]
        if used:
            raise UsageError(
                f"`{used[0]}` is not one of the {len(names)} labels; correct it, add it, or mark "
                "it as `Absent.INVALID`"
            )
    return Labels(_looked_up(targets, found.codes), names)


def _occurs(found: Labels, name: Label) -> bool:
    return bool(np.any(found.codes == found.names.index(name)))


def _checked(given: Labels) -> Labels:
    codes = np.asarray(given.codes)
    if codes.ndim != 1 or codes.dtype.kind not in "iu":
        raise UsageError(
            f"codes are integers in one dimension; found `{codes.dtype}` in {codes.ndim}"
        )
    low, high = (int(codes.min()), int(codes.max())) if codes.size else (0, -1)
    if low < min(ABSENT) or high >= len(given.names):
        raise UsageError(
            f"codes run from {int(min(ABSENT))} to {len(given.names) - 1} for {len(given.names)} "
            f"labels; found {low} to {high}"
        )
    return Labels(codes.astype(np.int64, copy=False), given.names)


def _family(kinds: set[type]) -> type | None:
    """Return what labels of some types are: `str`, `bool`, `int` for numbers, None for none."""
    families = {_family_of(kind): kind for kind in kinds if not (_is_blank(kind) or kind is Absent)}
    if None in families or len(families) > 1:
        shown = " and ".join(sorted(f"`{kind.__name__}`" for kind in families.values()))
        raise UsageError(
            f"labels are all text, all numbers or all booleans; found {shown}; convert them to one"
        )
    return next(iter(families), None)


def _family_of(kind: type) -> type | None:
    if issubclass(kind, str):
        return str
    if issubclass(kind, bool | np.bool_):
        return bool
    return int if issubclass(kind, int | float | np.integer | np.floating) else None


def _is_float(kind: type) -> bool:
    return issubclass(kind, float | np.floating)


def _is_blank(kind: type) -> bool:
    return kind is NoneType or kind.__name__ in _BLANKS


def _is_odd(kind: type) -> bool:
    return kind is Absent or kind.__name__ in _BLANKS
