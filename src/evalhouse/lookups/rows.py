"""Rows of lookup tables as their files hold them, with the id that a natural key gives."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import msgspec

from evalhouse import ids
from evalhouse.errors import HouseError
from evalhouse.lookups.files import read_file
from evalhouse.records import Entity
from evalhouse.schema import TABLES

Record = TypeVar("Record", bound=Entity)


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
