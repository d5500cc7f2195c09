from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.engine.spans import UnusableError, read_marks

TEXT = "The cat sat. The cat ran. A dog, too."
LABELS = ("who", "What", "what kind")


def span(start: Any, end: Any, text: Any = None, **others: Any) -> dict[str, Any]:
    return {"start": start, "end": end, **({} if text is None else {"text": text}), **others}


def places(value: Any, text: str = TEXT, labels: tuple[str, ...] = ()) -> tuple[list[Any], bool]:
    cell, is_repaired = read_marks(value, text, labels)
    marks = json.loads(cell or "[]")
    assert all(text[mark["start"] : mark["end"]] == mark["text"] for mark in marks)
    return [(m["start"], m["end"], *filter(None, [m.get("label")])) for m in marks], is_repaired


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([], []),
        ([span(4, 7, "cat")], [(4, 7)]),
        ([span(4, 7)], [(4, 7)]),
        ([span(4.0, 7.0, "cat")], [(4, 7)]),
        ([span(17, 20, "cat"), span(4, 7, "cat")], [(4, 7), (17, 20)]),
        ([span(4, 7, "cat"), span(4, 7, "cat")], [(4, 7)]),
        ([span(4, 7, "cat"), span(4, 11, "cat sat")], [(4, 7), (4, 11)]),
        ([span(0, len(TEXT))], [(0, len(TEXT))]),
    ],
)
def test_spans_whose_words_stand_where_they_say_are_taken_as_they_are(
    value: Any, expected: Any
) -> None:
    assert places(value) == (expected, False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([span(0, 3, "dog")], [(28, 31)]),
        ([span(-5, 99, "dog")], [(28, 31)]),
        ([span(None, "x", "dog")], [(28, 31)]),
        ([span("28", "31", "dog")], [(28, 31)]),
        ([span(7, 4, "cat")], [(4, 7)]),
        ([span(5, 8, "cat")], [(4, 7)]),
        ([span(16, 19, "cat")], [(17, 20)]),
        ([{"text": "cat"}], [(4, 7)]),
        ([{"text": "cat"}, {"text": "cat"}], [(4, 7), (17, 20)]),
        ([{"text": "cat"}] * 3, [(4, 7), (17, 20)]),
        ([span(0, 3, "cat"), span(0, 3, "cat")], [(4, 7), (17, 20)]),
        # What is right keeps its place, whichever came first.
        ([span(5, 8, "cat"), span(4, 7, "cat")], [(4, 7), (17, 20)]),
        ([span(4, 7, "cat"), span(5, 8, "cat")], [(4, 7), (17, 20)]),
        ([span(True, False, "cat")], [(4, 7)]),
        ([span(4, 7, "The")], [(0, 3)]),
        ([span(10**30, 10**31, "cat")], [(17, 20)]),
    ],
)
def test_offsets_that_do_not_fit_are_found_again_by_the_words(value: Any, expected: Any) -> None:
    assert places(value) == (expected, True)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([span(0, 3, "dogs")], "the text does not hold the words `dogs`"),
        ([span(0, 3, "CAT")], "the text does not hold the words `CAT`"),
        ([span(0, 8, "cat  sat")], "the text does not hold the words `cat  sat`"),
        ([span(0, 99)], "a span from 0 to 99 neither lies in the text, which has 37 char"),
        ([span(3, 3)], "a span from 3 to 3 neither"),
        ([span(0, 3, "")], "a span from 0 to 3 neither"),
        ([span(0, 3, 7)], "a span from 0 to 3 neither"),
        ([span(None, "a")], 'a span from null to "a" neither'),
        ([{}], "a span from null to null neither"),
        ([span(4, 7, "cat"), span(0, 3, "no")], "the text does not hold the words `no`"),
    ],
)
def test_one_span_that_lies_nowhere_makes_the_answer_unusable(value: Any, reason: str) -> None:
    with pytest.raises(UnusableError) as failure:
        read_marks(value, TEXT, ())
    assert str(failure.value).startswith(reason)


@pytest.mark.parametrize(
    ("label", "expected"),
    [("who", "who"), ("WHO", "who"), (" what ", "What"), ("what kind", "what kind")],
)
def test_labels_are_those_of_the_codebook_whatever_their_case(label: str, expected: str) -> None:
    assert places([span(4, 7, "cat", label=label)], labels=LABELS) == ([(4, 7, expected)], False)


@pytest.mark.parametrize("label", ["where", "", None, 1, ["who"], {"who": 1}, "whom"])
def test_a_label_that_is_none_makes_the_answer_unusable(label: Any) -> None:
    with pytest.raises(UnusableError, match="is none of `who`, `What`, `what kind`"):
        read_marks([span(4, 7, "cat", label=label)], TEXT, LABELS)


def test_a_label_that_two_labels_may_be_is_none() -> None:
    with pytest.raises(UnusableError, match="the label `AB` is none"):
        read_marks([span(4, 7, "cat", label="AB")], TEXT, ("ab", "Ab"))


def test_labels_of_a_field_without_any_are_left_out() -> None:
    assert places([span(4, 7, "cat", label="who")]) == ([(4, 7)], False)


def test_words_may_have_two_labels_in_one_order() -> None:
    value = [span(4, 7, "cat", label=label) for label in ("who", "what kind", "What")]
    expected = [(4, 7, "What"), (4, 7, "what kind"), (4, 7, "who")]
    assert places(value, labels=LABELS) == (expected, False)
    assert places(value[::-1], labels=LABELS) == (expected, False)


def test_offsets_count_characters_and_not_bytes_or_units() -> None:
    text = "\N{GRINNING FACE}\N{GRINNING FACE} naïve cat"
    assert places([span(9, 12, "cat")], text) == ([(9, 12)], False)
    # As JavaScript counts, and as bytes are counted: found again.
    assert places([span(11, 14, "cat")], text) == ([(9, 12)], True)
    assert places([span(16, 19, "cat")], text) == ([(9, 12)], True)


@given(st.text(max_size=30), st.data())
def test_words_of_a_text_are_found_whatever_offsets_are_told(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    words = text[start : data.draw(st.integers(start, len(text)))]
    wrong = data.draw(st.integers(-99, 99))
    if not words.strip():
        return
    found, is_repaired = places([span(wrong, wrong + len(words), words)], text)
    ((found_start, found_end),) = found
    assert text[found_start:found_end] == words
    assert is_repaired == (found_start != wrong)
    nearest = min(abs(at - max(wrong, 0)) for at in range(len(text)) if text.startswith(words, at))
    assert abs(found_start - max(wrong, 0)) == nearest or found_start == wrong
