from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.raters import METRICS, label_counts, rate
from tests.metrics.raters.tables import random_table


def test_strings_and_numbers_are_read_alike() -> None:
    words = rate([["b", "a", None], ["c", "b", "b"]])
    numbers = rate(np.array([[2.0, 1.0, np.nan], [3.0, 2.0, 2.0]]))
    np.testing.assert_array_equal(words.codes, numbers.codes)
    assert (words.has_order, numbers.has_order) == (False, True)


def test_kinds_of_absence_stay_apart() -> None:
    assert rate([["a", Absent.FAILED], [Absent.INVALID, None]]).codes.tolist() == [
        [0, -4],
        [-3, -1],
    ]


def test_labels_outside_the_list_are_errors_or_invalid() -> None:
    with pytest.raises(UsageError, match="`c` is not one of the 2 labels"):
        rate([["a", "c"]], ["a", "b"])
    assert rate([["a", "c"]], ["a", "b"], is_strict=False).codes.tolist() == [[0, -3]]


def test_ratings_may_be_read_again_over_other_labels() -> None:
    table = rate([["a", "b"]])
    assert rate(table) is table
    assert rate(table, ["b", "a"]).codes.tolist() == [[1, 0]]


def test_a_table_has_two_axes() -> None:
    with pytest.raises(UsageError, match="found 1 axes"):
        rate(np.array([1, 2]))


def test_rows_of_unequal_length_are_refused() -> None:
    with pytest.raises(UsageError, match="units have from 1 to 2 ratings"):
        rate([["a"], ["a", "b"]])


def test_units_alike_are_counted_together() -> None:
    units = label_counts(rate([["a", "b", None], ["b", None, "a"], ["b", "b", "b"], [None] * 3]))
    assert sorted(zip(units.vectors.tolist(), units.counts.tolist(), strict=True)) == [
        ([0.0, 0.0], 1),
        ([0.0, 3.0], 1),
        ([1.0, 1.0], 2),
    ]


def test_each_unit_finds_its_own_counts() -> None:
    rng = np.random.default_rng(13)
    for _ in range(30):
        table = rate(random_table(rng))
        for codes, counts in zip(table.codes, label_counts(table).rows(), strict=True):
            own = Counter(codes[codes >= 0].tolist())
            assert counts.tolist() == [own[code] for code in range(len(table.names))]


def test_keys_beyond_64_bits_still_tell_units_apart() -> None:
    rng = np.random.default_rng(14)
    table = rate(rng.integers(0, 200, (20, 30)))
    again = rate(np.vstack([table.codes, table.codes[::-1]]))
    units = label_counts(again)
    assert units.counts.tolist() == [2] * 20


def test_every_metric_is_named_once() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names) == 16
