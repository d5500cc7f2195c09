"""GPUs as AMD's tools tell of them: `amd-smi`, else `rocm-smi`, as JSON or as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalhouse.machine.commands import Ask
from evalhouse.machine.facts import Gpu, Link
from evalhouse.machine.readings import (
    bus_id,
    generation,
    generation_of_speed,
    hex_id,
    lanes,
    number,
    text,
    whole,
)

_MAKER = "1002"
_MEBIBYTE = 1 << 20
_ROCM_SMI = (
    *("rocm-smi", "--showproductname", "--showid", "--showbus", "--showmeminfo", "vram"),
    *("--showmaxpower", "--showdriverversion"),
)
_LINE = re.compile(r"^GPU\[(\d+)\]\s*:\s*([^:]+?)\s*:\s*(.*?)\s*$")
_DRIVER = re.compile(r"^Driver version\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_CARD = re.compile(r"card(\d+)")
_HEX_WORD = re.compile(r"0x[0-9a-f]+", re.IGNORECASE)


@dataclass(frozen=True)
class AmdAnswer:
    """The GPUs, their driver, and the version of ROCm."""

    gpus: tuple[Gpu, ...] = ()
    driver: str | None = None
    rocm: str | None = None


def find_by_amd_tools(ask: Ask) -> AmdAnswer:
    """Return what the first of AMD's tools that answers tells."""
    found = read_amd_smi(ask("amd-smi", "static", "--json"))
    if found.gpus:
        return AmdAnswer(found.gpus, found.driver, _rocm(ask("amd-smi", "version", "--json")))
    found = read_rocm_smi(ask(*_ROCM_SMI, "--json"))
    return found if found.gpus else read_rocm_smi(ask(*_ROCM_SMI))


def read_amd_smi(printed: str | None) -> AmdAnswer:
    """Read what `amd-smi static --json` printed."""
    content = _json(printed)
    if isinstance(content, Mapping):  # since ROCm 7
        content = content.get("gpu_data")
    entries = [each for each in content or [] if isinstance(each, Mapping)]
    drivers = (text(_part(each, "driver").get("version")) for each in entries)
    return AmdAnswer(
        gpus=tuple(_of_amd_smi(slot, entry) for slot, entry in enumerate(entries)),
        driver=next(filter(None, drivers), None),
    )


def read_rocm_smi(printed: str | None) -> AmdAnswer:
    """Read what `rocm-smi` printed, in either of its layouts."""
    content = _json(printed)
    if isinstance(content, Mapping):
        cards = {
            int(match[1]): {str(key).lower(): value for key, value in card.items()}
            for name, card in content.items()
            if (match := _CARD.fullmatch(str(name))) and isinstance(card, Mapping)
        }
        driver = text(_part(content, "system").get("Driver version"))
    else:
        cards = _cards(printed or "")
        stated = _DRIVER.search(printed or "")
        driver = text(stated[1]) if stated else None
    return AmdAnswer(
        gpus=tuple(_of_rocm_smi(slot, cards[card]) for slot, card in enumerate(sorted(cards))),
        driver=driver,
    )


def _of_amd_smi(slot: int, entry: Mapping[str, Any]) -> Gpu:
    chip, bus, memory = (_part(entry, name) for name in ("asic", "bus", "vram"))
    limits = _part(entry, "limit")
    return Gpu(
        slot=slot,
        told_by="amd-smi",
        name=text(chip.get("market_name")),
        vendor_id=hex_id(chip.get("vendor_id")),
        device_id=hex_id(chip.get("device_id")),
        subsystem_vendor_id=hex_id(chip.get("subvendor_id")),
        subsystem_device_id=hex_id(chip.get("subsystem_id")),
        bus_id=bus_id(bus.get("bdf")),
        memory_mb=whole(memory.get("size")),
        memory_type=text(memory.get("type")),
        memory_bus_width_bits=whole(memory.get("bit_width")),
        power_limit_w=number(limits.get("socket_power")) or number(limits.get("max_power")),
        link=Link(
            card_generation=generation_of_speed(bus.get("max_pcie_speed"))
            or generation(bus.get("pcie_interface_version")),
            card_lanes=lanes(bus.get("max_pcie_width")),
        ),
    )


def _of_rocm_smi(slot: int, card: Mapping[str, Any]) -> Gpu:
    """Return a GPU; what `--showpower` would tell is no limit but the present draw."""
    memory = number(card.get("vram total memory (b)"))
    names = (_name(card.get(key)) for key in ("device name", "card series", "card model"))
    ids = (hex_id(card.get(key)) for key in ("device id", "gpu id", "card model"))
    return Gpu(
        slot=slot,
        told_by="rocm-smi",
        name=next(filter(None, names), None),
        vendor_id=_MAKER,
        device_id=next(filter(None, ids), None),
        subsystem_device_id=hex_id(card.get("subsystem id")),
        bus_id=bus_id(card.get("pci bus")),
        memory_mb=int(memory) // _MEBIBYTE or None if memory else None,
        power_limit_w=number(card.get("max graphics package power (w)")),
    )


def _cards(printed: str) -> dict[int, dict[str, str]]:
    """Return what each line `GPU[0] : name : value` says, by the GPU."""
    found: dict[int, dict[str, str]] = {}
    for line in printed.splitlines():
        match = _LINE.match(line)
        if match:
            found.setdefault(int(match[1]), {})[match[2].lower()] = match[3]
    return found


def _name(value: Any) -> str | None:
    """Return a name; older versions write an id where they know none."""
    found = text(value)
    return None if found is None or _HEX_WORD.fullmatch(found) else found


def _rocm(printed: str | None) -> str | None:
    content = _json(printed)
    entries = content if isinstance(content, list) else [content]
    versions = (text(each.get("rocm_version")) for each in entries if isinstance(each, Mapping))
    return next(filter(None, versions), None)


def _part(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = entry.get(name)
    return found if isinstance(found, Mapping) else {}


def _json(printed: str | None) -> Any:
    """Return JSON that may stand behind warnings; None where there is none."""
    for start in _starts(printed or ""):
        try:
            found, _ = json.JSONDecoder().raw_decode((printed or "")[start:])
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict | list):
            return found
    return None


def _starts(printed: str) -> Iterator[int]:
    """Yield where a line begins with a bracket."""
    yield from (match.start() for match in re.finditer(r"^[\[{](?!\d)", printed, re.MULTILINE))
