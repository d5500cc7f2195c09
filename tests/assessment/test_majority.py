from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.assessment import majority_cells
from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.scoring import Field
from evalhouse.scoring.cells import Cell, read_labels, read_sets, read_spans

STANCE = Field("stance", "dropdown", ("for", "against", "None"))
FORCE = Field("force", "likert", scale=(1, 5))
TOPICS = Field("topics", "multiselect", ("a", "b", "c"))
WHY = Field("why", "textbox")
NAMES = Field("names", "span", labels=("who", "what"))
TEXT = "Ann met Bo in Rome."


def row(field: Field, *cells: Cell) -> Cell:
    return majority_cells(field, [[cell] for cell in cells], texts=[TEXT])[0]


@pytest.mark.parametrize(
    ("field", "cells", "expected"),
    [
        (STANCE, ["for", "against", "For"], "for"),
        (STANCE, ["against", "for", "for", "against"], "against"),
        (STANCE, ["None", "", "both"], "None"),
        (Field("x", "checkbox"), ["0", "yes", "1"], "yes"),
        (FORCE, ["1", "5", "4"], "4"),
        (FORCE, ["1", "1", "5", "5", "4"], "5"),
        (FORCE, ["2", "4"], "2"),
        (FORCE, ["2.0", "2", "9"], "2.0"),
        (TOPICS, ['["b", "a"]', "a", "c|b|a"], '["a", "b"]'),
        (TOPICS, ["a", "b"], "[]"),
        (TOPICS, ["a", "x", ""], '["a"]'),
        (WHY, ["one", " two", "two"], " two"),
        (WHY, ["xbcd", "abcd", "abcx"], "abcd"),
    ],
)
def test_the_majority_of_a_row_is(field: Field, cells: list[Cell], expected: Cell) -> None:
    assert row(field, *cells) == expected


@pytest.mark.parametrize("field", [STANCE, FORCE, TOPICS, NAMES, WHY])
def test_without_a_valid_answer_the_most_frequent_absence_is_left(field: Field) -> None:
    invalid, failed = Absent.INVALID, Absent.FAILED
    assert row(field, failed, invalid, invalid) is invalid
    assert row(field, failed, invalid) is failed
    if field is not WHY and field is not NAMES:
        assert row(field, "x?", "", "x?") is invalid


def spans(*found: tuple[int, int, str]) -> str:
    return json.dumps([{"start": one, "end": two, "label": name} for one, two, name in found])


def test_spans_are_what_most_repeats_mark_with_the_label_that_most_give() -> None:
    cell = row(
        NAMES,
        spans((0, 3, "who"), (14, 18, "what")),
        spans((0, 7, "who")),
        spans((0, 3, "what"), (14, 18, "what")),
    )
    assert json.loads(str(cell)) == [
        {"start": 0, "end": 3, "text": "Ann", "label": "who"},
        {"start": 14, "end": 18, "text": "Rome", "label": "what"},
    ]


def test_repeats_without_spans_vote_and_invalid_ones_do_not() -> None:
    one = spans((0, 3, "who"))
    assert row(NAMES, one, "", "") == ""
    assert row(NAMES, one, Absent.INVALID, spans((0, 3, "whom"))) != ""


def test_spans_end_with_their_text_and_without_one_have_no_words() -> None:
    endless = spans((8, 2**40, "who"))
    assert json.loads(str(row(NAMES, endless)))[0]["end"] == len(TEXT)
    plain = majority_cells(Field("x", "span"), [['[{"start": 1, "end": 3}]']])
    assert plain == ['[{"start": 1, "end": 3}]']


def test_rows_stay_apart() -> None:
    assert majority_cells(STANCE, [["for", "against"], ["for", "for"], ["", "against"]]) == [
        "for",
        "against",
    ]


@given(
    st.lists(
        st.lists(st.sampled_from(["for", "against", "None", "", "both"]), min_size=3, max_size=3),
        min_size=1,
        max_size=6,
    )
)
def test_no_label_is_more_frequent_than_that_of_the_majority(repeats: list[list[Cell]]) -> None:
    found = read_labels(STANCE, majority_cells(STANCE, repeats)).codes
    columns = [read_labels(STANCE, cells).codes.tolist() for cells in repeats]
    for place, winner in enumerate(found.tolist()):
        votes = [codes[place] for codes in columns]
        valid = [code for code in votes if code >= 0]
        assert max(map((valid or votes).count, valid or votes)) == votes.count(winner)


@given(st.lists(st.sampled_from(["a", "b", "a|b", "[]", "a|c", "x"]), min_size=1, max_size=7))
def test_options_are_those_of_more_than_half(cells: list[Cell]) -> None:
    valid = [one for one in read_sets(TOPICS, cells) if not isinstance(one, Absent)]
    [found] = read_sets(TOPICS, [row(TOPICS, *cells)])
    expected = {name for name in "abc" if sum(name in one for one in valid) > len(valid) / 2}
    assert found == (expected if valid else Absent.INVALID)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 12)), max_size=3), st.integers(1, 5))
def test_repeats_that_say_the_same_have_it_in_common(
    marked: list[tuple[int, int]], count: int
) -> None:
    cell = json.dumps([{"start": one, "end": one + size} for one, size in marked])
    [found] = read_spans([row(Field("x", "span"), *[cell] * count)])
    assert not isinstance(found, Absent)
    places = {place for start, end, _ in found for place in range(start, end)}
    assert places == {place for one, size in marked for place in range(one, min(one + size, 19))}


def test_repeats_of_other_rows_are_refused() -> None:
    with pytest.raises(UsageError, match="`stance` has no repeats"):
        majority_cells(STANCE, [])
    with pytest.raises(UsageError, match="of 1 and of 2 rows"):
        majority_cells(STANCE, [["for"], ["for", "for"]])
    with pytest.raises(UsageError, match="of 1 and of 2 rows"):
        majority_cells(STANCE, [["for"]], texts=["", ""])
