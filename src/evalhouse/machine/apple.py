"""GPUs as macOS's `system_profiler` tells of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from evalhouse.machine.commands import Ask
from evalhouse.machine.facts import Gpu, Link
from evalhouse.machine.readings import hex_id, lanes, number, text

TOLD_BY = "system_profiler"
SECONDS = 30.0
_VENDOR = re.compile(r"\((0x[0-9a-f]+)\)", re.IGNORECASE)
_UNITS = {"GB": 1024, "MB": 1}


def find_by_system_profiler(ask: Ask) -> list[Gpu]:
    """Return the GPUs of a Mac; those of Apple's chips share the memory of the processor."""
    printed = ask("system_profiler", "SPDisplaysDataType", "-json", seconds=SECONDS)
    try:
        entries = json.loads(printed or "null")["SPDisplaysDataType"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
    found = [each for each in entries if isinstance(each, Mapping)] if entries else []
    return [_gpu(slot, entry) for slot, entry in enumerate(found)]


def _gpu(slot: int, entry: Mapping[str, Any]) -> Gpu:
    vendor = str(entry.get("spdisplays_vendor", ""))
    is_apples = "apple" in vendor.lower()
    stated = _VENDOR.search(vendor)
    return Gpu(
        slot=slot,
        told_by=TOLD_BY,
        name=text(entry.get("sppci_model")) or text(entry.get("_name")),
        vendor_id=hex_id(stated[1]) if stated else None,
        device_id=hex_id(entry.get("spdisplays_device-id")),
        memory_mb=_memory(entry.get("spdisplays_vram")),
        memory_type="unified" if is_apples else None,
        link=Link(
            interface="unified" if is_apples else _built_in(entry),
            lanes=lanes(entry.get("spdisplays_pcie_width")),
        ),
    )


def _built_in(entry: Mapping[str, Any]) -> str | None:
    return "integrated" if entry.get("sppci_bus") == "spdisplays_builtin" else None


def _memory(value: Any) -> int | None:
    """Return memory in MiB; what is shared with the processor has another key."""
    size, unit = number(value), str(value).strip()[-2:].upper()
    return round(size * _UNITS[unit]) if size and unit in _UNITS else None
