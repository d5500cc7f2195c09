"""All rows of a catalog at one moment, and a new catalog of them in one transaction."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evalhouse.catalog.database import Session
from evalhouse.catalog.values import stored_time
from evalhouse.errors import HouseError
from evalhouse.schema import CATALOG_TABLES, Table

_CACHE = "PRAGMA cache_size = -65536"  # KiB, taken as it is used


@dataclass(frozen=True)
class Contents:
    """A catalog as one transaction sees it; it lasts as long as that."""

    place: str
    session: Session

    def counts(self) -> dict[str, int]:
        """Return the number of rows of every table."""
        return counts(self.session)

    def rows(self, table: Table) -> Generator[tuple[Any, ...], None, None]:
        """Yield all rows of a table, without holding them."""
        names = ", ".join(column.name for column in table.columns)
        return self.session.stream(f"SELECT {names} FROM {table.name}")  # noqa: S608 - our own names


def counts(session: Session) -> dict[str, int]:
    """Return the number of rows of every table."""
    return {
        table.name: int(session.value(f"SELECT count(*) FROM {table.name}"))  # noqa: S608 - as above
        for table in CATALOG_TABLES
    }


def load(session: Session, contents: Contents) -> dict[str, int]:
    """Write all rows into empty tables, and compare their number with the source's.

    Raises:
        HouseError: a table has not as many rows as it had there.
    """
    if session.dialect == "sqlite":
        session.execute(_CACHE)
    for table in CATALOG_TABLES:
        rows = contents.rows(table)
        with closing(rows):
            if session.dialect == "postgresql":
                _copy_in(session, table, rows)
            else:
                _insert(session, table, rows)
    wanted, found = contents.counts(), counts(session)
    _require_equal(wanted, found)
    return found


def _copy_in(session: Session, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    names = ", ".join(column.name for column in table.columns)
    with session.cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as sink:
        for row in rows:
            sink.write_row(row)


def _insert(session: Session, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    names = ", ".join(column.name for column in table.columns)
    marks = ", ".join("?" * len(table.columns))
    sql = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 - our own names
    times = [place for place, column in enumerate(table.columns) if column.kind == "timestamp"]
    session.many(sql, (_plain(row, times) for row in rows) if times else rows)


def _plain(row: tuple[Any, ...], times: Iterable[int]) -> tuple[Any, ...]:
    """Return a row with times as text, as SQLite holds them."""
    values = list(row)
    for place in times:
        if isinstance(values[place], datetime):
            values[place] = stored_time(values[place], "sqlite")
    return tuple(values)


def _require_equal(wanted: Mapping[str, int], found: Mapping[str, int]) -> None:
    for table, rows in wanted.items():
        if found[table] != rows:
            raise HouseError(
                f"the copy of `{table}` has {found[table]:,} rows, and {rows:,} were expected; "
                f"nothing was kept of it, so copy again"
            )
