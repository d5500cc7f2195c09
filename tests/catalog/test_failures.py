"""What a person reads when the database does not do what was asked."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from evalhouse.catalog import Catalog
from evalhouse.errors import DamagedHouseError, HouseBusyError, HouseError, UsageError


def test_a_file_that_is_no_database_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_text("not a database, but long enough to have a header of its own" * 10)
    with pytest.raises(DamagedHouseError, match="is damaged"):
        Catalog(f"sqlite:///{path}").prepare()


def test_reading_where_nothing_is_creates_nothing(tmp_path: Path) -> None:
    catalog = Catalog(f"sqlite:///{tmp_path / 'none' / 'catalog.db'}")
    assert catalog.revision() is None
    for read in (catalog.version, catalog.snapshot, lambda: catalog.arrow("runs")):
        with pytest.raises(HouseError, match="there is no catalog at"):
            read()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    catalog = Catalog(f"sqlite:///{tmp_path}/a b#c?d%20é=&/catalog.db")
    catalog.prepare()
    catalog.set_setting("name", "value")
    assert catalog.arrow("house_settings").num_rows == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a b#c?d%20é=&"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HouseError, match=r"catalog\.db"):
        Catalog(f"sqlite:///{tmp_path / 'file' / 'catalog.db'}").prepare()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://server/db", "cannot be a `mysql` database"),
        ("sqlite:///relative.db", "is not the address of a file"),
        ("catalog.db", "expected sqlite:"),
    ],
)
def test_an_address_of_no_use_is_refused(url: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Catalog(url)


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    catalog = Catalog(f"postgresql://me:hidden@/db?host={tmp_path}")
    with pytest.raises(HouseError, match="the catalog `postgresql:///db` refused") as caught:
        catalog.prepare()
    assert "hidden" not in str(caught.value)


def test_the_driver_in_an_address_is_not_needed(postgres_url: str) -> None:
    catalog = Catalog(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    assert catalog.revision() is None
    catalog.close()


def test_a_connection_that_was_cut_is_opened_again(postgres_url: str) -> None:
    catalog, other = Catalog(postgres_url), Catalog(postgres_url)
    catalog.prepare()
    with other._database.write() as session:
        session.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(HouseError, match="terminating connection"):
        catalog.version()
    assert catalog.version() == 0
    catalog.close()
    other.close()


def test_a_table_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    path.write_text("not a database, but long enough to have a header of its own" * 10)
    with pytest.raises(HouseError, match="`runs` cannot be read from"):
        Catalog(f"sqlite:///{path}").arrow("runs")


def test_a_migration_does_not_wait_for_ever(catalog: Catalog, url: str) -> None:
    impatient = Catalog(url, busy_seconds=0.2)
    with catalog._database.write(alone=True), pytest.raises(HouseBusyError):
        impatient.migrate()
    impatient.close()


def test_a_migration_leaves_no_reference_to_nothing(tmp_path: Path) -> None:
    catalog = Catalog(f"sqlite:///{tmp_path}/catalog.db")
    catalog.prepare()
    with closing(sqlite3.connect(tmp_path / "catalog.db", isolation_level=None)) as connection:
        connection.execute("INSERT INTO run_sources VALUES ('no run', 'no source')")
    with pytest.raises(DamagedHouseError, match="a row of `run_sources` refers to"):
        catalog.migrate()
