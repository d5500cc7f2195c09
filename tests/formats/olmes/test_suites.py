from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.formats.olmes.suites import (
    Member,
    aggregate,
    dumps,
    find_members,
    flat_metrics,
    leaf_metrics,
    loads,
    member_of,
)
from tests.formats.olmes.made import suite, task

NAMES = ("arc_easy", "boolq", "piqa", "hellaswag", "openbookqa")


def member(count: int, **metrics: Any) -> Member:
    return Member("a", count, metrics)


# -- averages ------------------------------------------------------------------------------------


def test_macro_is_the_mean_of_members_and_micro_that_of_documents() -> None:
    found = aggregate([member(1, primary_score=1.0), member(3, primary_score=0.0)], "macro")
    assert found == {
        "primary_score_micro": 0.25,
        "primary_score_macro": 0.5,
        "primary_score": 0.5,
    }


def test_the_rule_decides_which_of_both_is_the_primary_score() -> None:
    found = aggregate([member(1, primary_score=1.0), member(3, primary_score=0.0)], "micro")
    assert found["primary_score"] == 0.25


def test_totals_are_summed_under_their_own_name() -> None:
    found = aggregate([member(1, total_price=0.5), member(9, total_price=2)], "macro")
    assert found == {"total_price": 2.5}


def test_only_numbers_that_all_members_have_are_averaged() -> None:
    first = member(1, acc=1.0, text="x", gone=1.0, none=None, flag=True, nested={"a": 1})
    second = member(1, acc=0, text="y", none=1.0, flag=False, nested={"a": 2}, new=1)
    found = aggregate([first, second], "macro")
    assert found == {"acc_micro": 0.5, "acc_macro": 0.5, "flag_micro": 0.5, "flag_macro": 0.5}


def test_extra_metrics_are_averaged_in_their_own_object() -> None:
    extra = [{"num_tokens": 10, "total_price": 1.0}, {"num_tokens": 20, "total_price": 2.0}]
    members = [member(n + 1, primary_score=0.5, extra_metrics=extra[n]) for n in range(2)]
    found = aggregate(members, "macro")["extra_metrics"]
    assert found == {
        "num_tokens_micro": 50 / 3,
        "num_tokens_macro": 15.0,
        "total_price": 3.0,
    }


def test_extra_metrics_that_a_member_lacks_are_left_out() -> None:
    members = [member(1, primary_score=0.5, extra_metrics={"a": 1}), member(1, primary_score=1.0)]
    assert "extra_metrics" not in aggregate(members, "macro")


def test_a_suite_of_suites_stacks_its_suffixes() -> None:
    inner = [aggregate([member(2, acc=score)], "macro") for score in (0.0, 1.0)]
    found = aggregate([Member("s", 2, metrics) for metrics in inner], "macro")
    assert found["acc_macro_macro"] == found["acc_micro_micro"] == 0.5


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ((0.25, 0.75), 0.75),
        ((0.75, 0.25), 0.75),
        ((math.nan, 0.25), 0.25),
        ((0.25, math.nan), 0.25),
        ((math.nan, math.nan), -999.0),
        ((None, 0.0), 0.0),
        ((None, "x"), -999.0),
    ],
)
def test_the_better_of_two_counts_if_either_is_defined(scores: Any, expected: float) -> None:
    found = aggregate([member(5, primary_score=score, acc=1.0) for score in scores], "mc_or_rc")
    assert found == {"primary_score": expected}


def test_what_is_undefined_for_a_member_is_undefined_for_all() -> None:
    found = aggregate([member(1, primary_score=math.nan), member(1, primary_score=1.0)], "macro")
    assert all(math.isnan(value) for value in found.values())


def test_members_without_documents_have_no_mean_over_documents() -> None:
    found = aggregate([member(0, acc=1.0), member(0, acc=0.0)], "macro")
    assert math.isnan(found["acc_micro"])
    assert found["acc_macro"] == 0.5


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0, 1)), min_size=1, max_size=6))
def test_averages_lie_between_their_members(pairs: list[tuple[int, float]]) -> None:
    found = aggregate([member(count, acc=score) for count, score in pairs], "macro")
    scores = [score for _, score in pairs]
    for value in found.values():
        assert min(scores) - 1e-12 <= value <= max(scores) + 1e-12


# -- members -------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("size", [1, 2])
def test_members_that_stand_together_are_found(place: int, size: int) -> None:
    tasks = [task(f"{name}:mc") for name in NAMES]
    made = suite("core:mc", tasks[place : place + size])
    assert find_members(made, [made, *tasks]) == tasks[place : place + size]


def test_members_of_one_regime_are_found_wherever_they_stand() -> None:
    tasks = [
        task(f"{name}:{form}", settings={"num_shots": shots})
        for name in NAMES
        for form, shots in (("rc", 5), ("mc", 0))
    ]
    made = suite("core:mc", tasks[1::2])
    assert find_members(made, [made, *tasks]) == tasks[1::2]


def test_members_are_found_without_their_number() -> None:
    tasks = [task(name) for name in NAMES]
    made = suite("core", tasks)
    del made.value["task_config"]["metadata"]["num_tasks"]
    assert find_members(made, [*tasks, made]) == tasks


def test_any_few_members_are_found_by_their_hash() -> None:
    tasks = [task(name) for name in NAMES]
    made = suite("core:odd", [tasks[0], tasks[3]])
    assert {item.alias for item in find_members(made, [made, *tasks]) or []} <= {
        "arc_easy",
        "hellaswag",
    }


def test_no_members_are_better_than_wrong_ones() -> None:
    tasks = [task(name) for name in NAMES]
    made = suite("core", tasks)
    assert find_members(made, [made, *tasks[:-1]]) is None
    changed = task(NAMES[-1], settings={"num_shots": 1})
    assert find_members(made, [made, *tasks[:-1], changed]) is None


def test_suites_are_members_of_suites_and_rest_on_their_tasks() -> None:
    rc = [task(f"{name}:rc") for name in NAMES[:2]]
    mc = [task(f"{name}:mc", settings={"primary_metric": "acc_per_char"}) for name in NAMES[:2]]
    either = [suite(a.alias[:-3], [a, b], "mc_or_rc") for a, b in zip(mc, rc, strict=True)]
    whole = suite("core", either)
    records = [whole, *either, *rc, *mc]
    assert find_members(whole, records) == either
    assert sorted(leaf_metrics(whole, records)) == ["acc_per_char"] * 2 + ["acc_raw"] * 2


# -- what a unit carries -------------------------------------------------------------------------


def test_members_come_back_from_their_text() -> None:
    members = [Member("a:mc", 3, {"x": 0.1, "y": None, "z": {"w": "é"}}), member_of(task("piqa"))]
    assert loads(dumps(members)) == members
    assert member_of(task("piqa", num_instances=None)).num_instances == 0


def test_nested_metrics_are_scopes_of_their_own() -> None:
    metrics = {"a": 1, "extra": {"b": 2, "c": {"d": 3, "e": {"f": "x"}}}, "g": [1]}
    assert flat_metrics(metrics) == [
        ("task", "a", 1),
        ("extra", "b", 2),
        ("extra", "c.d", 3),
        ("extra", "c.e.f", "x"),
        ("task", "g", [1]),
    ]
