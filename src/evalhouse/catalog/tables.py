"""The tables of the catalog for SQLAlchemy, derived from `schema/catalog.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    CHAR,
    TIMESTAMP,
    UUID,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeEngine

from evalhouse import schema

# Byte order everywhere: PostgreSQL would sort and compare by the server's language.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
_TYPES: dict[schema.Kind, TypeEngine[Any]] = {
    "id": CHAR(36).with_variant(UUID(as_uuid=False), "postgresql"),
    "hash": _TEXT,
    "text": _TEXT,
    "json": _TEXT,
    "integer": BigInteger(),
    "float": Double(),
    "boolean": Boolean(),
    "timestamp": Text().with_variant(TIMESTAMP(timezone=True), "postgresql"),
}


def metadata() -> MetaData:
    """Return the tables as this program expects them, whichever the database."""
    tables = MetaData()
    for declared in schema.CATALOG_TABLES:
        Table(declared.name, tables, *_items(declared))
    return tables


def _items(table: schema.Table) -> Iterator[SchemaItem]:
    for column in table.columns:
        yield Column(column.name, _TYPES[column.kind], nullable=not column.required)
    yield PrimaryKeyConstraint(*table.keys, name=f"pk_{table.name}")
    singles = [(column.name,) for column in table.columns if column.unique]
    for names in (*singles, *table.unique):
        yield UniqueConstraint(*names, name=_name("uq", table, names))
    yield from _references(table)
    yield from _checks(table)
    for names in table.indexes:
        yield Index(_name("ix", table, names), *names)


def _references(table: schema.Table) -> Iterator[ForeignKeyConstraint]:
    singles = [
        ((column.name,), *_target(column.references))
        for column in table.columns
        if column.references
    ]
    for names, target, there in (*singles, *table.references):
        # Rows that refer to their own table may come in any order within a transaction.
        own = target == table.name
        yield ForeignKeyConstraint(
            names,
            [f"{target}.{name}" for name in there],
            name=_name("fk", table, names),
            deferrable=True if own else None,
            initially="DEFERRED" if own else None,
        )


def _target(reference: str) -> tuple[str, tuple[str, ...]]:
    table, _, column = reference.partition(".")
    return table, (column,)


def _checks(table: schema.Table) -> Iterator[CheckConstraint]:
    for column in table.columns:
        if column.values:
            allowed = ", ".join(f"'{value}'" for value in column.values)
            rule = f"{column.name} IN ({allowed})"
            yield CheckConstraint(rule, name=_name("ck", table, (column.name,)))
        if column.minimum is not None:
            yield CheckConstraint(_range(column), name=_name("ck", table, (column.name,)))
        if column.kind == "boolean":
            rule = f"{column.name} IN (0, 1)"
            name = _name("ck", table, (column.name,))
            yield CheckConstraint(rule, name=name).ddl_if(dialect="sqlite")


def _range(column: schema.Column) -> str:
    """Return what holds of a number."""
    least = f"{column.name} >= {column.minimum}"
    return least if column.maximum is None else f"{least} AND {column.name} <= {column.maximum}"


def _name(kind: str, table: schema.Table, columns: tuple[str, ...]) -> str:
    return "_".join((kind, table.name, *columns))
