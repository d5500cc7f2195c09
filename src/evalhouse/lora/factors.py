"""The two factors of an update, block by block in double precision, never multiplied out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalhouse.lora.adapter import Layer
from evalhouse.lora.floats import Floats, decoded, decoded_blocks
from evalhouse.lora.names import DOWN, MIDDLE, UP
from evalhouse.lora.stored import Files

_BLOCK = 2**17  # numbers, 1 MB in double precision


@dataclass(frozen=True)
class Factor:
    """A tall matrix: a row for each output (or input), a column for each direction.

    Attributes:
        stored: its numbers as they are stored.
        type: of these.
        name: of the tensor, for messages.
    """

    stored: NDArray[np.generic]
    type: str
    name: str

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return int(self.stored.shape[1])

    def blocks(self) -> Iterator[Floats]:
        """Yield its rows in blocks, each overwritten by the next."""
        rows = max(_BLOCK // max(self.width, 1), 2 * self.width, 1)
        yield from decoded_blocks(self.stored, self.type, rows)

    def values(self) -> Floats:
        """Return all of it."""
        return decoded(self.stored, self.type)

    def gram(self) -> Floats:
        """Return the products of its columns with each other."""
        found = np.zeros((self.width, self.width))
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is looked at later
            for block in self.blocks():
                found += block.T @ block
        return found

    def triangle(self) -> Floats:
        """Return R of its QR decomposition, with at most as many rows as columns."""
        found: Floats = np.empty((0, self.width))
        for block in self.blocks():
            found = triangle(np.concatenate([found, block]))
        return found

    def broken(self) -> int:
        """Return how many of its numbers are not finite."""
        return sum(int(np.count_nonzero(~np.isfinite(block))) for block in self.blocks())


def triangle(matrix: Floats) -> Floats:
    """Return R of the QR decomposition of a matrix."""
    found: Floats = np.asarray(np.linalg.qr(matrix, mode="r"), np.float64)
    return found


@dataclass(frozen=True)
class Update:
    """An update: the product of `left` and the transposed `right`, times `scale`."""

    left: Factor
    right: Factor
    scale: float

    def scaled(self, weight: float) -> Update:
        """Return the update times a weight."""
        return replace(self, scale=self.scale * weight)


def update_of(layer: Layer, files: Files) -> Update:
    """Return the factors of a layer of LoRA or LoHa; its scale is 1 where that is not known."""
    scale = 1.0 if layer.scale is None else layer.scale
    if layer.method == "LoHa":
        return _hadamard(layer, files, scale)
    down, up = layer.tensors[DOWN], layer.tensors[UP]
    first, second = files.stored(down), files.stored(up)
    if layer.is_transposed:
        right, left = first, second.T
    else:
        right, left = first.reshape(layer.rank, -1).T, second.reshape(-1, layer.rank)
    if MIDDLE not in layer.tensors:
        return Update(Factor(left, up.type, up.name), Factor(right, down.type, down.name), scale)
    middle = files.values(layer.tensors[MIDDLE])
    inner = np.einsum("pqhw,qi->ihwp", middle, files.values(down).reshape(layer.rank, -1))
    whole = inner.reshape(-1, layer.rank)
    return Update(Factor(left, up.type, up.name), Factor(whole, "F64", down.name), scale)


def _hadamard(layer: Layer, files: Files, scale: float) -> Update:
    """Return the factors of an elementwise product of two products, of the product of ranks.

    A row of one is the Kronecker product of the rows of both.
    """
    roles = ("w1_a", "w2_a", "w1_b", "w2_b")
    first, second, third, fourth = (files.values(layer.tensors[role]) for role in roles)
    left = (first[:, :, None] * second[:, None, :]).reshape(len(first), -1)
    right = (third.T[:, :, None] * fourth.T[:, None, :]).reshape(third.shape[1], -1)
    names = [layer.tensors[role].name for role in roles]
    return Update(Factor(left, "F64", names[0]), Factor(right, "F64", names[2]), scale)
