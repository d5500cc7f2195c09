"""A new SQLite catalog from statements that ship with the package: no need to load SQLAlchemy."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib import resources

from evalhouse.catalog.database import Session
from evalhouse.catalog.revisions import HEAD, VERSION_TABLE
from evalhouse.catalog.seeding import seed
from evalhouse.catalog.sqlite import SqliteDatabase

FILE = resources.files("evalhouse") / "data" / "catalog_sqlite.sql"
END = ";\n\n"


def create(database: SqliteDatabase) -> None:
    """Create all tables at once, unless another process was quicker."""
    statements = FILE.read_text("utf-8").split(END)
    with database.reshape() as connection:
        try:
            for statement in database.reshape_opening:
                connection.execute(statement)
            known = "SELECT count(*) FROM sqlite_master WHERE name = ?"
            if not connection.execute(known, (VERSION_TABLE,)).fetchone()[0]:
                for statement in filter(str.strip, statements):
                    connection.execute(statement)
                connection.execute(f"INSERT INTO {VERSION_TABLE} VALUES (?)", (HEAD,))  # noqa: S608 - our own name
                with closing(connection.cursor()) as cursor:
                    seed(Session(cursor, database.dialect))
            connection.commit()
        except sqlite3.Error as failure:
            raise database.explained(failure) from failure
