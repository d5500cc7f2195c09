"""Many rows at once: COPY into PostgreSQL, `executemany` into SQLite, with the same outcome.

A statement for each row costs a server about ten times what COPY costs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from evalhouse.catalog.database import Session

FEW = 500
"""Rows up to which a statement for each is as quick."""

INCOMING = "incoming_rows"
"""The temporary table of PostgreSQL that rows wait in."""

_AT_ONCE = 100_000  # rows that wait in it
_SPELT = 5_000  # rows made text at once
_SPECIAL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"

Row = Sequence[Any]


def insert(session: Session, table: str, names: Sequence[str], rows: Iterable[Row]) -> None:
    """Write rows, none of which is there."""
    if session.dialect == "postgresql":
        copy(session, table, names, rows)
    else:
        marks = ", ".join("?" * len(names))
        session.many(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)  # noqa: S608 - names of our own


def copy(session: Session, table: str, names: Sequence[str], rows: Iterable[Row]) -> None:
    """Write rows into a table of PostgreSQL by COPY."""
    with session.cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as sink:
        for chunk in _chunks(rows, _SPELT):
            sink.write(_spelt(chunk))


def merge(
    session: Session,
    table: str,
    names: Sequence[str],
    keys: Sequence[str],
    rows: Iterable[Row],
    write: Callable[[str], str],
) -> None:
    """Write rows into PostgreSQL by a statement that settles what is there already.

    `write` returns that statement for a source of rows: `VALUES (…)` or a SELECT. One statement
    settles a row once only, so that rows whose key came before follow one by one, in their order.
    """
    listed = ", ".join(names)
    session.execute(
        f"CREATE TEMP TABLE {INCOMING} ON COMMIT DROP AS SELECT {listed} FROM {table} LIMIT 0"  # noqa: S608 - names of our own
    )
    places = [names.index(key) for key in keys]
    for chunk in _chunks(rows, _AT_ONCE):
        first, again = _told_apart(chunk, places)
        copy(session, INCOMING, names, first)
        session.execute(write(f"SELECT {listed} FROM {INCOMING}"))  # noqa: S608 - as above
        session.execute(f"TRUNCATE {INCOMING}")
        session.many(write(f"VALUES ({', '.join('?' * len(names))})"), again)
    session.execute(f"DROP TABLE {INCOMING}")


def _told_apart(rows: Sequence[Row], places: Sequence[int]) -> tuple[list[Row], list[Row]]:
    """Return the first row of each key, and the others in their order."""
    seen: set[tuple[Any, ...]] = set()
    first: list[Row] = []
    again: list[Row] = []
    for row in rows:
        key = tuple(row[place] for place in places)
        (again if key in seen else first).append(row)
        seen.add(key)
    return first, again


def _chunks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while chunk := list(islice(waiting, size)):
        yield chunk


def _spelt(rows: Sequence[Row]) -> str:
    """Return rows as COPY reads them: a line each, values between tabs."""
    columns = ([_value(value) for value in column] for column in zip(*rows, strict=True))
    return "".join("\t".join(row) + "\n" for row in zip(*columns, strict=True))


def _value(value: Any) -> str:
    if value is None:
        return _NULL
    if isinstance(value, str):
        return value.translate(_SPECIAL) if _needs_escape(value) else value
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)  # numbers, true and false as both sides spell them


def _needs_escape(text: str) -> bool:
    return "\\" in text or "\t" in text or "\n" in text or "\r" in text
