from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from evalhouse.formats.items import (
    NO_ITEM,
    Attempts,
    Cleaner,
    item_column,
    item_numbers,
    line_numbers,
)
from evalhouse.formats.rowfile import Rows
from evalhouse.redact import Redactor

REDACTOR = Redactor(b"key")
# Made up; put together here so that no scanner takes them for real.
SECRETS = [
    "sk" + "-proj-" + "A1b2" * 8,
    "hf" + "_" + "Zz9" * 9,
    "gh" + "p_" + "0aB" * 12,
    "AK" + "IA" + "ABCDEFGH12345678",
    "Bear" + "er " + "abcdefghij0123456789",
    "post" + "gres://user:pass" + "word@host/db",
    "ey" + "Jhbaaaaaaaa.ey" + "Jzdbbbbbbb.cccccccccc",
    "-----BEG" + "IN RSA PRIVATE KEY-----abc-----END RSA PRIVATE KEY-----",
]


class Row(msgspec.Struct):
    doc_id: Any
    request: Raw = Raw()


def rows_of(numbers: list[Any]) -> Rows[Any]:
    rows = [Row(number) for number in numbers]
    return Rows(rows, range(1, len(rows) + 1), rebuild=lambda row: json.dumps(row.doc_id).encode())


# -- numbers and attempts ------------------------------------------------------------------------


def slow_attempts(numbers: list[int]) -> list[int]:
    return [numbers[:place].count(number) for place, number in enumerate(numbers)]


@given(st.lists(st.lists(st.integers(0, 30), max_size=8), max_size=6), st.booleans())
def test_attempts_count_how_often_an_item_came_before(
    chunks: list[list[int]],
    rising: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    attempts = Attempts()
    parts = [sorted(set(chunk)) if rising else chunk for chunk in chunks]
    found = [attempts.of(np.array(part, np.int64)).tolist() for part in parts]
    together = [number for part in parts for number in part]
    expected = slow_attempts(together)
    assert [number for part in found for number in part] == expected
    repeated = [number for number, attempt in zip(together, expected, strict=True) if attempt]
    assert attempts.repeated == repeated


@pytest.mark.parametrize("odd", [None, 2**63, -(2**63), 10**30])
def test_a_number_that_no_column_holds_is_empty_and_its_line_kept(odd: int | None) -> None:
    rows = rows_of([1, odd, 3])
    items = item_numbers(rows)
    assert item_column(items).to_pylist() == [1, None, 3]
    assert items[1] == NO_ITEM
    assert rows.texts == {1: json.dumps(odd)}


def test_numbers_at_the_ends_of_the_range_are_held() -> None:
    rows = rows_of([2**63 - 1, -(2**63) + 1, 0])
    assert item_column(item_numbers(rows)).to_pylist() == [2**63 - 1, -(2**63) + 1, 0]
    assert rows.texts == {}


def test_lines_are_numbered_as_they_stand() -> None:
    rows = rows_of([5, 6])
    assert line_numbers(rows).to_pylist() == [1, 2]
    rows.lines = [4, 9]
    assert line_numbers(rows).to_pylist() == [4, 9]


# -- secrets -------------------------------------------------------------------------------------

PREFIX = "Question: why is the sky blue? Answer: because of scattering.\\n\\n" * 8


def request(prefix: str, rest: str) -> bytes:
    return f'{{"context": "{prefix}{rest}", "continuation": " A"}}'.encode()


def planted(text: str, secret: str, place: int) -> str:
    return f"{text[:place]} {secret} {text[place:]}"


def shown(column: pa.Array) -> str:
    return "\n".join(column.to_pylist())


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:4])
@given(data=st.data())
@settings(max_examples=40)
def test_a_secret_anywhere_in_any_request_is_taken_out(secret: str, data: st.DataObject) -> None:
    prefix = PREFIX + "x" * data.draw(st.integers(0, 3)) + data.draw(st.sampled_from(["", " "]))
    rests = [f"Question {number}: {'ab ' * number}" for number in range(6)]
    row = data.draw(st.integers(0, 5))
    place = data.draw(st.integers(0, len(prefix + rests[row])))
    # An escape must stay whole, or the text would be no JSON.
    place -= (prefix + rests[row])[max(place - 1, 0) : place] == "\\"
    whole = planted(prefix + rests[row], secret, place)
    slices: list[bytes | Raw] = [request(prefix, rest) for rest in rests]
    hidden = [*slices[:row], request("", whole), *slices[row + 1 :]]
    cleaner = Cleaner(REDACTOR)
    cleaner.requests(slices, range(6))  # the shared beginning is known from here on
    for order in (hidden, hidden[::-1]):
        assert secret not in shown(cleaner.requests(order, range(6)))
        assert secret not in shown(Cleaner(REDACTOR).requests(order, range(6)))
    assert cleaner.count == 2


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:4])
@given(st.data())
@settings(max_examples=40)
def test_a_secret_over_the_end_of_the_shared_prefix_is_taken_out(
    secret: str, data: st.DataObject
) -> None:
    inside = data.draw(st.integers(0, len(secret)))
    before = data.draw(st.sampled_from(["", " ", "=", "\\n", " two words "]))
    prefix = f"{PREFIX}{before}{secret[:inside]}"
    slices = [request(prefix, f"{letter} end") for letter in "vwxyz"]
    cleaner = Cleaner(REDACTOR)
    first = cleaner.requests(slices, range(5))
    hidden: list[bytes | Raw] = [*slices, request(prefix, secret[inside:])]
    assert secret not in shown(first)
    assert secret not in shown(cleaner.requests(hidden, range(6)))
    assert cleaner.lines[-1] == 5


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:4])
def test_a_secret_that_all_requests_begin_with_is_taken_out_of_all(secret: str) -> None:
    slices: list[bytes | Raw] = [request(f"{secret} {PREFIX}", str(n)) for n in range(5)]
    cleaner = Cleaner(REDACTOR)
    for _ in range(3):
        assert secret not in shown(cleaner.requests(slices, range(5)))
    assert cleaner.count == 15


@pytest.mark.parametrize(
    "setting",
    [
        '"api_key": "short"',
        '"OPENAI_API_KEY":"a b"',
        '"password": "with spaces in it"',
        '"hf_token": "x"',
        '"authorization": "y"',
        '"access_key_id": 12345',
    ],
)
@given(st.integers(0, 6), st.booleans())
@settings(max_examples=20)
def test_a_setting_that_holds_a_secret_is_found_in_every_request(
    setting: str,
    row: int,
    known: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    slices = [request(PREFIX, str(number))[:-1] + b', "temperature": 1}' for number in range(7)]
    hidden: list[bytes | Raw] = list(slices)
    hidden[row] = slices[row][:-1] + f", {setting}}}".encode()
    cleaner = Cleaner(REDACTOR)
    if known:
        cleaner.requests(list(slices), range(7))
    column = cleaner.requests(hidden, range(7))
    value = setting.partition(":")[2].strip().strip('"')
    assert json.loads(column[row].as_py())[json.loads(f"{{{setting}}}").popitem()[0]] != value
    assert (cleaner.count, cleaner.lines) == (1, [row])


@given(st.lists(st.sampled_from(["eos_token", "num_tokens", "max_tokens", "acc_per_token"])))
def test_names_that_only_sound_like_secrets_are_left_alone(names: list[str]) -> None:
    text = json.dumps(dict.fromkeys(names, "plain")).encode()
    column = Cleaner(REDACTOR).requests([text] * 3, range(3))
    assert column.to_pylist() == [text.decode()] * 3


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:4])
@pytest.mark.parametrize("row", [0, 1, 2])
def test_columns_values_and_texts_lose_their_secrets_too(secret: str, row: int) -> None:
    texts = [f"plain {number}" for number in range(3)]
    texts[row] = f"see {secret} there"
    slices: list[bytes | Raw] = [json.dumps(text).encode() for text in texts]
    cleaner = Cleaner(REDACTOR)
    assert secret not in shown(cleaner.column(slices, [7, 8, 9]))
    assert secret not in shown(cleaner.values(slices, [7, 8, 9])[0])
    assert secret.encode() not in cleaner.text(bytes(slices[row]), 7 + row)
    assert (cleaner.count, cleaner.lines) == (3, [7 + row] * 3)


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:4])
def test_whole_lines_that_are_kept_lose_their_secrets(secret: str) -> None:
    rows = rows_of([0, 1])
    inner = f'{{"api_key": "short", "a": "{secret}"}}'
    rows.rows[1].request = Raw(inner.encode())
    rows.texts = {1: f'{{"request": {inner}, "more": "{secret}"}}'}
    column = Cleaner(REDACTOR).texts(rows, settings="request").to_pylist()
    assert column[0] is None
    assert secret not in column[1]
    assert "short" not in column[1]
    assert json.loads(column[1])["more"] != secret


def test_equal_secrets_look_equal_and_the_rest_stays() -> None:
    slices: list[bytes | Raw] = [f'"a {SECRETS[0]} {end}"'.encode() for end in ("b", "c")]
    one, two = Cleaner(REDACTOR).column(slices, [1, 2]).to_pylist()
    assert one.removesuffix('b"') == two.removesuffix('c"')
    assert one.startswith('"a ⟦redacted:openai:')


def test_columns_without_secrets_are_as_written() -> None:
    slices: list[bytes | Raw] = [b'{"a":1}', b"", '"é"'.encode()]
    cleaner = Cleaner(REDACTOR)
    assert cleaner.column(slices, range(3)).to_pylist() == ['{"a":1}', "", '"é"']
    assert cleaner.requests([], range(0)).to_pylist() == []
    assert cleaner.texts(rows_of([1, 2])).to_pylist() == [None, None]
    assert (cleaner.count, cleaner.lines) == (0, [])
