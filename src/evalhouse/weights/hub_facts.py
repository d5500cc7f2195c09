"""What safetensors files, PyTorch files and the configuration beside them tell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from evalhouse.errors import WeightsError
from evalhouse.weights.cards import read_card
from evalhouse.weights.configuration import Configuration, read_configuration
from evalhouse.weights.counting import (
    Counted,
    NotKnownError,
    active,
    dominant_type,
    is_buffer,
    total,
)
from evalhouse.weights.facts import AdapterFacts, WeightsFacts
from evalhouse.weights.files import ADAPTER_CONFIG, MLX, SAFETENSORS, WeightFiles
from evalhouse.weights.kinds import kind_of
from evalhouse.weights.known import Reasons
from evalhouse.weights.packing import counted
from evalhouse.weights.reading import AGAIN, read_object
from evalhouse.weights.safetensors import Header, read_header
from evalhouse.weights.tensors import Tensor

_OF_METHODS = {"mlx": MLX, "exl2": "ExLlamaV2", "exl3": "ExLlamaV3"}


def facts(files: WeightFiles) -> WeightsFacts:
    """Return what headers, configuration and card tell together.

    Raises:
        WeightsError: where a header or the configuration is damaged.
    """
    headers = [read_header(path) for path in files.paths] if _has_headers(files) else []
    tensors = _together(headers)
    if files.is_adapter:
        return _of_adapter(files, tensors)
    return _of_model(files, headers, tensors)


def _of_model(
    files: WeightFiles, headers: Sequence[Header], tensors: Sequence[Tensor]
) -> WeightsFacts:
    config, card, reasons = read_configuration(files.folder), read_card(files.folder), Reasons()
    counts = reasons.of("parameter_count", lambda: _counted(files, tensors, config))
    context = config.context
    return WeightsFacts(
        file_format=_file_format(files, headers, config),
        family=config.family,
        architecture=reasons.of("architecture", lambda: _kind(tensors, config)),
        parameter_count=reasons.of_all("parameter_count", counts, total),
        active_parameter_count=reasons.of_all(
            "active_parameter_count", counts, lambda each: _active(each, config)
        ),
        expert_count=_experts(config),
        experts_used=config.experts_used if config.is_mixture else None,
        context_length=context.length,
        context_length_min=context.before,
        context_length_max=context.extended,
        quantization=_quantization(config, counts or ()),
        bits_per_weight=reasons.of_all("bits_per_weight", counts, partial(_bits, tensors)),
        name=card.name or config.name,
        creator=card.name.partition("/")[0] if card.name else None,
        revision=card.revision,
        base_model=card.base_model,
        license=card.license,
        unknown=reasons.found,
    )


def _of_adapter(files: WeightFiles, tensors: Sequence[Tensor]) -> WeightsFacts:
    stated, card = read_object(files.folder / ADAPTER_CONFIG), read_card(files.folder)
    reasons = Reasons()
    plain = Configuration({})
    counts = reasons.of("parameter_count", lambda: _counted(files, tensors, plain))
    targets = stated.get("target_modules")
    names = targets if isinstance(targets, list) else [targets]
    return WeightsFacts(
        file_format=files.file_format,
        quantization=dominant_type(counts or ()),
        bits_per_weight=reasons.of_all("bits_per_weight", counts, partial(_bits, tensors)),
        name=card.name,
        revision=card.revision,
        base_model=_text(stated.get("base_model_name_or_path")) or card.base_model,
        license=card.license,
        adapter=AdapterFacts(
            kind=_text(stated.get("peft_type")),
            base_model=_text(stated.get("base_model_name_or_path")) or card.base_model,
            base_revision=_text(stated.get("revision")),
            rank=_whole(stated.get("r")),
            alpha=_number(stated.get("lora_alpha")),
            target_modules=tuple(sorted(name for name in names if isinstance(name, str))),
            parameter_count=reasons.of_all("parameter_count", counts, total),
        ),
        unknown=reasons.found,
    )


def _has_headers(files: WeightFiles) -> bool:
    return files.file_format == SAFETENSORS


def _together(headers: Sequence[Header]) -> list[Tensor]:
    found: dict[str, Tensor] = {}
    for header in headers:
        for tensor in header.tensors:
            if tensor.name in found:
                what = f"its tensor `{tensor.name}` is in another file of the model too"
                raise WeightsError(str(header.path), what, AGAIN)
            found[tensor.name] = tensor
    return list(found.values())


def _file_format(files: WeightFiles, headers: Sequence[Header], config: Configuration) -> str:
    if any(header.metadata.get("format") == "mlx" for header in headers):
        return MLX
    method = config.scheme.method if config.scheme and headers else ""
    return _OF_METHODS.get(method, files.file_format)


def _counted(
    files: WeightFiles, tensors: Sequence[Tensor], config: Configuration
) -> tuple[Counted, ...]:
    if not _has_headers(files):
        raise NotKnownError(f"{files.file_format} files have no header that tells it")
    return counted(tensors, config.scheme)


def _active(counts: Sequence[Counted], config: Configuration) -> int:
    experts = config.expert_count
    if config.is_mixture and experts is None:
        raise NotKnownError("the layers do not all have as many experts")
    return active(counts, experts or 0, config.experts_used)


def _experts(config: Configuration) -> int | None:
    """Return experts per layer; None where no configuration could tell."""
    if config.is_mixture:
        return config.expert_count
    return 0 if config.values else None


def _kind(tensors: Sequence[Tensor], config: Configuration) -> str:
    if not config.values:
        raise NotKnownError("there is no `config.json`")
    if not (config.is_generating or config.is_encoder or config.is_encoder_decoder):
        raise NotKnownError("`config.json` states no class that generates text")
    return kind_of(
        (tensor.name for tensor in tensors),
        has_experts=config.is_mixture,
        reads_only=config.is_encoder,
        has_two_stacks=config.is_encoder_decoder,
    )


def _quantization(config: Configuration, counts: Sequence[Counted]) -> str | None:
    if config.scheme:
        return config.scheme.text or None
    return dominant_type(counts) or config.stated_type


def _bits(tensors: Sequence[Tensor], counts: Sequence[Counted]) -> float:
    """Return the mean of bits, scales and zero points included."""
    sizes = (tensor.size or 0 for tensor in tensors if not is_buffer(tensor.name))
    return sum(sizes) * 8 / total(counts)


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value if is_whole else None


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else None
