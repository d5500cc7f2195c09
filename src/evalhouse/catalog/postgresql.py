"""A catalog in a PostgreSQL database, through psycopg 3."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar
from urllib.parse import urlsplit

import psycopg
from psycopg.types.string import TextLoader

from evalhouse.catalog.database import Database, Session
from evalhouse.catalog.values import Dialect
from evalhouse.errors import EvalhouseError, HouseBusyError, HouseError

_DRIVER = re.compile(r"^postgres(ql)?(\+\w+)?://")
_LOCK = 0x6576616C  # "eval": the advisory lock of whoever commits or migrates


class PostgresDatabase(Database):
    """A PostgreSQL database; writers wait for each other up to `busy_seconds`."""

    dialect: ClassVar[Dialect] = "postgresql"
    reshape_opening = (f"SELECT pg_advisory_xact_lock({_LOCK})",)

    def __init__(self, url: str, *, busy_seconds: float) -> None:
        self._uri = _DRIVER.sub("postgresql://", url)
        parts = urlsplit(self._uri)
        server = parts.netloc.rpartition("@")[2]
        self.place = f"postgresql://{server}{parts.path}"
        self.busy_seconds = busy_seconds
        self._lock = threading.RLock()
        self._connection: psycopg.Connection | None = None

    def exists(self) -> bool:
        """Return true: whether the server answers shows at the first use."""
        return True

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a transaction that sees one state of the database."""
        with self._transaction() as session:
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield session

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[Session]:
        """Open a transaction; one that is `alone` waits for the lock of those that commit."""
        with self._transaction() as session:
            if alone:
                session.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield session

    @contextmanager
    def reshape(self) -> Iterator[psycopg.Connection]:
        """Lend a connection of its own."""
        with self._told(), self._connect() as connection:
            connection.autocommit = False
            yield connection

    @contextmanager
    def arrow_uri(self) -> Iterator[str]:
        """Lend the address of the database."""
        yield self._uri

    def explained(self, failure: BaseException) -> EvalhouseError:
        """Tell a lock that was not had in time from other trouble."""
        if isinstance(failure, psycopg.errors.LockNotAvailable):
            return HouseBusyError(self.place, self.busy_seconds)
        reason = str(failure).strip().replace("\n", "; ")
        return HouseError(f"the catalog `{self.place}` refused: {reason}")

    def close(self) -> None:
        """Close the connection; the next use opens one again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with self._lock, self._told():
            if self._connection is None or self._connection.closed:
                self._connection = self._connect()
            with self._connection.transaction(), self._connection.cursor() as cursor:
                yield Session(cursor, self.dialect)

    def _connect(self) -> psycopg.Connection:
        connection = psycopg.connect(self._uri, autocommit=True, application_name="evalhouse")
        connection.adapters.register_loader("uuid", TextLoader)
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        connection.execute("SET TIME ZONE 'UTC'")
        connection.execute(f"SET lock_timeout = {round(self.busy_seconds * 1000)}")
        return connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as failure:
            raise self.explained(failure) from failure
