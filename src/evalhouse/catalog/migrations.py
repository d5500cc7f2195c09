"""Changes of the schema, with Alembic; it is loaded only where one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from evalhouse.catalog.creation import reshaping
from evalhouse.catalog.database import Database, Session
from evalhouse.catalog.seeding import seed
from evalhouse.errors import DamagedHouseError, UsageError

SCRIPTS = Path(__file__).parents[1] / "data" / "migrations"


def configuration(connection: Connection | None = None) -> Config:
    """Return what Alembic needs to find the scripts, and the connection that they use."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str) -> None:
    """Migrate up to `revision` in one transaction."""
    _run(database, revision, command.upgrade)


def downgrade(database: Database, revision: str) -> None:
    """Migrate down to `revision` (`base`: no tables at all) in one transaction."""
    _run(database, revision, command.downgrade)


def _run(database: Database, revision: str, step: Callable[[Config, str], None]) -> None:
    with reshaping(database) as connection:
        try:
            step(configuration(connection), revision)
        except CommandError as failure:
            raise UsageError(f"cannot migrate to revision `{revision}`: {failure}") from failure
        with closing(connection.connection.cursor()) as cursor:
            seed(Session(cursor, database.dialect))
        if database.dialect == "sqlite":
            _require_references(connection, database.place)


def _require_references(connection: Connection, place: str) -> None:
    """Check what SQLite does not while references are off."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise DamagedHouseError(
            f"the catalog `{place}` was not migrated: a row of `{broken[0]}` refers to a row of "
            f"`{broken[2]}` that is not there"
        )
