"""A smaller adapter: the layers it will have, and how near they come to what they replace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from math import hypot

import numpy as np

from evalhouse.errors import UsageError
from evalhouse.lora import measures
from evalhouse.lora.adapter import Adapter, Layer
from evalhouse.lora.factors import Factor, Update, update_of
from evalhouse.lora.floats import encoded
from evalhouse.lora.names import ALPHA, BIAS, DOWN, MAGNITUDE, MIDDLE, PREFIX, UP
from evalhouse.lora.plans import Plan
from evalhouse.lora.ranks import Choice
from evalhouse.lora.stored import Files, Stored
from evalhouse.lora.truncation import distance, summed, truncated
from evalhouse.lora.writing import Planned

_NAMES = {
    (DOWN, False): "lora_A.weight",
    (UP, False): "lora_B.weight",
    (DOWN, True): "lora_embedding_A",
    (UP, True): "lora_embedding_B",
    (BIAS, False): "lora_B.bias",
    (BIAS, True): "lora_embedding_B.bias",
    (MAGNITUDE, False): "lora_magnitude_vector",
    (MAGNITUDE, True): "lora_magnitude_vector",
}


@dataclass(frozen=True)
class Target:
    """A layer of the new adapter, and what it is made of.

    Attributes:
        module: its name.
        layers: of the adapters, with their weights; one where nothing is merged.
        scale: of the new layer.
        type: that its factors are stored in.
        choice: what its rank is chosen from.
        rank: that it gets.
    """

    module: str
    layers: tuple[tuple[Layer, float], ...]
    scale: float
    type: str
    choice: Choice
    rank: int = 0

    @property
    def model(self) -> Layer:
        """Return the layer whose form the new one has."""
        return self.layers[0][0]

    @property
    def is_kept(self) -> bool:
        """Tell whether the layer stays as it is, byte for byte."""
        layer = self.model
        return (
            len(self.layers) == 1
            and self.rank == layer.rank
            and self.scale == layer.scale
            and self.type == layer.tensors[DOWN].type == layer.tensors[UP].type
            and not layer.is_transposed
            and MIDDLE not in layer.tensors
        )

    def update(self, files: Files) -> Update:
        """Return the update that the new layer stands for."""
        found = [update_of(layer, files).scaled(weight) for layer, weight in self.layers]
        return found[0] if len(found) == 1 else summed(found)


@dataclass(frozen=True)
class Cut:
    """What became of a layer.

    Attributes:
        rank_before, rank: of its update.
        parameters_before, parameters: of its update.
        frobenius: norm of the update before.
        optimal: error of the best truncation, by the singular values.
        error: of what was written, rounding to its type included.
        error_bound: largest singular value left out: no input is changed by more than this,
            relative to its length, apart from rounding.
    """

    module: str
    rank_before: int
    rank: int
    parameters_before: int
    parameters: int
    frobenius: float
    optimal: float
    error: float
    error_bound: float


@dataclass
class Compression:
    """A new adapter: what it will hold, and after it was written, how near it is.

    Attributes:
        adapters: that it is made of.
        plan: by which ranks were chosen.
        targets: its layers.
        cuts: what became of them; filled by `pieces`.
    """

    adapters: tuple[Adapter, ...]
    plan: Plan
    targets: tuple[Target, ...]
    cuts: list[Cut] = field(default_factory=list)

    @property
    def first(self) -> Adapter:
        """Return the adapter whose form the new one has."""
        return self.adapters[0]

    @property
    def ranks(self) -> dict[str, int]:
        """Return the ranks of the layers."""
        return {target.module: target.rank for target in self.targets}

    @property
    def scales(self) -> dict[str, float]:
        """Return the scales of the layers."""
        return {target.module: target.scale for target in self.targets}

    @property
    def frobenius(self) -> float:
        """Return the norm of all updates before."""
        return hypot(*(cut.frobenius for cut in self.cuts))

    @property
    def optimal(self) -> float:
        """Return the error of the best truncation of all updates together."""
        return hypot(*(cut.optimal for cut in self.cuts))

    @property
    def error(self) -> float:
        """Return the error of what was written, of all updates together."""
        return hypot(*(cut.error for cut in self.cuts))

    @cached_property
    def others(self) -> tuple[Stored, ...]:
        """Return what is kept beside the updates, once where several adapters have it."""
        found = {each.name: each for adapter in self.adapters for each in adapter.others}
        return tuple(found.values())

    @property
    def planned(self) -> list[Planned]:
        """Return the tensors of the new adapter in their order."""
        found = [each for target in self.targets for each in self._of(target)]
        kept = [Planned(each.name, each.type, each.shape) for each in self.others]
        return found + kept

    def pieces(self, files: Files) -> Iterator[bytes]:
        """Yield the bytes of the tensors in the order of `planned`, and fill `cuts`."""
        for target in self.targets:
            yield from self._pieces(target, files)
        for tensor in self.others:
            yield files.raw(tensor)

    def _of(self, target: Target) -> list[Planned]:
        layer, rank = target.model, target.rank
        down, up = layer.tensors[DOWN], layer.tensors[UP]
        inner, outer = down.shape[1:], up.shape[2:]
        if MIDDLE in layer.tensors:
            inner = (down.shape[1], *layer.tensors[MIDDLE].shape[2:])
        if layer.is_transposed:
            inner = (layer.in_size,)
        found = [
            Planned(self._name(layer, DOWN), target.type, (rank, *inner)),
            Planned(self._name(layer, UP), target.type, (layer.out_size, rank, *outer)),
        ]
        for role in (MAGNITUDE, BIAS):
            if role in layer.tensors:
                tensor = layer.tensors[role]
                found.append(Planned(self._name(layer, role), tensor.type, tensor.shape))
        if ALPHA in layer.tensors:
            found.append(Planned(layer.tensors[ALPHA].name, "F32", ()))
        return found

    def _name(self, layer: Layer, role: str) -> str:
        if self.first.spelling == "PEFT":
            return f"{PREFIX}{layer.module}.{_NAMES[role, layer.is_embedding]}"
        return layer.tensors[role].name

    def _pieces(self, target: Target, files: Files) -> Iterator[bytes]:
        layer = target.model
        update = target.update(files)
        if target.is_kept:
            yield files.raw(layer.tensors[DOWN])
            yield files.raw(layer.tensors[UP])
            self.cuts.append(self._cut(target, 0.0))
        else:
            left, right = self._stored(target, update)
            yield np.ascontiguousarray(right.T).tobytes()
            yield np.ascontiguousarray(left).tobytes()
            written = Update(
                Factor(left, target.type, layer.module),
                Factor(right, target.type, layer.module),
                target.scale,
            )
            self.cuts.append(self._cut(target, distance(update, written)))
        for role in (MAGNITUDE, BIAS):
            if role in layer.tensors:
                yield files.raw(layer.tensors[role])
        if ALPHA in layer.tensors:
            yield np.float32(target.scale * target.rank).tobytes()

    def _stored(
        self, target: Target, update: Update
    ) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.generic]], ...]:
        """Return the new factors as they are stored; their product times the new scale counts."""
        factors = truncated(update, target.rank)
        root = abs(update.scale / target.scale) ** 0.5
        left, right = factors[0] * np.copysign(root, update.scale / target.scale), factors[1] * root
        found = tuple(encoded(each, target.type) for each in (left, right))
        for each in (left, right):
            largest = float(np.abs(each).max(initial=0.0))
            if not np.isfinite(encoded(np.array([largest]), target.type).astype(np.float64)).all():
                raise UsageError(
                    f"a factor of `{target.module}` has {largest:.3g} in it, which {target.type} "
                    "cannot hold; write it as `--dtype F32`"
                )
        return found

    def _cut(self, target: Target, error: float) -> Cut:
        choice, rank = target.choice, target.rank
        before = sum(layer.parameters for layer, _ in target.layers)
        after = sum(
            int(np.prod(each.shape))
            for each in self._of(target)
            if not each.name.endswith(".alpha")
        )
        values = choice.values
        return Cut(
            target.module,
            sum(layer.rank for layer, _ in target.layers),
            rank,
            before,
            after,
            measures.frobenius(values),
            float(choice.lost[rank]),
            error,
            float(values[rank]) if rank < len(values) else 0.0,
        )
