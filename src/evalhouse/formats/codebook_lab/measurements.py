"""What a run took as a whole: time, tokens, energy, each with how it was found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhouse import ids
from evalhouse.formats.base import Unit
from evalhouse.formats.codebook_lab.plan import Detail
from evalhouse.formats.machines import amount, count
from evalhouse.records import Measurement

_WH = 1000.0  # in a kilowatt-hour
_ENERGY = {  # figures: (key of energy.json, column of CodeCarbon, column of the table, factor)
    "energy_wh": ("total_kwh", "energy_consumed", "total_energy_kwh", _WH),
    "energy_cpu_wh": ("cpu_kwh", "cpu_energy", "", _WH),
    "energy_gpu_wh": ("gpu_kwh", "gpu_energy", "", _WH),
    "energy_ram_wh": ("ram_kwh", "ram_energy", "", _WH),
    "emissions_kg": ("emissions_kg", "emissions", "total_emissions_kg", 1.0),
}
_PARTS = ("cpu_kwh", "gpu_kwh", "ram_kwh")
_MEASURED, _ESTIMATED = "measured", "estimated"
_OF_CARBON = "stated: by CodeCarbon, which does not tell what of it is measured"
_OF_CLIENT = "of the client's machine"


@dataclass
class _Figures:
    """Figures by column, and how each was found."""

    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, value: float | None, source: str) -> None:
        """Take in a figure, unless it is not known."""
        if value is not None:
            self.values[name], self.sources[name] = value, source


def measurements_of(unit: Unit, detail: Detail) -> Iterator[Measurement]:
    """Yield what a run took; where the model ran elsewhere, what its client took apart from that.

    The row of the run names the model; that of a client alone names none, as nothing of it is the
    model's.
    """
    run, client = _of_run(detail), _of_client(detail)
    places = detail.places
    if places.is_local:
        run.values |= client.values
        run.sources |= client.sources
        yield from _row(unit, run, unit.model_id, places.hardware, places.client)
        return
    client.sources = {name: f"{text}; {_OF_CLIENT}" for name, text in client.sources.items()}
    yield from _row(unit, run, unit.model_id, None, places.server)
    yield from _row(unit, client, None, places.hardware, places.client)


def _row(
    unit: Unit, figures: _Figures, model: str | None, hardware: str | None, software: str | None
) -> Iterator[Measurement]:
    if figures.values:
        yield Measurement(
            measurement_id=ids.measurement_id(unit.run_id, None, model),
            run_id=unit.run_id,
            model_id=model,
            unit_id=unit.unit_id,
            system_hardware_id=hardware,
            system_software_id=software,
            figure_sources=ids.canonical_json(figures.sources),
            **figures.values,
        )


def _of_run(detail: Detail) -> _Figures:
    """Return time and tokens, as the client saw them."""
    found, told = _Figures(), {**detail.row, **detail.timing}
    wall, source = amount(told.get("wall_seconds")), "measured: clock of the client, all sessions"
    if wall is None:
        wall, source = _sum(detail.sessions, "duration"), "stated: `duration` by CodeCarbon"
    if wall is None:
        wall = amount(told.get("total_inference_time", told.get("total_inference_time_s")))
        source = "stated: successful requests, one after the other"
    found.add("wall_clock_seconds", wall, source)
    tokens = count(told.get("tokens_output"))
    found.add("prompt_tokens", count(told.get("tokens_input")), "stated: by the server")
    found.add("completion_tokens", tokens, "stated: by the server")
    if wall and tokens:
        found.add("tokens_per_second", tokens / wall, "measured: tokens of the server by the clock")
    first = amount(told.get("seconds_to_first_token"))
    found.add("seconds_to_first_token", first, "measured: mean of streamed replies, by the client")
    return found


def _of_client(detail: Detail) -> _Figures:
    """Return what the client's machine took."""
    found, told = _Figures(), {**detail.row, **detail.timing}
    for name in ("cpu_seconds_user", "cpu_seconds_sys"):
        found.add(name, amount(told.get(name)), "measured: by the system, of the client's process")
    for name, (key, column, logged, factor) in _ENERGY.items():
        value = _energy(detail, key, column, logged)
        if value is not None and not _is_blind(detail, key, value):
            found.add(name, value * factor, _source(detail, key))
    found.add("gpu_sm_utilization_pct", _utilization(detail.sessions), "stated: by CodeCarbon")
    return found


def _energy(detail: Detail, key: str, column: str, logged: str) -> float | None:
    """Return a sum over all sessions; of some of them it would be no figure of the run."""
    if detail.energy is not None:
        return _sum(detail.energy, key)
    found = _sum(detail.sessions, column)
    return amount(detail.row.get(logged)) if found is None and not detail.sessions else found


def _is_blind(detail: Detail, key: str, value: float) -> bool:
    """Tell whether nothing was measured: CodeCarbon writes 0 for GPUs where it sees none."""
    return key == "gpu_kwh" and value == 0 and not any(_has_gpu(each) for each in detail.sessions)


def _has_gpu(session: Mapping[str, str]) -> bool:
    return bool(session.get("gpu_model"))


def _source(detail: Detail, key: str) -> str:
    """Say how energy was found; a sum is as good as the worst of its parts."""
    told = detail.energy_sources
    if key in told:
        return told[key]
    parts = [told[part] for part in _PARTS if part in told]
    if not parts:
        return _OF_CARBON
    if key == "emissions_kg":
        return f"{_ESTIMATED}: energy by what the grid of the country emits on average"
    is_measured = not any(text.startswith(_ESTIMATED) or _ESTIMATED in text for text in parts)
    return f"{_MEASURED if is_measured else _ESTIMATED}: sum of processor, GPUs and memory"


def _utilization(sessions: Sequence[Mapping[str, str]]) -> float | None:
    """Return the mean over time; None unless every session tells it of GPUs."""
    shares = [
        (amount(each.get("gpu_utilization_percent")), amount(each.get("duration")))
        for each in sessions
    ]
    known = [(share, time) for share, time in shares if share is not None and time]
    if not sessions or len(known) < len(sessions) or not all(map(_has_gpu, sessions)):
        return None
    mean = math.fsum(share * time for share, time in known) / math.fsum(time for _, time in known)
    return mean if mean <= 100 else None


def _sum(rows: Sequence[Mapping[str, Any]], name: str) -> float | None:
    """Return a sum; None where there are no rows, or one does not tell."""
    numbers = [amount(row.get(name)) for row in rows]
    known = [number for number in numbers if number is not None]
    return math.fsum(known) if known and len(known) == len(numbers) else None
