"""GPUs of NVIDIA, by its library and by its tool."""

from __future__ import annotations

from evalhouse.machine.facts import Gpu, Link
from evalhouse.machine.gpus import Gpus
from evalhouse.machine.nvidia_smi import NvidiaAnswer, find_by_nvidia_smi
from evalhouse.machine.nvml import find_by_nvml
from tests.machine.boards import Board, Library, boards_of
from tests.machine.tools import OUTPUTS, Tools

QUERY = "nvidia-smi --query-gpu"


def by_nvml(*boards: Board) -> list[Gpu]:
    with Gpus(Library(list(boards))) as gpus:
        return find_by_nvml(gpus)


def test_the_library_tells_everything_of_a_card() -> None:
    card, _ = by_nvml(*boards_of(OUTPUTS / "nvml_boards.json"))
    assert card == Gpu(
        slot=0,
        told_by="NVML",
        name="NVIDIA GeForce RTX 4090",
        vendor_id="10de",
        device_id="2684",
        subsystem_vendor_id="1043",
        subsystem_device_id="889a",
        bus_id="0000:01:00.0",
        memory_mb=24564,
        memory_bus_width_bits=384,
        clock_memory_mhz=10501,
        clock_graphics_max_mhz=3105,
        clock_graphics_mhz=2610,
        power_limit_w=350.0,
        link=Link(card_generation=4, slot_generation=3, slot_lanes=8, generation=1, lanes=8),
    )


def test_what_the_library_does_not_know_is_unknown() -> None:
    _, card = by_nvml(*boards_of(OUTPUTS / "nvml_boards.json"))
    assert card == Gpu(
        slot=1,
        told_by="NVML",
        name="NVIDIA Graphics Device",
        vendor_id="10de",
        device_id="1fff",
        bus_id="0000:41:00.0",
        clock_memory_mhz=1215,
        link=Link(card_generation=4),
    )


def test_the_highest_generation_of_both_is_not_the_slots_where_it_is_the_cards() -> None:
    told = {"nvmlDeviceGetGpuMaxPcieLinkGeneration": 4, "nvmlDeviceGetMaxPcieLinkGeneration": 4}
    (card,) = by_nvml(Board(told=told))
    assert card.link.slot_generation is None


def test_a_card_that_answers_nothing_is_still_one() -> None:
    assert by_nvml(Board(name="", memory=None)) == [Gpu(slot=0, told_by="NVML")]


def test_the_tool_tells_card_and_slot_apart() -> None:
    tools = Tools({QUERY: "nvidia_smi_two_cards.csv", "nvidia-smi": "nvidia_smi_banner.txt"})
    found = find_by_nvidia_smi(tools)
    first, second = found.gpus
    assert (found.driver, found.cuda) == ("550.90.07", "12.4")
    assert (first.vendor_id, first.device_id) == ("10de", "2684")
    assert (first.subsystem_vendor_id, first.subsystem_device_id) == ("1043", "889a")
    assert (first.bus_id, first.memory_mb, first.power_limit_w) == ("0000:01:00.0", 24564, 450.0)
    assert (first.clock_graphics_max_mhz, first.clock_graphics_mhz) == (3105, 210)
    assert first.clock_memory_mhz == 10501
    assert second.slot == 1
    assert second.link == Link(
        card_generation=4, slot_generation=3, slot_lanes=4, generation=3, lanes=4
    )


def test_the_tool_is_asked_for_nothing_that_it_does_not_have() -> None:
    tools = Tools({QUERY: "nvidia_smi_two_cards.csv"})
    find_by_nvidia_smi(tools)
    assert "clocks.boost.graphics" not in tools.asked[0]
    assert "pcie.link.gen.max" not in tools.asked[0].replace("gen.gpumax", "")


def test_an_older_driver_is_asked_for_less() -> None:
    def ask(*words: str, seconds: float = 0.0) -> str | None:
        return None if "hostmax" in " ".join(words) else tools(*words)

    tools = Tools({QUERY: "nvidia_smi_driver_470.csv"})
    (card,) = find_by_nvidia_smi(ask).gpus
    assert (card.name, card.device_id) == ("Tesla V100-SXM2-16GB", "1db1")
    assert card.link == Link(slot_lanes=16, generation=3, lanes=16)


def test_nonsense_of_the_tool_is_unknown() -> None:
    found = find_by_nvidia_smi(Tools({QUERY: "nvidia_smi_nonsense.csv"}))
    lost, unified = found.gpus
    assert lost == Gpu(slot=0, told_by="nvidia-smi")
    assert (unified.name, unified.memory_mb) == ("NVIDIA GB10", None)
    assert (unified.bus_id, unified.subsystem_vendor_id) == ("000f:01:00.0", "10de")
    assert unified.subsystem_device_id is None
    assert (found.driver, found.cuda) == ("580.95.05", None)


def test_no_tool_or_no_driver_is_no_card() -> None:
    assert find_by_nvidia_smi(Tools()) == NvidiaAnswer()
    assert find_by_nvidia_smi(Tools({QUERY: "nvidia_smi_no_driver.txt"})) == NvidiaAnswer()
