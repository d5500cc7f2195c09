from __future__ import annotations

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from evalhouse.catalog import HEAD, Catalog, revisions
from evalhouse.catalog import catalog as catalog_module
from evalhouse.catalog.creation import reshaping
from evalhouse.catalog.migrations import configuration
from evalhouse.catalog.tables import metadata
from evalhouse.errors import HouseError, OutdatedHouseError, UsageError
from tests.catalog.samples import commit, creators, everything, rows

_ONE = "00000000-0000-0000-0000-000000000001"


def _stamp(catalog: Catalog, revision: str) -> None:
    with catalog._database.write() as session:
        session.execute("UPDATE alembic_version SET version_num = ?", revision)


def test_the_known_revisions_are_those_of_the_scripts() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(
        revisions.REVISIONS
    )
    assert scripts.get_current_head() == HEAD


def test_the_migration_tool_finds_nothing_left_to_change(catalog: Catalog) -> None:
    with reshaping(catalog._database) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata()) == []


def test_a_catalog_with_rows_goes_down_and_up_again(catalog: Catalog) -> None:
    commit(catalog, everything())
    catalog.move("base", lose_rows=True)
    assert catalog.revision() is None
    catalog.prepare()
    assert catalog.revision() == HEAD
    assert creators(catalog) == []
    commit(catalog, everything())
    assert len(creators(catalog)) == 1


def test_rows_of_the_first_tables_outlive_every_later_revision(catalog: Catalog) -> None:
    catalog.move("0001", lose_rows=True)
    with catalog._database.write() as session:
        session.execute("INSERT INTO creators VALUES (?, 'them', NULL, NULL, NULL, ?)", _ONE, True)
        session.execute(
            "INSERT INTO models (model_id, provider, model_name, creator_id, base_model_id, "
            "provisional) VALUES (?, 'local', 'm', ?, ?, ?)",
            *(_ONE, _ONE, _ONE, False),
        )
    for revision in (HEAD, "0001", HEAD):
        catalog.move(revision, lose_rows=True)
        with catalog._database.read() as session:
            (row,) = session.rows("SELECT model_id, creator_id, base_model_id FROM models")
        assert [str(value) for value in row] == [_ONE, _ONE, _ONE]
    assert {row["name"] for row in rows(catalog, "source_types")} >= {"huggingface", "api"}


def test_preparing_twice_keeps_the_rows(catalog: Catalog) -> None:
    commit(catalog, everything())
    catalog.prepare()
    assert len(creators(catalog)) == 1


def test_a_newer_catalog_is_refused(catalog: Catalog) -> None:
    catalog.open_batch("00000000-0000-0000-0000-000000000001")
    _stamp(catalog, "9999")
    for step in (
        catalog.prepare,
        catalog.migrate,
        lambda: catalog.move("base", lose_rows=True),
        lambda: catalog.open_batch("00000000-0000-0000-0000-000000000002"),
        lambda: catalog.commit_batch("00000000-0000-0000-0000-000000000001", entities=[], units=[]),
    ):
        with pytest.raises(OutdatedHouseError, match="install a newer evalhouse"):
            step()


def test_an_older_postgresql_catalog_waits_for_its_owner(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = Catalog(postgres_url)
    catalog.prepare()
    _stamp(catalog, "0000")
    for module in (catalog_module, revisions):
        monkeypatch.setattr(module, "REVISIONS", ("0000", HEAD))
    with pytest.raises(OutdatedHouseError, match="evalhouse migrate"):
        catalog.prepare()
    catalog.close()


def test_an_unknown_revision_is_refused_in_a_sentence(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="cannot migrate to revision `7777`"):
        catalog.migrate("7777")


def test_a_database_with_tables_of_others_is_refused(catalog: Catalog) -> None:
    catalog.move("base", lose_rows=True)
    with catalog._database.write() as session:
        session.execute("CREATE TABLE theirs (number INTEGER)")
    with pytest.raises(HouseError, match="holds other tables"):
        catalog.prepare()


def test_opening_a_ready_catalog_loads_neither_alembic_nor_sqlalchemy(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/catalog.db"
    Catalog(url).prepare()
    program = (
        "import sys; from evalhouse.catalog import Catalog; "
        f"Catalog({url!r}).prepare(); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert not {"alembic", "sqlalchemy", "pyarrow", "psycopg"} & set(done.stdout.split())
