"""Many new rows at once: COPY into PostgreSQL, plain `executemany` into SQLite.

A statement that settles what is there already costs SQLite twice as much as a plain one, and one
for each row costs a server ten times what COPY does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from evalhouse.catalog.database import Session

FEW = 500
"""Rows up to which a statement for each is as quick."""

_AT_ONCE = 100_000  # rows held while it is seen which are new
_SPELT = 5_000  # rows made text at once
_IDS = 500  # ids in one query; databases limit the parameters of a statement
_SPECIAL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"

Row = Sequence[Any]
Key = tuple[Any, ...]


def insert(session: Session, table: str, names: Sequence[str], rows: Iterable[Row]) -> None:
    """Write rows, none of which is there."""
    if session.dialect == "postgresql":
        _copy(session, table, names, rows)
    else:
        marks = ", ".join("?" * len(names))
        session.many(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)  # noqa: S608 - names of our own


def insert_new(
    session: Session, table: str, names: Sequence[str], keys: Sequence[str], rows: Iterable[Row]
) -> Iterator[Row]:
    """Write the first row of each key that is not there; yield the others in their order.

    The session must be alone.
    """
    places = [names.index(key) for key in keys]
    for chunk in _chunks(rows, _AT_ONCE):
        taken = _taken(session, table, keys, {row[places[0]] for row in chunk})
        new: list[Row] = []
        others: list[Row] = []
        for row in chunk:
            key = tuple(row[place] for place in places)
            (others if key in taken else new).append(row)
            taken.add(key)
        insert(session, table, names, new)
        yield from others


def _taken(session: Session, table: str, keys: Sequence[str], first: set[Any]) -> set[Key]:
    """Return the keys in a table that begin with one of some values."""
    listed = sorted(first)
    found: set[Key] = set()
    for start in range(0, len(listed), _IDS):
        some = listed[start : start + _IDS]
        marks = ", ".join("?" * len(some))
        condition = f"{keys[0]} IN ({marks})"
        found |= set(
            session.rows(f"SELECT {', '.join(keys)} FROM {table} WHERE {condition}", *some)  # noqa: S608 - names of our own
        )
    return found


def _copy(session: Session, table: str, names: Sequence[str], rows: Iterable[Row]) -> None:
    with session.cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as sink:
        for chunk in _chunks(rows, _SPELT):
            sink.write(_spelt(chunk))


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
