"""Singular values of an update, without ever forming it.

Of B·Aᵀ they are those of a small core. From the products of the columns of both factors with each
other (Gram) that core costs least; its squares lose half of the digits of small values, so where
those matter the core comes from a QR decomposition of both factors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalhouse.lora.adapter import Layer
from evalhouse.lora.factors import Update, triangle, update_of
from evalhouse.lora.floats import Floats
from evalhouse.lora.stored import Files

_EPSILON = float(np.finfo(np.float64).eps)
RESOLUTION = 1e-6
"""Error of a value, relative to the largest one, beyond which it is said to be not resolved."""
_ENOUGH = 1e-8
"""Error at which the squares are good enough: entropies are then right to five digits."""

Way = Literal["gram", "qr", "svd"]


class BrokenNumbersError(Exception):
    """Factors hold numbers that are not finite; the text is the end of a sentence."""


@dataclass(frozen=True)
class Spectrum:
    """The singular values of an update.

    Attributes:
        values: falling, scaled.
        error: bound of the error of each, in their unit.
        way: how they were found.
    """

    values: Floats
    error: float
    way: Way

    @property
    def is_resolved(self) -> bool:
        """Tell whether every value is right to 1e-6 of the largest one."""
        return self.error <= RESOLUTION * float(self.values[0]) or not self.values[0]


def layer_spectrum(layer: Layer, files: Files) -> Spectrum:
    """Return the singular values of the update of a layer.

    Raises:
        BrokenNumbersError: where a factor holds NaN or infinite numbers.
        WeightsError: where the file cannot be read.
    """
    if layer.method == "LoKr":
        return _kronecker(layer, files)
    return spectrum(update_of(layer, files))


def spectrum(update: Update) -> Spectrum:
    """Return the singular values of an update; BrokenNumbersError as above."""
    left, right = update.left, update.right
    grams = left.gram(), right.gram()
    if not all(np.isfinite(each).all() for each in grams):
        _complain(update)
    found = _by_gram(*grams)
    if found is None:
        found = _by_triangles(left.triangle(), right.triangle())
    size = abs(update.scale)
    return Spectrum(found.values * size, found.error * size, found.way)


def _complain(update: Update) -> None:
    """Say how many numbers are not finite; large ones whose squares are too large are fine."""
    for factor in (update.left, update.right):
        count = factor.broken()
        if count:
            what = "NaN or infinite number" if count == 1 else "NaN or infinite numbers"
            raise BrokenNumbersError(f"has {count:,} {what} in `{factor.name}`")


def _by_gram(left: Floats, right: Floats) -> Spectrum | None:
    """Return the values, where the error of their squares leaves them right; else None."""
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        return None
    if not left.any() or not right.any():
        return Spectrum(np.zeros(len(left)), 0.0, "gram")
    try:
        lower = np.linalg.cholesky(right)
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.linalg.eigvalsh(lower.T @ left @ lower)[::-1]
    except np.linalg.LinAlgError:  # columns depend on each other, or squares overflow
        return None
    bound = 4 * len(left) * _EPSILON * _norm_bound(left) * _norm_bound(right)
    smallest, largest = float(squares[-1]), float(squares[0])
    if not 0 < bound < smallest < math.inf:  # squares vanish, overflow, or drown in errors
        return None
    values = np.sqrt(squares)
    error = bound / float(values[-1])
    return Spectrum(values, error, "gram") if error <= _ENOUGH * largest**0.5 else None


def _norm_bound(matrix: Floats) -> float:
    """Return a bound of the largest eigenvalue: the largest sum over a row."""
    return float(np.abs(matrix).sum(axis=1).max())


def _by_triangles(left: Floats, right: Floats) -> Spectrum:
    """Return the values of the product of two triangles of QR decompositions."""
    sizes = [float(np.abs(each).max()) or 1.0 for each in (left, right)]
    core = (left / sizes[0]) @ (right / sizes[1]).T
    size = sizes[0] * sizes[1]
    values = _padded(_values(core), left.shape[1])
    norms = np.linalg.norm(left / sizes[0]) * np.linalg.norm(right / sizes[1])
    error = 4 * _EPSILON * left.shape[1] ** 0.5 * float(norms)
    return Spectrum(values * size, error * size, "qr")


def _padded(values: Floats, count: int) -> Floats:
    """Return as many values as there are directions; factors wider than tall leave some at zero."""
    return np.concatenate([values, np.zeros(max(count - len(values), 0))])


def _kronecker(layer: Layer, files: Files) -> Spectrum:
    """Return all products of the values of the two factors of a Kronecker product."""
    scale = abs(1.0 if layer.scale is None else layer.scale)
    first, second = (_part_values(layer, files, name) for name in ("w1", "w2"))
    values = np.sort(np.outer(first, second).reshape(-1))[::-1] * scale
    error = 8 * _EPSILON * max(len(first), len(second)) * float(values[0])
    return Spectrum(values, error, "svd")


def _part_values(layer: Layer, files: Files, name: str) -> Floats:
    roles = (name,) if name in layer.tensors else (f"{name}_a", f"{name}_b")
    parts = [files.values(layer.tensors[role]) for role in roles]
    for role, part in zip(roles, parts, strict=True):
        broken = int(np.count_nonzero(~np.isfinite(part)))
        if broken:
            what = f"has {broken:,} NaN or infinite numbers in `{layer.tensors[role].name}`"
            raise BrokenNumbersError(what)
    flat = [part.reshape(len(part), -1) for part in parts]
    if len(flat) == 1:
        return _values(flat[0])
    return _values(triangle(flat[0]) @ triangle(flat[1].T).T)


def _values(matrix: Floats) -> Floats:
    """Return the singular values of a small matrix."""
    return np.asarray(np.linalg.svd(matrix, compute_uv=False), np.float64)
