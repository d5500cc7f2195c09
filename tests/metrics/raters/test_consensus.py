from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.raters import (
    consensus_units,
    majority,
    majority_kernel,
    majority_rate,
    unanimity_kernel,
    unanimity_rate,
)
from tests.metrics.raters.tables import random_table

VOTES: list[list[Any]] = [
    ["a", "a", "b"],  # two of three
    ["a", "b", None],  # a tie
    ["b", None, None],  # alone
    [None, None, Absent.INVALID],  # nobody
    ["c", "c", "c"],  # all
]


def counted(table: Any) -> list[list[int]]:
    """Count the labels of each unit, the most frequent first."""
    rows = ([value for value in row if not np.isnan(value)] for row in table)
    return [[count for _, count in Counter(row).most_common()] for row in rows]


def test_a_strict_majority_is_more_than_half_of_the_labels_given() -> None:
    found = majority(VOTES)
    assert found.labels.codes.tolist() == [0, -1, 1, -1, 2]
    assert found.votes.tolist() == [2, 1, 1, 0, 3]
    assert found.given.tolist() == [3, 2, 1, 0, 3]


def test_ties_are_named() -> None:
    found = majority(VOTES)
    assert found.is_tied.tolist() == [False, True, False, False, False]
    assert found.tied() == {1: ("a", "b")}


def test_a_plurality_needs_no_half() -> None:
    table = [["a", "a", "b", "c"], ["a", "a", "b", "b"]]
    assert majority(table).labels.codes.tolist() == [-1, -1]
    assert majority(table, "plurality").labels.codes.tolist() == [0, -1]


def test_a_unit_may_need_more_than_one_label() -> None:
    assert majority(VOTES, at_least=2).labels.codes.tolist() == [0, -1, -1, -1, 2]


def test_half_of_the_labels_is_no_majority() -> None:
    assert majority([["a", "a", "b", "c"]]).labels.codes.tolist() == [-1]


def test_rates_leave_out_units_with_one_label() -> None:
    assert (majority_rate(VOTES).value, majority_rate(VOTES).n) == (2 / 3, 3)
    assert (unanimity_rate(VOTES).value, unanimity_rate(VOTES).n) == (1 / 3, 3)


def test_rates_of_random_tables_are_what_counting_says() -> None:
    rng = np.random.default_rng(7)
    for _ in range(50):
        table = random_table(rng)
        rows = [row for row in counted(table) if sum(row) >= 2]
        found = np.array([majority_rate(table).value, unanimity_rate(table).value])
        counts = [[2 * row[0] > sum(row), len(row) == 1] for row in rows]
        expected = np.mean(counts, axis=0) if rows else [np.nan, np.nan]
        np.testing.assert_allclose(found, expected, atol=1e-14)


@pytest.mark.parametrize("table", [[], [[]], [["a"]], [[None, None]]])
def test_nothing_to_vote_on_has_no_rate(table: Any) -> None:
    assert not majority_rate(table).is_defined
    assert unanimity_rate(table).note == "no unit has labels of two coders"
    assert len(majority(table).labels) == len(table)


def test_kernels_take_many_sums_at_once() -> None:
    units = consensus_units(VOTES)
    sums = np.stack([units.sums, 0 * units.sums])
    np.testing.assert_array_equal(majority_kernel(sums), [2 / 3, np.nan])
    np.testing.assert_array_equal(unanimity_kernel(sums), [1 / 3, np.nan])


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `strict`"):
        majority(VOTES, "strikt")  # type: ignore[arg-type] # the point
