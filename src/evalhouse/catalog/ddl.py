"""The statements that make the tables of the catalog, as text for people and other programs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import Dialect as Compiler
from sqlalchemy.schema import CreateIndex, CreateTable

from evalhouse import schema
from evalhouse.catalog.tables import metadata
from evalhouse.catalog.values import Dialect

_COMPILERS: dict[Dialect, type[Compiler]] = {
    "sqlite": sqlite.dialect,
    "postgresql": postgresql.dialect,
}


def definition(dialect: Dialect, *names: str) -> str:
    """Return the statements that make these tables, or all, with what is referred to first."""
    chosen = [table for table in schema.CATALOG_TABLES if not names or table.name in names]
    return "\n".join(_statements(dialect, table) for table in chosen)


def _statements(dialect: Dialect, table: schema.Table) -> str:
    compiler = _COMPILERS[dialect]()
    made = _metadata().tables[table.name]
    lines = [f"-- {table.name}: one row per {table.row}"]
    lines += [_tidy(str(CreateTable(made).compile(dialect=compiler)))]
    indexes = sorted(made.indexes, key=lambda index: str(index.name))
    lines += [_tidy(str(CreateIndex(index).compile(dialect=compiler))) for index in indexes]
    return "".join(f"{line}\n" for line in lines)


def _tidy(statement: str) -> str:
    return "\n".join(_lines(statement)) + ";"


def _lines(statement: str) -> Iterator[str]:
    for line in statement.strip().splitlines():
        yield line.rstrip().replace("\t", "    ")


@cache
def _metadata() -> MetaData:
    return metadata()
