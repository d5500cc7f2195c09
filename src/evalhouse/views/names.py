"""Runs by the names that people use: id, short id, label, or the beginning of an id."""

from __future__ import annotations

from dataclasses import dataclass

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
    rows = reader.sql("SELECT run_id, short_id, label FROM runs").to_pylist()
    runs = [RunName(**row) for row in rows]
    lower = name.lower()
    by_id = [run for run in runs if lower in {run.run_id, run.short_id}]
    by_label = [run for run in runs if run.label == name]
    by_prefix = [run for run in runs if _begins(run, lower)]
    found = by_id or by_label or by_prefix
    if not found:
        known = {run.short_id for run in runs} | {run.label for run in runs if run.label}
        raise UnknownNameError("run", name, known, "`evalhouse runs` lists them")
    if len(found) > 1:
        raise UsageError(f"`{name}` means {len(found)} runs: {_listed(found)}; give the short id")
    return found[0]


def _begins(run: RunName, prefix: str) -> bool:
    return len(prefix) >= _SHORTEST_PREFIX and run.run_id.startswith(prefix)


def _listed(runs: list[RunName]) -> str:
    shown = ", ".join(f"`{run.text}`" for run in sorted(runs, key=lambda run: run.text)[:_SHOWN])
    return shown + (f" and {len(runs) - _SHOWN} more" if len(runs) > _SHOWN else "")
