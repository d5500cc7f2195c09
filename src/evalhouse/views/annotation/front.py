"""Which of several offers nobody should refuse: none is better in both quality and cost."""

from __future__ import annotations

from collections.abc import Sequence


def pareto_front(offers: Sequence[tuple[float, float]]) -> frozenset[int]:
    """Return the places of the offers (cost, quality) that no other one beats.

    One offer beats another that costs no less and is no better, unless they are alike in both.

    Example:
        >>> sorted(pareto_front([(1.0, 0.5), (2.0, 0.7), (3.0, 0.6), (1.0, 0.4)]))
        [0, 1]
    """
    order = sorted(range(len(offers)), key=lambda place: (offers[place][0], -offers[place][1]))
    found: list[int] = []
    for place in order:
        last = offers[found[-1]] if found else None
        if last is None or offers[place][1] > last[1] or offers[place] == last:
            found.append(place)
    return frozenset(found)
