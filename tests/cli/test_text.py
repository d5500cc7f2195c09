from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.cli.text import number, safe, shortened, with_error


@given(st.text())
def test_no_text_can_control_a_terminal(text: str) -> None:
    told = safe(text)
    assert all(each.isprintable() or each in "\u200c\u200d" for each in told)


@given(st.text())
def test_lines_stay_lines_where_they_are_wanted(text: str) -> None:
    assert safe(text, lines=True).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain né 数 😀", "plain né 数 😀"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("a\u202eb", r"a\u202eb"),
        ("lone \ud800", r"lone \ud800"),
        ("c1 \x9b2J", r"c1 \x9b2J"),
        ("[bold]no markup[/bold]", "[bold]no markup[/bold]"),
    ],
)
def test_text_of_dumps_is_shown_as_it_is(text: str, told: str) -> None:
    assert safe(text) == told


def test_long_text_says_how_much_is_missing() -> None:
    assert shortened("abcdef", 4) == "abcd… (2 characters more)"
    assert shortened("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("value", "unit", "told"),
    [
        (None, None, "–"),
        (float("nan"), None, "–"),
        (0.0, "proportion", "0.0000"),
        (2 / 3, "proportion", "0.6667"),
        (1234.5678, "perplexity", "1234.57"),
    ],
)
def test_undefined_is_not_zero(value: float | None, unit: str | None, told: str) -> None:
    assert number(value, unit) == told


def test_a_value_stands_with_its_error_where_there_is_one() -> None:
    assert with_error(0.5, 0.25, "proportion") == "0.5000 ± 0.2500"
    assert with_error(0.5, None, "proportion") == "0.5000"
    assert with_error(None, 0.1) == "–"
