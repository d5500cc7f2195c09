"""GPUs of AMD, by each of its tools."""

from __future__ import annotations

from evalhouse.machine.amd import AmdAnswer, find_by_amd_tools, read_amd_smi, read_rocm_smi
from evalhouse.machine.facts import Gpu, Link
from tests.machine.tools import Tools, output

MI300X = Gpu(
    slot=0,
    told_by="rocm-smi",
    name="AMD Instinct MI300X OAM",
    vendor_id="1002",
    device_id="74a1",
    subsystem_device_id="74a1",
    bus_id="0000:05:00.0",
    memory_mb=196592,
    power_limit_w=750.0,
)


def test_rocm_smi_is_read_as_json() -> None:
    found = read_rocm_smi(output("rocm_smi_mi300x.json"))
    assert found.gpus[0] == MI300X
    assert (found.gpus[1].slot, found.gpus[1].bus_id) == (1, "0000:26:00.0")
    assert found.driver == "6.8.5"


def test_rocm_smi_is_read_as_text() -> None:
    found = read_rocm_smi(output("rocm_smi_mi300x.txt"))
    assert found == AmdAnswer((MI300X,), "6.8.5")


def test_an_older_rocm_smi_with_a_warning_is_read() -> None:
    (card,) = read_rocm_smi(output("rocm_smi_5_7.json")).gpus
    assert (card.name, card.device_id) == ("Radeon RX 7900 XTX", "744c")
    assert (card.memory_mb, card.power_limit_w) == (24560, 339.0)


def test_the_index_of_a_gpu_is_no_memory_and_its_draw_no_limit() -> None:
    (card,) = read_rocm_smi(output("rocm_smi_power_alone.txt")).gpus
    assert card == Gpu(slot=0, told_by="rocm-smi", vendor_id="1002")


def test_nonsense_of_rocm_smi_is_unknown() -> None:
    found = read_rocm_smi(output("rocm_smi_nonsense.json"))
    assert found == AmdAnswer((Gpu(slot=0, told_by="rocm-smi", vendor_id="1002"),))


def test_amd_smi_is_read() -> None:
    found = read_amd_smi(output("amd_smi_mi300x.json"))
    assert found.driver == "6.10.5"
    assert found.gpus == (
        Gpu(
            slot=0,
            told_by="amd-smi",
            name="AMD Instinct MI300X",
            vendor_id="1002",
            device_id="74a1",
            subsystem_vendor_id="1002",
            subsystem_device_id="74a1",
            bus_id="0000:05:00.0",
            memory_mb=196592,
            memory_type="HBM3",
            memory_bus_width_bits=8192,
            power_limit_w=700.0,
            link=Link(card_generation=5, card_lanes=16),
        ),
    )


def test_amd_smi_of_rocm_7_is_read() -> None:
    (card,) = read_amd_smi(output("amd_smi_rocm_7.json")).gpus
    assert (card.name, card.memory_mb, card.power_limit_w) == ("AMD Instinct MI355X", 294896, 1400)
    assert card.link == Link(card_generation=5, card_lanes=16)


def test_nonsense_of_amd_smi_is_unknown() -> None:
    assert read_amd_smi(output("amd_smi_nonsense.json")) == AmdAnswer(
        (Gpu(slot=0, told_by="amd-smi"),)
    )


def test_what_is_no_answer_is_no_gpu() -> None:
    for printed in (None, "", "[]", "{}", "{broken", "no devices found", "[1, 2]", '{"card0": 1}'):
        assert read_rocm_smi(printed).gpus == ()
        assert read_amd_smi(printed).gpus == ()


def test_the_newer_tool_is_asked_first() -> None:
    tools = Tools(
        {
            "amd-smi static": "amd_smi_mi300x.json",
            "amd-smi version": "amd_smi_version.json",
            "rocm-smi": "rocm_smi_5_7.json",
        }
    )
    found = find_by_amd_tools(tools)
    assert (found.gpus[0].told_by, found.rocm) == ("amd-smi", "6.4.0")
    assert not any(each.startswith("rocm-smi") for each in tools.asked)


def test_text_is_read_where_json_is_not_given() -> None:
    def ask(*words: str, seconds: float = 0.0) -> str | None:
        return None if "--json" in words else output("rocm_smi_mi300x.txt")

    assert find_by_amd_tools(ask).gpus == (MI300X,)


def test_json_of_rocm_smi_is_enough() -> None:
    assert len(find_by_amd_tools(Tools({"rocm-smi": "rocm_smi_mi300x.json"})).gpus) == 2


def test_no_tool_is_no_gpu() -> None:
    assert find_by_amd_tools(Tools()) == AmdAnswer()
