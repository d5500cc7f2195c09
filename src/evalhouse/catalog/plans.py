"""What a migration will do to a catalog, told before it is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from evalhouse.catalog.database import Session
from evalhouse.catalog.revisions import REVISIONS
from evalhouse.errors import UnknownNameError
from evalhouse.lookups import seeds
from evalhouse.schema import TABLES

BASE = "base"
"""The revision before the first: no table at all."""

Shape = Mapping[str, tuple[str, ...]]
"""The tables of a revision, each with its columns."""


@dataclass(frozen=True)
class Step:
    """One script that runs."""

    revision: str
    what: str


@dataclass(frozen=True)
class Loss:
    """Rows that a table loses with itself, or values that it loses with a column."""

    table: str
    column: str | None
    rows: int


@dataclass(frozen=True)
class MigrationPlan:
    """The way from one revision to another; columns are spelt `table.column`."""

    place: str
    found: str
    wanted: str
    steps: tuple[Step, ...]
    new_tables: tuple[str, ...]
    new_columns: tuple[str, ...]
    dropped_tables: tuple[str, ...]
    dropped_columns: tuple[str, ...]
    losses: tuple[Loss, ...]

    @property
    def direction(self) -> Literal["up", "down", "none"]:
        """Return where it leads."""
        found, wanted = rank(self.found), rank(self.wanted)
        return "none" if found == wanted else "up" if wanted > found else "down"


def known_revision(name: str) -> str:
    """Return the revision that a person names; UnknownNameError where there is none."""
    if name == "head":
        return REVISIONS[-1]
    if name not in {BASE, *REVISIONS}:
        raise UnknownNameError("revision of the catalog", name, [BASE, *REVISIONS, "head"])
    return name


def rank(revision: str) -> int:
    """Return the place of a revision among all, from 0 for no table at all."""
    return (BASE, *REVISIONS).index(revision)


def losses(session: Session, before: Shape, after: Shape) -> Iterator[Loss]:
    """Count the rows and values that are in no table of the shape to come.

    Rows that every catalog begins with are no loss: the way up writes them again.
    """
    for table, columns in before.items():
        if table not in after:
            rows = _rows(session, table) - _seeded(session, table)
            yield from _some(Loss(table, None, rows))
            continue
        for column in columns:
            if column not in after[table]:
                sql = f"SELECT count({column}) FROM {table}"  # noqa: S608 - names of our own
                yield from _some(Loss(table, column, int(session.value(sql))))


def added(before: Shape, after: Shape) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tables, and the columns of tables that are in both, which only `after` has."""
    tables = tuple(table for table in after if table not in before)
    columns = tuple(
        f"{table}.{column}"
        for table in after
        if table in before
        for column in after[table]
        if column not in before[table]
    )
    return tables, columns


def _some(loss: Loss) -> Iterable[Loss]:
    return [loss] if loss.rows else []


def _rows(session: Session, table: str) -> int:
    return int(session.value(f"SELECT count(*) FROM {table}"))  # noqa: S608 - a name of our own


def _seeded(session: Session, table: str) -> int:
    """Count the rows of a table that are there in every catalog."""
    ours = [row for row in seeds() if row.table == table]
    if not ours:
        return 0
    keys = TABLES[table].keys
    found = session.rows(f"SELECT {', '.join(keys)} FROM {table}")  # noqa: S608 - our own names
    there = {tuple(map(str, key)) for key in found}
    return len(there & {tuple(str(getattr(row, key)) for key in keys) for row in ours})
