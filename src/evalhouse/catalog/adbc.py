"""Whole tables of the catalog as Arrow, through ADBC: no Python object per row.

The driver's own interface is used, not its DB-API, which would load pandas and open transactions:
autocommit stays on, so that a reader never holds up a migration.
"""

from __future__ import annotations

from contextlib import closing
from functools import cache

import adbc_driver_manager
import adbc_driver_postgresql
import adbc_driver_sqlite
import pyarrow as pa
from adbc_driver_manager import AdbcConnection, AdbcDatabase, AdbcStatement

from evalhouse import schema
from evalhouse.catalog.database import Database
from evalhouse.errors import HouseError
from evalhouse.schema.arrow import arrow_schema

_SEEDS: dict[schema.Kind, str] = {"integer": "0", "boolean": "0", "float": "0.0"}
_TEXT_SEED = "''"
_ROWS_OPTION = "adbc.sqlite.query.batch_rows"
_BATCH_ROWS = "65536"
_BUSY_MS = 60_000


def read_table(database: Database, table: str) -> pa.Table:
    """Read all rows of a table, in the types of its Arrow schema."""
    expected = arrow_schema(table)
    read = _read_sqlite if database.dialect == "sqlite" else _read_postgresql
    try:
        with database.arrow_uri() as uri:
            found = read(uri, schema.TABLES[table])
    except (adbc_driver_manager.Error, OSError, pa.ArrowException) as failure:
        reason = f"`{table}` cannot be read from `{database.place}`: {failure}"
        raise HouseError(reason) from failure
    columns = [found[field.name].cast(field.type) for field in expected]
    return pa.table(columns, schema=expected)


def _read_sqlite(uri: str, table: schema.Table) -> pa.Table:
    # The driver infers a type from the first rows: a row of ours states it, and is left out.
    names = ", ".join(column.name for column in table.columns)
    seeds = ", ".join(
        f"{_SEEDS.get(column.kind, _TEXT_SEED)} AS {column.name}" for column in table.columns
    )
    query = f"SELECT {seeds} UNION ALL SELECT {names} FROM {table.name}"  # noqa: S608 - names of our own
    with (
        closing(adbc_driver_sqlite.connect(uri)) as driver,
        closing(AdbcConnection(driver)) as connection,
    ):
        _run(connection, f"PRAGMA busy_timeout = {_BUSY_MS}")
        return _run(connection, query, **{_ROWS_OPTION: _BATCH_ROWS}).slice(1)


def _read_postgresql(uri: str, table: schema.Table) -> pa.Table:
    names = ", ".join(
        f"CAST({column.name} AS TEXT) AS {column.name}" if column.kind == "id" else column.name
        for column in table.columns
    )
    query = f"SELECT {names} FROM {table.name}"  # noqa: S608 - names of our own
    with closing(AdbcConnection(_postgresql(uri))) as connection:
        return _run(connection, query)


@cache
def _postgresql(uri: str) -> AdbcDatabase:
    """Read the types of a server, which takes ten times as long as a connection, once."""
    driver: AdbcDatabase = adbc_driver_postgresql.connect(uri)
    return driver


def _run(connection: AdbcConnection, sql: str, **options: str) -> pa.Table:
    with AdbcStatement(connection) as statement:
        statement.set_options(**options)
        statement.set_sql_query(sql)
        stream, _ = statement.execute_query()
        return pa.RecordBatchReader.from_stream(stream).read_all()
