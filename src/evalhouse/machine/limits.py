"""Who limits whom: card or slot, by generation or lanes; clocks and power against the maker's.

Nothing of this is stored: it is told from what was found, when it is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from evalhouse.lookups.hardware import interface_type, pcie
from evalhouse.machine.facts import Gpu, Link, Machine
from evalhouse.machine.rows import gpu_model, match_of

Axis = Literal["generation", "lanes", "clock", "power", "identity"]
By = Literal["slot", "card", "idling", "neither", "setting"]


@dataclass(frozen=True)
class Limit:
    """What limits a GPU on one axis, or departs from what its maker states.

    `by` is the side that limits: the slot or the card where it can less than the other; `idling`
    where the link may have slowed down; `neither` where both can more than is used; `setting`
    where somebody chose so.
    """

    slot: int
    axis: Axis
    by: By
    text: str


def find_limits(machine: Machine) -> tuple[Limit, ...]:
    """Return the limits of every GPU, the actual value first in each sentence."""
    return tuple(limit for gpu in machine.gpus for limit in _of(gpu))


def link_text(link: Link) -> str | None:
    """Return how a GPU is connected, with its bandwidth; None where nobody tells.

    Example:
        >>> link_text(Link(generation=3, lanes=8, is_under_load=True))
        'PCIe 3.0 x8, 15.8 GB/s in both directions together, under load'
        >>> link_text(Link(lanes=16, is_under_load=False))
        'PCIe x16, generation unknown, read idle'
    """
    if link.interface:
        return link.interface
    if link.generation is None and link.lanes is None:
        return None
    load = "under load" if link.is_under_load else "read idle"
    if link.generation is None:
        return f"PCIe x{link.lanes}, generation unknown, {load}"
    if link.lanes is None:
        return f"PCIe {link.generation}.0, lanes unknown, {load}"
    name = pcie(link.generation, link.lanes)
    found = interface_type(name)
    if found is None or found.bandwidth_peak_gb_s is None:
        return f"{name}, {load}"
    return f"{name}, {found.bandwidth_peak_gb_s:.1f} GB/s in both directions together, {load}"


def _of(gpu: Gpu) -> Iterator[Limit]:
    if not gpu.link.interface:
        yield from _generation(gpu)
        yield from _lanes(gpu)
    yield from _clock(gpu)
    yield from _power(gpu)
    match = match_of(gpu)
    if match and match.note:
        yield Limit(gpu.slot, "identity", "neither", match.note)


def _generation(gpu: Gpu) -> Iterator[Limit]:
    link = gpu.link
    numbers = (link.generation, link.card_generation, link.slot_generation)
    for limit in _sides(gpu.slot, "generation", numbers):
        if limit.by == "neither" and link.is_under_load is False:
            said = f"{limit.text.partition(';')[0]}; it was read idle, and an idle link slows down"
            yield Limit(gpu.slot, "generation", "idling", said)
        else:
            yield limit


def _lanes(gpu: Gpu) -> Iterator[Limit]:
    link = gpu.link
    yield from _sides(gpu.slot, "lanes", (link.lanes, link.card_lanes, link.slot_lanes))


def _sides(
    slot: int,
    axis: Literal["generation", "lanes"],
    numbers: tuple[int | None, int | None, int | None],
) -> Iterator[Limit]:
    """Yield the side that can less, and what is used where that is less than both can."""
    used, card, side = numbers
    begin = f"runs at {_spelled(axis, used)}" if used else "was not read"
    if card and side and card != side:
        by: By = "slot" if side < card else "card"
        other = "card" if by == "slot" else "slot"
        less, more = _spelled(axis, min(card, side)), _spelled(axis, max(card, side))
        yield Limit(slot, axis, by, f"{begin}: the {by} can {less}, the {other} {more}")
    least = min((each for each in (card, side) if each), default=None)
    if used and least and used < least:
        said = (
            f"{begin}, where {_who(card, side)} can {_spelled(axis, least)}; a riser, a cable, a "
            "dirty contact or a setting of the firmware may be why"
        )
        yield Limit(slot, axis, "neither", said)


def _who(card: int | None, side: int | None) -> str:
    if card and side:
        return "card and slot both"
    return "the card" if card else "the slot"


def _spelled(axis: str, value: int) -> str:
    return f"PCIe {value}.0" if axis == "generation" else f"x{value}"


def _clock(gpu: Gpu) -> Iterator[Limit]:
    boost = gpu_model(gpu).clock_graphics_boost_mhz
    if gpu.clock_graphics_mhz and boost and gpu.clock_graphics_mhz > boost:
        yield Limit(
            gpu.slot,
            "clock",
            "setting",
            f"runs at {gpu.clock_graphics_mhz:,} MHz, above the boost clock of {boost:,} MHz that "
            "its maker states: compare its results with others' only by that",
        )


def _power(gpu: Gpu) -> Iterator[Limit]:
    stated = gpu_model(gpu).tdp_watts
    if gpu.power_limit_w and stated and gpu.power_limit_w < stated:
        yield Limit(
            gpu.slot,
            "power",
            "setting",
            f"may take {gpu.power_limit_w:g} W, below the {stated:,} W that its maker states",
        )
