"""Which table refers to which, and by what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from evalhouse.schema.catalog import CATALOG_TABLES
from evalhouse.schema.columns import Column, Table


@dataclass(frozen=True)
class Reference:
    """A foreign key: columns of a table, and what they refer to."""

    table: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    required: bool  # every row refers to one


def references_of(table: Table) -> tuple[Reference, ...]:
    """Return the foreign keys of a table: those of single columns, then those of several."""
    singles = (
        ((column.name,), *_split(column.references))
        for column in table.columns
        if column.references
    )
    return tuple(
        Reference(
            table.name, names, target, there, all(table.by_name[name].required for name in names)
        )
        for names, target, there in (*singles, *table.references)
    )


@cache
def references_to(name: str) -> tuple[Reference, ...]:
    """Return the foreign keys of all tables of the catalog that lead to one."""
    return tuple(each for each in _all() if each.target == name)


def checks_of(table: Table) -> dict[str, str]:
    """Return what is checked of the values of a column, by its name, in words."""
    rules = {column.name: "; ".join(_rules(column)) for column in table.columns}
    return {name: rule for name, rule in rules.items() if rule}


def uniques_of(table: Table) -> tuple[tuple[str, ...], ...]:
    """Return the columns, alone or together, that no two rows share beside the key."""
    singles = ((column.name,) for column in table.columns if column.unique)
    return (*singles, *table.unique)


def described(table: Table) -> dict[str, Any]:
    """Return all that holds of a table, for other programs."""
    return {
        "name": table.name,
        "row": table.row,
        "key": table.keys,
        "columns": [_column(column) for column in table.columns],
        "unique": uniques_of(table),
        "indexes": table.indexes,
        "references": references_of(table),
    }


def neighbours(name: str) -> tuple[str, ...]:
    """Return the tables that one refers to or that refer to it, in the order of all tables."""
    near = {each.target for each in _all() if each.table == name}
    near |= {each.table for each in references_to(name)}
    return tuple(table.name for table in CATALOG_TABLES if table.name in near - {name})


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.kind,
        "unit": column.unit or None,
        "meaning": column.meaning,
        "required": column.required,
        "values": column.values or None,
        "minimum": column.minimum,
        "maximum": column.maximum,
    }


def _rules(column: Column) -> Iterator[str]:
    if column.values:
        yield f"one of {', '.join(column.values)}"
    if column.minimum is not None and column.maximum is not None:
        yield f"from {column.minimum:,} to {column.maximum:,}"
    elif column.minimum is not None:
        yield f"at least {column.minimum:,}"


def _all() -> Iterable[Reference]:
    return (each for table in CATALOG_TABLES for each in references_of(table))


def _split(reference: str) -> tuple[str, tuple[str, ...]]:
    table, _, column = reference.partition(".")
    return table, (column,)
