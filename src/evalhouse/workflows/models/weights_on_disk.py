"""What a file or folder of weights says of its model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalhouse.lookups import models as lookups
from evalhouse.workflows.models.said import Place, Said

if TYPE_CHECKING:
    from evalhouse.weights import WeightsFacts
    from evalhouse.weights.digests import Progress


def weights_said(path: Path, *, hashed: bool, progress: Progress | None = None) -> Said:
    """Return what the headers of weights say, with their SHA-256 if it is wanted.

    Raises WeightsError where there are no weights, or they cannot be read.
    """
    from evalhouse.weights import describe, digest  # noqa: PLC0415 - readers of headers are heavy

    place = path.resolve()
    facts = describe(place)
    found = digest(place, progress=progress) if hashed else None
    adapter = facts.adapter
    return Said(
        name=facts.name or lookups.parse_name(str(place), "local").name,
        named=False,
        provider="local",
        version=facts.version,
        revision=facts.revision,
        family=facts.family,
        creator=facts.creator,
        parameter_count=None if adapter else facts.parameter_count,
        active_parameter_count=None if adapter else facts.active_parameter_count,
        context_length=facts.context_length,
        context_length_min=facts.context_length_min,
        context_length_max=facts.context_length_max,
        architecture=facts.architecture,
        file_format=facts.file_format,
        quantization=_quantization(facts),
        weights_bytes=facts.weights_bytes,
        places=(Place(str(place), "local_file", _metadata(facts)),),
        stated=_stated(facts),
        model_hash=None if adapter else found,
        adapter_hash=found if adapter else None,
        base_model=adapter.base_model if adapter else None,
    )


def _quantization(facts: WeightsFacts) -> str | None:
    """Return how weights are stored; the file's name can say more than its header."""
    named = facts.named_quantization
    return named if named and lookups.quantization(named) else (facts.quantization or named)


def _metadata(facts: WeightsFacts) -> dict[str, Any]:
    return {"bytes": facts.weights_bytes, "files": len(facts.files)}


def _stated(facts: WeightsFacts) -> dict[str, Any]:
    told = {
        "license": facts.license,
        "base_model": facts.base_model,
        "header_quantization": facts.quantization,
        "named_quantization": facts.named_quantization,
        "bits_per_weight": facts.bits_per_weight,
        "expert_count": facts.expert_count,
        "experts_used": facts.experts_used,
    }
    return {name: value for name, value in told.items() if value is not None}
