"""A new catalog in one step, without the migration tool: the same tables, marked as migrated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import (
    Column,
    Connection,
    NullPool,
    PrimaryKeyConstraint,
    String,
    Table,
    create_engine,
    inspect,
)
from sqlalchemy.exc import DBAPIError

from evalhouse.catalog.database import Database
from evalhouse.catalog.revisions import HEAD, VERSION_TABLE
from evalhouse.catalog.tables import metadata

_DRIVERS = {"sqlite": "sqlite://", "postgresql": "postgresql+psycopg://"}


@contextmanager
def reshaping(database: Database) -> Iterator[Connection]:
    """Open a transaction that may change the schema; it is the only one of its kind meanwhile."""
    with database.reshape() as raw:
        engine = create_engine(_DRIVERS[database.dialect], creator=lambda: raw, poolclass=NullPool)
        try:
            with engine.connect() as connection:
                for statement in database.reshape_opening:
                    connection.exec_driver_sql(statement)
                yield connection
                connection.commit()
        except DBAPIError as failure:
            raise database.explained(failure.orig or failure) from failure


def create(database: Database) -> None:
    """Create all tables at once, unless another process was quicker."""
    tables = metadata()
    versions = Table(
        VERSION_TABLE,
        tables,
        Column("version_num", String(32), nullable=False),
        PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
    )
    with reshaping(database) as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            tables.create_all(connection, checkfirst=False)
            connection.execute(versions.insert().values(version_num=HEAD))
