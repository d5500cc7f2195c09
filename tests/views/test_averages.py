"""Suites at many places at once against the same arithmetic place by place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from evalhouse.views.averages import average
from evalhouse.views.entries import UNKNOWN, Entries

PLACES, MEMBERS = 200, 7


def _entries(rng: np.random.Generator) -> Entries:
    size = PLACES
    return Entries(
        place=np.arange(size) * 3,
        row=np.arange(size),
        value=rng.random(size) * 10.0 ** rng.integers(-6, 6, size),
        stderr=np.where(rng.random(size) < 0.02, np.nan, rng.random(size)),
        n_items=np.where(rng.random(size) < 0.02, np.nan, rng.integers(1, 500, size)),
        metric=np.full(size, 4),
        unit=np.where(rng.random(size) < 0.02, 6, 5),
        direction=np.full(size, 1),
        origin=np.full(size, 7),
    )


@pytest.fixture(scope="module")
def members() -> list[Entries]:
    """Return scores of some members at the same places, some without error, items or unit."""
    rng = np.random.default_rng(7)
    return [_entries(rng) for _ in range(MEMBERS)]


def _by_hand(rule: str, members: list[Entries], at: int) -> tuple[float, float] | None:
    """Return value and standard error at a position, summed without rounding."""
    values = [float(each.value[at]) for each in members]
    stderrs = [float(each.stderr[at]) for each in members]
    items = [float(each.n_items[at]) for each in members]
    if rule == "mc_or_rc":
        best = values.index(max(values))
        return values[best], stderrs[best]
    if rule == "micro" and any(map(math.isnan, items)):
        return None
    weights = items if rule == "micro" else [1.0] * len(values)
    total = math.fsum(weights)
    value = math.fsum(w * v for w, v in zip(weights, values, strict=True)) / total
    parts = [(w / total * se) ** 2 for w, se in zip(weights, stderrs, strict=True)]
    return value, math.nan if any(map(math.isnan, parts)) else math.sqrt(math.fsum(parts))


@pytest.mark.parametrize("rule", ["macro", "micro", "mc_or_rc"])
def test_all_places_at_once_have_the_values_of_each_alone(
    members: list[Entries], rule: str
) -> None:
    made = average(rule, members, metric=1, origin=2)
    expected = {
        int(members[0].place[at]): found
        for at in range(PLACES)
        if (found := _by_hand(rule, members, at)) is not None
    }
    told = dict(zip(made.place.tolist(), zip(made.value, made.stderr, strict=True), strict=True))
    assert told.keys() == expected.keys()
    for place, (value, stderr) in expected.items():
        assert told[place][0] == value  # to the last bit
        assert told[place][1] == pytest.approx(stderr, rel=1e-15, nan_ok=True)


def test_what_members_do_not_share_is_unknown(members: list[Entries]) -> None:
    made = average("macro", members, metric=1, origin=2)
    units = np.stack([each.unit for each in members])
    assert (made.unit == np.where((units == units[0]).all(axis=0), units[0], UNKNOWN)).all()
    assert set(made.direction.tolist()) == {1}
    assert (made.row == UNKNOWN).all()
    assert (set(made.metric.tolist()), set(made.origin.tolist())) == ({1}, {2})


def test_items_are_counted_where_all_are_known(members: list[Entries]) -> None:
    made = average("macro", members, metric=1, origin=2)
    assert np.array_equal(made.n_items, sum(each.n_items for each in members), equal_nan=True)


def test_an_infinite_value_stays_one() -> None:
    rng = np.random.default_rng(1)
    first, second = _entries(rng), _entries(rng)
    values: Any = np.full(PLACES, np.inf)
    made = average("macro", [first.with_(value=values), second], metric=1, origin=2)
    assert np.isinf(made.value).all()
