"""What shapes of tensors say about an update: its rank, its sizes, or that they do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from evalhouse.lora.names import BIAS, DOWN, MAGNITUDE, MIDDLE, UP, Method
from evalhouse.lora.stored import Stored

Tensors = Mapping[str, Stored]
_NEEDED = {"LoRA": (DOWN, UP), "LoHa": ("w1_a", "w1_b", "w2_a", "w2_b"), "LoKr": ()}
WIDEST_PRODUCT = 32
"""Rank of a Hadamard product: its update has the square of that."""
_NAMES = {DOWN: "A (down)", UP: "B (up)"}


class MisfitError(Exception):
    """Tensors of an update do not fit; the text is the end of a sentence about the layer."""


@dataclass(frozen=True)
class Sizes:
    """What shapes say."""

    rank: int
    out_size: int
    in_size: int
    is_transposed: bool = False


def sizes_of(method: Method, tensors: Tensors, expected: int | None) -> Sizes:
    """Return the sizes of an update; `expected` is the rank that the configuration states.

    Raises:
        MisfitError: where a tensor is missing, empty, of a type without numbers, or does not fit.
    """
    for role in _NEEDED[method]:
        if role not in tensors:
            raise MisfitError(f"has no factor {_NAMES.get(role, role)}")
    for tensor in tensors.values():
        if not tensor.elements:
            raise MisfitError(f"has an empty tensor: `{tensor.name}` is {_told(tensor)}")
    factors = [each for role, each in tensors.items() if role not in ("alpha", BIAS)]
    for tensor in factors:
        if not tensor.is_float:
            raise MisfitError(f"has `{tensor.name}` of the type {tensor.type}, which is not read")
    if {"t1", "t2"} & set(tensors):
        raise MisfitError(f"is a {method} in Tucker's form, which is not read")
    found = {"LoRA": _low_rank, "LoHa": _hadamard, "LoKr": _kronecker}[method](tensors, expected)
    magnitude = tensors.get(MAGNITUDE)
    if magnitude is not None and magnitude.elements not in (found.out_size, found.in_size):
        raise MisfitError(f"has {magnitude.elements:,} magnitudes for {found.out_size:,} outputs")
    return found


def _low_rank(tensors: Tensors, expected: int | None) -> Sizes:
    down, up = tensors[DOWN], tensors[UP]
    if len(down.shape) < 2 or len(up.shape) < 2:
        raise MisfitError(f"has factors {_told(down)} and {_told(up)}, which are no matrices")
    if MIDDLE in tensors:
        return _with_middle(tensors)
    straight = down.shape[0] == up.shape[1] and prod(up.shape[2:]) == 1
    flat = len(down.shape) == len(up.shape) == 2
    turned = flat and down.shape[1] == up.shape[0]
    if straight and turned:  # both could be; what is stated decides, else the smaller rank
        first, second = down.shape[0], down.shape[1]
        straight = first <= second if expected is None else expected == first
        turned = not straight
    if not straight and not turned:
        raise MisfitError(f"has factors that do not fit: A is {_told(down)} and B {_told(up)}")
    rank = down.shape[0] if straight else down.shape[1]
    if expected is not None and rank != expected:
        what = f"has rank {rank}, as A is {_told(down)}, and its configuration says {expected}"
        raise MisfitError(what)
    if straight:
        return Sizes(rank, up.shape[0], prod(down.shape[1:]))
    return Sizes(rank, up.shape[1], down.shape[0], is_transposed=True)


def _with_middle(tensors: Tensors) -> Sizes:
    down, middle, up = (tensors[role] for role in (DOWN, MIDDLE, UP))
    rank = down.shape[0]
    fits = prod(down.shape[2:]) == prod(up.shape[2:]) == 1 and up.shape[1] == rank
    if len(middle.shape) != 4 or middle.shape[:2] != (rank, rank) or not fits:
        what = f"has factors that do not fit: {_told(down)}, {_told(middle)} and {_told(up)}"
        raise MisfitError(what)
    return Sizes(rank, up.shape[0], down.shape[1] * prod(middle.shape[2:]))


def _hadamard(tensors: Tensors, expected: int | None) -> Sizes:
    shapes = [tensors[role].shape for role in _NEEDED["LoHa"]]
    if any(len(shape) != 2 for shape in shapes):
        raise MisfitError("has factors of a Hadamard product that are no matrices")
    (out, rank), (second, size), (other_out, other), (fourth, other_size) = shapes
    if (out, size, rank, other) != (other_out, other_size, second, fourth):
        told = ", ".join(map(str, shapes))
        raise MisfitError(f"has factors of a Hadamard product that do not fit: {told}")
    if expected is not None and rank != expected:
        raise MisfitError(f"has rank {rank}, and its configuration says {expected}")
    if rank > WIDEST_PRODUCT:
        raise MisfitError(
            f"is a LoHa of rank {rank}, and ranks up to {WIDEST_PRODUCT} are measured"
        )
    return Sizes(rank, out, size)


def _kronecker(tensors: Tensors, expected: int | None) -> Sizes:
    (first_out, first_in, one), (second_out, second_in, two) = (
        _part(tensors, "w1"), _part(tensors, "w2")
    )  # fmt: skip
    rank = one or two or expected or 1
    return Sizes(rank, first_out * second_out, first_in * second_in)


def _part(tensors: Tensors, name: str) -> tuple[int, int, int | None]:
    """Return the sizes of one factor of a Kronecker product, and its rank where it has one."""
    whole = tensors.get(name)
    if whole is not None and len(whole.shape) >= 2:
        return whole.shape[0], prod(whole.shape[1:]), None
    left, right = tensors.get(f"{name}_a"), tensors.get(f"{name}_b")
    if left is None or right is None:
        raise MisfitError(f"has no factor {name}, whole or as {name}_a and {name}_b")
    if len(left.shape) != 2 or len(right.shape) < 2 or left.shape[1] != right.shape[0]:
        what = f"has factors {name}_a and {name}_b that do not fit: "
        raise MisfitError(f"{what}{_told(left)} and {_told(right)}")
    return left.shape[0], prod(right.shape[1:]), left.shape[1]


def _told(tensor: Stored) -> str:
    return " × ".join(map(str, tensor.shape)) or "a single number"
