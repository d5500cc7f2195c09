"""What a reader asks the catalog: a state of the batches, and what it knows of files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from evalhouse.catalog.aliases import Folds, read_folds
from evalhouse.catalog.batches import LIVE
from evalhouse.catalog.database import Session
from evalhouse.catalog.settings import read_version
from evalhouse.catalog.values import stored_text
from evalhouse.records import SourceFile

KnownFile = SourceFile
"""A row of `files`, as it was written."""

_CHUNK = 500  # ids in one query; databases limit the parameters of a statement
_FIELDS = SourceFile.__struct_fields__
_FILES = f"SELECT {', '.join('f.' + name for name in _FIELDS)} FROM files f "  # noqa: S608 - names of our own


@dataclass(frozen=True)
class Snapshot:
    """What was committed at one moment."""

    version: int
    committed: frozenset[str]  # ids of batches
    superseded: frozenset[tuple[str, str]]  # (unit, batch) pairs whose rows are not seen
    folds: Folds = field(default_factory=dict)  # rows that are seen as another row


@dataclass(frozen=True)
class LiveUnit:
    """A unit and the batch that holds its rows."""

    unit_id: str
    batch_id: str
    run_id: str
    part: str
    fingerprint: str


def read_snapshot(session: Session) -> Snapshot:
    """Read which batches and pairs are seen."""
    committed = session.rows("SELECT batch_id FROM batches WHERE state = 'committed'")
    superseded = session.rows("SELECT unit_id, batch_id FROM unit_supersedes")
    return Snapshot(
        version=read_version(session),
        committed=frozenset(batch_id for (batch_id,) in committed),
        superseded=frozenset((unit_id, batch_id) for unit_id, batch_id in superseded),
        folds=read_folds(session),
    )


def files_below(session: Session, prefix: str) -> dict[str, KnownFile]:
    """Return the files at or below a path, by their path as the catalog holds it."""
    place = stored_text(prefix.rstrip("/"))
    # "0" is the character after "/", and both databases compare text by its bytes.
    rows = session.rows(
        _FILES + "WHERE f.path = ? OR (f.path >= ? AND f.path < ?)", place, f"{place}/", f"{place}0"
    )
    return {file.path: file for file in map(_file, rows)}


def files_inside(session: Session, folder: str) -> list[KnownFile]:
    """Return the files in a folder of this name or below it, wherever the folder lies."""
    name = stored_text(folder.strip("/"))
    for special in ("\\", "%", "_"):
        name = name.replace(special, "\\" + special)
    rows = session.rows(_FILES + "WHERE f.path LIKE ? ESCAPE '\\'", f"%/{name}/%")
    return [_file(row) for row in rows]


def files_of_runs(session: Session, run_ids: Sequence[str]) -> list[KnownFile]:
    """Return the files of the sources that these runs were read from, by path."""
    condition = (
        "WHERE f.source_id IN (SELECT r.source_id FROM run_sources r WHERE r.run_id IN ({marks}))"
    )
    rows = _for_ids(session, run_ids, lambda marks: _FILES + condition.format(marks=marks))
    files = {file.location_id: file for file in map(_file, rows)}
    return sorted(files.values(), key=lambda file: file.path)


def live_units(session: Session, run_ids: Sequence[str]) -> list[LiveUnit]:
    """Return the units of these runs that are seen, by run and part."""
    names = ", ".join("u." + name for name in LiveUnit.__dataclass_fields__)
    rows = _for_ids(
        session, run_ids, lambda marks: f"SELECT {names} {LIVE} AND u.run_id IN ({marks})"
    )
    return sorted((LiveUnit(*row) for row in rows), key=lambda unit: (unit.run_id, unit.part))


def _for_ids(
    session: Session, ids: Sequence[str], sql: Callable[[str], str]
) -> list[tuple[Any, ...]]:
    """Run a query over ids, some at a time."""
    distinct = list(dict.fromkeys(ids))
    chunks = (distinct[start : start + _CHUNK] for start in range(0, len(distinct), _CHUNK))
    return [
        row for chunk in chunks for row in session.rows(sql(", ".join("?" * len(chunk))), *chunk)
    ]


def _file(row: tuple[object, ...]) -> KnownFile:
    values: dict[str, object] = dict(zip(_FIELDS, row, strict=True))
    return msgspec.convert(values | {"live": bool(values["live"])}, SourceFile)
