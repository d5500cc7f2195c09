from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.spans import Span
from evalhouse.scoring.cells import read_labels, read_sets, read_spans, read_texts, written
from evalhouse.scoring.field import Field, Kind

TICK = Field("tick", "checkbox")
STANCE = Field("stance", "dropdown", ("for", "against", "None", "NA"))
SCALE = Field("strength", "likert", scale=(1, 5))
TOPICS = Field("topics", "multiselect", ("tax", "school"))


@pytest.mark.parametrize(
    ("cell", "meaning"),
    [
        ("1", True),
        ("1.0", True),
        (" Yes ", True),
        ("checked", True),
        ("0", False),
        ("0.0", False),
        ("FALSE", False),
        ("no", False),
        ("", Absent.MISSING),
        ("  ", Absent.MISSING),
        (None, Absent.MISSING),
        ("2", Absent.INVALID),
        ("I do not know", Absent.INVALID),
        ("yesterday", Absent.INVALID),
        (Absent.FAILED, Absent.FAILED),
        (Absent.NOT_APPLICABLE, Absent.NOT_APPLICABLE),
    ],
)
def test_a_checkbox_is_ticked_not_ticked_or_absent(cell: str | Absent | None, meaning: int) -> None:
    (code,) = read_labels(TICK, [cell]).codes
    assert code == meaning


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("for", 0),
        ("AGAINST", 1),
        ("None", 2),
        ("NA", 3),
        ("na", 3),
        ("both", Absent.INVALID),
        ("['for', 'against']", Absent.INVALID),
        ("", Absent.MISSING),
    ],
)
def test_an_option_is_what_is_written_whatever_its_case(cell: str, code: int) -> None:
    assert read_labels(STANCE, [cell]).codes.tolist() == [code]


def test_case_counts_where_options_differ_in_nothing_else() -> None:
    field = Field("unit", "dropdown", ("mW", "MW"))
    codes = read_labels(field, ["mW", "MW", "mw"]).codes
    assert codes.tolist() == [0, 1, Absent.INVALID]


def test_a_dropdown_without_options_takes_any_text() -> None:
    found = read_labels(Field("free", "dropdown"), ["b", "a", "", "b"])
    assert found.names == ("a", "b")
    assert found.codes.tolist() == [1, 0, Absent.MISSING, 1]


@pytest.mark.parametrize(
    ("cell", "point"),
    [("1", 1), ("5", 5), ("4.0", 4), ("+3", 3), ("3.", 3), (" 2 ", 2)],
)
def test_a_point_of_a_scale_may_be_written_as_a_float(cell: str, point: int) -> None:
    found = read_labels(SCALE, [cell])
    assert found.names[found.codes[0]] == point


@pytest.mark.parametrize("cell", ["0", "6", "4.9", "-1", "inf", "three", "1 to 5"])
def test_what_is_no_point_of_the_scale_is_invalid_and_not_moved_onto_it(cell: str) -> None:
    assert read_labels(SCALE, [cell]).codes.tolist() == [Absent.INVALID]


def test_points_without_a_declared_scale_stand_in_the_order_of_numbers() -> None:
    assert read_labels(Field("n", "likert"), ["10", "9", "-1"]).names == (-1, 9, 10)


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ('["tax"]', frozenset({"tax"})),
        ("tax|school", frozenset({"tax", "school"})),
        (" Tax | school ", frozenset({"tax", "school"})),
        ("[]", frozenset()),
        ("", Absent.MISSING),
        ("road", Absent.INVALID),
        ("[1]", Absent.INVALID),
        ("[", Absent.INVALID),
        ('["tax", "road"]', Absent.INVALID),
        (Absent.FAILED, Absent.FAILED),
    ],
)
def test_a_selection_is_a_set_of_options(
    cell: str | Absent, answer: frozenset[str] | Absent
) -> None:
    assert read_sets(TOPICS, [cell]) == [answer]


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ('[{"start": 1, "end": 3}]', [Span(1, 3)]),
        ('[{"start": 1, "end": 3, "text": "ab", "label": null}]', [Span(1, 3)]),
        ("[]", []),
        ("", []),
        (None, []),
        ("[{'start': 1, 'end': 3}]", Absent.INVALID),
        ('[{"start": "1", "end": 3}]', Absent.INVALID),
        ("[1]", Absent.INVALID),
        (Absent.MISSING, Absent.MISSING),
    ],
)
def test_an_empty_cell_says_that_there_are_no_spans(
    cell: str | Absent | None, answer: list[Span] | Absent
) -> None:
    assert read_spans([cell]) == [answer]


def test_no_word_of_a_text_stands_for_absence() -> None:
    cells = ["None", "NA", "", None, Absent.FAILED]
    assert read_texts(cells) == ["None", "NA", Absent.MISSING, Absent.MISSING, Absent.FAILED]


@pytest.mark.parametrize(
    ("options", "scale", "message"),
    [
        (("a", "a"), None, "names an option twice"),
        ((), (5, 1), "runs from 5 to 1"),
    ],
)
def test_a_field_that_no_answer_could_fit_is_refused(
    options: tuple[str, ...], scale: tuple[int, int] | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        Field("x", "dropdown", options, scale)


def test_an_unknown_type_of_field_is_refused() -> None:
    kind: Kind = "slider"  # type: ignore[assignment]  # that is the point
    with pytest.raises(UnknownNameError, match="no type of field is called `slider`"):
        Field("x", kind)


def test_numbers_that_a_library_made_of_cells_are_written_out() -> None:
    assert written(Field("q", "likert"), [4.0, np.int64(3), True, math.nan, "x", None]) == [
        *("4.0", "3", "True", None, "x", None)
    ]


@pytest.mark.parametrize("cells", ["ab", {"a": 1}, pd.DataFrame({"a": [1]}), [b"a"], [["a"]]])
def test_what_no_file_holds_is_no_cell(cells: Any) -> None:
    with pytest.raises(UsageError, match="`q`"):
        written(Field("q", "dropdown"), cells)


def test_an_option_may_hold_a_bar_or_begin_with_a_bracket() -> None:
    field = Field("q", "multiselect", ("a|b", "[c]", "d"))
    expected = [frozenset({"a|b"}), frozenset({"[c]"}), frozenset({"d"})]
    assert read_sets(field, ["a|b", "[c]", "d"]) == expected


def test_half_a_surrogate_pair_is_no_list_of_spans() -> None:
    assert read_spans(["[\ud800"]) == [Absent.INVALID]


@pytest.mark.parametrize(
    "options", [{"options": ("",)}, {"options": "ab"}, {"labels": (1,)}, {"scale": (1.5, 3)}]
)
def test_options_are_strings_and_not_empty(options: Any) -> None:
    with pytest.raises(UsageError, match="`q`"):
        Field("q", "dropdown", **options)
