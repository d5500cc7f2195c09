"""Main memory and the board, by Linux's `/proc` and `/sys`, `dmidecode`, or macOS's `sysctl`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from evalhouse.machine.commands import Ask
from evalhouse.machine.facts import Memory
from evalhouse.machine.hardware import ROOT
from evalhouse.machine.readings import text, whole

_DMI = "sys/class/dmi/id"
_TOTAL = re.compile(r"^MemTotal:\s*(\d+)\s*kB", re.MULTILINE)
_CHANNEL = re.compile(r"^(.*?channel[\s_]*[a-z0-9])(?![a-z0-9])", re.IGNORECASE)
_KIBIBYTE = 1 << 10


def find_memory(ask: Ask, root: Path = ROOT, *, is_root: bool | None = None) -> Memory:
    """Return what the system tells of its memory.

    Speed and channels are for the superuser to read; nobody else is asked for more rights.
    """
    may_read = _is_superuser() if is_root is None else is_root
    modules = list(_modules(ask("dmidecode", "-t", "memory") or "")) if may_read else []
    speeds = [whole(_first(each, "Configured Memory Speed", "Speed")) for each in modules]
    return Memory(
        total_bytes=_total(root) or whole(ask("sysctl", "-n", "hw.memsize")),
        speed_mhz=min((speed for speed in speeds if speed), default=None),
        channels=_channels(modules),
    )


def find_motherboard(root: Path = ROOT) -> str | None:
    """Return maker and name of the board; None where the firmware names neither."""
    parts = (_dmi(root, "board_vendor"), _dmi(root, "board_name"))
    return " ".join(part for part in parts if part) or None


def _is_superuser() -> bool:
    user = getattr(os, "geteuid", None)  # not on Windows
    return bool(user and user() == 0)


def _total(root: Path) -> int | None:
    try:
        found = _TOTAL.search((root / "proc/meminfo").read_text("utf-8", "replace"))
    except OSError:
        return None
    return int(found[1]) * _KIBIBYTE or None if found else None


def _dmi(root: Path, name: str) -> str | None:
    try:
        return text((root / _DMI / name).read_text("utf-8", "replace"))
    except OSError:
        return None


def _modules(printed: str) -> Iterator[dict[str, str]]:
    """Yield what `dmidecode` says of each module that is there."""
    for block in re.split(r"\n\s*\n", printed):
        lines = block.splitlines()
        if "Memory Device" not in (line.strip() for line in lines):
            continue
        fields = (line.partition(":") for line in lines)
        module = {name.strip(): value.strip() for name, _, value in fields}
        if whole(module.get("Size")):  # else: No Module Installed
            yield module


def _first(module: Mapping[str, str], *names: str) -> str | None:
    return next((module[name] for name in names if whole(module.get(name))), None)


def _channels(modules: list[dict[str, str]]) -> int | None:
    """Return how many channels have a module; None where one does not tell its channel."""
    found: set[str] = set()
    for module in modules:
        places = (module.get("Bank Locator", ""), module.get("Locator", ""))
        match = next(filter(None, map(_CHANNEL.match, places)), None)
        if match is None:
            return None
        found.add(match[1].lower())
    return len(found) or None
