"""Rows of the lookup tables, with ids that are the same in every house."""

from __future__ import annotations

from functools import cache

from evalhouse.lookups.hardware import hardware_rows
from evalhouse.lookups.rows import named_rows, row_of
from evalhouse.records import (
    Architecture,
    Entity,
    FileFormat,
    QuantizationMethod,
    SourceType,
    TaskCategory,
)

__all__ = ["named_rows", "row_of", "seeds"]

_NAMED: tuple[type[Entity], ...] = (
    SourceType,
    Architecture,
    FileFormat,
    QuantizationMethod,
    TaskCategory,
)


@cache
def seeds() -> tuple[Entity, ...]:
    """Return every row that a catalog begins with, what is referred to first."""
    named = (row for record in _NAMED for row in named_rows(record))
    return (*named, *hardware_rows())
