"""What people write about a model: quantization, architecture, file format, kind of place, name.

A spelling that no lookup has gives None: it waits for a person.
"""

from __future__ import annotations

from evalhouse.lookups.model_names import ModelName, parse_name
from evalhouse.lookups.quantizations import quantization, quantization_in
from evalhouse.lookups.spellings import found_in
from evalhouse.records import Architecture, FileFormat, SourceType

__all__ = [
    "ModelName",
    "architecture",
    "file_format",
    "parse_name",
    "quantization",
    "quantization_in",
    "source_type",
]


def architecture(text: str) -> Architecture | None:
    """Return the architecture that a text names."""
    return found_in(Architecture, text)


def file_format(text: str) -> FileFormat | None:
    """Return the file format that a text names."""
    return found_in(FileFormat, text)


def source_type(text: str) -> SourceType | None:
    """Return the kind of place that a text names."""
    return found_in(SourceType, text)
