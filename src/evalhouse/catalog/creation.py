"""A new catalog in one step, without the migration tool: the same tables, marked as migrated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    NullPool,
    PrimaryKeyConstraint,
    String,
    Table,
    create_engine,
    inspect,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from evalhouse.catalog.copying import Contents, load
from evalhouse.catalog.database import Database, Session
from evalhouse.catalog.revisions import HEAD, VERSION_TABLE
from evalhouse.catalog.tables import metadata
from evalhouse.errors import DamagedHouseError, HouseError

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
    with reshaping(database) as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            _create_tables(connection)


def create_filled(database: Database, contents: Contents) -> dict[str, int]:
    """Create all tables with the rows of another catalog, in one transaction.

    Returns how many rows each has. Raises HouseError where the database is not empty.
    """
    with reshaping(database) as connection:
        there = set(inspect(connection).get_table_names())
        if there - {VERSION_TABLE}:
            raise HouseError(
                f"`{database.place}` holds other tables (`{min(there)}`); a catalog needs an empty "
                f"database"
            )
        if there:  # left by a catalog that was migrated down to nothing
            connection.exec_driver_sql(f"DROP TABLE {VERSION_TABLE}")
        tables = _tables()
        _create_bare(connection, tables)
        with closing(connection.connection.cursor()) as cursor:
            rows = load(Session(cursor, database.dialect), contents)
        _complete(connection, tables)
        if database.dialect == "sqlite":
            require_references(connection, database.place)
    return rows


def require_references(connection: Connection, place: str) -> None:
    """Check what SQLite does not while references are off."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise DamagedHouseError(
            f"the catalog `{place}` was left as it was: a row of `{broken[0]}` refers to a row of "
            f"`{broken[2]}` that is not there"
        )


def _create_tables(connection: Connection) -> None:
    tables = _tables()
    tables.create_all(connection, checkfirst=False)
    _mark(connection, tables)


def _create_bare(connection: Connection, tables: MetaData) -> None:
    """Create tables without what is faster to make once there are rows."""
    later = connection.dialect.name == "postgresql"  # SQLite cannot add references
    for table in tables.sorted_tables:
        connection.execute(
            CreateTable(table, include_foreign_key_constraints=[] if later else None)
        )
    _mark(connection, tables)


def _complete(connection: Connection, tables: MetaData) -> None:
    for table in tables.sorted_tables:
        for index in table.indexes:
            connection.execute(CreateIndex(index))
    if connection.dialect.name == "postgresql":
        for table in tables.sorted_tables:
            for reference in table.foreign_key_constraints:
                connection.execute(AddConstraint(reference))


def _tables() -> MetaData:
    tables = metadata()
    Table(
        VERSION_TABLE,
        tables,
        Column("version_num", String(32), nullable=False),
        PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
    )
    return tables


def _mark(connection: Connection, tables: MetaData) -> None:
    connection.execute(tables.tables[VERSION_TABLE].insert().values(version_num=HEAD))
