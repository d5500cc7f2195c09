"""Parameters of tensors: all of them, and those that one token passes through."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from evalhouse.weights.tables import pattern


@dataclass(frozen=True, slots=True)
class Counted:
    """A tensor with the number of parameters that it holds.

    Attributes:
        name: as the file has it.
        type: as its format names it.
        parameters: that it holds; 0 of buffers, scales and zero points.
        outermost: size of its first dimension.
    """

    name: str
    type: str
    parameters: int
    outermost: int


class NotKnownError(Exception):
    """A figure that files do not tell, with the reason; it never leaves this part."""


def is_buffer(name: str) -> bool:
    """Tell whether a tensor is stored with the weights and was not learnt."""
    return pattern("buffer").search(name) is not None


def total(tensors: Sequence[Counted]) -> int:
    """Return the parameters of all tensors.

    Raises:
        NotKnownError: where there are none.
    """
    found = sum(tensor.parameters for tensor in tensors)
    if not found:
        raise NotKnownError("the files hold no parameters")
    return found


def active(tensors: Sequence[Counted], experts: int, used: int | None) -> int:
    """Return the parameters that one token passes through.

    All but those of experts count whole, embeddings and router included; those of the experts
    of each layer count by `used / experts`.

    Raises:
        NotKnownError: where the shapes do not say how much of a tensor is one expert's.
    """
    whole = total(tensors)
    if not experts:
        if any(_is_of_experts(tensor.name) for tensor in tensors):
            raise NotKnownError("there are experts, and the files do not say how many")
        return whole
    if not used or used > experts:
        raise NotKnownError("the files do not say how many experts a token passes through")
    in_experts = _in_experts(tensors, experts)
    return whole - in_experts + in_experts // experts * used


def dominant_type(tensors: Sequence[Counted]) -> str | None:
    """Return the type of most of the parameters; of two with as many, the first by name."""
    found: Counter[str] = Counter()
    for tensor in tensors:
        found[tensor.type] += tensor.parameters
    most = max(found.values(), default=0)
    return min(name for name, count in found.items() if count == most) if most else None


def _in_experts(tensors: Sequence[Counted], experts: int) -> int:
    """Return the parameters of all experts of all layers, where each expert has as many."""
    single: dict[str, list[Counted]] = defaultdict(list)
    found = 0
    for tensor in tensors:
        number = pattern("expert").search(tensor.name)
        if number and tensor.parameters:
            single[_of_all(tensor.name, number)].append(tensor)
        elif tensor.parameters and pattern("experts").search(tensor.name):
            if tensor.outermost % experts:
                raise NotKnownError(f"`{tensor.name}` is not made of {experts} experts")
            found += tensor.parameters
    for name, each in single.items():
        if len(each) != experts or len({tensor.parameters for tensor in each}) > 1:
            raise NotKnownError(f"`{name}` is not of {experts} experts of the same size")
        found += sum(tensor.parameters for tensor in each)
    if not found:
        raise NotKnownError("no tensor has the name of one that holds experts")
    return found


def _is_of_experts(name: str) -> bool:
    return any(pattern(kind).search(name) for kind in ("expert", "experts"))


def _of_all(name: str, found: re.Match[str]) -> str:
    """Return the name of a tensor of one expert with `*` for the number of the expert."""
    start, end = next(span for span in found.regs[1:] if span[0] >= 0)
    return f"{name[:start]}*{name[end:]}"
