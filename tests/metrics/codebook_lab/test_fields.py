"""Which rows a condition keeps; each case was run through codebook-lab 1.4.0 itself."""

from __future__ import annotations

from typing import Any

import pytest

from evalhouse.metrics.codebook_lab.columns import inferred
from evalhouse.metrics.codebook_lab.fields import Condition, Field, applicable

SPAN = '[{"start": 1, "end": 2}]'
TURNED = '[{"end": 2, "start": 1}, 5]'


def kept(parent: Field, cells: list[str], value: Any) -> str:
    child = Field("child", condition=Condition(parent.column, value))
    rows = applicable([parent, child], {parent.column: inferred(cells)}, len(cells))["child"]
    return "".join("Y" if row else "-" for row in rows)


@pytest.mark.parametrize(
    ("kind", "cells", "value", "rows"),
    [
        ("checkbox", ["1", "0", "1"], "Yes", "Y-Y"),
        ("checkbox", ["1", "0", ""], 1, "---"),
        ("checkbox", ["Yes", "no", "TRUE", "x", " yes"], True, "Y-Y-Y"),
        ("checkbox", ["Yes", "no", "false", "0", "NO "], False, "-YYYY"),
        ("checkbox", ["true", "false"], 1.0, "Y-"),
        ("checkbox", ["1", "0", "x"], "x", "--Y"),
        ("checkbox", ["x", "X", "x "], "X", "-Y-"),
        ("checkbox", ["2", "0", "1"], 2, "---"),
        ("checkbox", ["", "x", "1"], "", "Y--"),
        ("checkbox", ["1", "0", "1"], None, "---"),
        ("checkbox", ["1", "x", "0"], [1], "---"),
        ("dropdown", ["a", "A", " a", "`a`", "b"], " `a`", "Y-YY-"),
        ("dropdown", ["", "b"], "", "--"),
        ("dropdown", ["1", "2"], 1, "Y-"),
        ("dropdown", ["1", "2", ""], "1", "---"),
        ("dropdown", ["['a']", "a"], ["a"], "--"),
        ("dropdown", ["a", "b"], None, "--"),
        ("likert", ["1", "2", "3"], "2", "-Y-"),
        ("likert", ["1", "2", ""], 2, "---"),
        ("likert", ["1", "2", "x", "+2", "0_2"], 2, "-Y-YY"),
        ("likert", ["1", "2", "3"], 2.7, "-Y-"),
        ("likert", ["x ", "x"], "x ", "Y-"),
        ("likert", ["1", "2"], [1], "--"),
        ("textbox", ["abc", " abc ", "ABC", ""], "abc", "YY--"),
        ("textbox", ["abc", "", " "], " ", "---"),
        ("textbox", ["['a']", "x"], ["a"], "Y-"),
        ("span", ["[]", "x", SPAN], "x", "YY-"),
        ("span", [SPAN, TURNED, "[]"], SPAN, "YY-"),
        ("span", [SPAN, "[]", ""], [{"start": 1, "end": 2}], "Y--"),
        ("span", [SPAN, "[]", ""], None, "-YY"),
        ("slider", ["a", " x", "X", ""], "x", "-Y--"),
        ("slider", ["a", "x", ""], "", "--Y"),
        ("slider", ["None", "x"], None, "--"),
    ],
)
def test_an_answer_meets_a_condition(kind: str, cells: list[str], value: Any, rows: str) -> None:
    assert kept(Field("parent", kind), cells, value) == rows


@pytest.mark.parametrize(
    ("options", "cells", "value", "rows"),
    [
        (("a", "b"), ["x", "10", "a", "A"], "10", "----"),
        (("a", "b"), ["x", "10", "a", "A"], "A", "--Y-"),
        (("A", "b"), ["x", "10", "a", "A"], "a", "---Y"),
    ],
)
def test_a_condition_is_spelt_as_the_options_and_answers_are_not(
    options: tuple[str, ...], cells: list[str], value: str, rows: str
) -> None:
    assert kept(Field("parent", "dropdown", options=options), cells, value) == rows


FIRST = Field("p", "checkbox")
CELLS = {"p": ["1", "1", "0", "0"], "q": ["a", "b", "a", "b"], "c": ["z"] * 4}


def chain(*fields: Field, absent: str = "") -> str:
    gold = {name: inferred(cells) for name, cells in CELLS.items() if name != absent}
    rows = applicable(fields, gold, 4)["c"]
    return "".join("Y" if row else "-" for row in rows)


def field(name: str, parent: str | None = None, value: Any = None) -> Field:
    return Field(name, condition=None if parent is None else Condition(parent, value))


@pytest.mark.parametrize(
    ("fields", "rows"),
    [
        ((FIRST, field("q"), field("c", "q", "a")), "Y-Y-"),
        ((FIRST, field("q", "p", 1), field("c", "q", "a")), "Y---"),
        ((field("q"), field("c", "nowhere", "a")), "YYYY"),
        ((field("q"), Field("c", condition=Condition(None, "a"))), "YYYY"),
        ((field("q", "nowhere", 1), field("c", "q", "a")), "Y-Y-"),
        ((field("c", "c", "z"),), "YYYY"),
        ((field("c", "c", "y"),), "----"),
        ((field("q", "c", "z"), field("c", "q", "a")), "Y-Y-"),
        ((field("q", "c", "y"), field("c", "q", "a")), "----"),
    ],
)
def test_conditions_hang_together(fields: tuple[Field, ...], rows: str) -> None:
    assert chain(*fields) == rows


def test_without_the_column_of_a_parent_nothing_applies_but_for_spans() -> None:
    assert chain(field("q"), field("c", "q", "a"), absent="q") == "----"
    assert chain(Field("q", "span"), field("c", "q", 2), absent="q") == "YYYY"
