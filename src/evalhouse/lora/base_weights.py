"""The weights that an adapter changes, and their norms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import WeightsError
from evalhouse.lora.adapter import Layer
from evalhouse.lora.floats import Floats
from evalhouse.lora.stored import Files, Stored
from evalhouse.weights.files import SAFETENSORS, weight_files
from evalhouse.weights.safetensors import read_header

_ENDING = ".weight"
_KOHYA = re.compile(r"lora_(?:unet|te\d?|transformer)_")
_STEPS = 200
_CLOSE = 1e-5
"""Relative residual of the largest singular value at which it is taken as found."""


@dataclass(frozen=True)
class BaseNorms:
    """Norms of a weight. `spectral_error` bounds the error of the spectral norm."""

    frobenius: float
    spectral: float
    spectral_error: float


class BaseWeights:
    """The weights of a base model; only those that are asked for are read."""

    def __init__(self, tensors: Mapping[str, Stored]) -> None:
        """Take the tensors by their names."""
        self._whole: dict[str, Stored] = {}
        self._ends: dict[str, Stored | None] = {}
        for name, tensor in tensors.items():
            if name.endswith(_ENDING):
                self._add(name.removesuffix(_ENDING), tensor)

    def _add(self, name: str, tensor: Stored) -> None:
        self._whole[name] = tensor
        self._whole[name.replace(".", "_")] = tensor  # as kohya calls it
        rest = name
        while "." in rest:
            self._ends[rest] = None if rest in self._ends else tensor
            rest = rest.partition(".")[2]

    def of(self, layer: Layer) -> Stored | None:
        """Return the weight that a layer changes, by its name; None where none has its shape.

        One of them may stand in a larger model, so either name may begin with more than the other.
        """
        found = self._named(layer.module)
        if found is None or len(found.shape) < 2 or not found.is_float:
            return None
        sizes = {found.shape[0], found.elements // found.shape[0]} if found.elements else set()
        return found if sizes == {layer.out_size, layer.in_size} else None

    def _named(self, module: str) -> Stored | None:
        rest = _KOHYA.sub("", module) if module.startswith("lora_") else module
        if rest in self._ends:
            return self._ends[rest]
        while rest:
            if rest in self._whole:
                return self._whole[rest]
            rest = rest.partition(".")[2]
        return None


def read_base(place: Path) -> BaseWeights:
    """Return the weights of a model in safetensors files.

    Raises:
        WeightsError: where there are none, or a header is damaged.
    """
    files = weight_files(place)
    if files.file_format != SAFETENSORS:
        what = f"it is of the format {files.file_format}, and the base is read as {SAFETENSORS}"
        raise WeightsError(str(place), what, "name the model as it was before it was converted")
    found = {}
    for path in files.paths:
        for each in read_header(path).tensors:
            assert each.start is not None, "headers of safetensors tell where tensors begin"
            size = each.size or 0
            found[each.name] = Stored(each.name, each.type, each.shape, path, each.start, size)
    return BaseWeights(found)


def norms_of(tensor: Stored, files: Files) -> BaseNorms:
    """Return the norms of a weight as a matrix, its kernel counting as input.

    Raises:
        WeightsError: where the file cannot be read.
    """
    matrix = files.values(tensor).astype(np.float32).reshape(tensor.shape[0], -1)
    frobenius = float(np.sqrt(sum(float(row @ row) for row in _rows(matrix))))
    spectral, error = largest_value(matrix)
    return BaseNorms(frobenius, spectral, error)


def _rows(matrix: NDArray[np.float32]) -> list[Floats]:
    return [row.astype(np.float64) for row in matrix]


def largest_value(matrix: NDArray[np.float32]) -> tuple[float, float]:
    """Return the largest singular value of a matrix, and a bound of its error.

    By bidiagonalisation (Golub and Kahan, 1965) from a random start, with all directions kept
    orthogonal; the bound is the residual, so that some singular value is that near.
    """
    if matrix.shape[0] < matrix.shape[1]:  # the shorter side is the one that is run through
        matrix = matrix.T
    start = np.asarray(np.random.default_rng(0).standard_normal(matrix.shape[1]), np.float64)
    right: list[Floats] = [np.divide(start, np.linalg.norm(start))]
    left: list[Floats] = []
    diagonal: list[float] = []
    beside: list[float] = []
    value, residual = 0.0, 0.0
    out = _times(matrix, right[0])
    while (length := float(np.linalg.norm(out))) > 0 and len(left) < _STEPS:
        left.append(out / length)
        diagonal.append(length)
        back = _orthogonal(_times(matrix.T, left[-1]), right)
        beside.append(float(np.linalg.norm(back)))
        if beside[-1] > 0:
            right.append(back / beside[-1])
            out = _orthogonal(_times(matrix, right[-1]), left)
        else:
            out = np.zeros(len(left[-1]))
        value, last = _largest_of(diagonal, beside)
        residual = float(np.linalg.norm(out)) * last
        if residual <= _CLOSE * value:
            break
    return value, residual + float(np.finfo(np.float32).eps) * value


def _times(matrix: NDArray[np.float32], vector: Floats) -> Floats:
    found: Floats = (matrix @ vector.astype(np.float32)).astype(np.float64)
    return found


def _orthogonal(vector: Floats, others: list[Floats]) -> Floats:
    basis = np.stack(others)
    for _ in range(2):
        vector = vector - basis.T @ (basis @ vector)
    return vector


def _largest_of(diagonal: list[float], beside: list[float]) -> tuple[float, float]:
    """Return the largest value of a bidiagonal matrix, and how much of it is in the last place."""
    small = np.zeros((len(diagonal), len(diagonal) + 1))
    small[:, :-1] += np.diag(diagonal)
    small[:, 1:] += np.diag(beside)
    _, values, right = np.linalg.svd(small)
    return float(values[0]), float(abs(right[0, -1]))
