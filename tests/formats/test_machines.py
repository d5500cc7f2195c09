from __future__ import annotations

from evalhouse.formats.machines import (
    StatedGpu,
    StatedMachine,
    found_machine,
    gpu_model,
    stated_machine,
)
from evalhouse.lookups import seeds
from evalhouse.machine.facts import Gpu, Machine, Memory, Processor
from evalhouse.machine.rows import machine_rows
from evalhouse.records import GpuLink, GpuModel, SystemHardware, SystemSoftware
from tests.formats.references import dangling

GIBIBYTE = 1 << 30
HOST = "12345678-1111-4111-8111-123456789abc"


def of(**hardware: object) -> StatedMachine:
    return stated_machine(hardware=hardware, software={})


def test_a_machine_is_a_row_for_each_slot_and_a_model_once_for_both() -> None:
    boards = (StatedGpu("Abacus 9", 80 * GIBIBYTE), StatedGpu("Abacus 9"), StatedGpu())
    made = stated_machine(
        hardware={"cpu_model": "EPYC"}, software={"engine": "vllm", "os": None}, gpus=boards
    )
    software, hardware, model, first, again, second = made.entities()
    assert isinstance(software, SystemSoftware)
    assert (software.engine, software.os) == ("vllm", None)
    assert isinstance(hardware, SystemHardware)
    assert (hardware.cpu_model, hardware.host_id, hardware.cpu_cores) == ("EPYC", None, None)
    assert isinstance(model, GpuModel)
    assert (model.name, model.provisional, model.vram_total_mb) == ("Abacus 9", True, None)
    assert model == again
    assert isinstance(first, GpuLink)
    assert isinstance(second, GpuLink)
    assert (first.slot_index, first.vram_total_mb) == (0, 80 * 1024)
    assert (second.slot_index, second.vram_total_mb) == (1, None)
    assert {first.system_hardware_id, second.system_hardware_id} == {made.hardware_id}
    assert made.software_id == software.system_software_id


def test_equal_machines_are_one_row_and_other_gpus_make_another() -> None:
    one = of(cpu_model="EPYC", cpu_cores=None)
    assert one == of(cpu_model="EPYC")
    assert one.hardware_id != of(cpu_model="Xeon").hardware_id
    with_gpu = stated_machine(hardware={"cpu_model": "EPYC"}, software={}, gpus=(StatedGpu(),))
    assert one.hardware_id != with_gpu.hardware_id


def test_of_nothing_there_is_no_row() -> None:
    nothing = stated_machine(hardware={"cpu_model": None}, software={"os": None})
    assert list(nothing.entities()) == []
    assert (nothing.hardware_id, nothing.software_id) == (None, None)


def test_gpus_alone_are_a_machine() -> None:
    made = stated_machine(hardware={}, software={}, gpus=(StatedGpu("T4"),))
    assert [type(row) for row in made.entities()] == [SystemHardware, GpuModel, GpuLink]


def test_a_machine_that_was_detected_is_the_row_that_detection_gives() -> None:
    gpu = Gpu(slot=0, told_by="NVML", name="Abacus 9", memory_mb=1000, power_limit_w=70.0)
    machine = Machine(host_id=HOST, processor=Processor("EPYC", threads=8), gpus=(gpu,))
    made = found_machine(machine, {"engine": "vllm"})
    rows = list(made.entities())
    assert rows[1:] == [
        next(row for row in machine_rows(machine) if isinstance(row, kind))
        for kind in (SystemHardware, GpuModel, GpuLink)
    ]
    assert rows[0] == SystemSoftware(system_software_id=made.software_id or "", engine="vllm")


def test_what_a_table_does_not_take_is_not_stated() -> None:
    gpus = (Gpu(slot=-1, told_by="", name="a"), Gpu(slot=1, told_by="", name="b", memory_mb=-1))
    machine = Machine(
        host_id="mine",
        processor=Processor("EPYC", cores=-4, threads=8),
        memory=Memory(total_bytes=1 << 70),
        gpus=gpus,
    )
    rows = list(found_machine(machine, {}).entities())
    (hardware,) = (row for row in rows if isinstance(row, SystemHardware))
    assert (hardware.host_id, hardware.cpu_cores, hardware.cpu_threads) == (None, None, 8)
    assert hardware.ram_total_bytes is None
    (link,) = (row for row in rows if isinstance(row, GpuLink))
    assert (link.slot_index, link.vram_total_mb) == (1, None)
    assert dangling(rows) == []


def test_a_gpu_that_is_listed_is_the_one_of_the_list() -> None:
    made = gpu_model("NVIDIA GeForce RTX 4090")
    assert (made.provisional, made.pci_vendor_id) == (False, "10de")
    assert made in seeds()
    assert gpu_model("tesla-m40").provisional
