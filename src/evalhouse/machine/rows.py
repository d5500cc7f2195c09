"""A machine as rows of the catalog, with ids that its content gives.

A machine that changes is another row. What only the superuser can read, what drivers round
differently and what idling changes is no part of an id: the same machine would have several.
"""

from __future__ import annotations

from typing import Any

from evalhouse import ids
from evalhouse.lookups.hardware import GpuMatch, find_gpu, interface_type, interface_types, pcie
from evalhouse.machine.facts import Engine, Gpu, Link, Machine
from evalhouse.records import (
    Entity,
    GpuLink,
    GpuModel,
    InterfaceType,
    SystemHardware,
    SystemSoftware,
)
from evalhouse.version import __version__

_GIBIBYTE, _MEBIBYTES = 1 << 30, 1 << 10
_DATA_RATE = 2  # transfers a cycle, of GDDR and of HBM alike as drivers count clocks
_BITS, _MEGA_TO_GIGA = 8, 1000


def machine_rows(machine: Machine, engine: Engine | None = None) -> tuple[Entity, ...]:
    """Return the rows of a machine, what is referred to first.

    `engine` is what served the models of a run; a machine alone does not tell, whatever is on it.
    """
    models = [gpu_model(gpu) for gpu in machine.gpus]
    hardware = _hardware(machine, models)
    links = [_link(gpu, model, hardware) for gpu, model in zip(machine.gpus, models, strict=True)]
    distinct = {model.gpu_hardware_id: model for model in models}
    return (
        *_interfaces(models, links),
        _software(machine, engine),
        *distinct.values(),
        hardware,
        *links,
    )


def match_of(gpu: Gpu) -> GpuMatch | None:
    """Return the model of the list that a GPU is; None where that is not certain."""
    return find_gpu(
        gpu.name, vendor_id=gpu.vendor_id, device_id=gpu.device_id, memory_mb=gpu.memory_mb
    )


def gpu_model(gpu: Gpu) -> GpuModel:
    """Return the model of a GPU: of the list, else a provisional one of what is known.

    It is known by its ids of PCI and its memory to the gibibyte; by its name where it has no ids.
    """
    match = match_of(gpu)
    if match is not None:
        return match.model
    place = (gpu.vendor_id, gpu.device_id)
    name = gpu.name or f"GPU {':'.join(each or '????' for each in place)}"
    identity = {
        "pci_vendor_id": gpu.vendor_id,
        "pci_device_id": gpu.device_id,
        "pci_subsystem_vendor_id": gpu.subsystem_vendor_id,
        "pci_subsystem_device_id": gpu.subsystem_device_id,
        "memory_gib": gpu.memory_mb and round(gpu.memory_mb / _MEBIBYTES),
    }
    natural_key = ids.canonical_json(identity) if gpu.device_id else name
    return GpuModel(
        gpu_hardware_id=ids.derive(GpuModel.table, natural_key),
        name=name,
        pci_vendor_id=gpu.vendor_id,
        pci_device_id=gpu.device_id,
        pci_subsystem_vendor_id=gpu.subsystem_vendor_id,
        pci_subsystem_device_id=gpu.subsystem_device_id,
        vram_total_mb=gpu.memory_mb,
        vram_type=gpu.memory_type,
        memory_bus_width_bits=gpu.memory_bus_width_bits,
        memory_bandwidth_peak_gb_s=memory_bandwidth(
            gpu.clock_memory_mhz, gpu.memory_bus_width_bits
        ),
        clock_memory_mhz=gpu.clock_memory_mhz,
        native_interface_type_id=_interface_id(card_interface(gpu.link)),
        provisional=True,
    )


def memory_bandwidth(clock_mhz: int | None, bus_width_bits: int | None) -> float | None:
    """Return the peak bandwidth in GB/s of memory, by the clock as NVIDIA's drivers count it.

        clock * 2 * width / 8 / 1000

    Example:
        >>> round(memory_bandwidth(10501, 384), 1), round(memory_bandwidth(1215, 5120), 1)
        (1008.1, 1555.2)
    """
    if not clock_mhz or not bus_width_bits:
        return None
    return clock_mhz * _DATA_RATE * bus_width_bits / _BITS / _MEGA_TO_GIGA


def card_interface(link: Link) -> str | None:
    """Return the connection that a card is made for; None where it is not known whole."""
    return _interface(link, link.card_generation, link.card_lanes)


def slot_interface(link: Link) -> str | None:
    """Return the connection that a slot is made for."""
    return _interface(link, link.slot_generation, link.slot_lanes)


def actual_interface(link: Link) -> str | None:
    """Return the connection as it was read."""
    return _interface(link, link.generation, link.lanes)


def _interface(link: Link, generation: int | None, lanes: int | None) -> str | None:
    if link.interface:
        return link.interface
    return pcie(generation, lanes) if generation and lanes else None


def _software(machine: Machine, engine: Engine | None) -> SystemSoftware:
    software = machine.software
    values: dict[str, Any] = {
        "os": software.os,
        "kernel": software.kernel,
        "python": software.python,
        "gpu_driver_version": software.gpu_driver,
        "cuda_version": software.cuda,
        "rocm_version": software.rocm,
        "engine": engine and engine.name,
        "engine_version": engine and engine.version,
        "runner_version": f"evalhouse {__version__}",
        "container": software.container,
    }
    known = {name: value for name, value in values.items() if value is not None}
    key = ids.derive(SystemSoftware.table, ids.canonical_json(known))
    return SystemSoftware(system_software_id=key, **known)


def _hardware(machine: Machine, models: list[GpuModel]) -> SystemHardware:
    processor, memory = machine.processor, machine.memory
    stable: dict[str, Any] = {
        "host_id": machine.host_id,
        "cpu_model": processor.model,
        "cpu_threads": processor.threads,
        "cpu_base_clock_mhz": processor.base_clock_mhz,
        "cpu_peak_clock_mhz": processor.peak_clock_mhz,
        "motherboard": machine.motherboard,
        "machine": machine.architecture,
    }
    identity = {
        **stable,
        "ram_gib": memory.total_bytes and round(memory.total_bytes / _GIBIBYTE),
        "gpus": [
            [gpu.slot, model.gpu_hardware_id, slot_interface(gpu.link)]
            for gpu, model in zip(machine.gpus, models, strict=True)
        ],
    }
    return SystemHardware(
        system_hardware_id=ids.derive(SystemHardware.table, ids.canonical_json(identity)),
        **stable,
        cpu_cores=processor.cores,
        ram_total_bytes=memory.total_bytes,
        memory_speed_mhz=memory.speed_mhz,
        memory_channels=memory.channels,
    )


def _interfaces(models: list[GpuModel], links: list[GpuLink]) -> tuple[InterfaceType, ...]:
    """Return what is referred to, for a house that was made before it was listed."""
    used = {model.native_interface_type_id for model in models}
    used |= {link.slot_native_interface_type_id for link in links}
    used |= {link.actual_interface_type_id for link in links}
    return tuple(each for each in interface_types() if each.interface_type_id in used)


def _link(gpu: Gpu, model: GpuModel, hardware: SystemHardware) -> GpuLink:
    is_certain = _is_certain(gpu.link)
    actual = _interface_id(actual_interface(gpu.link)) if is_certain else None
    return GpuLink(
        system_hardware_id=hardware.system_hardware_id,
        slot_index=gpu.slot,
        gpu_hardware_id=model.gpu_hardware_id,
        slot_native_interface_type_id=_interface_id(slot_interface(gpu.link)),
        actual_interface_type_id=actual,
        is_under_load=gpu.link.is_under_load if actual else None,
        vram_total_mb=gpu.memory_mb,
        power_limit_w=gpu.power_limit_w,
    )


def _is_certain(link: Link) -> bool:
    """Tell whether a link as read is what the GPU gets: an idle one may have slowed down.

    Idle at the highest generation that card and slot both can, it has not.
    """
    if link.interface or link.is_under_load:
        return True
    sides = [each for each in (link.card_generation, link.slot_generation) if each]
    return bool(sides) and link.generation == min(sides)


def _interface_id(description: str | None) -> str | None:
    found = interface_type(description) if description else None
    return found.interface_type_id if found else None
