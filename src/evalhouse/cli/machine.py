"""The command about this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from evalhouse.cli.output import Column, heading, print_rows, say, write_json
from evalhouse.cli.session import Session
from evalhouse.cli.text import safe, size

if TYPE_CHECKING:
    from evalhouse.machine.facts import Gpu, Machine, Processor
    from evalhouse.workflows.machine import MachineReport

_WIDTH = 12
_MEBIBYTE = 1 << 20


def machine(
    context: typer.Context,
    *,
    under_load: Annotated[
        bool,
        typer.Option("--under-load", help="Keep the GPUs busy while their links are read."),
    ] = False,
    save: Annotated[bool, typer.Option("--save", help="Keep what was found in the house.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show what this machine is, what limits its GPUs, and how its energy can be metered."""
    from evalhouse.workflows import machine as machines  # noqa: PLC0415 - not needed for help

    session = Session.of(context)
    report = machines.report_machine(under_load=under_load)
    if save:
        with session.write() as house:
            machines.save_machine(house.store, report)
    if json:
        write_json(machines.as_data(report))
        return
    _tell(report)
    if save:
        say("", f"kept in {session.place}")
    else:
        say("", f"next: {session.command('machine', '--save')} keeps this in the house")


def _tell(report: MachineReport) -> None:
    found = report.machine
    heading("machine")
    _facts(_machine(found))
    for gpu in found.gpus:
        _tell_gpu(gpu, report)
    if not found.gpus:
        say(f"  {'GPUs':<{_WIDTH}} none was found")
    heading("energy", apart=True)
    columns = [Column("part"), Column("source"), Column("figures are"), Column("available")]
    print_rows(
        columns,
        [
            (each.part, safe(each.name), each.kind, "yes" if each.is_available else _why(each.note))
            for each in report.energy
        ],
    )
    say(*(f"note: {note}" for note in found.notes))


def _machine(found: Machine) -> dict[str, str | None]:
    software, memory = found.software, found.memory
    kernel = " ".join(filter(None, (software.kernel, found.architecture)))
    speed = f"{memory.speed_mhz:,} MT/s" if memory.speed_mhz else None
    channels = f"{memory.channels} channels" if memory.channels else None
    total = size(memory.total_bytes) if memory.total_bytes else None
    engines = [" ".join(filter(None, (each.name, each.version))) for each in software.engines]
    return {
        "id": found.host_id,
        "processor": _processor(found.processor),
        "memory": ", ".join(filter(None, (total, speed, channels))) or None,
        "board": found.motherboard,
        "system": software.os,
        "kernel": kernel or None,
        "container": software.container,
        "Python": software.python,
        "GPU driver": software.gpu_driver,
        "CUDA": software.cuda,
        "ROCm": software.rocm,
        "engines": ", ".join(engines) or None,
    }


def _processor(found: Processor) -> str | None:
    parts = (
        found.model,
        f"{found.cores} cores" if found.cores else None,
        f"{found.threads} threads" if found.threads else None,
        f"base {found.base_clock_mhz:,} MHz" if found.base_clock_mhz else None,
        f"peak {found.peak_clock_mhz:,} MHz" if found.peak_clock_mhz else None,
    )
    return ", ".join(filter(None, parts)) or None


def _tell_gpu(gpu: Gpu, report: MachineReport) -> None:
    from evalhouse.machine.limits import link_text  # noqa: PLC0415 - loaded by now
    from evalhouse.machine.rows import (  # noqa: PLC0415 - loaded by now
        card_interface,
        gpu_model,
        slot_interface,
    )
    from evalhouse.workflows.machine import is_listed, peaks_of  # noqa: PLC0415 - loaded by now

    model = gpu_model(gpu)
    heading(f"GPU {gpu.slot}: {model.name}", apart=True)
    clock = gpu.clock_graphics_mhz
    bandwidth = model.memory_bandwidth_peak_gb_s
    peaks = (f"{spelled} {rate:g}" for spelled, rate in peaks_of(model).items())
    _facts(
        {
            "PCI": _ids(gpu),
            "model": None if is_listed(model) else "not listed: only what tools tell is known",
            "architecture": model.gpu_architecture,
            "memory": _memory(gpu, model.vram_type),
            "bandwidth": f"{bandwidth:,.0f} GB/s at its peak" if bandwidth else None,
            "clock": f"{clock:,} MHz now" if clock else None,
            "power limit": f"{gpu.power_limit_w:g} W" if gpu.power_limit_w else None,
            "link": link_text(gpu.link),
            "  card can": card_interface(gpu.link),
            "  slot can": slot_interface(gpu.link),
            "peak TFLOPS": ", ".join(peaks) or None,
            "told by": gpu.told_by,
        }
    )
    limits = [limit for limit in report.limits if limit.slot == gpu.slot]
    say(*(f"  {limit.axis:<{_WIDTH}} {limit.text}" for limit in limits))


def _ids(gpu: Gpu) -> str | None:
    pair = (gpu.vendor_id, gpu.device_id)
    board = (gpu.subsystem_vendor_id, gpu.subsystem_device_id)
    told = [":".join(each or "????" for each in ids) for ids in (pair, board) if any(ids)]
    place = [f"at {gpu.bus_id}"] if gpu.bus_id else []
    return " ".join([*told, *place]) or None


def _memory(gpu: Gpu, kind: str | None) -> str | None:
    total = size(gpu.memory_mb * _MEBIBYTE) if gpu.memory_mb else None
    return " ".join(filter(None, (total, gpu.memory_type or kind))) or None


def _facts(facts: Mapping[str, str | None]) -> None:
    say(*(f"  {name:<{_WIDTH}} {value}" for name, value in facts.items() if value))


def _why(note: str | None) -> str:
    return safe(f"no: {note}" if note else "no")
