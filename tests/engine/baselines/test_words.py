from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.engine.baselines.words import pieces, words

# The small letter of İ has a mark, which belongs to the word here.
EUROPEAN = st.text(st.characters(max_codepoint=0x2FF, exclude_characters="İ"))


@given(EUROPEAN)
def test_words_are_those_of_scikit_learn_where_words_are_spaced(text: str) -> None:
    assert words(text) == re.findall(r"(?u)\b\w\w+\b", text.lower())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("バスが late", ["バ", "ス", "が", "late"]),
        ("मैंने कहा", ["मैंने", "कहा"]),
        ("cafe\u0301s", ["cafe\u0301s"]),
        ("C3PO und_er 7", ["c3po", "und_er"]),
        ("🙂 !", []),
    ],
)
def test_words_of_other_scripts_are_found(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_pieces_are_all_of_a_text_but_its_space(text: str) -> None:
    places = pieces(text)
    assert all(begin < end for begin, end in places)
    assert "".join(text[begin:end] for begin, end in places) == "".join(text.split())
