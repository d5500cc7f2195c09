"""What a run took in all: time, tokens, energy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from evalhouse.store import Reader
from evalhouse.views.names import rows_of

_COLUMNS = {
    "seconds": "wall_clock_seconds",
    "prompt_tokens": "prompt_tokens",
    "completion_tokens": "completion_tokens",
    "energy_wh": "energy_wh",
    "emissions_kg": "emissions_kg",
}
_ADDED = frozenset({"energy_wh", "emissions_kg"})
"""GPUs in several slots work at the same time: only what they use adds up."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Took:
    """What a run took; None is not known. Energy of a remote model's client is the client's."""

    seconds: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    energy_wh: float | None = None
    emissions_kg: float | None = None


def took(reader: Reader, run_id: str) -> Took:
    """Return what a run took.

    What is measured of the whole run counts, else the sum over its results.
    """
    rows = rows_of(reader, "run_hardware_metrics", "run_id", [run_id]).to_pylist()
    placed: dict[tuple[str | None, str | None, int], list[Row]] = defaultdict(list)
    for row in rows:
        placed[row["prompt_id"], row["model_id"], row["attempt"]].append(row)
    return Took(**{each.name: _total(each.name, placed) for each in fields(Took)})


def _total(name: str, placed: Mapping[tuple[str | None, str | None, int], Sequence[Row]]) -> Any:
    whole: list[Any] = []
    parts: list[Any] = []
    for (prompt_id, _, _), rows in placed.items():
        value = _measured(name, rows)
        if value is not None:
            (whole if prompt_id is None else parts).append(value)
    found = whole or parts
    return sum(found) if found else None


def _measured(name: str, rows: Sequence[Row]) -> Any:
    """Return what rows of one place tell: that of no slot, else all slots together."""
    column = _COLUMNS[name]
    told = [row for row in rows if row[column] is not None]
    alone = [row[column] for row in told if row["slot_index"] is None]
    if alone:
        return max(alone)
    values = [row[column] for row in told]
    return (sum(values) if name in _ADDED else max(values)) if values else None
