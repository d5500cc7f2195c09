"""A database as the catalog uses it: short transactions of plain SQL, with `?` for parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from evalhouse.catalog.values import Dialect, stored_time
from evalhouse.errors import EvalhouseError

_FETCHED = 5_000  # rows that a stream holds
_TABLE_NAMES: dict[Dialect, str] = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
}


@dataclass(frozen=True)
class Session:
    """One open transaction."""

    cursor: Any  # of sqlite3 or psycopg, which agree on all that is used here
    dialect: Dialect

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        self.cursor.execute(self._spelt(sql), parameters)
        return list(self.cursor.fetchall())

    def stream(self, sql: str) -> Generator[tuple[Any, ...], None, None]:
        """Yield the rows of a query, some at a time; other queries may run meanwhile."""
        named = {"name": "stream"} if self.dialect == "postgresql" else {}  # kept by the server
        with closing(self.cursor.connection.cursor(**named)) as cursor:
            cursor.execute(sql)
            while rows := cursor.fetchmany(_FETCHED):
                yield from rows

    def value(self, sql: str, *parameters: object) -> Any:
        """Return the first value of a query, or `None` where there is no row."""
        found = self.rows(sql, *parameters)
        return found[0][0] if found else None

    def execute(self, sql: str, *parameters: object) -> int:
        """Run a statement and return how many rows it changed."""
        self.cursor.execute(self._spelt(sql), parameters)
        return int(self.cursor.rowcount)

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once per row of parameters, in order."""
        self.cursor.executemany(self._spelt(sql), rows)

    def tables(self) -> frozenset[str]:
        """Return the names of all tables in the database, ours or not."""
        return frozenset(name for (name,) in self.rows(_TABLE_NAMES[self.dialect]))

    def time(self, moment: datetime) -> datetime | str:
        """Return an aware time as this database takes it."""
        return stored_time(moment, self.dialect)

    def _spelt(self, sql: str) -> str:
        return sql if self.dialect == "sqlite" else sql.replace("?", "%s")


class Database(ABC):
    """Where a catalog lies. Failures of its driver leave as `EvalhouseError`."""

    dialect: ClassVar[Dialect]
    reshape_opening: ClassVar[tuple[str, ...]]  # run first where the schema is changed
    place: str  # as shown to people, without a password

    @abstractmethod
    def exists(self) -> bool:
        """Return whether there is something to connect to."""

    @abstractmethod
    def read(self) -> AbstractContextManager[Session]:
        """Open a transaction that sees one state of the database."""

    @abstractmethod
    def write(self, *, alone: bool = False) -> AbstractContextManager[Session]:
        """Open a transaction that commits at the end; `alone`: no other such one runs meanwhile."""

    @abstractmethod
    def reshape(self) -> AbstractContextManager[Any]:
        """Lend a connection of the driver for SQLAlchemy, to create or change the schema."""

    @abstractmethod
    def arrow_uri(self) -> AbstractContextManager[str]:
        """Lend the address for an ADBC driver."""

    @abstractmethod
    def explained(self, failure: BaseException) -> EvalhouseError:
        """Return what to tell a person about a failure of the driver."""

    @abstractmethod
    def close(self) -> None:
        """Close what is open; the next use opens it again."""
