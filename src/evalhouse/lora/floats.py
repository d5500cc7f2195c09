"""Types of floating point numbers, as files of adapters store them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FloatType:
    """A stored type.

    Attributes:
        name: as safetensors calls it.
        stored: how numpy reads its bytes; of BF16, which numpy has not, as whole numbers.
        rounding: the largest relative error of a number rounded to it.
    """

    name: str
    stored: np.dtype[np.generic]
    rounding: float


TYPES: Mapping[str, FloatType] = {
    each.name: each
    for each in (
        FloatType("F64", np.dtype("<f8"), 2.0**-53),
        FloatType("F32", np.dtype("<f4"), 2.0**-24),
        FloatType("F16", np.dtype("<f2"), 2.0**-11),
        FloatType("BF16", np.dtype("<u2"), 2.0**-8),
    )
}


def decoded(stored: NDArray[np.generic], type_name: str) -> Floats:
    """Return stored numbers in double precision, exactly, in the same shape."""
    if type_name == "BF16":  # the upper half of a number of 32 bits
        stored = np.left_shift(stored, 16, dtype=np.uint32).view(np.float32)
    with np.errstate(invalid="ignore"):  # kinds of NaN are no matter
        found: Floats = stored.astype(np.float64)
    return found


def decoded_blocks(stored: NDArray[np.generic], type_name: str, rows: int) -> Iterator[Floats]:
    """Yield stored rows in double precision, block by block, in one place of memory.

    A block is overwritten by the next one. In a block that fits into the cache of a core, numbers
    are converted and multiplied in half of the time.
    """
    order: Literal["C", "F"] = "C" if stored.flags.c_contiguous else "F"
    shape = (min(rows, len(stored)), *stored.shape[1:])
    with _room(prod(shape)) as (wide, whole):
        values = wide.reshape(shape, order=order)
        halves = whole.reshape(shape, order=order)
        for start in range(0, len(stored), rows):
            block: NDArray[np.generic] = stored[start : start + rows]
            if type_name == "BF16":
                place = halves[: len(block)]
                block = np.left_shift(block, 16, out=place, dtype=np.uint32).view(np.float32)
            with np.errstate(invalid="ignore"):  # kinds of NaN are no matter
                np.copyto(values[: len(block)], block, casting="unsafe")
            yield values[: len(block)]


_spare: list[tuple[Floats, NDArray[np.uint32]]] = []
"""Places of memory that are used again: to be given new ones by the system takes longer than to
convert the numbers. Each is with one reader at a time."""


@contextmanager
def _room(count: int) -> Iterator[tuple[Floats, NDArray[np.uint32]]]:
    """Give room for so many numbers in double precision, and as many of 32 bits."""
    found = _spare.pop() if _spare else (np.empty(0, np.float64), np.empty(0, np.uint32))
    if len(found[0]) < count:
        found = np.empty(count, np.float64), np.empty(count, np.uint32)
    try:
        yield found[0][:count], found[1][:count]
    finally:
        if not _spare:
            _spare.append(found)


def encoded(values: Floats, type_name: str) -> NDArray[np.generic]:
    """Return numbers as a type stores them, each rounded to the nearest, ties to the even one.

    What is too large for the type becomes infinite.
    """
    kind = TYPES[type_name]
    with np.errstate(over="ignore", under="ignore"):
        if type_name != "BF16":
            return values.astype(kind.stored)
        return _upper_halves(values)


def _upper_halves(values: Floats) -> NDArray[np.generic]:
    """Round to BF16 in one step: by way of 32 bits some numbers would be rounded twice."""
    single = values.astype(np.float32)
    whole = single.view(np.uint32)
    # Of a number between two of 32 bits, let the last bit tell that it is not exact (round to odd).
    away = np.abs(single.astype(np.float64)) > np.abs(values)
    toward = np.where(away & np.isfinite(values), whole - np.uint32(1), whole)
    exact = toward.view(np.float32).astype(np.float64) == values
    odd = np.where(exact | ~np.isfinite(values), toward, toward | np.uint32(1))
    half = np.uint32(0x7FFF) + ((odd >> np.uint32(16)) & np.uint32(1))
    rounded = (odd + half) >> np.uint32(16)
    broken = np.isnan(values)
    return np.where(broken, np.uint32(0x7FC0), rounded).astype(np.uint16)
