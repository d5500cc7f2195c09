"""Which energy can be metered on this machine, and whether it is then measured or estimated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from evalhouse.machine.gpus import Gpus
from evalhouse.machine.rapl import POWERCAP, RaplMeter
from evalhouse.machine.settings import load_settings


@dataclass(frozen=True)
class EnergySource:
    """A meter of a part of the machine; `note` says why it is not available."""

    part: Literal["gpu", "cpu", "memory", "machine"]
    name: str
    kind: Literal["measured", "estimated"]
    is_available: bool
    note: str | None = None


def find_energy_sources(
    open_gpus: Callable[[], Gpus] = Gpus, powercap: Path = POWERCAP
) -> tuple[EnergySource, ...]:
    """Return every meter that Evalhouse knows, available or not."""
    rapl = RaplMeter(load_settings().meters.highest_watts, powercap)
    has_package = rapl.kwh("package") is not None
    notes = "; ".join(rapl.notes) or "this processor shows no counters"
    return (
        *_of_gpus(open_gpus),
        EnergySource("cpu", "RAPL", "measured", has_package, None if has_package else notes),
        _memory(rapl, notes),
        *_carbon(has_rapl=has_package),
    )


def _of_gpus(open_gpus: Callable[[], Gpus]) -> tuple[EnergySource, ...]:
    with open_gpus() as gpus:
        asked = "nvmlDeviceGetTotalEnergyConsumption"
        counted = [gpus.ask(asked, handle) is not None for handle in gpus.handles]
        power = [gpus.ask("nvmlDeviceGetPowerUsage", handle) for handle in gpus.handles]
        notes = "; ".join(gpus.notes) or "no GPU of NVIDIA answers"
    has_counter = bool(counted) and all(counted)
    has_power = bool(power) and all(each is not None for each in power)
    missing = notes if not counted else "a GPU here does not count its energy"
    silent = notes if not power else "a GPU here does not tell its power"
    return (
        EnergySource(
            "gpu", "NVML energy counter", "measured", has_counter, None if has_counter else missing
        ),
        EnergySource(
            "gpu", "NVML power samples", "measured", has_power, None if has_power else silent
        ),
    )


def _memory(rapl: RaplMeter, notes: str) -> EnergySource:
    found = rapl.kwh("dram") is not None
    why = notes if rapl.kwh("package") is None else "this processor does not count its memory apart"
    return EnergySource("memory", "RAPL", "measured", found, None if found else why)


def _carbon(*, has_rapl: bool) -> tuple[EnergySource, ...]:
    """Return what CodeCarbon gives; it is not loaded, which takes seconds."""
    try:
        version = metadata.version("codecarbon")
    except metadata.PackageNotFoundError:
        version = None
    name = f"CodeCarbon {version}" if version else "CodeCarbon"
    note = None if version else "it is not installed"
    return (
        EnergySource("cpu", name, "measured" if has_rapl else "estimated", bool(version), note),
        EnergySource("memory", name, "estimated", bool(version), note),
    )
