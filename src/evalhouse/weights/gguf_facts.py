"""What the headers of GGUF files tell."""

from __future__ import annotations

from collections.abc import Sequence

from evalhouse.errors import WeightsError
from evalhouse.weights.configuration import Context, context_of
from evalhouse.weights.counting import (
    Counted,
    active,
    dominant_type,
    is_buffer,
    total,
)
from evalhouse.weights.facts import AdapterFacts, WeightsFacts
from evalhouse.weights.files import WeightFiles
from evalhouse.weights.gguf import Header, read_header
from evalhouse.weights.kinds import kind_of
from evalhouse.weights.known import Reasons
from evalhouse.weights.reading import AGAIN
from evalhouse.weights.tables import file_types
from evalhouse.weights.tensors import Tensor

_GUESSED = 1024  # a flag of `general.file_type`: no program stated the type


def facts(files: WeightFiles) -> WeightsFacts:
    """Return what the headers of all parts tell together.

    Raises:
        WeightsError: where a header is damaged, or the parts do not belong together.
    """
    headers = [read_header(path) for path in files.paths]
    tensors = _together(headers)
    first = headers[0]
    if first.text("general.type") == "adapter":
        return _of_adapter(files, first, tensors)
    return _of_model(files, headers, tensors)


def _of_model(
    files: WeightFiles, headers: Sequence[Header], tensors: Sequence[Tensor]
) -> WeightsFacts:
    first, reasons = headers[0], Reasons()
    family = first.text("general.architecture")
    counts = _counted(tensors)
    experts, used = (
        first.whole(f"{family}.{key}") for key in ("expert_count", "expert_used_count")
    )
    context = _context(first, family)
    return WeightsFacts(
        file_format=files.file_format,
        family=family,
        architecture=reasons.of("architecture", lambda: _kind(first, tensors, experts or 0)),
        parameter_count=reasons.of("parameter_count", lambda: total(counts)),
        active_parameter_count=reasons.of(
            "active_parameter_count", lambda: active(counts, experts or 0, used)
        ),
        expert_count=experts or 0,
        experts_used=used if experts else None,
        context_length=context.length,
        context_length_min=context.before,
        context_length_max=context.extended,
        quantization=_quantization(first, counts),
        bits_per_weight=reasons.of("bits_per_weight", lambda: _bits(headers, tensors, counts)),
        name=first.text("general.name"),
        creator=first.text("general.organization") or first.text("general.author"),
        version=first.text("general.version"),
        base_model=_base_model(first),
        license=first.text("general.license"),
        unknown=reasons.found,
    )


def _of_adapter(files: WeightFiles, header: Header, tensors: Sequence[Tensor]) -> WeightsFacts:
    counts, reasons = _counted(tensors), Reasons()
    base_model = _base_model(header)
    ranks = {
        tensor.shape[0]
        for tensor in tensors
        if tensor.name.endswith(".lora_a") and len(tensor.shape) == 2
    }
    kind = header.text("adapter.type")
    return WeightsFacts(
        file_format=files.file_format,
        family=header.text("general.architecture"),
        quantization=_quantization(header, counts),
        bits_per_weight=reasons.of("bits_per_weight", lambda: _bits([header], tensors, counts)),
        name=header.text("general.name"),
        base_model=base_model,
        license=header.text("general.license"),
        adapter=AdapterFacts(
            kind=kind.upper() if kind else None,
            base_model=base_model,
            rank=ranks.pop() if len(ranks) == 1 else None,
            alpha=header.number("adapter.lora.alpha"),
            target_modules=tuple(sorted({_module(tensor.name) for tensor in tensors})),
            parameter_count=reasons.of("parameter_count", lambda: total(counts)),
        ),
        unknown=reasons.found,
    )


def _together(headers: Sequence[Header]) -> list[Tensor]:
    """Return the tensors of all parts, after checking that the parts are those of one model."""
    found: dict[str, Tensor] = {}
    for number, header in enumerate(headers):
        parts, place = header.whole("split.count"), header.whole("split.no")
        if (parts or 1) != len(headers) or (place or 0) != number:
            what = (
                f"it is part {(place or 0) + 1} of {parts or 1} by its header and part "
                f"{number + 1} of {len(headers)} by its name"
            )
            raise WeightsError(str(header.path), what, "give the parts their names again")
        for tensor in header.tensors:
            if tensor.name in found:
                what = f"its tensor `{tensor.name}` is in another part too"
                raise WeightsError(str(header.path), what, AGAIN)
            found[tensor.name] = tensor
    stated = headers[0].whole("split.tensors.count")
    if stated is not None and stated != len(found):
        what = f"its parts should have {stated:,} tensors and have {len(found):,}"
        raise WeightsError(str(headers[0].path), what, AGAIN)
    return list(found.values())


def _counted(tensors: Sequence[Tensor]) -> list[Counted]:
    return [
        Counted(
            tensor.name,
            tensor.type,
            0 if is_buffer(tensor.name) else tensor.elements,
            tensor.shape[0] if tensor.shape else 1,
        )
        for tensor in tensors
    ]


def _kind(header: Header, tensors: Sequence[Tensor], experts: int) -> str:
    family = header.text("general.architecture")
    return kind_of(
        (tensor.name for tensor in tensors),
        has_experts=experts > 1,
        reads_only=header.values.get(f"{family}.attention.causal") is False,
    )


def _context(header: Header, family: str | None) -> Context:
    scaling = f"{family}.rope.scaling"
    return context_of(
        header.whole(f"{family}.context_length") or None,
        header.whole(f"{scaling}.original_context_length") or None,
        header.number(f"{scaling}.factor"),
    )


def _quantization(header: Header, counts: Sequence[Counted]) -> str | None:
    """Return what the header states, where the tensors bear it out, else the type of most."""
    stated = header.whole("general.file_type")
    found = None if stated is None else file_types().get(stated & ~_GUESSED)
    there = {tensor.type for tensor in counts if tensor.parameters}
    if found and there.intersection(found.holds):
        return found.name
    return dominant_type(counts)


def _bits(headers: Sequence[Header], tensors: Sequence[Tensor], counts: Sequence[Counted]) -> float:
    """Return the mean of bits, by the sizes of types, else by what the files hold in all."""
    sizes = [tensor.size for tensor in tensors if not is_buffer(tensor.name)]
    known = [size for size in sizes if size is not None]
    whole = sum(header.data_size for header in headers)
    return (sum(known) if len(known) == len(sizes) else whole) * 8 / total(counts)


def _base_model(header: Header) -> str | None:
    """Return the only model that it was made of: its repository on the hub, else its name."""
    if header.whole("general.base_model.count") != 1:
        return None
    address = header.text("general.base_model.0.repo_url") or ""
    _, is_of_hub, repository = address.partition("huggingface.co/")
    return repository.strip("/") if is_of_hub else header.text("general.base_model.0.name")


def _module(name: str) -> str:
    """Return the layer that a tensor of an adapter changes, such as `attn_q`."""
    parts = [part for part in name.split(".") if part not in {"weight", "lora_a", "lora_b"}]
    return parts[-1] if parts else name
