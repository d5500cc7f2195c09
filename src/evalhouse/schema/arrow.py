"""Arrow schemas of the tables."""

from __future__ import annotations

from functools import cache

import pyarrow as pa

from evalhouse.schema import TABLES, Kind

_TYPES: dict[Kind, pa.DataType] = {
    "id": pa.string(),
    "hash": pa.string(),
    "text": pa.string(),
    "json": pa.string(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "binary": pa.binary(),
}


@cache
def arrow_schema(table: str) -> pa.Schema:
    """Return the Arrow schema of a table of the catalog or the lake."""
    return pa.schema(
        [
            pa.field(column.name, _TYPES[column.kind], nullable=not column.required)
            for column in TABLES[table].columns
        ]
    )
