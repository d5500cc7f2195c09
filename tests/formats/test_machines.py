from __future__ import annotations

import msgspec

from evalhouse.formats.machines import StatedGpu, StatedMachine, gpu_model, stated_machine
from evalhouse.lookups import seeds
from evalhouse.records import GpuLink, GpuModel, SystemHardware, SystemSoftware

GIBIBYTE = 1 << 30


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
    assert nothing == msgspec.json.decode(msgspec.json.encode(nothing), type=StatedMachine)


def test_gpus_alone_are_a_machine() -> None:
    made = stated_machine(hardware={}, software={}, gpus=(StatedGpu("T4"),))
    assert [type(row) for row in made.entities()] == [SystemHardware, GpuModel, GpuLink]


def test_a_gpu_that_is_listed_is_the_one_of_the_list() -> None:
    made = gpu_model("NVIDIA GeForce RTX 4090")
    assert (made.provisional, made.pci_vendor_id) == (False, "10de")
    assert made in seeds()
    assert gpu_model("tesla-m40").provisional
