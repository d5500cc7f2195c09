"""GPUs as Linux lists them on the bus, and how each is connected.

A card may hold a bridge of its own: what the GPU itself reports is then the wire behind the bridge,
which is always fast. The link that counts is that of the card's edge, and the slot is above it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from evalhouse.machine.facts import Gpu, Link
from evalhouse.machine.hardware import ROOT
from evalhouse.machine.readings import generation_of_speed, hex_id, lanes, number, text, whole

TOLD_BY = "PCI bus of Linux"
_DEVICES = "sys/bus/pci/devices"
_CLASSES = ("0x03", "0x12")  # displays, processing accelerators
_MAKERS = frozenset({"10de", "1002", "8086"})
_BRIDGE = "0x0604"
_MEBIBYTE = 1 << 20
_MICROWATTS = 1e6


def find_by_bus(root: Path = ROOT, *, known: Collection[str | None] = ()) -> list[Gpu]:
    """Return the GPUs on the bus that no tool has told of, in the order of the bus."""
    try:
        folders = sorted((root / _DEVICES).iterdir())
    except OSError:
        return []
    found = [folder for folder in folders if folder.name not in known and _is_gpu(folder)]
    return [
        Gpu(
            slot=slot,
            told_by=TOLD_BY,
            name=text(_content(folder / "product_name")),
            vendor_id=hex_id(_content(folder / "vendor")),
            device_id=hex_id(_content(folder / "device")),
            subsystem_vendor_id=hex_id(_content(folder / "subsystem_vendor")),
            subsystem_device_id=hex_id(_content(folder / "subsystem_device")),
            bus_id=folder.name,
            memory_mb=_memory(folder),
            power_limit_w=_power_limit(folder),
            link=link_of(folder.name, root),
        )
        for slot, folder in enumerate(found)
    ]


def link_of(bus_id: str | None, root: Path = ROOT) -> Link:
    """Return how the device at a place of the bus is connected, as far as Linux tells."""
    if bus_id is None:
        return Link()
    try:
        folder = (root / _DEVICES / bus_id).resolve(strict=True)
    except OSError:
        return Link()
    edge = _edge(folder)
    if not _is_device(edge.parent):  # on the processor itself
        return Link(interface="integrated")
    return Link(
        card_generation=_speed(edge, "max_link_speed"),
        card_lanes=_width(edge, "max_link_width"),
        slot_generation=_speed(edge.parent, "max_link_speed"),
        slot_lanes=_width(edge.parent, "max_link_width"),
        generation=_speed(edge, "current_link_speed"),
        lanes=_width(edge, "current_link_width"),
    )


def completed(link: Link, other: Link) -> Link:
    """Return a link with what another source tells where this one tells nothing."""
    missing = {name: getattr(other, name) for name in Link.__slots__ if getattr(link, name) is None}
    return replace(link, **missing)


def _edge(folder: Path) -> Path:
    """Return the uppermost bridge that belongs to the card, else the GPU itself."""
    vendor = _content(folder / "vendor")
    edge = folder
    for above in _bridges(folder):
        if _content(above / "vendor") != vendor or not _is_device(above.parent):
            break
        edge = above
    return edge


def _bridges(folder: Path) -> Iterator[Path]:
    above = folder.parent
    while _is_device(above) and (_content(above / "class") or "").startswith(_BRIDGE):
        yield above
        above = above.parent


def _is_device(folder: Path) -> bool:
    return (folder / "vendor").is_file()


def _is_gpu(folder: Path) -> bool:
    is_kind = (_content(folder / "class") or "").startswith(_CLASSES)
    return is_kind and hex_id(_content(folder / "vendor")) in _MAKERS


def _memory(folder: Path) -> int | None:
    total = number(_content(folder / "mem_info_vram_total"))
    return int(total) // _MEBIBYTE or None if total else None


def _power_limit(folder: Path) -> float | None:
    caps = (number(_content(file)) for file in sorted(folder.glob("hwmon/hwmon*/power1_cap")))
    return next((cap / _MICROWATTS for cap in caps if cap), None)


def _speed(folder: Path, name: str) -> int | None:
    return generation_of_speed(_content(folder / name))


def _width(folder: Path, name: str) -> int | None:
    return lanes(whole(_content(folder / name)))


def _content(file: Path) -> str | None:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return None
