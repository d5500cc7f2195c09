"""Tensors that stay in their files until their numbers are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import WeightsError
from evalhouse.lora.floats import TYPES, Floats, decoded
from evalhouse.weights.reading import AGAIN, reading


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor in a file.

    Attributes:
        name: as the file has it.
        type: as safetensors calls it: BF16, F32, I64, …
        shape: sizes of its dimensions, the outermost first.
        path: the file.
        start: byte of the file at which its numbers begin.
        size: in bytes, from there to the end of what it uses.
        strides: numbers from one place of a dimension to the next; None where they lie in order.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    path: Path
    start: int
    size: int
    strides: tuple[int, ...] | None = None

    @property
    def elements(self) -> int:
        """Return how many numbers it has."""
        return prod(self.shape)

    @property
    def is_float(self) -> bool:
        """Tell whether it holds numbers that can be read here."""
        return self.type in TYPES


class Files:
    """Reads tensors; each file is opened once."""

    def __init__(self) -> None:
        self._open: dict[Path, BinaryIO] = {}

    def close(self) -> None:
        """Close all files."""
        for file in self._open.values():
            file.close()
        self._open.clear()

    def raw(self, tensor: Stored) -> bytes:
        """Return the bytes of a tensor, its numbers in order.

        Raises:
            WeightsError: where the file ends before.
        """
        if tensor.strides is not None:
            return self.stored(tensor).tobytes()
        return self._bytes(tensor)

    def stored(self, tensor: Stored) -> NDArray[np.generic]:
        """Return the numbers of a tensor as they are stored, in its shape.

        Raises:
            WeightsError: as for `raw`, and where it does not hold floating point numbers.
        """
        if not tensor.is_float:
            known = ", ".join(TYPES)
            what = f"its tensor `{tensor.name}` is of the type {tensor.type}, and {known} are read"
            raise WeightsError(str(tensor.path), what, "convert it to one of these")
        numbers = np.frombuffer(self._bytes(tensor), TYPES[tensor.type].stored)
        if tensor.strides is None:
            return numbers.reshape(tensor.shape)
        strides = tuple(stride * numbers.itemsize for stride in tensor.strides)
        return np.lib.stride_tricks.as_strided(numbers, tensor.shape, strides, writeable=False)

    def values(self, tensor: Stored) -> Floats:
        """Return the numbers of a tensor in double precision; WeightsError as for `stored`."""
        return decoded(self.stored(tensor), tensor.type)

    def _bytes(self, tensor: Stored) -> bytes:
        path = tensor.path
        with reading(path):
            if path not in self._open:
                self._open[path] = path.open("rb")
            file = self._open[path]
            file.seek(tensor.start)
            found = file.read(tensor.size)
        if len(found) < tensor.size:
            what = f"it ends {tensor.size - len(found):,} bytes before its tensor `{tensor.name}`"
            raise WeightsError(str(path), what, AGAIN)
        return found


@contextmanager
def opened() -> Iterator[Files]:
    """Give a reader of tensors, and close its files in the end."""
    files = Files()
    try:
        yield files
    finally:
        files.close()
