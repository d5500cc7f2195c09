from __future__ import annotations

import re
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.metrics.spans.tokens import ALIGNMENTS, is_word_character, token_map

texts = st.lists(
    st.text(st.characters(codec="utf-8") | st.sampled_from("ab _.\n\u0301"), max_size=30),
    max_size=8,
)
PYTHON = re.compile(r"\w+|[^\w\s]")


def _python(character: str) -> bool:
    return character.isalnum() or character == "_"


def _spans(held: list[str]) -> list[tuple[int, int, int]]:
    return [
        (row, *found.span()) for row, text in enumerate(held) for found in PYTHON.finditer(text)
    ]


@given(texts)
def test_tokens_are_those_of_a_regular_expression(held: list[str]) -> None:
    expected = [len(PYTHON.findall(text)) for text in held]
    found = token_map(held, _python)
    assert np.diff(found.edges).tolist() == expected
    assert found.lengths.tolist() == [len(text) for text in held]


@given(texts)
def test_a_span_holds_the_tokens_it_touches_or_covers(held: list[str]) -> None:
    found, expected = token_map(held, _python), _spans(held)
    rows = [row for row, text in enumerate(held) for _ in range(len(text))]
    starts = [start for text in held for start in range(len(text))]
    ends = [min(start + 3, len(held[row])) for row, start in zip(rows, starts, strict=True)]
    units, low, high = (np.array(values, np.int64) for values in (rows, starts, ends))
    for alignment in ALIGNMENTS:
        first, last = found.covered(units, low, high, alignment)
        for place, (row, start, end) in enumerate(zip(rows, starts, ends, strict=True)):
            inside = [
                number
                for number, (text, begin, stop) in enumerate(expected)
                if text == row
                and (
                    begin < end and start < stop
                    if alignment == "expand"
                    else start <= begin and stop <= end
                )
            ]
            assert list(range(first[place], last[place])) == inside


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("हिन्दी", 1),
        ("สวัสดี", 1),
        ("e\u0301te\u0301", 1),
        ("a\u203fb", 1),
        ("a\u200db", 1),
        ("don't", 3),
        ("10.5", 3),
    ],
)
def test_words_keep_their_marks_and_connectors(text: str, count: int) -> None:
    assert token_map([text]).edges[-1] == count


def test_every_character_is_a_space_a_sign_or_part_of_a_word() -> None:
    kept = [chr(code) for code in range(sys.maxunicode + 1)][::97]
    found = np.diff(token_map(kept).edges)
    assert found.tolist() == [
        int(not character.isspace() or is_word_character(character)) for character in kept
    ]


def test_halves_of_surrogates_are_signs() -> None:
    assert token_map(["a\ud800b"]).edges.tolist() == [0, 3]


def test_long_texts_are_read_in_pieces() -> None:
    held = ["word, " * 100_000] * 3
    assert token_map(held).edges.tolist() == [0, 200_000, 400_000, 600_000]
