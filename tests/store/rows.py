"""Rows for tests of the store: one run, its units, and batches of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from evalhouse import ids
from evalhouse.catalog import BatchOutcome
from evalhouse.records import BatchUnit, Entity, Run
from evalhouse.store import Batch, Store

RUN_ID = ids.run_id("test", "one")
RUN = Run(
    run_id=RUN_ID,
    short_id=RUN_ID[:8],
    config_hash="0" * 64,
    submitted_at=datetime(2025, 11, 3, tzinfo=UTC),
    status="complete",
    config='{"model": {"name": "m", "seed": 3}, "tags": ["a", "b"], "note": null, "empty": {}}',
)
Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def unit(part: str, fingerprint: str = "aa") -> BatchUnit:
    """Return a unit of the run."""
    unit_id = ids.unit_id(RUN_ID, part)
    return BatchUnit(unit_id=unit_id, run_id=RUN_ID, part=part, fingerprint=fingerprint * 32)


def response(part: str, doc_id: int, **values: Any) -> dict[str, Any]:
    """Return a row per item of a unit; its task is the unit's name."""
    base = {"unit_id": unit(part).unit_id, "run_id": RUN_ID, "task": part, "doc_id": doc_id}
    return {**base, "attempt": 0, **values}


def fill(store: Store, batch: Batch, rows: Rows) -> None:
    """Write rows into a batch, one file a table."""
    for table, listed in rows.items():
        writer = store.lake.writer(table, batch_id=batch.batch_id, name="w0")
        writer.write(pa.Table.from_pylist([dict(row) for row in listed]))
        batch.add(writer.close())


def write(
    store: Store,
    rows: Rows,
    *units: BatchUnit,
    entities: Sequence[Entity] = (RUN,),
    retired: Sequence[str] = (),
) -> BatchOutcome:
    """Commit rows as one batch."""
    with store.begin() as batch:
        fill(store, batch, rows)
        return batch.commit(entities=entities, units=units, retired=retired)


def values(store: Store, query: str, parameters: Any = None) -> list[Any]:
    """Return the first column of a query's result, read as of now."""
    with store.reader() as reader:
        return list(reader.sql(query, parameters).column(0).to_pylist())
