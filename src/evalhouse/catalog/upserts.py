"""What becomes of a row that is there already, table by table, as SQL for both databases.

Identities keep what they hold and learn what was empty. Sources, files, artifacts, cells
and measurements are replaced.
Runs take the newer settings and the wider span of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from evalhouse.catalog import bulk
from evalhouse.catalog.database import Session
from evalhouse.catalog.values import Dialect, stored_rows
from evalhouse.records import Artifact, Cell, Entity, Measurement, Run, Source, SourceFile
from evalhouse.schema import TABLES

_REPLACED = (Source.table, SourceFile.table, Artifact.table, Cell.table, Measurement.table)
_NEWER = ("config", "config_hash", "status", "label", "environment_id")
_SPECIAL = {
    ("tasks", "is_suite"): "tasks.is_suite OR excluded.is_suite",
    ("creators", "provisional"): "creators.provisional AND excluded.provisional",
    (Run.table, "started_at"): (
        "CASE WHEN excluded.started_at IS NULL OR runs.started_at <= excluded.started_at "
        "THEN runs.started_at ELSE excluded.started_at END"
    ),
    (Run.table, "finished_at"): (
        "CASE WHEN excluded.finished_at IS NULL OR runs.finished_at >= excluded.finished_at "
        "THEN runs.finished_at ELSE excluded.finished_at END"
    ),
    **{(Run.table, name): f"COALESCE(excluded.{name}, runs.{name})" for name in _NEWER},
}
_DIFFERS: dict[Dialect, str] = {"sqlite": "IS NOT", "postgresql": "IS DISTINCT FROM"}


def upsert(session: Session, entities: Sequence[Entity]) -> None:
    """Write entities of one type, in their order, by the policy of their table."""
    if not entities:
        return
    record = type(entities[0])
    rows: Iterable[Sequence[Any]] = stored_rows(entities, session.dialect)
    if len(entities) > bulk.FEW:
        keys = TABLES[record.table].keys
        rows = bulk.insert_new(session, record.table, record.__struct_fields__, keys, rows)
    # At once: the new rows are written while they are told from the others.
    session.many(upsert_sql(record, session.dialect), list(rows))


@cache
def upsert_sql(record: type[Entity], dialect: Dialect) -> str:
    """Return the statement that writes one row; a row that would not change is left alone."""
    names = record.__struct_fields__
    keys = ", ".join(TABLES[record.table].keys)
    changes = dict(_changes(record))
    action = "NOTHING"
    if changes:
        settings = ", ".join(f"{name} = {value}" for name, value in changes.items())
        differs = " OR ".join(
            f"{record.table}.{name} {_DIFFERS[dialect]} ({value})"
            for name, value in changes.items()
        )
        action = f"UPDATE SET {settings} WHERE {differs}"
    return (
        f"INSERT INTO {record.table} ({', '.join(names)}) "  # noqa: S608 - names of our own
        f"VALUES ({', '.join('?' * len(names))}) ON CONFLICT ({keys}) DO {action}"
    )


def _changes(record: type[Entity]) -> Iterator[tuple[str, str]]:
    table = record.table
    for name in record.__struct_fields__:
        column = TABLES[table].by_name[name]
        if column.key:
            continue
        if (table, name) in _SPECIAL:
            yield name, _SPECIAL[table, name]
        elif table in _REPLACED:
            yield name, f"excluded.{name}"
        elif not column.required:
            yield name, f"COALESCE({table}.{name}, excluded.{name})"
