from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.formats import documents as module
from evalhouse.formats.documents import Documents
from evalhouse.redact import Redactor

SECRET = "sk" + "-proj-" + "A1b2" * 8  # made up


def documents(dataset: str | None = "data/set/test") -> Documents:
    return Documents(dataset, Redactor(b"key"))


def take(docs: Documents) -> list[dict[str, Any]]:
    count, columns = docs.take_new()
    rows = [{name: column[row].as_py() for name, column in columns.items()} for row in range(count)]
    assert all(len(column) == count for column in columns.values())
    return rows


def codes_of(docs: Documents, texts: Sequence[bytes], items: Sequence[int] | None = None) -> Any:
    numbers = np.array(range(len(texts)) if items is None else items, np.int64)
    return docs.codes(texts, numbers, [b"1"] * len(texts))


@given(st.lists(st.lists(st.sampled_from([b"{}", b'{"a": 1}', b'{"a":1}', b"null"])), max_size=4))
def test_equal_texts_are_one_document_and_stored_once(chunks: list[list[bytes]]) -> None:
    docs, stored = documents(), []
    numbers: dict[bytes, int] = {}
    for chunk in chunks:
        codes = codes_of(docs, chunk)
        for code, text in zip(codes.tolist(), chunk, strict=True):
            assert numbers.setdefault(text, code) == code
        stored += [row["doc"].encode() for row in take(docs)]
        hashes = [hashlib.sha256(text).hexdigest() for text in chunk]
        assert docs.hashes(codes).to_pylist() == hashes
    assert stored == list(dict.fromkeys(text for chunk in chunks for text in chunk))


def test_a_document_is_kept_as_written_beside_its_hash() -> None:
    docs = documents()
    text = b'{"b":1.50, "a": "\\u00e9"}'
    codes_of(docs, [text])
    (row,) = take(docs)
    assert row["doc"] == text.decode()
    assert row["item_sha256"] == hashlib.sha256(text).hexdigest()
    assert take(docs) == []


def test_items_find_the_document_that_was_first_linked_with_them() -> None:
    docs = documents()
    codes = codes_of(docs, [b"1", b"2", b"1"])
    docs.link(np.array([10, 11, 10]), codes)
    docs.link(np.array([11, 5]), codes[[0, 1]])
    one, two = (hashlib.sha256(text).hexdigest() for text in (b"1", b"2"))
    found = docs.of_items(np.array([5, 10, 11, 12, -1, 2**62]))
    assert found.to_pylist() == [two, one, two, None, None, None]


def test_no_item_has_a_document_before_one_was_linked() -> None:
    assert documents().of_items(np.array([1, 2])).to_pylist() == [None, None]


def test_a_document_remembers_the_item_that_it_came_with_first() -> None:
    docs = documents()
    codes = codes_of(docs, [b"1", b"2", b"1", b"2"], [7, 8, 1007, 1008])
    assert docs.first_items(codes).tolist() == [7, 8, 7, 8]


def test_a_forgotten_document_is_stored_again_under_the_same_hash(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "REMEMBERED_BYTES", 3)
    docs = documents()
    codes = codes_of(docs, [b"11", b"22", b"33", b"11", b"22"])
    rows = take(docs)
    assert docs.hashes(codes).to_pylist() == [
        hashlib.sha256(text).hexdigest() for text in (b"11", b"22", b"33", b"11", b"22")
    ]
    assert {row["doc"] for row in rows} == {"11", "22", "33"}
    assert len(rows) > 3


def test_a_secret_in_a_document_is_never_stored_and_counted() -> None:
    docs = documents()
    codes_of(docs, [json.dumps({"text": f"see {SECRET}"}).encode(), b"{}"])
    rows = take(docs)
    assert SECRET not in str(rows)
    assert rows[1]["doc"] == "{}"
    assert docs.redactions == 1


def test_a_secret_in_a_native_id_is_not_in_the_key_either() -> None:
    docs = documents()
    docs.codes([b"{}"], np.array([0]), [json.dumps(SECRET).encode()])
    assert SECRET not in str(take(docs))


# -- identity across runs ------------------------------------------------------------------------


def key(doc: Any, *, native: str = "null", dataset: str | None = None) -> str:
    docs = documents(dataset)
    docs.codes([json.dumps(doc).encode()], np.array([0]), [native.encode()])
    return str(take(docs)[0]["item_key"])


def test_a_native_id_counts_inside_its_data_set() -> None:
    assert key({"a": 1}, native="17", dataset="data/set/test") == "data/set/test#17"
    assert key({"a": 1}, native='"x"', dataset="d") == key({"b": 2}, native='"x"', dataset="d")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"question": "Why  so\nblue?"}, {"query": " why so BLUE? "}),
        ({"question": "ﬁne"}, {"question": "fine"}),
        ({"question": "q", "choices": ["A", "b"]}, {"question": "q", "choices": ["B", "a "]}),
        ({"question": "q", "id": 1}, {"question": "q", "id": 2}),
        ({"x": 1, "y": 2}, {"y": 2, "x": 1}),
        ({"question": "", "goal": "g"}, {"goal": "g"}),
    ],
)
def test_the_same_question_has_the_same_key(one: Any, other: Any) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"question": "a"}, {"question": "b"}),
        ({"question": "a", "choices": ["x"]}, {"question": "a", "choices": ["y"]}),
        ({"question": "a", "choices": ["x"]}, {"question": "a"}),
        ({"x": 1}, {"x": 2}),
        ([1], [2]),
        ({"question": {"stem": "a"}}, {"question": {"stem": "b"}}),
    ],
)
def test_another_question_has_another_key(one: Any, other: Any) -> None:
    assert key(one) != key(other)


def test_a_document_that_no_parser_takes_has_a_key_too() -> None:
    docs = documents(None)
    codes_of(docs, [b"[" * 5000, b"nonsense"])
    assert len({row["item_key"] for row in take(docs)}) == 2
