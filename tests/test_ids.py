"""Ids are published: a value here may never change."""

from __future__ import annotations

import hashlib
import unicodedata
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse import ids

TASK = "7101238f-ceca-5a33-906e-1db2e2de7916"
RUN = "ab06bc59-2f88-5f29-8f39-b8767519fdef"
SOURCE = "f4988dfe-0cdb-5fda-8fe4-50a5d340fa1e"

# Characters that could confuse: separators, escapes, digits, composed and lone halves.
tricky = st.text(st.sampled_from("ab\x00\x1f\\1f;0e\u0301é\ud800\udfffå\u212b"), max_size=6)
anything = st.one_of(st.none(), tricky, st.text(st.characters(), max_size=6))
keys = st.lists(anything, min_size=1, max_size=4)


def _normal(parts: list[str | None]) -> list[str | None]:
    return [part and unicodedata.normalize("NFC", part) for part in parts]


@pytest.mark.parametrize(
    ("found", "published"),
    [
        (str(ids.ROOT), "494ea55f-b869-5ef6-b16e-cb247a517d6c"),
        (ids.creator_id("allenai"), "12b32ad7-e6c2-5005-adc0-b51d6dc785b6"),
        (
            ids.model_id("huggingface", "allenai/OLMo-2-0425-1B", "main"),
            "00e79863-bf4c-5958-80e5-4b8c83459612",
        ),
        (ids.task_id("olmes/arc_easy/rc"), TASK),
        (
            ids.task_key_hash("olmes/arc_easy/rc"),
            "6d10ccbfea13db349209f9aa2ae36d8adbbdf9fa7f55d41e812373e637566fd8",
        ),
        (ids.run_id("olmes", "x", None), RUN),
        (ids.source_id("olmes", "x"), SOURCE),
        (ids.source_file_id(SOURCE, "a/b.json"), "c63a15b9-261c-5a80-b7a4-572ffc0d4a22"),
        (ids.file_location_id(SOURCE, "/a/b.json"), "a858ba93-9e77-5626-8683-e1a8de17306f"),
    ],
)
def test_published_ids_stay(found: str, published: str) -> None:
    assert found == published


def test_an_id_is_the_uuid_of_its_joined_parts() -> None:
    namespace = uuid.uuid5(uuid.uuid5(uuid.NAMESPACE_DNS, "evalhouse"), "models")
    key = "huggingface\x1fallenai/OLMo\x1fmain\x1f\x00\x1f\x00"
    assert ids.model_id("huggingface", "allenai/OLMo", "main") == str(uuid.uuid5(namespace, key))


@given(keys, keys)
def test_different_parts_never_have_the_same_id(
    one: list[str | None], other: list[str | None]
) -> None:
    assert (ids.derive("t", *one) == ids.derive("t", *other)) == (_normal(one) == _normal(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", "b"), ("a\x1fb",)),
        (("a", None), ("a", "")),
        ((None,), ("\x00",)),
        (("\ud800",), ("\\ud800",)),
        (("\ud800",), ("\x00\\d800;",)),
        (("a", "b"), ("b", "a")),
    ],
)
def test_parts_that_resemble_each_other_have_different_ids(
    one: tuple[str | None, ...], other: tuple[str | None, ...]
) -> None:
    assert ids.derive("t", *one) != ids.derive("t", *other)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_spellings_of_one_text_have_one_id(text: str) -> None:
    composed, split = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert ids.creator_id(composed) == ids.creator_id(split)
    assert ids.task_key_hash(composed) == ids.task_key_hash(split)


@given(keys)
def test_an_id_has_36_small_characters(parts: list[str | None]) -> None:
    found = ids.derive("t", *parts)
    assert str(uuid.UUID(found)) == found
    assert uuid.UUID(found).version == 5


def test_every_table_has_ids_of_its_own() -> None:
    found = {
        ids.creator_id("x"),
        ids.task_id("x"),
        ids.run_id("x"),
        ids.source_id("x"),
        *(make("x", "y") for make in (ids.run_id, ids.source_id, ids.unit_id, ids.prompt_id)),
        *(make("x", "y") for make in (ids.source_file_id, ids.file_location_id, ids.model_id)),
    }
    assert len(found) == 11


def test_every_part_of_a_model_counts() -> None:
    full = {"quantization": "4bit", "adapter": "lora"}
    found = {
        ids.model_id("p", "n"),
        ids.model_id("p", "n", "v"),
        ids.model_id("p", "n", quantization="v"),
        ids.model_id("p", "n", adapter="v"),
        ids.model_id("p", "n", "v", **full),
        ids.model_id("n", "p"),
    }
    assert len(found) == 6


def test_a_file_has_one_id_whatever_separates_its_folders() -> None:
    assert ids.source_file_id(SOURCE, "a\\b.json") == ids.source_file_id(SOURCE, "a/b.json")


def test_random_ids_differ() -> None:
    assert len({ids.random_id() for _ in range(100)}) == 100


def test_text_is_hashed_as_utf_8() -> None:
    assert ids.sha256_hex("é") == ids.sha256_hex("é".encode())
    assert ids.sha256_hex("é") == hashlib.sha256(b"\xc3\xa9").hexdigest()
    assert ids.sha256_hex("\ud800") == ids.sha256_hex(b"\\ud800")


def test_the_published_hash_of_no_bytes() -> None:
    assert ids.sha256_hex(b"").startswith("e3b0c44298fc1c149afbf4c8996fb924")


def test_canonical_json_is_sorted_compact_and_not_escaped() -> None:
    assert ids.canonical_json({"b": [1, None], "a": "é"}) == '{"a":"é","b":[1,null]}'
