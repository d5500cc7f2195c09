"""Ranks that are suggested: the least that is allowed and keeps what is asked for."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalhouse.lora.floats import Floats


@dataclass(frozen=True)
class Choice:
    """What a layer offers to choose from.

    Attributes:
        module: its name.
        values: the singular values of its update, falling.
        lost: the error of its best truncation to rank 0, 1, …
        rank: that it has, beyond which none is chosen.
        cost: parameters of one rank.
        type: layers of one type get one rank, where ranks are chosen by type.
        needed: the rank that keeps the energy asked for; None where the update is zero.
    """

    module: str
    values: Floats
    lost: Floats
    rank: int
    cost: int
    type: str
    needed: int | None


def rounded_up(value: float, allowed: Sequence[int], most: int) -> int:
    """Return the least allowed rank from a value on, and at most `most`.

    Example:
        >>> rounded_up(6.8, (1, 2, 4, 8, 12), 64), rounded_up(11.2, (1, 2, 4, 8, 12), 64)
        (8, 12)
        >>> rounded_up(6.8, (1, 2, 4, 8), 7), rounded_up(40, (1, 2, 4, 8), 64)
        (7, 64)
    """
    return min(next((rank for rank in allowed if rank >= value), most), most)


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile, between two values by linear interpolation."""
    return float(np.quantile(np.asarray(values, np.float64), share))


def uniform(choices: Sequence[Choice], share: float, allowed: Sequence[int]) -> int | None:
    """Return one rank for all: a quantile over the layers of what each needs."""
    needed = [each.needed for each in choices if each.needed is not None]
    if not needed:
        return None
    return rounded_up(quantile(needed, share), allowed, max(each.rank for each in choices))


def per_layer(choices: Sequence[Choice], allowed: Sequence[int]) -> dict[str, int]:
    """Return for each layer what it needs; the least rank where its update is zero."""
    return {each.module: rounded_up(each.needed or 1, allowed, each.rank) for each in choices}


def per_type(choices: Sequence[Choice], share: float, allowed: Sequence[int]) -> dict[str, int]:
    """Return for each type of layers one rank: a quantile over its layers of what each needs."""
    grouped: dict[str, list[Choice]] = {}
    for each in choices:
        grouped.setdefault(each.type, []).append(each)
    return {
        name: uniform(group, share, allowed) or rounded_up(1, allowed, group[0].rank)
        for name, group in grouped.items()
    }


def by_error(choices: Sequence[Choice], budget: float, allowed: Sequence[int]) -> dict[str, int]:
    """Return ranks by which all updates together lose at most `budget`, with few parameters.

    `budget` is the error relative to the norm of all: √Σ‖ΔW − ΔW'‖² / √Σ‖ΔW‖². Each next rank goes
    where it gains most energy a parameter, which is the best there is before ranks are rounded up.
    """
    kept = dict.fromkeys((each.module for each in choices), 0)
    steps = sorted(
        (
            (-(float(value) ** 2) / each.cost, each.module, float(value) ** 2)
            for each in choices
            for value in each.values[: each.rank]
        ),
    )
    over = _energy(choices) * (1 - budget**2) * (1 - 1e-12)
    for _, module, energy in steps:
        if over <= 0:
            break
        kept[module], over = kept[module] + 1, over - energy
    return {
        each.module: rounded_up(max(kept[each.module], 1), allowed, each.rank) for each in choices
    }


def by_parameters(
    choices: Sequence[Choice], budget: float, allowed: Sequence[int]
) -> dict[str, int] | None:
    """Return ranks with at most `budget` parameters that keep much; None where none has so few.

    Each step from one allowed rank to the next goes where it gains most energy a parameter, of
    those that still fit.
    """
    steps = {each.module: _allowed_up_to(each, allowed) for each in choices}
    chosen = {each.module: steps[each.module][0] for each in choices}
    left = budget - sum(chosen[each.module] * each.cost for each in choices)
    if left < 0:
        return None
    queue = [step for each in choices if (step := _step(each, chosen, steps)) is not None]
    heapq.heapify(queue)
    by_name = {each.module: each for each in choices}
    while queue:
        _, module, rank = heapq.heappop(queue)
        each = by_name[module]
        price = (rank - chosen[module]) * each.cost
        if price > left:
            continue
        chosen[module], left = rank, left - price
        step = _step(each, chosen, steps)
        if step is not None:
            heapq.heappush(queue, step)
    return chosen


def _energy(choices: Sequence[Choice]) -> float:
    return sum(float(each.values @ each.values) for each in choices)


def _allowed_up_to(each: Choice, allowed: Sequence[int]) -> list[int]:
    return sorted({*(rank for rank in allowed if rank < each.rank), each.rank})


def _step(
    each: Choice, chosen: Mapping[str, int], steps: Mapping[str, list[int]]
) -> tuple[float, str, int] | None:
    now = chosen[each.module]
    higher = [rank for rank in steps[each.module] if rank > now]
    if not higher:
        return None
    gain = float(each.values[now : higher[0]] @ each.values[now : higher[0]])
    return -gain / ((higher[0] - now) * each.cost), each.module, higher[0]


def relative_error(choices: Sequence[Choice], ranks: Mapping[str, int]) -> float:
    """Return the relative error of all updates together when each is cut to its rank."""
    energy = _energy(choices)
    if not energy:
        return 0.0
    left = sum(float(each.lost[ranks[each.module]]) ** 2 for each in choices)
    return float((left / energy) ** 0.5)
