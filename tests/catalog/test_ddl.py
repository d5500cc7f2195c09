"""The statements that are printed, run on real databases."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg
import pytest

from evalhouse.catalog import Catalog
from evalhouse.catalog.ddl import definition
from evalhouse.schema import CATALOG_TABLES

_SHAPES = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = current_schema()::regnamespace
    UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes
    WHERE schemaname = current_schema()
    UNION ALL SELECT table_name, column_name, data_type || coalesce(collation_name, '')
    FROM information_schema.columns WHERE table_schema = current_schema()
"""


def test_the_statements_for_sqlite_make_the_tables_of_a_catalog(tmp_path: object) -> None:
    Catalog(f"sqlite:///{tmp_path}/catalog.db").prepare()
    question = (
        "SELECT type, name FROM sqlite_master WHERE tbl_name NOT LIKE 'alembic%' ORDER BY 1, 2"
    )
    with (
        closing(sqlite3.connect(":memory:")) as printed,
        closing(sqlite3.connect(f"{tmp_path}/catalog.db")) as made,
    ):
        printed.executescript(definition("sqlite"))
        assert printed.execute(question).fetchall() == made.execute(question).fetchall()
        for table in CATALOG_TABLES:
            for pragma in ("table_info", "foreign_key_list"):
                asked = f"PRAGMA {pragma}({table.name})"
                assert printed.execute(asked).fetchall() == made.execute(asked).fetchall()


def test_the_statements_for_postgresql_make_the_tables_of_a_catalog(postgres_url: str) -> None:
    catalog = Catalog(postgres_url)
    catalog.prepare()
    catalog.close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP TABLE alembic_version")
        made = sorted(connection.execute(_SHAPES).fetchall())
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
        connection.execute(definition("postgresql").encode())
        assert sorted(connection.execute(_SHAPES).fetchall()) == made


def test_one_table_is_made_by_its_own_statements() -> None:
    text = definition("postgresql", "run_sources")
    assert text.startswith("-- run_sources: one row per source that a run was read from\nCREATE")
    assert text.count("CREATE TABLE") == 1
    assert "run_id UUID NOT NULL" in text
    assert "run_id CHAR(36) NOT NULL" in definition("sqlite", "run_sources")


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_only_sqlite_must_be_told_what_a_boolean_is(dialect: str) -> None:
    text = definition("sqlite" if dialect == "sqlite" else "postgresql", "creators")
    assert ("provisional IN (0, 1)" in text) == (dialect == "sqlite")
