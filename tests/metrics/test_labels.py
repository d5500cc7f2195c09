from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import ABSENT, Absent, Labels, encode, encode_pair

NAN = float("nan")
MISSING = int(Absent.MISSING)

ENCODED: dict[str, tuple[Any, list[int], tuple[Any, ...]]] = {
    "text": (["b", "a", None, "NA"], [2, 1, -1, 0], ("NA", "a", "b")),
    "text beside NaN": (["a", NAN], [0, -1], ("a",)),
    "text beside absence": (["a", Absent.INVALID, "b"], [0, -3, 1], ("a", "b")),
    "half a surrogate pair": (["\ud800", "a", None], [1, 0, -1], ("a", "\ud800")),
    "a tuple": (("b", "a"), [1, 0], ("a", "b")),
    "integers": ([3, -1, None], [1, 0, -1], (-1, 3)),
    "integers that look like absence": ([-1, Absent.MISSING, -4], [1, -1, 0], (-4, -1)),
    "integers beyond floats": ([2**70, 1, None], [1, 0, -1], (1, 2**70)),
    "integers beyond all floats": ([10**400, 1], [1, 0], (1, 10**400)),
    "integers beyond exact floats": ([2**53 + 1, 2**53], [1, 0], (2**53, 2**53 + 1)),
    "integers far apart": (np.array([-(2**63), 2**63 - 1]), [0, 1], (-(2**63), 2**63 - 1)),
    "small integers": (np.array([-128, 127, 0], np.int8), [0, 2, 1], (-128, 0, 127)),
    "large unsigned": (np.array([2**63 + 6, 2**63 + 5], np.uint64), [1, 0], (2**63 + 5, 2**63 + 6)),
    "floats": ([2.5, NAN, 1.0], [1, -1, 0], (1.0, 2.5)),
    "integers and floats": ([2, 2.5, None], [0, 1, -1], (2.0, 2.5)),
    "whole floats": (np.array([5.0, NAN, 1.0]), [1, -1, 0], (1.0, 5.0)),
    "half floats": (np.array([1, 2.5, NAN], np.float16), [0, 1, -1], (1.0, 2.5)),
    "infinity": ([float("inf"), 1.0], [1, 0], (1.0, float("inf"))),
    "booleans": ([True, None, False], [1, -1, 0], (False, True)),
    "booleans beside NaN": ([True, NAN], [0, -1], (True,)),
    "an array of booleans": (np.array([True, True]), [0, 0], (True,)),
    "an array of text": (np.array(["b", "a"]), [1, 0], ("a", "b")),
    "an array of half a surrogate pair": (np.array(["a", "\ud800"]), [0, 1], ("a", "\ud800")),
    "a masked array of text": (
        np.ma.masked_array(["a", "b"], [True, False]),
        [-1, 0],
        ("b",),
    ),
    "an array of objects": (np.array(["a", None], object), [0, -1], ("a",)),
    "a masked array": (np.ma.masked_array([1, 2, 3], [False, True, False]), [0, -1, 1], (1, 3)),
    "numpy's own text": ([np.str_("b"), "a"], [1, 0], ("a", "b")),
    "numpy's own numbers": ([np.int64(2), np.float64(1)], [1, 0], (1.0, 2.0)),
    "nothing": ([], [], ()),
    "an empty array": (np.array([]), [], ()),
    "an empty array of integers": (np.array([], np.int64), [], ()),
    "only absence": ([None, NAN, Absent.FAILED], [-1, -1, -4], ()),
    "pandas text": (pd.Series(["a", None]), [0, -1], ("a",)),
    "pandas integers": (pd.Series([2, None, 1], dtype="Int64"), [1, -1, 0], (1, 2)),
    "pandas floats": (pd.Series([1.0, None]), [0, -1], (1.0,)),
    "pandas categories": (pd.Series(["b", "a", "b"], dtype="category"), [1, 0, 1], ("a", "b")),
    "pandas NA": ([pd.NA, 1, 2], [-1, 0, 1], (1, 2)),
    "polars text": (pl.Series(["a", None]), [0, -1], ("a",)),
    "polars categories": (pl.Series(["b", "a"], dtype=pl.Categorical), [1, 0], ("a", "b")),
    "arrow floats": (pa.array([1.0, NAN, None]), [0, -1, -1], (1.0,)),
    "arrow booleans": (pa.array([True, None]), [0, -1], (True,)),
    "arrow nulls": (pa.array([None, None]), [-1, -1], ()),
    "arrow chunks": (pa.chunked_array([["b"], ["a", "b"]]), [1, 0, 1], ("a", "b")),
    "an arrow dictionary with too much in it": (
        pa.DictionaryArray.from_arrays([1, None, 1], ["never", "a"]),
        [0, -1, 0],
        ("a",),
    ),
}

REFUSED: dict[str, tuple[Any, str]] = {
    "text and numbers": (["a", 1], "found `int` and `str`"),
    "text and true numbers": (["a", 1.5, NAN], "found `float` and `str`"),
    "booleans and numbers": ([True, 1], "found `bool` and `int`"),
    "bytes": ([b"a"], "found `bytes`"),
    "lists": ([["a"], ["b"]], "found `list`"),
    "a column of lists": (pa.array([["a"]]), "one value a row"),
    "dates": (np.array(["2020-01-01"], "M8[D]"), "found `date`"),
    "two dimensions": (np.zeros((2, 2)), "found 2 dimensions"),
}


@pytest.mark.parametrize("case", ENCODED)
def test_answers_of_any_kind_become_codes_of_sorted_labels(case: str) -> None:
    values, codes, names = ENCODED[case]
    found = encode(values)
    assert found.codes.tolist() == codes
    assert found.names == names
    assert list(map(type, found.names)) == list(map(type, names))
    assert found.codes.dtype == np.int64


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_list_of_labels_of_one_type_is_refused(case: str) -> None:
    values, words = REFUSED[case]
    with pytest.raises(UsageError, match=words):
        encode(values)


@given(st.lists(st.one_of(st.none(), st.text(max_size=3), st.sampled_from(ABSENT))))
def test_codes_lead_back_to_the_text_that_they_came_from(values: list[Any]) -> None:
    found = encode(values)
    back = [found.names[code] if code >= 0 else Absent(code) for code in found.codes]
    assert back == [Absent.MISSING if value is None else value for value in values]


@given(st.lists(st.one_of(st.none(), st.integers(-5, 5), st.sampled_from(ABSENT))))
def test_codes_lead_back_to_the_numbers_that_they_came_from(values: list[Any]) -> None:
    found = encode(values)
    back = [found.names[code] if code >= 0 else Absent(code) for code in found.codes]
    wanted = [Absent.MISSING if value is None else value for value in values]
    assert [(type(value), value) for value in back] == [(type(value), value) for value in wanted]


def test_the_four_kinds_of_absence_are_counted_apart() -> None:
    found = encode(["a", None, Absent.NOT_APPLICABLE, Absent.FAILED, Absent.FAILED])
    assert list(found.absent().values()) == [1, 1, 0, 2]
    assert found.is_valid.tolist() == [True, False, False, False, False]
    assert len(found) == 5


def test_declared_labels_keep_their_order_and_those_that_never_occur() -> None:
    found = encode(["low", "high"], names=["low", "middle", "high"])
    assert (found.codes.tolist(), found.names) == ([0, 2], ("low", "middle", "high"))


def test_a_gold_label_outside_the_declared_ones_is_an_error() -> None:
    with pytest.raises(UsageError, match="`9` is not one of the 3 labels"):
        encode([1, 9], names=[1, 2, 3])


def test_a_models_label_outside_the_declared_ones_is_invalid() -> None:
    found = encode([1, 9, None], names=[1, 2, 3], is_strict=False)
    assert found.codes.tolist() == [0, Absent.INVALID, Absent.MISSING]


def test_text_is_never_taken_for_the_number_that_it_spells() -> None:
    with pytest.raises(UsageError, match="found `int` and `str`"):
        encode(["1", "2"], names=[1, 2], is_strict=False)


def test_whole_floats_are_the_integers_that_were_declared() -> None:
    found = encode(np.array([1.0, NAN]), names=[0, 1])
    assert (found.codes.tolist(), found.names) == ([1, MISSING], (0, 1))


def test_a_label_declared_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="twice"):
        encode(["a"], names=["a", "a"])


def test_labels_can_be_encoded_again_over_other_names() -> None:
    found = encode(Labels(np.array([1, 0, -2]), ("a", "b")), names=["b", "a"])
    assert found.codes.tolist() == [0, 1, -2]


def test_a_name_that_no_code_uses_may_be_left_out() -> None:
    found = encode(Labels(np.array([0]), ("a", "never")), names=["a"])
    assert found.names == ("a",)


@pytest.mark.parametrize("codes", [[2], [-5], [[0]], [0.5]])
def test_codes_that_fit_no_name_are_refused(codes: list[Any]) -> None:
    with pytest.raises(UsageError, match="codes"):
        encode(Labels(np.array(codes), ("a", "b")))


def test_two_sides_are_encoded_over_the_labels_of_both() -> None:
    gold, model = encode_pair(["a", None], ["c", "b"])
    assert gold.names == model.names == ("a", "b", "c")
    assert (gold.codes.tolist(), model.codes.tolist()) == ([0, -1], [2, 1])


def test_sides_of_different_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="gold has 1 answers and the model 2"):
        encode_pair(["a"], ["a", "b"])


@pytest.mark.parametrize(("gold", "model"), [(["1"], [1]), ([True], [1]), ([True, False], [1, 0])])
def test_sides_of_different_types_are_refused(gold: list[Any], model: list[Any]) -> None:
    with pytest.raises(UsageError, match="labels are all"):
        encode_pair(gold, model)


def test_a_side_without_any_label_goes_with_every_type() -> None:
    gold, model = encode_pair([None, None], ["a", "b"])
    assert gold.names == model.names == ("a", "b")


@pytest.mark.parametrize("values", ["abc", {"a": 1}, None, 3])
def test_what_is_no_list_has_no_labels(values: Any) -> None:
    with pytest.raises(UsageError, match="labels are a list or an array"):
        encode(values)


@pytest.mark.parametrize("names", ["ab", ["a", None], ["a", float("nan")]])
def test_declared_labels_are_a_list_without_blanks(names: Any) -> None:
    with pytest.raises(UsageError, match="label"):
        encode(["a"], names)


def test_declared_labels_become_plain() -> None:
    declared: Any = np.array([1, 2])
    assert [type(name) for name in encode([1], declared).names] == [int, int]
