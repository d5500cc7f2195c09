"""Runs by the names that people use: id, short id, label, or the beginning of an id."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.store import Reader

_SHORTEST_PREFIX = 4
_SHOWN = 6


@dataclass(frozen=True)
class RunName:
    """The names of one run."""

    run_id: str
    short_id: str
    label: str | None

    @property
    def text(self) -> str:
        """Return short id and label."""
        return f"{self.short_id} {self.label}" if self.label else self.short_id


def find_run(reader: Reader, name: str) -> RunName:
    """Return the run that a name means.

    Raises UnknownNameError where there is none, UsageError where there are several.
    """
    rows = reader.table("runs").select(["run_id", "short_id", "label"])
    lower = name.lower()
    by_id = pc.or_(pc.equal(rows["run_id"], lower), pc.equal(rows["short_id"], lower))
    found = _runs(rows, by_id) or _runs(rows, pc.equal(rows["label"], name))
    if not found and len(lower) >= _SHORTEST_PREFIX:
        found = _runs(rows, pc.starts_with(rows["run_id"], lower))
    if not found:
        known = {*rows["short_id"].to_pylist(), *filter(None, rows["label"].to_pylist())}
        raise UnknownNameError("run", name, known, "`evalhouse runs` lists them")
    if len(found) > 1:
        raise UsageError(f"`{name}` means {len(found)} runs: {_listed(found)}; give the short id")
    return found[0]


def _runs(rows: pa.Table, condition: pa.ChunkedArray) -> list[RunName]:
    return [RunName(**row) for row in rows.filter(condition).to_pylist()]


def _listed(runs: list[RunName]) -> str:
    shown = ", ".join(f"`{run.text}`" for run in sorted(runs, key=lambda run: run.text)[:_SHOWN])
    return shown + (f" and {len(runs) - _SHOWN} more" if len(runs) > _SHOWN else "")


def rows_of(reader: Reader, table: str, column: str, values: Collection[str | None]) -> pa.Table:
    """Return the rows of a table of the catalog that have one of some values in a column."""
    rows = reader.table(table)
    wanted = pa.array([value for value in values if value is not None], pa.string())
    return rows.filter(pc.is_in(rows[column], wanted))
