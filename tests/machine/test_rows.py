"""A machine as rows: which ids its content gives, and what is no part of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

import pytest

from evalhouse import ids
from evalhouse.formats.machines import gpu_model as model_of_name
from evalhouse.lookups.hardware import interface_type
from evalhouse.machine.facts import Engine, Gpu, Link, Machine, Memory, Processor, Software
from evalhouse.machine.rows import gpu_model, machine_rows, memory_bandwidth
from evalhouse.records import (
    Entity,
    GpuLink,
    GpuModel,
    InterfaceType,
    SystemHardware,
    SystemSoftware,
)

Record = TypeVar("Record", bound=Entity)

LINK = Link(
    card_generation=4,
    card_lanes=16,
    slot_generation=3,
    slot_lanes=16,
    generation=3,
    lanes=16,
    is_under_load=True,
)
LISTED = Gpu(
    slot=0,
    told_by="NVML",
    name="NVIDIA GeForce RTX 4090",
    vendor_id="10de",
    device_id="2684",
    subsystem_vendor_id="1043",
    subsystem_device_id="889a",
    memory_mb=24564,
    power_limit_w=350.0,
    link=LINK,
)
UNLISTED = Gpu(
    slot=1,
    told_by="NVML",
    name="NVIDIA Z1",
    vendor_id="10de",
    device_id="0001",
    subsystem_vendor_id="1043",
    subsystem_device_id="0002",
    memory_mb=40960,
    memory_bus_width_bits=5120,
    clock_memory_mhz=1215,
    link=replace(LINK, slot_lanes=None),
)
MACHINE = Machine(
    host_id="1761858a-c737-4d03-9bbb-20b6dd284bfa",
    architecture="x86_64",
    processor=Processor("AMD EPYC 9B14", 96, 192, 2600, 3700),
    memory=Memory(134_983_213_056, 4800, 12),
    motherboard="Supermicro H13SSL-N",
    gpus=(LISTED, UNLISTED),
    software=Software(
        os="Debian GNU/Linux 12 (bookworm)",
        kernel="Linux 6.1.0",
        python="3.11.7",
        gpu_driver="550.90.07",
        cuda="12.4",
        rocm="6.4.1",
        engines=(Engine("vllm", "0.8.5"),),
        container="docker",
    ),
)


def of(kind: type[Record], machine: Machine = MACHINE, **more: Any) -> list[Record]:
    return [row for row in machine_rows(machine, **more) if isinstance(row, kind)]


def link_id(description: str) -> str:
    found = interface_type(description)
    assert found is not None
    return found.interface_type_id


def test_the_machine_is_a_row() -> None:
    (row,) = of(SystemHardware)
    assert row == SystemHardware(
        system_hardware_id=row.system_hardware_id,
        host_id=MACHINE.host_id,
        cpu_model="AMD EPYC 9B14",
        cpu_cores=96,
        cpu_threads=192,
        cpu_base_clock_mhz=2600,
        cpu_peak_clock_mhz=3700,
        ram_total_bytes=134_983_213_056,
        memory_speed_mhz=4800,
        memory_channels=12,
        motherboard="Supermicro H13SSL-N",
        machine="x86_64",
    )


def test_its_software_is_a_row_without_an_engine_that_nobody_named() -> None:
    (row,) = of(SystemSoftware)
    assert (row.os, row.kernel, row.python) == (
        "Debian GNU/Linux 12 (bookworm)",
        "Linux 6.1.0",
        "3.11.7",
    )
    assert (row.gpu_driver_version, row.cuda_version, row.rocm_version) == (
        "550.90.07",
        "12.4",
        "6.4.1",
    )
    assert (row.container, row.engine, row.engine_version) == ("docker", None, None)
    assert (row.runner_version or "").startswith("evalhouse ")


def test_the_engine_of_a_run_makes_another_row() -> None:
    (alone,) = of(SystemSoftware)
    (served,) = of(SystemSoftware, engine=Engine("vllm", "0.8.5"))
    assert (served.engine, served.engine_version) == ("vllm", "0.8.5")
    assert served.system_software_id != alone.system_software_id


def test_links_name_slot_and_what_is_used() -> None:
    first, second = of(GpuLink)
    (hardware,) = of(SystemHardware)
    assert first == GpuLink(
        system_hardware_id=hardware.system_hardware_id,
        slot_index=0,
        gpu_hardware_id=gpu_model(LISTED).gpu_hardware_id,
        slot_native_interface_type_id=link_id("PCIe 3.0 x16"),
        actual_interface_type_id=link_id("PCIe 3.0 x16"),
        is_under_load=True,
        vram_total_mb=24564,
        power_limit_w=350.0,
    )
    assert second.slot_native_interface_type_id is None


def test_rows_come_after_what_they_refer_to() -> None:
    kinds = [type(row) for row in machine_rows(MACHINE)]
    assert kinds == [
        *[InterfaceType] * 2,
        SystemSoftware,
        *[GpuModel] * 2,
        SystemHardware,
        *[GpuLink] * 2,
    ]


def test_gpus_of_one_model_are_one_model() -> None:
    machine = replace(MACHINE, gpus=(LISTED, replace(LISTED, slot=1)))
    assert len(of(GpuModel, machine)) == 1
    assert len(of(GpuLink, machine)) == 2


def test_a_listed_model_is_the_lists() -> None:
    model = gpu_model(LISTED)
    assert (model.name, model.provisional) == ("NVIDIA GeForce RTX 4090", False)
    assert (model.pci_subsystem_vendor_id, model.tdp_watts) == (None, 450)


def test_a_model_that_is_not_listed_is_provisional() -> None:
    model = gpu_model(UNLISTED)
    assert model == GpuModel(
        gpu_hardware_id=model.gpu_hardware_id,
        name="NVIDIA Z1",
        pci_vendor_id="10de",
        pci_device_id="0001",
        pci_subsystem_vendor_id="1043",
        pci_subsystem_device_id="0002",
        vram_total_mb=40960,
        memory_bus_width_bits=5120,
        memory_bandwidth_peak_gb_s=1215 * 2 * 5120 / 8 / 1000,
        clock_memory_mhz=1215,
        native_interface_type_id=link_id("PCIe 4.0 x16"),
        provisional=True,
    )


@pytest.mark.parametrize("changes", [{"name": "other spelling"}, {"memory_mb": 40536}])
def test_what_drivers_spell_or_round_differently_is_the_same_model(changes: Any) -> None:
    assert gpu_model(replace(UNLISTED, **changes)).gpu_hardware_id == (
        gpu_model(UNLISTED).gpu_hardware_id
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"vendor_id": "1002"},
        {"device_id": "0003"},
        {"subsystem_vendor_id": "1462"},
        {"subsystem_device_id": None},
        {"memory_mb": 81920},
    ],
)
def test_other_ids_or_memory_are_another_model(changes: Any) -> None:
    assert gpu_model(replace(UNLISTED, **changes)).gpu_hardware_id != (
        gpu_model(UNLISTED).gpu_hardware_id
    )


def test_a_name_alone_gives_the_id_that_foreign_runs_give() -> None:
    card = Gpu(slot=0, told_by="system_profiler", name="AMD Radeon Pro 5500M")
    assert gpu_model(card).gpu_hardware_id == model_of_name(card.name or "").gpu_hardware_id
    listed = Gpu(slot=0, told_by="system_profiler", name="Apple M3 Max")
    assert gpu_model(listed).gpu_hardware_id == ids.derive("gpu_hardware", "Apple M3 Max")


def test_a_gpu_without_a_name_is_called_by_its_ids() -> None:
    assert gpu_model(replace(UNLISTED, name=None)).name == "GPU 10de:0001"
    assert gpu_model(Gpu(slot=0, told_by="x")).name == "GPU ????:????"


def hardware_id(machine: Machine) -> str:
    (row,) = of(SystemHardware, machine)
    return row.system_hardware_id


def with_gpu(**changes: Any) -> Machine:
    return replace(MACHINE, gpus=(replace(LISTED, **changes), UNLISTED))


@pytest.mark.parametrize(
    "machine",
    [
        replace(MACHINE, memory=Memory(134_983_000_000)),
        replace(MACHINE, processor=replace(MACHINE.processor, cores=None)),
        replace(MACHINE, software=Software()),
        replace(MACHINE, notes=("something",)),
        with_gpu(power_limit_w=450.0, clock_graphics_mhz=2610),
        with_gpu(link=replace(LINK, generation=1, is_under_load=False)),
    ],
    ids=["rights and kernel", "cores", "software", "notes", "power and clock", "idle"],
)
def test_a_machine_that_has_not_changed_keeps_its_id(machine: Machine) -> None:
    assert hardware_id(machine) == hardware_id(MACHINE)


@pytest.mark.parametrize(
    "machine",
    [
        replace(MACHINE, host_id="52e6f3c4-ff14-477d-b1e0-46e6602ab79d"),
        replace(MACHINE, memory=Memory(2**38)),
        replace(MACHINE, motherboard="ASUS"),
        replace(MACHINE, processor=replace(MACHINE.processor, threads=96)),
        replace(MACHINE, gpus=(LISTED,)),
        replace(MACHINE, gpus=(replace(UNLISTED, slot=0), replace(LISTED, slot=1))),
        with_gpu(link=replace(LINK, slot_lanes=8)),
    ],
    ids=["host", "memory", "board", "threads", "fewer GPUs", "other order", "other slot"],
)
def test_a_machine_that_has_changed_is_another_row(machine: Machine) -> None:
    assert hardware_id(machine) != hardware_id(MACHINE)


def link_of(link: Link) -> GpuLink:
    return of(GpuLink, with_gpu(link=link))[0]


def test_an_idle_link_that_may_have_slowed_down_is_not_kept() -> None:
    kept = link_of(replace(LINK, generation=1, is_under_load=False))
    assert (kept.actual_interface_type_id, kept.is_under_load) == (None, None)


def test_an_idle_link_as_fast_as_both_sides_can_is_kept() -> None:
    kept = link_of(replace(LINK, is_under_load=False))
    assert kept.actual_interface_type_id == link_id("PCIe 3.0 x16")
    assert kept.is_under_load is False


def test_a_slow_link_under_load_is_kept() -> None:
    kept = link_of(replace(LINK, generation=1, lanes=4))
    assert (kept.actual_interface_type_id, kept.is_under_load) == (link_id("PCIe 1.0 x4"), True)


def test_a_link_of_which_nothing_is_known_is_kept_open() -> None:
    kept = link_of(Link())
    assert kept.slot_native_interface_type_id is kept.actual_interface_type_id is None
    assert kept.is_under_load is None


def test_a_gpu_on_the_processor_is_integrated() -> None:
    kept = link_of(Link(interface="unified"))
    assert kept.actual_interface_type_id == link_id("unified")
    assert kept.is_under_load is None


def test_a_link_that_no_table_has_stays_open() -> None:
    assert link_of(replace(LINK, lanes=12)).actual_interface_type_id is None


@pytest.mark.parametrize(("clock", "width"), [(None, 384), (10501, None), (0, 384)])
def test_bandwidth_needs_clock_and_width(clock: int | None, width: int | None) -> None:
    assert memory_bandwidth(clock, width) is None
