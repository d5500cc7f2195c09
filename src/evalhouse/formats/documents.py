"""The distinct documents of a unit, each stored once, and which item has which."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from evalhouse.formats.arrays import Array
from evalhouse.formats.slices import Slice, joined, text_array
from evalhouse.ids import canonical_json, sha256_hex
from evalhouse.redact import Redactor

REMEMBERED_BYTES = 16 << 20
_QUESTION_FIELDS = ("question", "query", "problem", "prompt", "passage", "text", "goal", "ctx")


class Documents:
    """Distinct documents by their JSON text; memory is bounded by forgetting old ones.

    A forgotten document that comes again is stored again, and folded when read.
    """

    def __init__(self, dataset: str | None, redactor: Redactor) -> None:
        self._dataset = dataset
        self._redactor = redactor
        self._codes: dict[bytes, int] = {}
        self._remembered = 0
        self._digests = bytearray()
        self._first_item: list[int] = []
        self._new: list[tuple[int, bytes, bytes]] = []  # code, document, native id
        self._links: list[tuple[Array, Array]] = []
        self.redactions = 0

    def codes(self, docs: Sequence[Slice], items: Array, natives: Sequence[Slice]) -> Array:
        """Return a number for each document; equal text has an equal number."""
        known, result = self._codes, []
        before, code = b"", 0
        for index, text in enumerate(map(bytes, docs)):
            if text != before:  # most often it equals the one before, which is quicker to see
                found = known.get(text)
                code = (
                    self._add(text, int(items[index]), natives[index]) if found is None else found
                )
                before = text
            result.append(code)
        return np.array(result, np.int64)

    def _add(self, text: bytes, item: int, native: Slice) -> int:
        code = len(self._first_item)
        if self._remembered > REMEMBERED_BYTES:
            self._codes.clear()
            self._remembered = 0
        self._codes[text] = code
        self._remembered += len(text)
        self._digests += hashlib.sha256(text).digest()
        self._first_item.append(item)
        self._new.append((code, text, bytes(native) or b"null"))
        return code

    def first_items(self, codes: Array) -> Array:
        """Return the number of the item that each document was first seen with."""
        return np.asarray(np.array(self._first_item, np.int64)[codes])

    def link(self, items: Array, codes: Array) -> None:
        """Remember which item has which document."""
        self._links.append((items.copy(), codes.astype(np.int64)))

    def hashes(self, codes: Array) -> pa.Array:
        """Return the SHA-256 of the documents; a negative number gives an empty cell."""
        distinct, inverse = np.unique(codes, return_inverse=True)
        texts = [None if code < 0 else self._hex(int(code)) for code in distinct]
        return pa.DictionaryArray.from_arrays(
            pa.array(inverse.astype(np.int32)), pa.array(texts, pa.string())
        )

    def _hex(self, code: int) -> str:
        return bytes(self._digests[32 * code : 32 * code + 32]).hex()

    def of_items(self, items: Array) -> pa.Array:
        """Return the SHA-256 of the document of each item, empty where none was seen."""
        if self._links:
            known = np.concatenate([link[0] for link in self._links])
            codes = np.concatenate([link[1] for link in self._links])
            distinct, first = np.unique(known, return_index=True)
            self._links = [(distinct, codes[first])]
        if not self._links:
            return pa.nulls(len(items), pa.string())
        distinct, codes = self._links[0]
        place = np.minimum(np.searchsorted(distinct, items), len(distinct) - 1)
        return self.hashes(np.where(distinct[place] == items, codes[place], -1))

    def take_new(self) -> tuple[int, dict[str, pa.Array]]:
        """Return how many documents are new since the last call, and their columns."""
        new, self._new = self._new, []
        texts: list[Slice] = [text for _, text, _ in new]
        buffer, offsets = joined(texts)
        if self._redactor.hits(buffer):
            texts = [self._clean(text) for _, text, _ in new]
            buffer, offsets = joined(texts)
        return len(new), {
            "item_sha256": pa.array([self._hex(code) for code, _, _ in new], pa.string()),
            "item_key": text_array(*joined(self._keys(new))),
            "doc": text_array(buffer, offsets),
        }

    def _keys(self, new: Sequence[tuple[int, bytes, bytes]]) -> list[Slice]:
        keys: list[Slice] = [self._key(doc, native).encode() for _, doc, native in new]
        if self._redactor.hits(b"\n".join(keys)):
            return [self._clean(bytes(key)) for key in keys]
        return keys

    def _clean(self, text: bytes) -> bytes:
        cleaned, count = self._redactor.text(text)
        self.redactions += count
        return cleaned

    def _key(self, doc: bytes, native: bytes) -> str:
        """Return the identity across runs: data set and native id, else the question itself."""
        if self._dataset and native != b"null":
            return f"{self._dataset}#{native.decode('utf-8')}"
        return sha256_hex(_question(doc))


def _question(doc: bytes) -> str:
    """Return the normalised question and the sorted choices of a document, else all of it."""
    try:
        value: Any = json.loads(doc)
    except (ValueError, RecursionError):
        return doc.decode("utf-8", "replace")
    if not isinstance(value, dict):
        return canonical_json(value)
    question = next((value[name] for name in _QUESTION_FIELDS if value.get(name)), None)
    if question is None:
        return canonical_json(value)
    choices = value.get("choices")
    listed = sorted(map(_normalised, choices)) if isinstance(choices, list) else None
    return canonical_json([_normalised(question), listed])


def _normalised(text: Any) -> str:
    spelled = text if isinstance(text, str) else canonical_json(text)
    return " ".join(unicodedata.normalize("NFKC", spelled).casefold().split())
