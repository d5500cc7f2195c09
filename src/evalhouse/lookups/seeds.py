"""Rows of the lookup tables, with ids that are the same in every house."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec

from evalhouse import ids
from evalhouse.errors import HouseError
from evalhouse.lookups.files import read_file
from evalhouse.records import (
    Architecture,
    Entity,
    FileFormat,
    SourceType,
    TaskCategory,
)
from evalhouse.schema import TABLES

Record = TypeVar("Record", bound=Entity)

_NAMED: tuple[type[Entity], ...] = (
    SourceType,
    Architecture,
    FileFormat,
    TaskCategory,
)


@cache
def seeds() -> tuple[Entity, ...]:
    """Return every row that a catalog begins with, what is referred to first."""
    return tuple(row for record in _NAMED for row in named_rows(record))


@cache
def named_rows(record: type[Record]) -> tuple[Record, ...]:
    """Return the rows of a lookup table whose rows are known by their name.

    Raises:
        HouseError: where a row of the file does not fit its table.
    """
    rows = read_file(record.table).get("rows", [])
    return tuple(row_of(record, row, str(row.get("name"))) for row in rows)


def row_of(record: type[Record], values: Mapping[str, Any], natural_key: str) -> Record:
    """Return a row of a lookup table with the id that its natural key gives."""
    (key,) = TABLES[record.table].keys
    unknown = set(values) - set(record.__struct_fields__)
    if unknown:
        raise HouseError(f"`data/lookups/{record.table}.toml` has the unknown key `{min(unknown)}`")
    whole = {**values, key: ids.lookup_id(record.table, natural_key)}
    try:
        return msgspec.convert(whole, record)
    except msgspec.ValidationError as failure:
        raise HouseError(
            f"the row `{natural_key}` of `data/lookups/{record.table}.toml` does not fit: {failure}"
        ) from failure
