from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from evalhouse.metrics.spans.intervals import Intervals, overlaps

numbers = st.integers(-5, 12)
parts = st.lists(st.tuples(st.integers(0, 3), numbers, numbers), max_size=14)
Part = tuple[int, int, int]


def made(held: list[Part]) -> Intervals:
    array = np.array(held, np.int64).reshape(-1, 3)
    return Intervals(array[:, 0], array[:, 1], array[:, 2])


def listed(intervals: Intervals) -> list[Part]:
    return list(zip(*(values.tolist() for values in intervals.parts), strict=True))


def points(held: list[Part]) -> set[tuple[int, int]]:
    return {(key, place) for key, start, end in held for place in range(start, end)}


@given(parts)
def test_distinct_intervals_are_in_order_and_occur_once(held: list[Part]) -> None:
    assert listed(made(held).distinct()) == sorted(set(held))


@given(parts)
def test_order_does_not_depend_on_the_size_of_numbers(held: list[Part]) -> None:
    far = [(key * 10**12, start * 10**6, end * 10**6) for key, start, end in held]
    assert listed(made(far).distinct()) == sorted(set(far))


@given(parts)
def test_a_union_covers_the_same_points_once(held: list[Part]) -> None:
    found = made(held).union()
    assert points(listed(found)) == points(held)
    assert int(found.lengths.sum()) == len(points(held))


@example([(1, -1, 0)], [(0, 0, 0), (0, 2, 0), (1, -1, 0)])  # one that ends before it starts
@given(parts, parts)
def test_every_overlap_is_found(one: list[Part], other: list[Part]) -> None:
    first, second = made([part for part in one if part[1] < part[2]]), made(other).distinct()
    found = overlaps(first, second)
    pairs = {
        (place, row): min(a[2], b[2]) - max(a[1], b[1])
        for place, a in enumerate(listed(first))
        for row, b in enumerate(listed(second))
        if a[0] == b[0] and min(a[2], b[2]) > max(a[1], b[1])
    }
    left, right, shared = (values.tolist() for values in found)
    assert dict(zip(zip(left, right, strict=True), shared, strict=True)) == pairs


def test_groups_with_large_numbers_are_told_apart() -> None:
    first = made([(2**60, 0, 2**30), (2**60 + 1, 0, 2**30)])
    left, right, shared = overlaps(first, first.distinct())
    assert left.tolist() == right.tolist() == [0, 1]
    assert shared.tolist() == [2**30, 2**30]
