"""Batches: the catalog's half of the commit protocol.

A unit is live in at most one committed batch: its pair (unit, batch) is not superseded. Commits run
one at a time, so that what a commit finds live stays live until it ends.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from evalhouse.catalog import bulk
from evalhouse.catalog.compute import with_flops
from evalhouse.catalog.database import Session
from evalhouse.catalog.meeting import Occasion, meet
from evalhouse.catalog.orphans import prune, results_of
from evalhouse.catalog.revisions import require_head, revision_of
from evalhouse.catalog.settings import bump_version
from evalhouse.catalog.short_ids import with_short_ids
from evalhouse.catalog.upserts import upsert
from evalhouse.catalog.values import stored_text
from evalhouse.errors import HouseError
from evalhouse.records import ENTITIES, BatchUnit, Cell, Entity, Measurement, Model, Run, Source
from evalhouse.version import __version__

LIVE = """
    FROM batch_units u
    JOIN batches b ON b.batch_id = u.batch_id AND b.state = 'committed'
    LEFT JOIN unit_supersedes s ON s.unit_id = u.unit_id AND s.batch_id = u.batch_id
    WHERE s.unit_id IS NULL
"""
"""The live pairs, as `u`; conditions may follow."""

_RIVALS = f"""
    SELECT u.unit_id, u.batch_id, u.fingerprint {LIVE}
    AND u.unit_id IN (SELECT mine.unit_id FROM batch_units mine WHERE mine.batch_id = ?)
"""  # noqa: S608 - no value is spliced in
_RETIRE = f"""
    INSERT INTO unit_supersedes (unit_id, batch_id, superseded_by)
    SELECT u.unit_id, u.batch_id, ? {LIVE} AND u.unit_id = ?
"""
_UNIT = ("unit_id", "batch_id", "run_id", "part", "fingerprint")
_SUPERSEDE = "INSERT INTO unit_supersedes (unit_id, batch_id, superseded_by) VALUES (?, ?, ?)"


@dataclass(frozen=True)
class BatchOutcome:
    """What a commit did."""

    sequence: int  # place in the order of commits, from 1
    replaced: int  # units whose older rows are not seen any more
    repeated: int  # units that were there already, with equal fingerprint


def open_batch(session: Session, batch_id: str) -> None:
    """Say that this process is going to write a batch."""
    require_head(revision_of(session))
    now = session.time(datetime.now(UTC))
    session.execute(
        "INSERT INTO batches (batch_id, state, host, pid, opened_at, heartbeat_at, code_version) "
        "VALUES (?, 'open', ?, ?, ?, ?, ?)",
        batch_id,
        stored_text(socket.gethostname()),
        os.getpid(),
        now,
        now,
        __version__,
    )
    bump_version(session)


def beat(session: Session, batch_id: str) -> None:
    """Renew the lease of an open batch."""
    now = session.time(datetime.now(UTC))
    sql = "UPDATE batches SET heartbeat_at = ? WHERE batch_id = ? AND state = 'open'"
    if not session.execute(sql, now, batch_id):
        _require_open(session, batch_id)


def abandon(session: Session, batch_id: str) -> None:
    """Close an open batch, so that its rows are never seen; any other is left as it is."""
    sql = "UPDATE batches SET state = 'abandoned' WHERE batch_id = ? AND state = 'open'"
    if session.execute(sql, batch_id):
        bump_version(session)


def abandon_expired(session: Session, older_than: timedelta) -> list[str]:
    """Close the open batches that gave no sign of life for so long; return their ids."""
    limit = session.time(datetime.now(UTC) - older_than)
    sql = "SELECT batch_id FROM batches WHERE state = 'open' AND heartbeat_at < ? ORDER BY batch_id"
    expired = [str(batch_id) for (batch_id,) in session.rows(sql, limit)]
    for batch_id in expired:
        abandon(session, batch_id)
    return expired


def commit(
    session: Session,
    batch_id: str,
    *,
    entities: Sequence[Entity],
    units: Sequence[BatchUnit],
    retired: Sequence[str],
) -> BatchOutcome:
    """Make a batch seen, with all that belongs to it; the session must be alone."""
    require_head(revision_of(session))
    _require_open(session, batch_id)
    by_type = _by_type(entities)
    cells = [entity for entity in by_type.pop(Cell, []) if isinstance(entity, Cell)]
    measured = [each for each in by_type.pop(Measurement, []) if isinstance(each, Measurement)]
    _write_entities(session, by_type)
    rivals = _claim(session, batch_id, units)
    repeated = _repeated(rivals, units)
    _supersede(session, batch_id, rivals, repeated)
    won = {unit.unit_id for unit in units} - repeated
    gone = set(retired) - won - repeated
    session.many(_RETIRE, [(batch_id, unit_id) for unit_id in gone])
    replaced = {unit_id for unit_id, _, _ in rivals} - repeated
    stale = sorted(replaced | gone)  # no other unit can have results: it was seen in no batch
    _write_measurements(session, measured, won=won, stale=stale)
    _write_cells(session, cells, won=won, stale=stale)
    sequence = _close(session, batch_id)
    return BatchOutcome(sequence, len(replaced), len(repeated))


def _require_open(session: Session, batch_id: str) -> None:
    state = session.value("SELECT state FROM batches WHERE batch_id = ?", batch_id)
    if state != "open":
        found = "is not in the catalog" if state is None else f"is {state}"
        raise HouseError(
            f"the batch `{batch_id}` {found} and cannot be written to (`evalhouse repair` closes "
            f"batches that give no sign of life); run the command again"
        )


def _by_type(entities: Iterable[Entity]) -> dict[type[Entity], list[Entity]]:
    grouped: dict[type[Entity], list[Entity]] = {record: [] for record in ENTITIES}
    for entity in entities:
        grouped[type(entity)].append(entity)
    return grouped


def _write_entities(session: Session, by_type: Mapping[type[Entity], Sequence[Entity]]) -> None:
    for record, entities in by_type.items():
        if record is Run:
            runs = [entity for entity in entities if isinstance(entity, Run)]
            upsert(session, with_short_ids(session, runs))
        elif record is Model:
            models = [entity for entity in entities if isinstance(entity, Model)]
            meet(session, models, Occasion(_origin(by_type)))
        else:
            upsert(session, entities)


def _origin(by_type: Mapping[type[Entity], Sequence[Entity]]) -> str | None:
    return next((each.uri for each in by_type[Source] if isinstance(each, Source)), None)


def _claim(
    session: Session, batch_id: str, units: Sequence[BatchUnit]
) -> list[tuple[str, str, str]]:
    """List our units; return the live pairs of the same units, with their fingerprints."""
    distinct = {unit.unit_id: unit for unit in units}
    listed = sorted(
        (unit.unit_id, batch_id, unit.run_id, stored_text(unit.part), unit.fingerprint)
        for unit in distinct.values()
    )  # in the order of the index, a page of which then comes once
    bulk.insert(session, "batch_units", _UNIT, listed)
    return [(unit, batch, print_) for unit, batch, print_ in session.rows(_RIVALS, batch_id)]


def _repeated(rivals: Iterable[tuple[str, str, str]], units: Iterable[BatchUnit]) -> set[str]:
    ours = {unit.unit_id: unit.fingerprint for unit in units}
    return {unit_id for unit_id, _, fingerprint in rivals if ours[unit_id] == fingerprint}


def _supersede(
    session: Session, batch_id: str, rivals: Iterable[tuple[str, str, str]], repeated: set[str]
) -> None:
    session.many(
        _SUPERSEDE,
        [
            (unit_id, batch_id, other) if unit_id in repeated else (unit_id, other, batch_id)
            for unit_id, other, _ in rivals
        ],
    )


def _write_cells(
    session: Session, cells: Sequence[Cell], *, won: set[str], stale: Sequence[str]
) -> None:
    former = results_of(session, stale)
    session.many("DELETE FROM run_model_metrics WHERE unit_id = ?", [(unit,) for unit in stale])
    written = [cell for cell in cells if cell.unit_id is None or cell.unit_id in won]
    upsert(session, with_flops(session, written))
    still = {(cell.prompt_id, cell.task_id, cell.model_id) for cell in written}
    prune(session, [result for result in former if result not in still])


def _write_measurements(
    session: Session, measured: Sequence[Measurement], *, won: set[str], stale: Sequence[str]
) -> None:
    session.many("DELETE FROM run_hardware_metrics WHERE unit_id = ?", [(unit,) for unit in stale])
    upsert(session, [each for each in measured if each.unit_id is None or each.unit_id in won])


def _close(session: Session, batch_id: str) -> int:
    sequence = int(session.value("SELECT COALESCE(MAX(sequence), 0) + 1 FROM batches"))
    session.execute(
        "UPDATE batches SET state = 'committed', committed_at = ?, sequence = ? WHERE batch_id = ?",
        session.time(datetime.now(UTC)),
        sequence,
        batch_id,
    )
    bump_version(session)
    return sequence
