from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.label_sets import SAMPLE_SUMS, encode_sets, pair_sets
from evalhouse.metrics.labels import Absent

NAN = float("nan")

REFUSED: dict[str, tuple[Any, str]] = {
    "text": (["ab"], "found `'ab'`; put a single label into a list"),
    "numbers": ([1, 2], "a unit is a set or list"),
    "nothing among labels": ([["a", None]], "holds `None`, NaN or `Absent`"),
    "mixed types": ([["a"], [1]], "labels are all text"),
    "counts": (np.array([[2, 0]]), "booleans, or 0 and 1"),
    "a row half empty": (np.array([[NAN, 0]]), "NaN in a whole row"),
}


def test_sets_become_marks_of_sorted_labels() -> None:
    found = encode_sets([{"b", "a"}, ["b", "b"], (), None, NAN, Absent.FAILED])
    assert found.names == ("a", "b")
    assert found.marks[:3].tolist() == [[True, True], [False, True], [False, False]]
    assert not found.marks[3:].any()
    assert found.absent.tolist() == [0, 0, 0, -1, -1, -4]


@pytest.mark.parametrize("kind", [np.bool_, np.int64, np.float64])
def test_a_matrix_is_marks_already(kind: type) -> None:
    found = encode_sets(np.array([[1, 0], [1, 1]], kind))
    assert (found.names, found.marks.tolist()) == ((0, 1), [[True, False], [True, True]])
    assert encode_sets(np.zeros((1, 2)), ["x", "y"]).names == ("x", "y")


def test_a_row_of_nan_is_missing() -> None:
    found = encode_sets(np.array([[NAN, NAN], [1, 0]]))
    assert (found.absent.tolist(), found.marks.tolist()) == (
        [-1, 0],
        [[False, False], [True, False]],
    )


def test_a_list_column_is_a_list_of_lists() -> None:
    found = encode_sets(pa.array([["b", "a"], None, []]))
    assert found.absent.tolist() == [0, -1, 0]
    assert found.marks.sum(axis=1).tolist() == [2, 0, 0]


@pytest.mark.parametrize("case", REFUSED)
def test_what_are_no_sets_is_refused(case: str) -> None:
    values, words = REFUSED[case]
    with pytest.raises(UsageError, match=words):
        encode_sets(values)


def test_a_matrix_has_one_column_a_label() -> None:
    with pytest.raises(UsageError, match="2 columns for 3 labels"):
        encode_sets(np.zeros((1, 2)), ["a", "b", "c"])


def test_a_label_outside_is_an_error_in_gold_and_makes_a_models_set_invalid() -> None:
    with pytest.raises(UsageError, match="`z` is not one of the 2 labels"):
        pair_sets([{"z"}], [{"a"}], ["a", "b"])
    found = encode_sets([{"a", "z"}, {"b"}], ["a", "b"], is_strict=False)
    assert found.absent.tolist() == [Absent.INVALID, 0]
    assert found.marks.tolist() == [[False, False], [False, True]]


def test_pairs_hold_the_labels_of_both_sides_and_the_units_of_gold() -> None:
    pairs = pair_sets([{"b"}, None, {"b"}], [{"c"}, {"a"}, Absent.FAILED])
    assert pairs.names == ("a", "b", "c")
    assert pairs.gold.tolist() == [[False, True, False]] * 2
    assert pairs.model.tolist() == [[False, False, True], [False, False, False]]
    assert pairs.answered.tolist() == [True, False]


def test_absence_is_left_out_as_asked() -> None:
    pairs = pair_sets([{"b"}, {"b"}], [{"b"}, None], absent="exclude")
    assert (len(pairs), pairs.answered.tolist()) == (1, [True])
    with pytest.raises(UnknownNameError, match="rule for absent answers"):
        pair_sets([], [], absent="class")  # type: ignore[arg-type]  # what is tested


def test_sides_of_different_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="gold has 1 answers and the model 2"):
        pair_sets([{"a"}], [{"a"}, {"b"}])


def test_the_sums_are_those_of_the_units() -> None:
    chance = np.random.default_rng(5)
    gold, model = chance.random((2, 50, 4)) < 0.4
    pairs = pair_sets(gold, [set(np.flatnonzero(row).tolist()) or None for row in model])
    assert pairs.units().shape == (50, len(SAMPLE_SUMS) + 12)
    np.testing.assert_allclose(pairs.units().sum(axis=0), pairs.sums, rtol=1e-14)


@pytest.mark.parametrize(("sides", "both_empty", "score"), [((1, 1), 1.0, 1.0), ((1, 1), 0.0, 0.0)])
def test_two_empty_sets_score_as_asked(sides: Any, both_empty: float, score: float) -> None:
    pairs = pair_sets(*np.zeros((2, *sides)), both_empty=both_empty)
    scores = dict(zip(SAMPLE_SUMS, pairs.sums.tolist(), strict=False))
    assert [scores[name] for name in ("precision", "recall", "f1", "jaccard")] == [score] * 4
    assert scores["subset_accuracy"] == 1.0


def test_ticks_by_name_are_no_set_of_the_names() -> None:
    with pytest.raises(UsageError, match="a unit is a set or list of labels"):
        encode_sets([{"a": True, "b": False}])


def test_a_table_with_named_columns_is_refused_and_not_turned() -> None:
    with pytest.raises(UsageError, match="found a table with named columns"):
        encode_sets(pl.DataFrame({"a": [1, 0], "b": [1, 1]}))


def test_a_masked_row_is_missing() -> None:
    marks = np.ma.array([[True, False], [True, True]], mask=[[True, True], [False, False]])
    assert encode_sets(marks).absent.tolist() == [Absent.MISSING, 0]
