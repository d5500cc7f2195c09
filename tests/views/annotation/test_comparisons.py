from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from evalhouse.views.annotation.comparisons import compare

MARKS = st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=30)


def test_p_values_are_those_of_another_library() -> None:
    source = np.random.default_rng(3)
    runs = {
        name: (source.random(80) < share).tolist()
        for name, share in (("a", 0.9), ("b", 0.6), ("c", 0.55))
    }
    expected = []
    for one, other in (("a", "b"), ("a", "c"), ("b", "c")):
        pairs = list(zip(runs[one], runs[other], strict=True))
        table = [[pairs.count((x, y)) for y in (True, False)] for x in (True, False)]
        expected.append(mcnemar(table, exact=True).pvalue)
    found = {(each.first, each.second): each for each in compare({"field": runs})}
    order = [("a", "b"), ("a", "c"), ("b", "c")]
    assert [found[pair].p_value for pair in order] == pytest.approx(expected)
    adjusted = multipletests(expected, method="holm")[1]
    assert [found[pair].adjusted for pair in order] == pytest.approx(adjusted)


def test_the_clearest_difference_comes_first() -> None:
    runs = {"a": [True] * 20, "b": [True] * 19 + [False], "c": [False] * 20}
    assert compare({"field": runs})[0].second == "c"


def test_rows_without_a_mark_in_either_do_not_count() -> None:
    found = compare({"field": {"a": [True, None, True, False], "b": [False, True, None, False]}})
    assert (found[0].n, found[0].only_first, found[0].only_second) == (2, 1, 0)


def test_nothing_shared_is_nothing_compared() -> None:
    assert compare({"field": {"a": [None], "b": [True]}}) == ()
    assert compare({"field": {"a": [], "b": []}}) == ()
    assert compare({"field": {"a": [True]}}) == ()
    assert compare({}) == ()


@given(one=MARKS, other=MARKS)
def test_counts_are_those_of_a_plain_loop(one: list[bool | None], other: list[bool | None]) -> None:
    pairs = list(zip(one, other, strict=False))
    held = [pair for pair in pairs if None not in pair]
    found = compare({"f": {"a": [x for x, _ in pairs], "b": [y for _, y in pairs]}})
    assert len(found) == bool(held)
    for each in found:
        assert each.n == len(held)
        assert each.only_first == held.count((True, False))
        assert each.only_second == held.count((False, True))
        assert each.low <= each.difference <= each.high
