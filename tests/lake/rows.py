"""Rows for tests of the lake, and processes that write them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from evalhouse.lake import Lake

METRICS = {"unit_id": "unit-1", "run_id": "run-1", "task": "arc", "metric": "acc", "value": 0.5}


def table(*rows: dict[str, Any]) -> pa.Table:
    """Return rows as a table, in the types that Arrow infers."""
    return pa.Table.from_pylist(list(rows))


def append(lake: Lake, name: str, rows: pa.Table, batch_id: str = "batch-1") -> None:
    """Write rows as one batch."""
    writer = lake.writer(name, batch_id=batch_id, name="w0")
    writer.write(rows)
    lake.append(name, writer.close(), batch_id=batch_id)


def append_often(uri: str, worker: int, times: int, barrier: Any) -> None:
    """Append single rows, each as its own batch, starting together with the others."""
    lake = Lake(uri)
    barrier.wait()
    for number in range(times):
        append(lake, "metrics", table(METRICS), f"batch-{worker}-{number}")
