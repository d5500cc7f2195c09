from __future__ import annotations

from pathlib import Path

from evalhouse.machine.facts import Gpu, Link
from evalhouse.machine.pci import completed, find_by_bus, link_of
from tests.machine.tools import make_bus


def test_card_and_slot_are_told_apart(tmp_path: Path) -> None:
    root = make_bus(tmp_path, "bus_nvidia_x8.tree")
    (card,) = find_by_bus(root)
    assert card == Gpu(
        slot=0,
        told_by="PCI bus of Linux",
        vendor_id="10de",
        device_id="2684",
        subsystem_vendor_id="1043",
        subsystem_device_id="889a",
        bus_id="0000:01:00.0",
        link=Link(
            card_generation=4,
            card_lanes=16,
            slot_generation=3,
            slot_lanes=8,
            generation=1,
            lanes=8,
        ),
    )


def test_the_link_is_that_of_the_cards_edge_not_of_the_gpu_behind_its_bridges(
    tmp_path: Path,
) -> None:
    (card,) = find_by_bus(make_bus(tmp_path, "bus_amd_bridges.tree"))
    assert card.link == Link(
        card_generation=4,
        card_lanes=16,
        slot_generation=3,
        slot_lanes=16,
        generation=3,
        lanes=8,
    )
    assert (card.memory_mb, card.power_limit_w) == (24560, 339.0)


def test_a_root_port_is_no_bridge_of_a_card_of_the_same_maker(tmp_path: Path) -> None:
    integrated, card = find_by_bus(make_bus(tmp_path, "bus_intel.tree"))
    assert integrated.link == Link(interface="integrated")
    assert (card.device_id, card.slot) == ("56a0", 1)
    assert card.link == Link(
        card_generation=4,
        card_lanes=16,
        slot_generation=5,
        slot_lanes=16,
        generation=4,
        lanes=16,
    )


def test_nonsense_on_the_bus_is_unknown(tmp_path: Path) -> None:
    (card,) = find_by_bus(make_bus(tmp_path, "bus_nonsense.tree"))
    assert card == Gpu(slot=0, told_by="PCI bus of Linux", vendor_id="10de", bus_id="0000:01:00.0")


def test_what_a_tool_has_told_of_is_not_told_again(tmp_path: Path) -> None:
    root = make_bus(tmp_path, "bus_nvidia_x8.tree")
    assert find_by_bus(root, known={"0000:01:00.0"}) == []


def test_a_system_without_a_bus_has_no_gpus(tmp_path: Path) -> None:
    assert find_by_bus(tmp_path) == []
    assert link_of("0000:01:00.0", tmp_path) == Link()
    assert link_of(None, tmp_path) == Link()


def test_a_link_is_completed_and_never_overwritten() -> None:
    own, other = Link(generation=1, lanes=8), Link(generation=4, card_generation=4)
    assert completed(own, other) == Link(card_generation=4, generation=1, lanes=8)
