"""Numbers of units, whatever they come in: what is not there is NaN."""

from __future__ import annotations

from decimal import Decimal
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent, is_missing

Floats = NDArray[np.float64]


def as_numbers(values: ArrayLike, what: str) -> Floats:
    """Return numbers as an array of floats.

    Args:
        values: an array of any shape, nested lists of equal lengths, or a column of pyarrow,
            pandas or polars. `None`, NaN, what is masked, and members of `Absent` are NaN.
        what: what they are, for the message.

    Raises:
        UsageError: for text, dates, and lists of unequal lengths.

    Example:
        >>> as_numbers([1, None, Absent.FAILED], "ratings")
        array([ 1., nan, nan])
    """
    # An array would make plain numbers of `Absent`, so lists are looked at first.
    array = _array(values, what)
    if isinstance(array, np.ma.MaskedArray):
        return _filled(array, what)
    if array.dtype.kind in "iufb":
        return np.asarray(array, np.float64)
    if array.dtype.kind != "O":
        raise _no_numbers(what, str(array.dtype))
    return _listed(array, what)


def scaled(numbers: Floats) -> tuple[Floats, int]:
    """Return numbers between -1 and 1, and the power of 2 that makes them what they were.

    So squares of very large and very small numbers can be had, and nothing is rounded.
    """
    power = int(np.frexp(np.abs(numbers).max(initial=0.0))[1])
    return np.ldexp(numbers, -power), power


def _array(values: ArrayLike, what: str) -> NDArray[np.generic]:
    try:
        is_list = isinstance(values, list | tuple)
        return np.asarray(values, object) if is_list else np.asanyarray(values)
    except ValueError as failure:
        raise UsageError(
            f"{what} are an array; found lists of unequal lengths; fill them up with NaN"
        ) from failure


def _filled(array: np.ma.MaskedArray[tuple[int, ...], np.dtype[np.generic]], what: str) -> Floats:
    is_masked, held = np.ma.getmaskarray(array), np.asarray(array.data)
    if held.dtype.kind not in "iufb":  # what is masked may be anything
        held = held.astype(object)
        held[is_masked] = None
    return np.where(is_masked, np.nan, as_numbers(held, what))


def _listed(array: NDArray[np.generic], what: str) -> Floats:
    flat = array.ravel().tolist()
    kinds = set(map(type, flat))
    blank = {kind for kind in kinds if issubclass(kind, Absent) or not _is_number(kind)}
    for value in flat if blank else ():
        if type(value) in blank and not (isinstance(value, Absent) or is_missing(value)):
            raise _no_numbers(what, type(value).__name__)
    held = [np.nan if type(value) in blank else value for value in flat] if blank else flat
    try:
        return np.array(held, np.float64).reshape(array.shape)
    except OverflowError as failure:
        raise UsageError(f"{what} are numbers below 1e308; found a larger one") from failure


def _is_number(kind: type) -> bool:
    return issubclass(kind, Real | np.bool_ | Decimal)


def _no_numbers(what: str, found: str) -> UsageError:
    return UsageError(f"{what} are numbers; found `{found}`; convert them")
