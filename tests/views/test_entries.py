from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from evalhouse.views import entries
from evalhouse.views.entries import NOTHING, UNKNOWN, Entries, Words, joined


def _entries(*places: int) -> Entries:
    size = len(places)
    codes, numbers = np.zeros(size, dtype=np.int64), np.arange(size, dtype=np.float64)
    return Entries(np.array(places), codes, numbers, numbers, numbers, codes, codes, codes, codes)


def test_words_have_one_code_each_and_come_back() -> None:
    words = Words(["a"])
    codes = words.codes(pa.chunked_array([["b", None], ["a", "b"]]))
    assert codes.tolist() == [1, UNKNOWN, 0, 1]
    assert words.column(codes).to_pylist() == ["b", None, "a", "b"]
    assert [words.word(code) for code in (0, UNKNOWN)] == ["a", None]
    assert words.code(None) == UNKNOWN


def test_no_words_make_an_empty_column() -> None:
    assert Words().codes(pa.chunked_array([], pa.string())).tolist() == []


@pytest.mark.parametrize(
    ("places", "single"),
    [
        ([], []),
        ([3], [True]),
        ([1, 1], [False, False]),
        ([1, 2, 2, 2, 5], [True, False, False, False, True]),
    ],
)
def test_a_score_is_single_where_no_other_stands(places: list[int], single: list[bool]) -> None:
    assert _entries(*places).single.tolist() == single


def test_some_are_taken_by_slice_mask_or_position() -> None:
    some = _entries(4, 5, 6)
    assert some.at(slice(1, 3)).place.tolist() == [5, 6]
    assert some.at(np.array([True, False, True])).place.tolist() == [4, 6]
    assert some.at(np.array([2, 0])).place.tolist() == [6, 4]
    assert some.at(np.array([True, True, True])) is some


def test_parts_are_joined_in_order() -> None:
    assert joined([]).place.tolist() == []
    assert joined([_entries(2), NOTHING, _entries(1, 3)]).place.tolist() == [2, 1, 3]


def test_what_is_unknown_is_empty_in_arrow() -> None:
    assert entries.numbers(np.array([1.5, np.nan])).to_pylist() == [1.5, None]
    assert entries.counts(np.array([np.nan, 7.0])).to_pylist() == [None, 7]
    assert entries.truths(np.array([1, 0, UNKNOWN])).to_pylist() == [True, False, None]
    assert entries.indices(np.array([2, UNKNOWN])).to_pylist() == [2, None]
