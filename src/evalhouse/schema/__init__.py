"""Every table, declared once: column, type, unit, meaning.

The SQL tables, the Arrow schemas, the query surface and the reference pages derive from here.
"""

from __future__ import annotations

from evalhouse.schema.catalog import CATALOG_TABLES
from evalhouse.schema.columns import Column, Kind, Table
from evalhouse.schema.lake import KINDS, LAKE_TABLES
from evalhouse.schema.runs import FAILURE_REASONS

TABLES: dict[str, Table] = {table.name: table for table in (*CATALOG_TABLES, *LAKE_TABLES)}

__all__ = [
    "CATALOG_TABLES",
    "FAILURE_REASONS",
    "KINDS",
    "LAKE_TABLES",
    "TABLES",
    "Column",
    "Kind",
    "Table",
]
