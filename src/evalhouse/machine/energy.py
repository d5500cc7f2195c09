"""How much energy a run took: what is told of a session, summed over sessions, per answer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

Scope = Literal["local", "client_only"]
SCOPES: tuple[Scope, ...] = ("local", "client_only")


class Measured(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What counters of the hardware told, beside the figures of CodeCarbon, in kilowatt-hours.

    Attributes:
        seconds: How long the counters were watched.
        package_kwh: The processors, by RAPL.
        dram_kwh: The memory, by RAPL; on some machines it is part of the package.
        psys_kwh: The whole board, by RAPL, which holds both.
        gpu_kwh: All GPUs of the machine, by NVML.
    """

    seconds: float | None = None
    package_kwh: float | None = None
    dram_kwh: float | None = None
    psys_kwh: float | None = None
    gpu_kwh: float | None = None


class Energy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The energy of one session or of several; what nobody metered is None.

    Attributes:
        scope: `local` where the model ran on this machine; `client_only` where it ran on another,
            whose energy is not in here.
        seconds: How long CodeCarbon watched.
        cpu_kwh: The processor, by CodeCarbon or else by RAPL.
        gpu_kwh: The GPUs, by CodeCarbon or else by NVML.
        ram_kwh: The memory, by CodeCarbon or else by RAPL.
        total_kwh: The sum, by CodeCarbon alone.
        emissions_kg: Carbon dioxide and its equivalents, in kilograms, by CodeCarbon.
        sources: How each of these figures came about, by its name.
        cpu_model: The processor.
        gpu_model: The GPUs; empty where there is none.
        country: Whose grid the emissions are of: a code of three letters (ISO 3166).
        sessions: How many sessions these are the sums of.
        measured: What counters of the hardware told.
        notes: What is missing or doubtful, a sentence each.
    """

    scope: Scope
    seconds: float | None = None
    cpu_kwh: float | None = None
    gpu_kwh: float | None = None
    ram_kwh: float | None = None
    total_kwh: float | None = None
    emissions_kg: float | None = None
    sources: dict[str, str] = {}
    cpu_model: str = ""
    gpu_model: str = ""
    country: str = ""
    sessions: int = 1
    measured: Measured | None = None
    notes: tuple[str, ...] = ()


class EnergyPerAnswer(msgspec.Struct, frozen=True):
    """Energy and emissions of one answer in the mean; None where they are not known."""

    kwh: float | None
    emissions_kg: float | None


def energy_per(energy: Energy, answers: int) -> EnergyPerAnswer:
    """Return the mean of an answer.

    Example:
        >>> energy_per(Energy(scope="local", total_kwh=0.5, emissions_kg=0.2), 100)
        EnergyPerAnswer(kwh=0.005, emissions_kg=0.002)
        >>> energy_per(Energy(scope="local", total_kwh=0.5), 0)
        EnergyPerAnswer(kwh=None, emissions_kg=None)
    """
    if answers <= 0:
        return EnergyPerAnswer(None, None)
    return EnergyPerAnswer(
        None if energy.total_kwh is None else energy.total_kwh / answers,
        None if energy.emissions_kg is None else energy.emissions_kg / answers,
    )


def sum_of_sessions(sessions: Sequence[Energy]) -> Energy:
    """Sum sessions; what one of them does not tell has no sum.

    Models, countries and sources that differ are listed, and where a part of the sessions ran the
    model on another machine, the sum is that of the client alone.
    """
    scope: Scope = "local" if all(each.scope == "local" for each in sessions) else "client_only"
    return Energy(
        scope=scope,
        seconds=total(each.seconds for each in sessions),
        cpu_kwh=total(each.cpu_kwh for each in sessions),
        gpu_kwh=total(each.gpu_kwh for each in sessions),
        ram_kwh=total(each.ram_kwh for each in sessions),
        total_kwh=total(each.total_kwh for each in sessions),
        emissions_kg=total(each.emissions_kg for each in sessions),
        sources=_sources(sessions),
        cpu_model=_listed(each.cpu_model for each in sessions),
        gpu_model=_listed(each.gpu_model for each in sessions),
        country=_listed(each.country for each in sessions),
        sessions=sum(each.sessions for each in sessions),
        measured=_measured(sessions),
        notes=tuple(dict.fromkeys(note for each in sessions for note in each.notes)),
    )


def total(values: Iterable[float | None]) -> float | None:
    """Return the sum; None where there are none, or one is not known."""
    known = []
    for value in values:
        if value is None:
            return None
        known.append(value)
    return math.fsum(known) if known else None


def _measured(sessions: Sequence[Energy]) -> Measured | None:
    found = [each.measured or Measured() for each in sessions]
    if not any(each.measured for each in sessions):
        return None
    return Measured(
        seconds=total(each.seconds for each in found),
        package_kwh=total(each.package_kwh for each in found),
        dram_kwh=total(each.dram_kwh for each in found),
        psys_kwh=total(each.psys_kwh for each in found),
        gpu_kwh=total(each.gpu_kwh for each in found),
    )


def _sources(sessions: Sequence[Energy]) -> dict[str, str]:
    names = dict.fromkeys(name for each in sessions for name in each.sources)
    return {name: _listed(each.sources.get(name, "") for each in sessions) for name in names}


def _listed(words: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(word for word in words if word))
