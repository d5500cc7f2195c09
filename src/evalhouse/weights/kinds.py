"""The architecture of a model, by which tensors it has."""

from __future__ import annotations

from collections.abc import Iterable

from evalhouse.weights.counting import NotKnownError
from evalhouse.weights.tables import pattern


def kind_of(
    names: Iterable[str],
    *,
    has_experts: bool,
    reads_only: bool = False,
    has_two_stacks: bool = False,
) -> str:
    """Return a name of `model_architectures`.

    Args:
        names: of the tensors.
        has_experts: whether the files state more than one expert per layer.
        reads_only: whether they state that the model generates nothing.
        has_two_stacks: whether they state an encoder and a decoder.

    Raises:
        NotKnownError: where no tensor has a name that tells.
    """
    known = tuple(names)
    if has_two_stacks or (_any("encoder", known) and _any("decoder", known)):
        return "Encoder-decoder"
    if reads_only:
        return "Encoder"
    has_attention, has_recurrence = _any("attention", known), _any("recurrence", known)
    if has_recurrence:
        return "Hybrid" if has_attention else "SSM"
    if has_experts:
        return "MoE"
    if has_attention:
        return "Dense"
    raise NotKnownError("no tensor has the name of attention, experts or recurrence")


def _any(kind: str, names: tuple[str, ...]) -> bool:
    return any(map(pattern(kind).search, names))
