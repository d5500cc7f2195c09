"""A catalog in one SQLite file (WAL).

Every transaction has its own connection, opened and closed within a lock of this process. ADBC
brings a second SQLite library, and POSIX drops all locks that a process holds on a file when it
closes any descriptor of it: with both open at once, a writer could lose its lock unnoticed
(https://sqlite.org/howtocorrupt.html, section 2.2.1). Opening takes 0.2 ms.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

from evalhouse.catalog.database import Database, Session
from evalhouse.catalog.values import Dialect
from evalhouse.errors import (
    DamagedHouseError,
    EvalhouseError,
    HouseBusyError,
    HouseError,
    UsageError,
)

_PREFIX = "sqlite:///"
_LOCKS: dict[Path, threading.RLock] = {}  # one for each file that this process has used
_CACHE_KIB = 65_536  # taken as it is used; indexes of random ids outgrow the default of 2 MiB
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


class SqliteDatabase(Database):
    """A SQLite file; writers wait for each other up to `busy_seconds`."""

    dialect: ClassVar[Dialect] = "sqlite"
    # A table that others refer to is replaced by a copy: references are checked at the end.
    reshape_opening = ("PRAGMA foreign_keys = OFF", "BEGIN IMMEDIATE")

    def __init__(self, url: str, *, busy_seconds: float) -> None:
        path = Path(url.removeprefix(_PREFIX))
        if not path.is_absolute():
            raise UsageError(
                f"`{url}` is not the address of a file; expected {_PREFIX}/folder/file"
            )
        self.path = path
        self.place = str(path)
        self.busy_seconds = busy_seconds
        self._lock = _LOCKS.setdefault(path.resolve(), threading.RLock())

    def exists(self) -> bool:
        """Return whether the file is there."""
        return self.path.is_file()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a transaction that sees one state of the file."""
        with self._transaction("BEGIN", self._mode_of_reading()) as session:
            yield session

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[Session]:  # noqa: ARG002 - always alone
        """Open the one write transaction that SQLite allows, so that it is always alone."""
        with self._transaction("BEGIN IMMEDIATE") as session:
            yield session

    @contextmanager
    def reshape(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection; the file and its folder are made where they are missing."""
        with self._alone(), self._told():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect("rwc")) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                yield connection

    @contextmanager
    def arrow_uri(self) -> Iterator[str]:
        """Lend the address of the file; nothing else in this process has it open meanwhile."""
        self._require_file()
        with self._alone():
            yield f"{self.path.as_uri()}?mode={self._mode_of_reading()}"

    def explained(self, failure: BaseException) -> EvalhouseError:
        """Tell a locked file from a damaged one and from other trouble."""
        code = getattr(failure, "sqlite_errorcode", None)
        primary = None if code is None else code & 0xFF  # extended codes keep it in the low byte
        if primary in _BUSY:
            return HouseBusyError(self.place, self.busy_seconds)
        if primary in _DAMAGED:
            return DamagedHouseError(
                f"the catalog `{self.place}` is damaged ({failure}); restore it from a copy"
            )
        if primary == sqlite3.SQLITE_READONLY:
            return HouseError(f"the catalog `{self.place}` cannot be written; it is for reading")
        return HouseError(f"the catalog `{self.place}` refused: {failure}")

    def close(self) -> None:
        """Do nothing: no connection outlives its transaction."""

    @contextmanager
    def _transaction(self, begin: str, mode: str = "rw") -> Iterator[Session]:
        self._require_file()
        with (
            self._alone(),
            self._told(),
            closing(self._connect(mode)) as connection,
            closing(connection.cursor()) as cursor,  # open, it would keep the file locked
        ):
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            cursor.execute(begin)
            yield Session(cursor, self.dialect)
            cursor.execute("COMMIT")  # after an exception, closing rolls back

    def _mode_of_reading(self) -> str:
        """Return how to open the file: where it cannot be written, SQLite can lock nothing."""
        writable = os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK)
        if writable or Path(f"{self.path}-wal").exists():
            return "rw" if writable else "ro"
        return "ro&immutable=1"

    def _require_file(self) -> None:
        if not self.exists():
            raise HouseError(f"there is no catalog at `{self.place}`; `evalhouse init` makes one")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the other threads of this process out."""
        if not self._lock.acquire(timeout=self.busy_seconds):
            raise HouseBusyError(self.place, self.busy_seconds)
        try:
            yield
        finally:
            self._lock.release()

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.as_uri()}?mode={mode}",
            uri=True,
            timeout=self.busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OverflowError, OSError) as failure:
            raise self.explained(failure) from failure
