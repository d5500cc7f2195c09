"""Values that come in: finite numbers, among which NaN is missing, and the names of clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError

Floats = NDArray[np.float64]
LARGEST = 1e150
"""Sizes from which on squares overflow."""


def numbers(values: ArrayLike, what: str = "values") -> Floats:
    """Return values of any shape as floats; NaN is missing and stays.

    Raises:
        UsageError: for what is no number, and for infinite or overflowing ones.

    Example:
        >>> numbers([1, True, None]).tolist()
        [1.0, 1.0, nan]
    """
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError) as reason:
        raise UsageError(f"{what} are numbers, in rows of one length; found {reason}") from reason
    large = np.abs(array) > LARGEST
    if large.any():
        raise UsageError(
            f"{what} are finite numbers; found {np.count_nonzero(large)} that are infinite or "
            f"beyond {LARGEST:g}, such as {array[large][0]:g}; bound them, or make them NaN if "
            "they are missing"
        )
    return array


def present(values: ArrayLike, what: str = "values") -> Floats:
    """Return the values (n,) that are not missing.

    Raises:
        UsageError: as `numbers` does, and for another shape than (n,).
    """
    array = numbers(values, what)
    if array.ndim != 1:
        raise UsageError(f"{what} are one array of one dimension; found shape {array.shape}")
    found: Floats = array[~np.isnan(array)]
    return found


def counts_of(table: ArrayLike) -> NDArray[np.int64]:
    """Return a table of counts of any shape.

    Raises:
        UsageError: for what is no whole number of zero or more.
    """
    array = numbers(table, "counts")
    if not (array == np.floor(array)).all():
        raise UsageError("counts are whole numbers; found fractions or missing ones")
    if array.size and array.min() < 0:
        raise UsageError(f"counts are zero or more; found {array.min():g}")
    return array.astype(np.int64)


def places(clusters: ArrayLike, n: int, what: str = "clusters") -> tuple[NDArray[np.int64], int]:
    """Number the clusters; return the number of each unit's (n,) and how many there are.

    Raises:
        UsageError: unless there is one name for each of `n` units, all of one kind.
    """
    try:
        names, place = np.unique(np.asarray(clusters), return_inverse=True)
    except TypeError as reason:
        raise UsageError(f"{what} are names of one kind, none missing; found {reason}") from reason
    if place.shape != (n,):
        raise UsageError(
            f"there are {n} units and {what} of shape {place.shape}; give each unit one of them"
        )
    return place.astype(np.int64), len(names)
