"""What the files of a model tell about it; what they do not tell stays None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class WeightsFile:
    """One file of weights.

    Attributes:
        name: its path below the folder, or its own name, with `/` between parts.
        size: in bytes.
    """

    name: str
    size: int


@dataclass(frozen=True)
class AdapterFacts:
    """What the files of an adapter tell.

    Attributes:
        kind: as its files name it: LORA, IA3, …
        base_model: the model it is on, as its files name it.
        base_revision: branch, tag or commit of that model.
        rank: of low-rank adapters.
        alpha: the scale of low-rank adapters, before it is divided by the rank.
        target_modules: the layers it changes, sorted; empty where not told.
        parameter_count: its own parameters.
    """

    kind: str | None = None
    base_model: str | None = None
    base_revision: str | None = None
    rank: int | None = None
    alpha: float | None = None
    target_modules: tuple[str, ...] = ()
    parameter_count: int | None = None


@dataclass(frozen=True)
class WeightsFacts:
    """What the files of a model, or of an adapter, tell.

    Attributes:
        file_format: a name of `model_file_formats`.
        files: the files that hold weights, in the order of their names.
        weights_bytes: the sum of their sizes.
        architecture: a name of `model_architectures`, by what tensors there are.
        family: as the files name it: llama, qwen3moe, …
        parameter_count: parameters of all tensors, each counted once; buffers, scales and zero
            points are none. Of the base model never, where the files hold an adapter.
        active_parameter_count: of those, what one token passes through: all but the experts that
            are not used; embeddings count. None where not known, also for a dense model whose
            parameters are not known.
        expert_count: experts per layer; 0 where there are none.
        experts_used: experts that one token passes through per layer, shared ones left out.
        context_length: tokens, as the files state it.
        context_length_min: tokens of the training before the context was extended, where stated.
        context_length_max: tokens with the extension that the files state.
        quantization: how the weights are stored, as the files state it, else the type of most of
            the parameters.
        named_quantization: how the name of the file states it, which can say more (`UD-Q4_K_XL`).
        bits_per_weight: size of the tensors over their parameters, scales and zero points
            included.
        name: name of the model, as its files state it.
        creator: who made it, as its files state it.
        version: as its files state it.
        revision: commit of a folder in the cache of the Hugging Face Hub.
        base_model: the model that it was made of, as its files state it.
        license: as its files state it.
        adapter: about the adapter, where the files hold one.
        unknown: why a field is None, by its name, where the files could have told.
    """

    file_format: str | None = None
    files: tuple[WeightsFile, ...] = ()
    weights_bytes: int | None = None
    architecture: str | None = None
    family: str | None = None
    parameter_count: int | None = None
    active_parameter_count: int | None = None
    expert_count: int | None = None
    experts_used: int | None = None
    context_length: int | None = None
    context_length_min: int | None = None
    context_length_max: int | None = None
    quantization: str | None = None
    named_quantization: str | None = None
    bits_per_weight: float | None = None
    name: str | None = None
    creator: str | None = None
    version: str | None = None
    revision: str | None = None
    base_model: str | None = None
    license: str | None = None
    adapter: AdapterFacts | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)
