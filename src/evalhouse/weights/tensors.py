"""A tensor as headers tell of it, whatever the file format."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a header.

    Attributes:
        name: as the file has it.
        type: as its format names it: BF16, Q4_K, …
        shape: sizes of its dimensions, the outermost first.
        size: in bytes; None where the layout of its type is not known.
        start: byte of its file at which it begins; None where that was not read.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    size: int | None
    start: int | None = None

    @property
    def elements(self) -> int:
        """Return how many numbers it holds, as its shape has it."""
        return prod(self.shape)
