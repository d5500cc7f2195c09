"""What this machine is: found, described, and kept in a house."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from evalhouse.lookups.hardware import listed_gpus, peak_tflops
from evalhouse.machine.detection import Sources, find_machine
from evalhouse.machine.energy_sources import EnergySource, find_energy_sources
from evalhouse.machine.facts import Gpu, Machine
from evalhouse.machine.limits import Limit, find_limits
from evalhouse.machine.rows import (
    actual_interface,
    card_interface,
    gpu_model,
    machine_rows,
    slot_interface,
)
from evalhouse.records import Entity, GpuModel, SystemHardware, SystemSoftware
from evalhouse.store import Store

FORMATS = ("fp64", "fp32", "tf32", "fp16", "bf16", "fp8", "int8", "fp4", "int4")


@dataclass(frozen=True)
class MachineReport:
    """A machine, what limits its GPUs, and how its energy can be metered."""

    machine: Machine
    limits: tuple[Limit, ...]
    energy: tuple[EnergySource, ...]

    @property
    def rows(self) -> tuple[Entity, ...]:
        """Return the machine as rows of the catalog."""
        return machine_rows(self.machine)


@dataclass(frozen=True)
class SavedMachine:
    """The ids under which a house keeps a machine and its software."""

    system_hardware_id: str
    system_software_id: str


def report_machine(sources: Sources | None = None, *, under_load: bool = False) -> MachineReport:
    """Find out what this machine is; nothing of it fails, and what is not known is None."""
    given = sources or Sources()
    machine = find_machine(given, under_load=under_load)
    return MachineReport(
        machine, find_limits(machine), find_energy_sources(given.open_gpus, given.powercap)
    )


def save_machine(store: Store, report: MachineReport) -> SavedMachine:
    """Keep a machine in a house; what is there already stays as it is."""
    rows = report.rows
    with store.begin() as batch:
        batch.commit(entities=rows)
    return saved_as(rows)


def saved_as(rows: tuple[Entity, ...]) -> SavedMachine:
    """Return the ids of the machine and the software among rows."""
    (hardware,) = (row for row in rows if isinstance(row, SystemHardware))
    (software,) = (row for row in rows if isinstance(row, SystemSoftware))
    return SavedMachine(hardware.system_hardware_id, software.system_software_id)


def as_data(report: MachineReport) -> dict[str, Any]:
    """Return a report as plain data; what is not known is null."""
    machine = report.machine
    saved = saved_as(report.rows)
    return {
        **asdict(saved),
        **asdict(machine),
        "gpus": [_gpu(gpu, report.limits) for gpu in machine.gpus],
        "energy_sources": [asdict(each) for each in report.energy],
    }


def peaks_of(model: GpuModel) -> dict[str, float]:
    """Return the peak rates of a GPU model in TFLOP/s by number format, dense."""
    found = {spelled: peak_tflops(model, spelled) for spelled in FORMATS}
    return {spelled: rate.value for spelled, rate in found.items() if rate}


def is_listed(model: GpuModel) -> bool:
    """Tell whether a GPU model is one of the list, with what its maker states."""
    return any(model == listed.model for listed in listed_gpus())


def _gpu(gpu: Gpu, limits: tuple[Limit, ...]) -> dict[str, Any]:
    model = gpu_model(gpu)
    rates = {spelled: peak_tflops(model, spelled) for spelled in FORMATS}
    return {
        **asdict(gpu),
        "link": {
            **asdict(gpu.link),
            "card_interface": card_interface(gpu.link),
            "slot_interface": slot_interface(gpu.link),
            "actual_interface": actual_interface(gpu.link),
        },
        "model": {
            "gpu_hardware_id": model.gpu_hardware_id,
            "name": model.name,
            "is_listed": is_listed(model),
            "gpu_architecture": model.gpu_architecture,
            "vram_total_mb": model.vram_total_mb,
            "memory_bandwidth_peak_gb_s": model.memory_bandwidth_peak_gb_s,
            "clock_graphics_boost_mhz": model.clock_graphics_boost_mhz,
            "tdp_watts": model.tdp_watts,
            "peak_tflops": {
                spelled: {"value": rate.value, "source": rate.source.name}
                for spelled, rate in rates.items()
                if rate
            },
        },
        "limits": [asdict(each) for each in limits if each.slot == gpu.slot],
    }
