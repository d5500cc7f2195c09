"""GPUs as NVIDIA's management library tells of them."""

from __future__ import annotations

from typing import Any

from evalhouse.machine.facts import Gpu, Link
from evalhouse.machine.gpus import Gpus
from evalhouse.machine.readings import bus_id, generation, id_pair, lanes, number, text, whole

TOLD_BY = "NVML"
_GRAPHICS, _MEMORY = 0, 2  # kinds of clock, as NVML numbers them
_MEBIBYTE = 1 << 20
_MILLIWATTS = 1e3


def find_by_nvml(gpus: Gpus) -> list[Gpu]:
    """Return the GPUs of an open library, in its order."""
    return [_gpu(gpus, slot, handle) for slot, handle in enumerate(gpus.handles)]


def link_by_nvml(gpus: Gpus, handle: Any) -> Link:
    """Return the link of a GPU as it is now.

    The highest generation that NVML gives is what card and slot both can. Where it is below that
    of the card, it is the slot's; else the slot can as much or more, and nobody tells.
    """
    card = generation(gpus.ask("nvmlDeviceGetGpuMaxPcieLinkGeneration", handle))
    both = generation(gpus.ask("nvmlDeviceGetMaxPcieLinkGeneration", handle))
    return Link(
        card_generation=card,
        slot_generation=both if card and both and both < card else None,
        slot_lanes=lanes(gpus.ask("nvmlDeviceGetMaxPcieLinkWidth", handle)),
        generation=generation(gpus.ask("nvmlDeviceGetCurrPcieLinkGeneration", handle)),
        lanes=lanes(gpus.ask("nvmlDeviceGetCurrPcieLinkWidth", handle)),
    )


def _gpu(gpus: Gpus, slot: int, handle: Any) -> Gpu:
    place = gpus.ask("nvmlDeviceGetPciInfo", handle)
    vendor, device = id_pair(getattr(place, "pciDeviceId", None))
    subsystem_vendor, subsystem_device = id_pair(getattr(place, "pciSubSystemId", None))
    memory = number(getattr(gpus.ask("nvmlDeviceGetMemoryInfo", handle), "total", None))
    limit = number(gpus.ask("nvmlDeviceGetPowerManagementLimit", handle))
    return Gpu(
        slot=slot,
        told_by=TOLD_BY,
        name=text(gpus.ask("nvmlDeviceGetName", handle)),
        vendor_id=vendor,
        device_id=device,
        subsystem_vendor_id=subsystem_vendor,
        subsystem_device_id=subsystem_device,
        bus_id=bus_id(getattr(place, "busId", None)),
        memory_mb=int(memory) // _MEBIBYTE or None if memory else None,
        memory_bus_width_bits=whole(gpus.ask("nvmlDeviceGetMemoryBusWidth", handle)),
        clock_memory_mhz=whole(gpus.ask("nvmlDeviceGetMaxClockInfo", handle, _MEMORY)),
        clock_graphics_max_mhz=whole(gpus.ask("nvmlDeviceGetMaxClockInfo", handle, _GRAPHICS)),
        clock_graphics_mhz=whole(gpus.ask("nvmlDeviceGetClockInfo", handle, _GRAPHICS)),
        power_limit_w=limit / _MILLIWATTS if limit else None,
        link=link_by_nvml(gpus, handle),
    )
