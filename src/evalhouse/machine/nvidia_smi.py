"""GPUs as `nvidia-smi` tells of them, where its library cannot be loaded."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evalhouse.machine.commands import Ask
from evalhouse.machine.facts import Gpu, Link
from evalhouse.machine.readings import bus_id, generation, id_pair, lanes, number, text, whole

TOLD_BY = "nvidia-smi"
_FIELDS = (
    *("name", "pci.bus_id", "pci.device_id", "pci.sub_device_id", "memory.total", "power.limit"),
    *("driver_version", "clocks.max.graphics", "clocks.max.memory", "clocks.current.graphics"),
    *("pcie.link.gen.current", "pcie.link.width.current", "pcie.link.width.max"),
)
# `pcie.link.gen.max` is the lesser of both, and tells neither. Drivers before 525 know neither.
_OF_EACH_SIDE = ("pcie.link.gen.gpumax", "pcie.link.gen.hostmax")
_UNIT = re.compile(r"\s*\[.*\]$")
_CUDA = re.compile(r"CUDA Version:\s*(\d+\.\d+)")


@dataclass(frozen=True)
class NvidiaAnswer:
    """The GPUs, their driver, and the newest CUDA that it can serve."""

    gpus: tuple[Gpu, ...] = ()
    driver: str | None = None
    cuda: str | None = None


def find_by_nvidia_smi(ask: Ask) -> NvidiaAnswer:
    """Return what `nvidia-smi` tells; nothing where it is not there or does not answer."""
    printed = _query(ask, (*_FIELDS, *_OF_EACH_SIDE)) or _query(ask, _FIELDS)
    rows = list(_rows(printed or ""))
    if not rows:
        return NvidiaAnswer()
    banner = _CUDA.search(ask("nvidia-smi") or "")
    return NvidiaAnswer(
        gpus=tuple(_gpu(slot, row) for slot, row in enumerate(rows)),
        driver=next(filter(None, (text(row.get("driver_version")) for row in rows)), None),
        cuda=banner[1] if banner else None,
    )


def _query(ask: Ask, fields: tuple[str, ...]) -> str | None:
    return ask("nvidia-smi", f"--query-gpu={','.join(fields)}", "--format=csv,nounits")


def _rows(printed: str) -> Iterator[dict[str, str]]:
    """Yield each line by the names in the first one, which may hold units in brackets."""
    lines = csv.reader(printed.splitlines(), skipinitialspace=True)
    header = [_UNIT.sub("", name) for name in next(lines, [])]
    for line in lines:
        if len(line) == len(header) and "name" in header:
            yield dict(zip(header, line, strict=True))


def _gpu(slot: int, row: Mapping[str, str]) -> Gpu:
    vendor, device = id_pair(row.get("pci.device_id"))
    subsystem_vendor, subsystem_device = id_pair(row.get("pci.sub_device_id"))
    return Gpu(
        slot=slot,
        told_by=TOLD_BY,
        name=text(row.get("name")),
        vendor_id=vendor,
        device_id=device,
        subsystem_vendor_id=subsystem_vendor,
        subsystem_device_id=subsystem_device,
        bus_id=bus_id(row.get("pci.bus_id")),
        memory_mb=whole(row.get("memory.total")),
        clock_memory_mhz=whole(row.get("clocks.max.memory")),
        clock_graphics_max_mhz=whole(row.get("clocks.max.graphics")),
        clock_graphics_mhz=whole(row.get("clocks.current.graphics")),
        power_limit_w=number(row.get("power.limit")),
        link=Link(
            card_generation=generation(row.get("pcie.link.gen.gpumax")),
            slot_generation=generation(row.get("pcie.link.gen.hostmax")),
            slot_lanes=lanes(row.get("pcie.link.width.max")),
            generation=generation(row.get("pcie.link.gen.current")),
            lanes=lanes(row.get("pcie.link.width.current")),
        ),
    )
