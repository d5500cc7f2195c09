"""Large objects are read in pieces, whatever the size of what is read at once."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.formats.bakeoff.scan import NotJsonError, Piece, Scanner, decode

json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(max_size=4), inner)),
    max_leaves=12,
)


def pieces(text: str | bytes, chunk: int = 1 << 20, **wanted: Any) -> list[Piece]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(Scanner(io.BytesIO(data), chunk).pieces(**wanted))


@given(
    st.dictionaries(st.text(max_size=4), json_values, max_size=4),
    st.integers(1, 64),
    st.sampled_from([None, 1]),
    st.booleans(),
)
@settings(max_examples=150)
def test_pieces_are_the_members_of_the_object(
    content: dict[str, Any],
    chunk: int,
    indent: int | None,
    is_ascii: bool,  # noqa: FBT001 - a case
) -> None:
    text = json.dumps(content, indent=indent, ensure_ascii=is_ascii)
    found = pieces(text, chunk)
    assert {piece.key: piece.value() for piece in found} == content
    data = text.encode()
    assert all(data[each.offset : each.offset + len(each.raw)] == each.raw for each in found)


@given(st.lists(json_values, max_size=4), st.integers(1, 16))
@settings(max_examples=80)
def test_elements_of_a_list_come_one_by_one(listed: list[Any], chunk: int) -> None:
    text = json.dumps({"a": 1, "list": listed, "z": []})
    found = [piece for piece in pieces(text, chunk, lists={"list"}) if piece.key == "list"]
    assert [piece.value() for piece in found] == listed
    assert [piece.index for piece in found] == list(range(len(listed)))


def test_what_is_skipped_is_named_alone() -> None:
    found = pieces('{"a": [1, {"b": "}"}], "c": 2}', 3, skipped={"a"})
    assert [(piece.key, piece.raw) for piece in found] == [("a", b""), ("c", b"2")]


def test_members_of_a_member_can_be_asked_for() -> None:
    text = '{"x": {"a": 1}, "in": {"a": 2, "b": []}, "y": 3}'
    assert [(each.key, each.raw) for each in pieces(text, inside="in")] == [
        ("a", b"2"),
        ("b", b"[]"),
    ]


def test_a_key_that_stands_twice_is_counted() -> None:
    found = pieces('{"a": 1, "a": 2}')
    assert [(each.key, each.occurrence) for each in found] == [("a", 0), ("a", 1)]


def test_a_mark_of_the_encoding_is_passed_over() -> None:
    assert [each.key for each in pieces(b'\xef\xbb\xbf {"a": 1}\n')] == ["a"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        '{"a"',
        '{"a": "b',
        '{"a": "b\\',
        '{"a": [1, 2',
        '{"a": 1 "b": 2}',
        '{"a" 1}',
        "{a: 1}",
        '{"a": 1} more',
        '{"a": }',
        '{"a": 1,',
        '{"a": [1 2]}',
    ],
)
def test_what_is_no_object_is_told_with_its_place(text: str) -> None:
    for chunk in (1, 1000):
        with pytest.raises(NotJsonError) as caught:
            [piece.value() for piece in pieces(text, chunk, lists={"a"})]
        assert 0 <= caught.value.offset <= len(text)
        assert f"byte {caught.value.offset}" in str(caught.value)


def test_what_came_before_the_damage_is_given() -> None:
    scanner = Scanner(io.BytesIO(b'{"a": 1, "b": [1, 2, {"c'))
    found = scanner.pieces(lists={"b"})
    assert [next(found).raw for _ in range(3)] == [b"1", b"1", b"2"]
    with pytest.raises(NotJsonError, match="ends in the middle"):
        next(found)
    assert scanner.key == "b"


def test_numbers_that_are_none_are_read_as_python_writes_them() -> None:
    assert decode(b"[NaN, Infinity]")[1] == float("inf")


@pytest.mark.parametrize("raw", [b"\xff", b"nonsense", b"[" * 200_000 + b"]" * 200_000])
def test_values_that_cannot_be_read_are_told(raw: bytes) -> None:
    with pytest.raises(NotJsonError):
        decode(raw, 7)
