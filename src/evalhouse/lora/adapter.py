"""An adapter: the layers it changes, and what else is in its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evalhouse.lora.names import DOWN, MAGNITUDE, UP, Method, Spelling
from evalhouse.lora.settings import Settings
from evalhouse.lora.stored import Stored


@dataclass(frozen=True)
class Fault:
    """What is wrong with a part of an adapter, as the end of a sentence about `where`."""

    where: str
    what: str

    @property
    def sentence(self) -> str:
        """Return it as one sentence."""
        return f"`{self.where}` {self.what}"


@dataclass(frozen=True)
class Layer:
    """The update of one weight.

    Attributes:
        module: as the base model calls it, or kohya with its underscores.
        method: LoRA, LoHa or LoKr.
        rank: of the factors; of LoHa and LoKr what their configuration calls so.
        scale: what the product of the factors is multiplied with; None where nothing tells it.
        out_size, in_size: of the update as a matrix; of a convolution its kernel counts as input.
        tensors: by their roles.
        is_transposed: whether both factors lie the other way round than PEFT writes them.
        is_embedding: whether the weight is that of an embedding.
    """

    module: str
    method: Method
    rank: int
    scale: float | None
    out_size: int
    in_size: int
    tensors: Mapping[str, Stored] = field(repr=False)
    is_transposed: bool = False
    is_embedding: bool = False

    @property
    def parameters(self) -> int:
        """Return how many numbers are learnt."""
        counted = (each for role, each in self.tensors.items() if role != "alpha")
        return sum(each.elements for each in counted)

    @property
    def has_magnitude(self) -> bool:
        """Tell whether magnitudes are learnt apart (DoRA)."""
        return MAGNITUDE in self.tensors

    @property
    def is_convolution(self) -> bool:
        """Tell whether the weight has a kernel."""
        return any(len(each.shape) > 2 for each in self.tensors.values())

    @property
    def type(self) -> str:
        """Return the coarsest type that its factors are stored in."""
        order = {"F64": 0, "F32": 1, "F16": 2, "BF16": 3}
        return max((each.type for each in self.factors), key=lambda each: order.get(each, 0))

    @property
    def factors(self) -> tuple[Stored, ...]:
        """Return the tensors that are multiplied."""
        if self.method == "LoRA":
            return tuple(self.tensors[role] for role in (DOWN, UP))
        return tuple(each for role, each in self.tensors.items() if role.startswith("w"))


@dataclass(frozen=True)
class Adapter:
    """An adapter as its files have it.

    Attributes:
        path: what was named.
        name: in a file of several, or where its tensors carry one.
        spelling: whose names its tensors have.
        settings: of `adapter_config.json`, where there is one.
        layers: in the order of the model.
        others: tensors that are no part of an update, such as trained heads, in the file's order.
        faults: what is wrong with parts that were left out.
        notes: what a reader must know, one sentence each.
    """

    path: Path
    name: str | None
    spelling: Spelling
    settings: Settings | None
    layers: tuple[Layer, ...]
    others: tuple[Stored, ...] = field(default=(), repr=False)
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """Return the parameters of the updates."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def other_parameters(self) -> int:
        """Return the parameters of what is trained beside, such as heads."""
        return sum(each.elements for each in self.others)

    @property
    def bytes(self) -> int:
        """Return the size of its tensors in bytes."""
        parts = [each for layer in self.layers for each in layer.tensors.values()]
        return sum(each.size for each in (*parts, *self.others))
