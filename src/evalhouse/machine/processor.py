"""The processor, by Linux's `/proc` and `/sys`, or by macOS's `sysctl`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from evalhouse.machine.commands import Ask
from evalhouse.machine.facts import Processor
from evalhouse.machine.hardware import ROOT, cpu_model
from evalhouse.machine.readings import number, text, whole

_CPUS = "sys/devices/system/cpu"
_STATED_CLOCK = re.compile(r"@\s*([\d.]+)\s*GHz", re.IGNORECASE)
_KILO, _MEGA = 1e3, 1e6


def find_processor(ask: Ask, root: Path = ROOT) -> Processor:
    """Return what the system tells of its processor."""
    stated = _cpuinfo(root)
    if not stated:
        return _by_sysctl(ask)
    model = text(cpu_model(root))
    return Processor(
        model=model,
        cores=_cores(stated),
        threads=len(stated),
        base_clock_mhz=_base_clock(root, model),
        peak_clock_mhz=_highest(root, "cpufreq/cpuinfo_max_freq", _KILO),
    )


def _cpuinfo(root: Path) -> list[dict[str, str]]:
    """Return what `/proc/cpuinfo` says of each thread."""
    try:
        content = (root / "proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return []
    blocks = (dict(_lines(block)) for block in re.split(r"\n\s*\n", content))
    return [block for block in blocks if block.get("processor", "").isdigit()]


def _lines(block: str) -> Iterable[tuple[str, str]]:
    for line in block.splitlines():
        name, _, value = line.partition(":")
        yield name.strip(), value.strip()


def _cores(threads: Iterable[Mapping[str, str]]) -> int | None:
    """Return how many cores there are; None where the system does not number them (ARM)."""
    places = {(each.get("physical id"), each.get("core id")) for each in threads}
    return None if any(core is None for _, core in places) else len(places)


def _base_clock(root: Path, model: str | None) -> int | None:
    """Return the base clock: of the driver, of the firmware, or in the name of the processor."""
    stated = _STATED_CLOCK.search(model or "")
    return (
        _highest(root, "cpufreq/base_frequency", _KILO)
        or _highest(root, "acpi_cppc/nominal_freq", 1.0)
        or (whole(float(stated[1]) * _KILO) if stated and number(stated[1]) else None)
    )


def _highest(root: Path, name: str, divisor: float) -> int | None:
    """Return the highest clock of all threads: cores of one processor may differ."""
    found = [number(_content(file)) for file in (root / _CPUS).glob(f"cpu[0-9]*/{name}")]
    return max((round(each / divisor) for each in found if each), default=None)


def _content(file: Path) -> str | None:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return None


def _by_sysctl(ask: Ask) -> Processor:
    peak = number(ask("sysctl", "-n", "hw.cpufrequency_max"))
    base = number(ask("sysctl", "-n", "hw.cpufrequency"))
    return Processor(
        model=text(ask("sysctl", "-n", "machdep.cpu.brand_string")) or text(cpu_model(ROOT)),
        cores=whole(ask("sysctl", "-n", "hw.physicalcpu")),
        threads=whole(ask("sysctl", "-n", "hw.logicalcpu")) or os.cpu_count(),
        base_clock_mhz=round(base / _MEGA) if base else None,
        peak_clock_mhz=round(peak / _MEGA) if peak else None,
    )
