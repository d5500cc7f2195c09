"""The migrated databases against the declaration of the tables, read without our own SQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Inspector, NullPool, create_engine, inspect

from evalhouse.catalog import Catalog
from evalhouse.schema import CATALOG_TABLES, Kind, Table

TYPES: dict[str, dict[Kind, str]] = {
    "sqlite": {
        "id": "CHAR(36)",
        "integer": "BIGINT",
        "float": "DOUBLE",
        "boolean": "BOOLEAN",
    },
    "postgresql": {
        "id": "UUID",
        "hash": 'TEXT COLLATE "C"',
        "text": 'TEXT COLLATE "C"',
        "json": 'TEXT COLLATE "C"',
        "integer": "BIGINT",
        "float": "DOUBLE PRECISION",
        "boolean": "BOOLEAN",
        "timestamp": "TIMESTAMP WITH TIME ZONE",
    },
}
each_table = pytest.mark.parametrize("table", CATALOG_TABLES, ids=lambda table: table.name)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def migrated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Inspector]:
    """Inspect a database that the migrations have made."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('migrated') / 'catalog.db'}"
        engine = create_engine(url)
    else:
        server = request.getfixturevalue("postgres_server")
        server.run("CREATE DATABASE migrated")
        url = server.url("migrated")
        engine = create_engine(
            "postgresql+psycopg://", creator=lambda: psycopg.connect(url), poolclass=NullPool
        )
    catalog = Catalog(url)
    catalog.migrate()
    catalog.close()
    yield inspect(engine)
    engine.dispose()


def _references(table: Table) -> set[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    singles = [
        (column.name, *column.references.split("."))
        for column in table.columns
        if column.references
    ]
    return {((name,), target, (there,)) for name, target, there in singles} | set(table.references)


def _words(sql: str) -> set[str]:
    return set(re.findall(r"'([^']+)'", sql))


def test_the_tables_are_those_declared(migrated: Inspector) -> None:
    names = {table.name for table in CATALOG_TABLES}
    assert set(migrated.get_table_names()) == names | {"alembic_version"}


@each_table
def test_columns_have_their_order_type_and_nullability(migrated: Inspector, table: Table) -> None:
    types = TYPES[migrated.dialect.name]
    found = [
        (column["name"], column["type"].compile(migrated.dialect), column["nullable"])
        for column in migrated.get_columns(table.name)
    ]
    assert found == [
        (column.name, types.get(column.kind, "TEXT"), not column.required)
        for column in table.columns
    ]


@each_table
def test_keys_and_uniques_are_those_declared(migrated: Inspector, table: Table) -> None:
    singles = {(column.name,) for column in table.columns if column.unique}
    found = {
        tuple(unique["column_names"]) for unique in migrated.get_unique_constraints(table.name)
    }
    assert tuple(migrated.get_pk_constraint(table.name)["constrained_columns"]) == table.keys
    assert found == singles | set(table.unique)


@each_table
def test_references_are_those_declared(migrated: Inspector, table: Table) -> None:
    found = {
        (tuple(key["constrained_columns"]), key["referred_table"], tuple(key["referred_columns"]))
        for key in migrated.get_foreign_keys(table.name)
    }
    assert found == _references(table)


@each_table
def test_rows_may_refer_to_later_rows_of_their_own_table(migrated: Inspector, table: Table) -> None:
    for key in migrated.get_foreign_keys(table.name):
        deferred = key["options"].get("initially") == "DEFERRED"
        assert deferred == (key["referred_table"] == table.name)


@each_table
def test_allowed_values_and_ranges_are_checked(migrated: Inspector, table: Table) -> None:
    checks = {
        check["name"]: check["sqltext"] for check in migrated.get_check_constraints(table.name)
    }
    declared = {f"ck_{table.name}_{c.name}": set(c.values) for c in table.columns if c.values}
    ranges = {f"ck_{table.name}_{c.name}": c for c in table.columns if c.minimum is not None}
    for name, column in ranges.items():
        ends = [end for end in (column.minimum, column.maximum) if end is not None]
        assert [int(end) for end in re.findall(r"[<>]= (?:\()?(-?\d+)", checks[name])] == ends
    declared |= {name: set() for name in ranges}
    if migrated.dialect.name == "sqlite":  # PostgreSQL has real booleans
        declared |= {
            f"ck_{table.name}_{c.name}": set() for c in table.columns if c.kind == "boolean"
        }
    assert {name: _words(sql) for name, sql in checks.items()} == declared


@each_table
def test_indexes_are_those_declared(migrated: Inspector, table: Table) -> None:
    found: list[Any] = [index for index in migrated.get_indexes(table.name) if not index["unique"]]
    assert sorted(tuple(index["column_names"]) for index in found) == sorted(table.indexes)


def test_a_catalog_created_at_once_is_the_one_that_migrations_make(tmp_path: Path) -> None:
    created, stepwise = (Catalog(f"sqlite:///{tmp_path / name}.db") for name in ("one", "two"))
    created.prepare()
    stepwise.migrate()
    assert _master(tmp_path / "one.db") == _master(tmp_path / "two.db")
    assert created.revision() == stepwise.revision()


def _master(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        modes = connection.execute("PRAGMA journal_mode").fetchall()
        return (
            modes
            + connection.execute(
                "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
            ).fetchall()
        )
