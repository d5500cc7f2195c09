"""Short ids of runs: the first 8 hex digits of the run's id, more where another run has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from evalhouse.catalog.database import Session
from evalhouse.records import Run

_LENGTH = 8
_CHUNK = 500  # names looked up at once; databases limit the parameters of a statement


def with_short_ids(session: Session, runs: Sequence[Run]) -> list[Run]:
    """Give each run a short id that no other run has; a run that is there keeps its own."""
    owners = _owners(session, [run.run_id for run in runs])
    named: dict[str, str] = {owner: short for short, owner in owners.items()}
    for run in runs:
        if run.run_id not in named:
            short = _free(session, run.run_id, owners)
            owners[short] = run.run_id
            named[run.run_id] = short
    return [msgspec.structs.replace(run, short_id=named[run.run_id]) for run in runs]


def _free(session: Session, run_id: str, owners: dict[str, str]) -> str:
    for short in _candidates(run_id):
        owner = owners.get(short)
        if owner is None and len(short) > _LENGTH:
            owner = session.value("SELECT run_id FROM runs WHERE short_id = ?", short)
        if owner is None:
            return short
    return run_id  # two ids that differ have different digits, so that this is never reached


def _owners(session: Session, run_ids: Sequence[str]) -> dict[str, str]:
    """Return the runs that these ids may meet, by the short id that they have."""
    owners: dict[str, str] = {}
    for start in range(0, len(run_ids), _CHUNK):
        chunk = run_ids[start : start + _CHUNK]
        shorts = [next(_candidates(run_id)) for run_id in chunk]
        marks = ", ".join("?" * len(chunk))
        owners.update(
            session.rows(
                "SELECT short_id, run_id FROM runs "  # noqa: S608 - only marks are spliced in
                f"WHERE short_id IN ({marks}) OR run_id IN ({marks})",
                *shorts,
                *chunk,
            )
        )
    return owners


def _candidates(run_id: str) -> Iterator[str]:
    digits = run_id.replace("-", "")
    return (digits[:length] for length in range(_LENGTH, len(digits) + 1))
