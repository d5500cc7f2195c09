from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.formats.slices import (
    constant,
    json_column,
    kind_of,
    members,
    object_text,
    odd_spellings,
    plain,
    spelled,
    strict_json,
    value_columns,
)

texts = st.text(st.characters(codec=None), max_size=8)
numbers = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
leaves = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
odd_values = st.recursive(
    st.one_of(leaves, st.sampled_from([float("nan"), float("inf"), float("-inf")])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
spellings = st.one_of(
    leaves.map(json.dumps),
    st.text(st.characters(codec="utf-8"), max_size=8).map(
        lambda text: json.dumps(text, ensure_ascii=False)
    ),
    st.sampled_from(
        [
            r'"\u0000"',
            r'"\ud83d"',
            r'"\uD83D\uDE00"',
            r'"a\/b"',
            r'"\u0041"',
            '"\x7f"',
            '""',
            "-0",
            "1.0",
            "1e5",
            "1E5",
            "-1",
            "[1, 2]",
            "{}",
            "[]",
            r'{"a": "\u0000"}',
            "true",
        ]
    ),
).map(str.encode)
groups = st.one_of(
    st.lists(st.one_of(spellings, st.just(b"")), min_size=1, max_size=8),
    st.lists(st.integers().map(lambda number: b"%d" % number), min_size=1, max_size=8),
    st.lists(st.text("ab é", max_size=4).map(lambda text: f'"{text}"'.encode()), min_size=1),
    st.tuples(spellings, st.integers(1, 5)).map(lambda pair: [pair[0]] * pair[1]),
)


@given(values)
def test_a_value_comes_back_from_its_column_as_python_spells_it(value: Any) -> None:
    written = json.dumps(value)
    assert spelled(*plain(written.encode())) == written


@given(spellings)
def test_a_column_holds_the_value_whatever_its_spelling(spelling: bytes) -> None:
    again = spelled(*plain(spelling))
    assert again is not None
    assert json.dumps(json.loads(again)) == json.dumps(json.loads(spelling))


@given(spellings)
def test_no_column_gets_text_that_a_database_refuses(spelling: bytes) -> None:
    held = plain(spelling)[0]
    assert held is None or "\x00" not in held
    assert held is None or held.encode().decode() == held


@pytest.mark.parametrize(
    ("value", "held", "kind"),
    [
        (b'"a"', "a", "text"),
        (b'""', "", "text"),
        (b'"1"', "1", "text"),
        (b'"null"', "null", "text"),
        (rb'"\n"', "\n", "text"),
        (rb'"\u00e9"', "é", "text"),
        ('"é"'.encode(), "é", "text"),
        (rb'"\u0000"', r'"\u0000"', "escaped"),
        (rb'"\udc00"', r'"\udc00"', "escaped"),
        (rb'"\ud83d\ude00"', "😀", "text"),
        (b"12", "12", "integer"),
        (b"-0", "-0", "integer"),
        (b"1" + b"0" * 40, "1" + "0" * 40, "integer"),
        (b"1.0", "1.0", "number"),
        (b"1e5", "1e5", "number"),
        (b"-1E-7", "-1E-7", "number"),
        (b"true", "true", "boolean"),
        (b"false", "false", "boolean"),
        (b"null", None, "null"),
        (b"[1,2]", "[1,2]", "array"),
        (b'{"a":1}', '{"a":1}', "object"),
    ],
)
def test_each_kind_of_value_has_its_name(value: bytes, held: str | None, kind: str) -> None:
    assert plain(value) == (held, kind)
    assert kind_of(value) == ("text" if kind == "escaped" else kind)


def test_what_is_absent_is_not_what_is_null() -> None:
    assert spelled(None, "absent") is None
    assert spelled(None, "null") == "null"
    column, kinds = value_columns([b"", b"null"])
    assert (column.to_pylist(), kinds.to_pylist()) == ([None, None], ["absent", "null"])


# -- columns -------------------------------------------------------------------------------------


@given(groups)
@settings(max_examples=300)
def test_columns_of_values_equal_values_taken_one_by_one(slices: Sequence[bytes]) -> None:
    expected = [plain(item) if item else (None, "absent") for item in slices]
    column, kinds = value_columns(slices)
    assert list(zip(column.to_pylist(), kinds.to_pylist(), strict=True)) == expected


@given(groups)
def test_texts_are_odd_where_python_would_spell_them_otherwise(slices: Sequence[bytes]) -> None:
    again = [None if item == b"" else spelled(*plain(item)) for item in slices]
    odd = [
        index
        for index, (item, text) in enumerate(zip(slices, again, strict=True))
        if text is not None and text.encode() != item
    ]
    assert odd_spellings(slices) == odd


@given(st.lists(spellings))
def test_a_column_of_json_is_its_slices(slices: list[bytes]) -> None:
    assert json_column(slices).to_pylist() == [item.decode() for item in slices]


def test_columns_of_no_rows_are_empty() -> None:
    column, kinds = value_columns([])
    assert (len(column), len(kinds), len(json_column([])), odd_spellings([])) == (0, 0, 0, [])


@pytest.mark.parametrize("value", ["text", "", None])
def test_a_constant_is_as_long_as_asked(value: str | None) -> None:
    assert constant(value, 3).to_pylist() == [value] * 3
    assert constant(value, 0).to_pylist() == []


# -- JSON that every reader takes ----------------------------------------------------------------


@given(values)
def test_finite_values_are_written_as_python_writes_them(value: Any) -> None:
    assert strict_json(value) == json.dumps(value).encode()


@given(odd_values)
def test_no_number_that_json_lacks_is_ever_written(value: Any) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    json.loads(strict_json(value), parse_constant=refuse)


def test_numbers_that_json_lacks_become_text() -> None:
    odd = {"a": [float("nan"), float("inf")], "b": float("-inf")}
    assert json.loads(strict_json(odd)) == {"a": ["NaN", "Infinity"], "b": "-Infinity"}


# -- members of an object ------------------------------------------------------------------------


@given(st.dictionaries(texts, odd_values, max_size=5))
def test_an_object_is_put_together_from_its_members(value: dict[str, Any]) -> None:
    text = json.dumps(value)
    assert object_text(members(text)) == text


@given(
    st.dictionaries(texts, odd_values, max_size=5),
    st.sampled_from([None, 0, 1, "\t"]),
    st.sampled_from(["", " ", "\r\n\t"]),
)
def test_members_are_found_however_an_object_is_spaced(
    value: dict[str, Any], indent: str | int | None, around: str
) -> None:
    found = members(around + json.dumps(value, indent=indent) + around)
    assert list(found) == list(value)
    assert {key: json.dumps(json.loads(text)) for key, text in found.items()} == {
        key: json.dumps(item) for key, item in value.items()
    }


def test_members_keep_their_spelling_and_of_equal_keys_the_last_counts() -> None:
    text = r'{"a": 1, "b" :[1,2] , "a":1.50, "c": NaN, "d": "\u0041"}'
    assert members(text) == {"a": "1.50", "b": "[1,2]", "c": "NaN", "d": r'"\u0041"'}


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "[]", "1", '"a"', "{", "}", '{"a"', '{"a":', '{"a": ', '{"a": 1', '{"a": 1,'),
        *('{"a": 1} x', '{"a": 1}{}', "{1: 2}", '{"a" 1}', '{"a": }', '{"a": 1,}', "{,}"),
        *('{"a": 1 "b": 2}', '{"a": 1,, "b": 2}', '{"a": 01}', "nonsense"),
    ],
)
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        members(text)
