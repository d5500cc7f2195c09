"""Models: who made them, what they are, where they are had, what waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from evalhouse.records.entity import Entity


class Creator(Entity, frozen=True):
    """An organisation or person that makes models."""

    table: ClassVar[str] = "creators"
    creator_id: str
    name: str
    display_name: str | None = None
    homepage: str | None = None
    service_identifiers: str | None = None
    provisional: bool = True


class CreatorAlias(Entity, frozen=True):
    """Another id of a creator."""

    table: ClassVar[str] = "creator_aliases"
    alias_id: str
    creator_id: str
    reason: str
    decided_by: str
    decided_at: datetime
    alias_name: str | None = None


class SourceType(Entity, frozen=True):
    """A kind of place where weights are had."""

    table: ClassVar[str] = "source_types"
    source_type_id: str
    name: str
    description: str | None = None


class Architecture(Entity, frozen=True):
    """A way a model is built."""

    table: ClassVar[str] = "model_architectures"
    architecture_id: str
    name: str
    description: str | None = None


class FileFormat(Entity, frozen=True):
    """A file format of weights."""

    table: ClassVar[str] = "model_file_formats"
    file_format_id: str
    name: str
    description: str | None = None


class QuantizationMethod(Entity, frozen=True):
    """A way weights are stored in fewer bits."""

    table: ClassVar[str] = "quantization_methods"
    quantization_id: str
    name: str
    bits_per_weight: float | None = None
    measured_by: str | None = None
    description: str | None = None


class Model(Entity, frozen=True):
    """A model as evaluated."""

    table: ClassVar[str] = "models"
    model_id: str
    provider: str
    model_name: str
    model_version: str | None = None
    model_family: str | None = None
    revision: str | None = None
    creator_id: str | None = None
    model_hash: str | None = None
    parameter_count: int | None = None
    active_parameter_count: int | None = None
    context_length: int | None = None
    release_date: str | None = None
    description: str | None = None
    predecessor_model_id: str | None = None
    base_model_id: str | None = None
    adapter_hash: str | None = None
    quantized_from_id: str | None = None
    provisional: bool = True
    architecture_id: str | None = None
    file_format_id: str | None = None
    quantization_id: str | None = None
    context_length_min: int | None = None
    context_length_max: int | None = None
    weights_bytes: int | None = None
    stated: str | None = None


class ModelSource(Entity, frozen=True):
    """A place where a model's weights are had."""

    table: ClassVar[str] = "model_sources"
    model_source_id: str
    model_id: str
    source_type_id: str
    url: str
    source_metadata: str | None = None
    updated: datetime | None = None


class ModelAlias(Entity, frozen=True):
    """Another id of a model."""

    table: ClassVar[str] = "model_aliases"
    alias_id: str
    model_id: str
    reason: str
    decided_by: str
    decided_at: datetime
    alias_name: str | None = None


class ModelConflict(Entity, frozen=True):
    """Something about a model that a person must decide."""

    table: ClassVar[str] = "model_conflicts"
    conflict_id: str
    kind: Literal["same_weights", "different_value", "unknown_value"]
    model_id: str
    difference: str
    seen_at: datetime
    other_model_id: str | None = None
    origin: str | None = None
    state: Literal["open", "merged", "kept", "rejected"] = "open"
    note: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
