"""Catalogs with rows in every table go to older revisions and back; what is lost is said before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.catalog import HEAD, Catalog
from evalhouse.catalog.creation import create
from evalhouse.catalog.migrations import shape
from evalhouse.catalog.plans import BASE, Loss
from evalhouse.catalog.revisions import REVISIONS
from evalhouse.errors import HouseError, UnknownNameError, UsageError
from evalhouse.lookups import seeds
from evalhouse.records import Cell, Entity, Measurement, TaskCategory
from evalhouse.schema import CATALOG_TABLES
from tests.catalog.samples import commit, everything, rows, unit
from tests.conftest import PostgresServer

ADDED = {
    "models": {
        "architecture_id",
        "file_format_id",
        "quantization_id",
        "context_length_min",
        "context_length_max",
        "weights_bytes",
        "stated",
    },
    "tasks": {"category_id"},
    "environments": {"gpus"},
}
"""The columns that tables of the first revision have got since."""


@pytest.fixture
def filled(catalog: Catalog) -> Catalog:
    """Give a catalog with rows in every table."""
    commit(catalog, _kept(), [unit("one", "aa"), unit("two")])
    commit(catalog, [], [unit("one", "bb")])
    assert all(catalog.counts().values())
    return catalog


def _kept() -> list[Entity]:
    """Return a row of each table, of which none is of a unit that somebody else must bring."""
    return [
        msgspec.structs.replace(row, unit_id=None) if isinstance(row, Cell | Measurement) else row
        for row in everything()
    ]


def held(catalog: Catalog) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of the tables that are there, without the counter of changes."""
    with catalog._database.read() as session:
        found = {
            table: [
                dict(zip(columns, map(str, row), strict=True))
                for row in session.rows(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2")
            ]
            for table, columns in shape(catalog.revision() or BASE).items()
        }
    for setting in found.get("house_settings", []):
        setting["value"] = "" if setting["name"] == "catalog_version" else setting["value"]
    return found


def without(table: str, row: Mapping[str, Any], *, emptied: bool) -> dict[str, Any]:
    """Return a row without the columns added since, or with nothing in them."""
    gone = ADDED.get(table, set())
    kept = {name: value for name, value in row.items() if name not in gone}
    return kept | (dict.fromkeys(gone, "None") if emptied else {})


@pytest.mark.parametrize("revision", ["0002", "0001"])
def test_rows_of_older_tables_live_through_the_way_down_and_up(
    filled: Catalog, revision: str
) -> None:
    before = held(filled)
    filled.move(revision, lose_rows=True)
    below = held(filled)
    assert set(below) == set(shape(revision))
    for table, found in below.items():
        first = revision == "0001"
        assert found == [
            without(table, row, emptied=False) if first else row for row in before[table]
        ]
    filled.migrate()
    after = held(filled)
    assert list(after) == list(before)
    for table, found in after.items():
        if table in below:
            first = revision == "0001"
            expected = [
                without(table, row, emptied=True) if first else row for row in before[table]
            ]
            assert found == expected
        else:
            assert len(found) == sum(row.table == table for row in seeds())
    commit(filled, _kept(), [unit("three")])  # and everything can be written again


def test_what_was_dropped_to_the_ground_comes_back_empty(filled: Catalog) -> None:
    filled.move(BASE, lose_rows=True)
    assert filled.revision() is None
    filled.prepare()
    full = {table for table, count in filled.counts().items() if count}
    assert full <= {row.table for row in seeds()} | {"house_settings"}


def _sqlite_shape(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
        ).fetchall()


@settings(max_examples=12)
@given(st.lists(st.sampled_from((BASE, *REVISIONS)), min_size=1, max_size=5))
def test_every_way_to_the_newest_revision_ends_in_the_tables_made_at_once(way: list[str]) -> None:
    with TemporaryDirectory() as folder:
        walked, made = (Path(folder) / name for name in ("walked.db", "made.db"))
        catalog = Catalog(f"sqlite:///{walked}")
        for revision in (*way, HEAD):
            if catalog.revision() is not None:
                catalog.move(revision, lose_rows=True)
            elif revision != BASE:
                catalog.migrate(revision)
        Catalog(f"sqlite:///{made}").prepare()
        assert _sqlite_shape(walked) == _sqlite_shape(made)


_POSTGRES_SHAPE = """
    SELECT table_name, column_name, is_nullable, data_type || coalesce(collation_name, '')
    FROM information_schema.columns WHERE table_schema = current_schema()
    UNION ALL
    SELECT conrelid::regclass::text, conname, '', pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
    UNION ALL
    SELECT tablename, indexname, '', indexdef FROM pg_indexes WHERE schemaname = current_schema()
"""


@pytest.fixture
def databases(postgres_server: PostgresServer) -> Iterator[list[Catalog]]:
    """Give two empty databases of one server."""
    names = [f"shape_{next(postgres_server.numbers)}" for _ in range(2)]
    for name in names:
        postgres_server.run(f"CREATE DATABASE {name}")
    catalogs = [Catalog(postgres_server.url(name)) for name in names]
    yield catalogs
    for catalog, name in zip(catalogs, names, strict=True):
        catalog.close()
        postgres_server.run(f"DROP DATABASE {name} WITH (FORCE)")


def test_postgresql_tables_made_at_once_are_those_that_migrations_make(
    databases: list[Catalog],
) -> None:
    made, walked = databases
    create(made._database)
    for revision in (HEAD, "0001", HEAD):
        step = walked.migrate if walked.revision() is None else walked.move
        step(revision)
    ours, theirs = map(_postgresql_shape, databases)
    assert ours == theirs


def test_a_catalog_made_of_the_rows_of_another_has_the_same_tables(
    databases: list[Catalog], tmp_path: Path
) -> None:
    made, loaded = databases
    made.prepare()
    commit(made, _kept())
    files = [Catalog(f"sqlite:///{tmp_path / name}.db") for name in ("made", "loaded")]
    files[0].prepare()
    with made.contents() as contents:
        for catalog in (loaded, files[1]):
            assert catalog.load(contents)["models"] == len(rows(made, "models"))
    assert _postgresql_shape(loaded) == _postgresql_shape(made)
    assert _sqlite_shape(tmp_path / "loaded.db") == _sqlite_shape(tmp_path / "made.db")


def _postgresql_shape(catalog: Catalog) -> list[tuple[str, ...]]:
    with catalog._database.read() as session:
        return sorted(session.rows(_POSTGRES_SHAPE))


def test_what_a_way_down_loses_is_counted_by_table_and_column(filled: Catalog) -> None:
    plan = filled.plan("0001")
    lost = {(loss.table, loss.column): loss.rows for loss in plan.losses}
    counts = filled.counts()
    assert plan.direction == "down"
    assert [step.revision for step in plan.steps] == ["0003", "0002"]
    assert plan.steps[0].what.startswith("Machines and what was measured on them")
    assert set(plan.dropped_tables) == set(shape(HEAD)) - set(shape("0001"))
    assert lost["gpu_hardware", None] == 1
    assert lost["run_hardware_metrics", None] == counts["run_hardware_metrics"]
    assert lost["models", "stated"] >= 1
    assert {name for name in plan.dropped_columns if name.startswith("tasks.")} == {
        "tasks.category_id"
    }
    assert (plan.new_tables, plan.new_columns) == ((), ())
    assert filled.revision() == HEAD  # a plan does nothing


def test_rows_that_every_catalog_begins_with_are_no_loss(catalog: Catalog) -> None:
    assert catalog.plan("0001").losses == ()
    own = TaskCategory(category_id="00000000-0000-0000-0000-00000000000a", name="own")
    commit(catalog, [own])
    assert catalog.plan("0001").losses == (Loss("task_categories", None, 1),)


def test_rows_are_lost_only_where_that_is_accepted(filled: Catalog) -> None:
    before = held(filled)
    with pytest.raises(UsageError, match="would lose rows: 1 of `compute_formats`"):
        filled.move("0001")
    assert (filled.revision(), held(filled)) == (HEAD, before)
    assert filled.move("0001", lose_rows=True).wanted == "0001"
    assert filled.revision() == "0001"


def test_a_way_up_tells_what_comes(catalog: Catalog) -> None:
    catalog.move("0001", lose_rows=True)
    plan = catalog.move("head")
    assert (plan.found, plan.wanted, plan.direction) == ("0001", HEAD, "up")
    assert [step.revision for step in plan.steps] == ["0002", "0003"]
    assert "system_hardware" in plan.new_tables
    assert "models.architecture_id" in plan.new_columns
    assert (plan.dropped_tables, plan.dropped_columns, plan.losses) == ((), (), ())


def test_a_migration_to_where_it_is_writes_missing_lookups(catalog: Catalog) -> None:
    with catalog._database.write() as session:
        session.execute("DELETE FROM task_categories WHERE name = 'reasoning'")
        session.execute("UPDATE task_categories SET description = NULL")
    version = catalog.version()
    plan = catalog.move("head")
    assert (plan.direction, plan.steps) == ("none", ())
    assert catalog.version() > version  # so that caches read again
    found = {row["name"]: row["description"] for row in rows(catalog, "task_categories")}
    assert found["reasoning"]
    assert all(found.values())


def test_revisions_that_are_none_and_catalogs_that_are_not_there_are_refused(
    catalog: Catalog, tmp_path: Path
) -> None:
    with pytest.raises(UnknownNameError, match="no revision of the catalog is called `7`"):
        catalog.plan("7")
    with pytest.raises(HouseError, match="`evalhouse init` makes one"):
        Catalog(f"sqlite:///{tmp_path / 'none.db'}").move("head")


def test_the_shape_of_the_newest_revision_is_the_declared_one() -> None:
    assert shape(BASE) == {}
    assert {name: list(columns) for name, columns in shape(HEAD).items()} == {
        table.name: list(table.by_name) for table in CATALOG_TABLES
    }
