from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.reports.document import (
    Bullets,
    Code,
    Column,
    Document,
    Name,
    Part,
    Plain,
    Section,
    Strong,
    Table,
    plain,
)
from evalhouse.reports.markdown import markdown
from evalhouse.reports.run_page import run_document
from evalhouse.views.annotation.run import run_report
from tests.views.annotation.runs import HOSTILE, RIGHT_TO_LEFT, dropdown, humans, record

PARTS = st.builds(
    lambda kind, text: kind(text), st.sampled_from([Name, Code, Strong, Plain]), st.text()
)


def written(*parts: Part) -> str:
    """Return a cell of a table, between the bars around it."""
    table = Table("t", (Column("a"), Column("b")), ((parts, plain("end")),))
    text = markdown(Document(plain("x"), plain("y"), (table,), "z"))
    return next(line for line in text.splitlines() if line.endswith("| end |"))


@given(st.lists(PARTS, max_size=3))
def test_no_cell_ends_a_cell_or_a_line(parts: list[Part]) -> None:
    row = written(*parts)
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3


@given(st.text())
def test_no_name_becomes_a_tag(text: str) -> None:
    assert "<" not in written(Name(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a*b_c", r"a\*b\_c"),
        ("[a](b)", r"\[a\](b)"),
        ("<script>", "&lt;script&gt;"),
        ("- no list", r"\- no list"),
        ("1. no list", r"\1. no list"),
    ],
)
def test_marks_of_the_form_are_text(text: str, expected: str) -> None:
    assert written(Name(text)) == f"| {expected} | end |"


def test_code_with_backticks_has_a_longer_fence() -> None:
    assert written(Code("a``b")) == "| ```a``b``` | end |"
    assert written(Code("`")) == "| `` ` `` | end |"


def test_lists_and_sections_have_their_marks() -> None:
    blocks = (Section(plain("S"), (Bullets((plain("one"),), is_warning=True),)),)
    text = markdown(Document(plain("T"), plain("sub"), blocks, "me"))
    assert text.splitlines() == ["# T", "", "sub", "", "## S", "", "> - one", "", "me"]


def test_a_report_says_the_same_without_pictures() -> None:
    fields = (dropdown("Tone", humans=humans()), dropdown(HOSTILE, (RIGHT_TO_LEFT, "b|c")))
    text = markdown(run_document(run_report(record(fields=fields))))
    assert "| Tone | dropdown | macro F1 | **0.813** | 0.753 to 0.873 |" in text
    assert "| gold | support | oppose | mixed | no answer: invalid |" in text
    assert "| support | 40 | 1 | 2 | 3 |" in text
    assert "b\\|c" in text
    assert "<script" not in re.sub("`+[^`]*`+", "", text)
    assert "<svg" not in text


def test_bars_of_text_show_value_and_interval() -> None:
    text = markdown(run_document(run_report(record(fields=(dropdown("Tone"),)))))
    line = next(each for each in text.splitlines() if each.startswith("| Tone | dropdown"))
    bar = re.search("`([·─●]+)`", line)
    assert bar
    assert (len(bar[1]), bar[1].index("●")) == (20, 15)  # 0.813 of 20
