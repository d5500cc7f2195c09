from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.stem.porter import PorterStemmer

from evalhouse.metrics.text import porter, stem
from tests.metrics.text.samples import words

THEIRS = PorterStemmer()
ENDINGS = (
    *porter._SECOND,
    *porter._THIRD,
    *porter._FOURTH,
    *("", "s", "es", "ed", "ing", "eed", "ied", "ies", "sses", "y", "ll", "e", "logi", "alli"),
)


def test_it_stems_every_word_of_the_standard_library_as_nltk() -> None:
    assert len(words()) > 5_000
    assert [word for word in words() if stem(word) != THEIRS.stem(word)] == []


def test_it_stems_made_up_words_with_every_ending_as_nltk() -> None:
    chance = random.Random(0)
    made = [
        "".join(chance.choices("abcdeilostuyz", k=chance.randint(0, 6)))
        + "".join(chance.choices(ENDINGS, k=2))
        for _ in range(10_000)
    ]
    assert [word for word in made if stem(word) != THEIRS.stem(word)] == []


@given(st.text(max_size=12) | st.text("aeiouybcslz", max_size=12))
def test_it_stems_any_text_as_nltk(word: str) -> None:
    assert stem(word) == THEIRS.stem(word)


# Porter 1980, section 1 and the end of section 2.
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        *((word, "connect") for word in ("connected", "connecting", "connection", "connections")),
        ("generalizations", "gener"),
        ("oscillators", "oscil"),
    ],
)
def test_it_strips_the_words_of_the_paper(word: str, expected: str) -> None:
    assert stem(word) == expected
