from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from evalhouse.machine.facts import Gpu, Link, Machine
from evalhouse.machine.limits import find_limits, link_text

CARD = Gpu(
    slot=0,
    told_by="NVML",
    name="NVIDIA GeForce RTX 4090",
    vendor_id="10de",
    device_id="2684",
    memory_mb=24564,
)
LINK = Link(
    card_generation=4,
    card_lanes=16,
    slot_generation=4,
    slot_lanes=16,
    generation=4,
    lanes=16,
    is_under_load=True,
)


def told(**changes: Any) -> list[tuple[str, str, str]]:
    card = replace(CARD, **{"link": LINK, **changes})
    return [(each.axis, each.by, each.text) for each in find_limits(Machine(gpus=(card,)))]


def linked(**changes: Any) -> list[tuple[str, str, str]]:
    return told(link=replace(LINK, **changes))


def test_nothing_limits_a_card_that_gets_what_it_can() -> None:
    assert told() == []


def test_a_slower_slot_limits_the_generation() -> None:
    assert linked(slot_generation=3, generation=3) == [
        ("generation", "slot", "runs at PCIe 3.0: the slot can PCIe 3.0, the card PCIe 4.0")
    ]


def test_a_slower_card_limits_the_generation() -> None:
    assert linked(slot_generation=5) == [
        ("generation", "card", "runs at PCIe 4.0: the card can PCIe 4.0, the slot PCIe 5.0")
    ]


def test_a_narrower_slot_limits_the_lanes() -> None:
    assert linked(slot_lanes=8, lanes=8) == [
        ("lanes", "slot", "runs at x8: the slot can x8, the card x16")
    ]


def test_each_axis_has_its_own_limit() -> None:
    limits = linked(slot_generation=5, slot_lanes=4, lanes=4)
    assert [(axis, by) for axis, by, _ in limits] == [("generation", "card"), ("lanes", "slot")]


def test_less_than_both_can_is_the_fault_of_neither() -> None:
    ((axis, by, text),) = linked(lanes=4)
    assert (axis, by) == ("lanes", "neither")
    assert text.startswith("runs at x4, where card and slot both can x16; a riser, a cable,")


def test_an_idle_link_may_only_have_slowed_down() -> None:
    ((axis, by, text),) = linked(generation=1, is_under_load=False)
    assert (axis, by) == ("generation", "idling")
    both = "runs at PCIe 1.0, where card and slot both can PCIe 4.0"
    assert text == f"{both}; it was read idle, and an idle link slows down"


def test_idle_lanes_do_not_fall_away() -> None:
    (limit,) = linked(lanes=8, is_under_load=False)
    assert limit[:2] == ("lanes", "neither")


def test_a_slot_can_limit_and_yet_not_be_all() -> None:
    limits = linked(slot_generation=3, generation=1)
    assert [by for _, by, _ in limits] == ["slot", "neither"]


@pytest.mark.parametrize(
    ("changes", "who"),
    [({"slot_lanes": None}, "the card"), ({"card_lanes": None}, "the slot")],
)
def test_one_side_is_enough_to_see_that_less_is_used(changes: Any, who: str) -> None:
    (limit,) = linked(lanes=8, **changes)
    assert limit[2].startswith(f"runs at x8, where {who} can x16")


def test_a_link_that_was_not_read_is_limited_all_the_same() -> None:
    assert linked(slot_generation=3, generation=None) == [
        ("generation", "slot", "was not read: the slot can PCIe 3.0, the card PCIe 4.0")
    ]


def test_a_gpu_on_the_processor_has_no_slot() -> None:
    assert told(link=Link(interface="unified", card_lanes=16, slot_lanes=8)) == []


def test_a_clock_above_the_makers_boost_is_told() -> None:
    ((axis, by, text),) = told(clock_graphics_mhz=2610)
    assert (axis, by) == ("clock", "setting")
    assert text.startswith("runs at 2,610 MHz, above the boost clock of 2,520 MHz")
    assert told(clock_graphics_mhz=2520) == []


def test_a_power_limit_below_the_makers_is_told() -> None:
    assert told(power_limit_w=350.0) == [
        ("power", "setting", "may take 350 W, below the 450 W that its maker states")
    ]
    assert told(power_limit_w=450.0) == []


def test_what_no_maker_states_limits_nothing() -> None:
    assert told(device_id="0001", name="Z1", clock_graphics_mhz=9000, power_limit_w=1.0) == []


def test_a_name_that_contradicts_its_id_is_told() -> None:
    ((axis, _, text),) = told(name="NVIDIA GeForce RTX 5090")
    assert axis == "identity"
    assert "its PCI id is that of `NVIDIA GeForce RTX 4090`" in text


def test_limits_are_of_each_slot() -> None:
    cards = tuple(replace(CARD, slot=slot, power_limit_w=300.0) for slot in range(2))
    assert [each.slot for each in find_limits(Machine(gpus=cards))] == [0, 1]


@pytest.mark.parametrize(
    ("link", "text"),
    [
        (Link(interface="unified"), "unified"),
        (Link(card_generation=4, card_lanes=16), None),
        (Link(generation=4, is_under_load=False), "PCIe 4.0, lanes unknown, read idle"),
        (Link(generation=4, lanes=12, is_under_load=True), "PCIe 4.0 x12, under load"),
    ],
)
def test_a_link_is_told_as_far_as_it_is_known(link: Link, text: str | None) -> None:
    assert link_text(link) == text
