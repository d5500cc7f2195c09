"""JSON values as slices of their source: from raw bytes to Arrow columns, no value re-spelled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from evalhouse.formats.arrays import Array
from evalhouse.schema import KINDS

Slice = msgspec.Raw | bytes

_CODES = {name: code for code, name in enumerate(KINDS)}
_KIND_NAMES = pa.array(KINDS)
_BY_FIRST_BYTE = np.full(256, _CODES["integer"], np.int32)
for _byte, _kind in ((b'"', "text"), (b"t", "boolean"), (b"f", "boolean"), (b"n", "null")):
    _BY_FIRST_BYTE[_byte[0]] = _CODES[_kind]
_BY_FIRST_BYTE[b"["[0]] = _CODES["array"]
_BY_FIRST_BYTE[b"{"[0]] = _CODES["object"]


def joined(slices: Sequence[Slice]) -> tuple[bytes, Array]:
    """Return the slices as one buffer with the offsets of each, shape (n + 1,)."""
    offsets = np.fromiter(accumulate(map(len, slices), initial=0), np.int64, len(slices) + 1)
    return b"".join(slices), offsets


def text_array(buffer: bytes, offsets: Array) -> pa.Array:
    """Return an Arrow text column over a buffer of valid UTF-8, without a copy."""
    if offsets[-1] < 2**31:
        offsets, kind = offsets.astype(np.int32), pa.string()
    else:
        kind = pa.large_string()
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(buffer)]
    return pa.Array.from_buffers(kind, len(offsets) - 1, buffers)


def json_column(slices: Sequence[Slice]) -> pa.Array:
    """Return slices as a text column, exactly as written."""
    return text_array(*joined(slices))


def constant(value: str | None, length: int) -> pa.Array:
    """Return a column of one repeated text, at the cost of one copy of it."""
    if value is None:
        return pa.nulls(length, pa.string())
    return pa.DictionaryArray.from_arrays(_zeros(length), pa.array([value]))


@lru_cache(maxsize=8)
def _zeros(length: int) -> pa.Array:
    return pa.array(np.zeros(length, np.int32))


def kind_of(value: bytes) -> str:
    """Return the kind of a JSON value by how it is written."""
    kind = KINDS[_BY_FIRST_BYTE[value[0]]]
    if kind == "integer" and not value.lstrip(b"-").isdigit():
        return "number"
    return kind


def plain(value: bytes) -> tuple[str | None, str]:
    """Return a JSON value as a column holds it, with its kind.

    Text loses its quotes, unless only its JSON spelling fits (U+0000, lone surrogates): then the
    kind is `escaped`. Everything else keeps its spelling; null is empty.
    """
    kind = kind_of(value)
    if kind == "null":
        return None, kind
    if kind == "text":
        if b"\\" not in value:
            return value[1:-1].decode("utf-8"), kind
        decoded: str = json.loads(value)
        if "\x00" in decoded or any("\ud800" <= char <= "\udfff" for char in decoded):
            return value.decode("utf-8"), "escaped"
        return decoded, kind
    return value.decode("utf-8"), kind


def spelled(value: str | None, kind: str) -> str | None:
    """Return the JSON text of what `plain` returned (ASCII escapes); None where it was absent."""
    if kind == "absent":
        return None
    if kind == "null" or value is None:
        return "null"
    return json.dumps(value) if kind == "text" else value


def value_columns(slices: Sequence[Slice]) -> tuple[pa.Array, pa.Array]:
    """Return the columns `value` and `value_kind` of JSON values; an empty slice is absent."""
    if not slices or not all(map(len, slices)):
        return _mixed(slices)
    buffer, offsets = joined(slices)
    codes = _BY_FIRST_BYTE[np.frombuffer(buffer, np.uint8)[offsets[:-1]]]
    first = int(codes[0])
    if (codes != first).any():
        return _mixed(slices)
    name = KINDS[first]
    if buffer == bytes(slices[0]) * len(slices):
        return _repeated(bytes(slices[0]), len(slices))
    if name == "text" and b"\\" not in buffer:
        return _unquoted(buffer, offsets), constant("text", len(slices))
    if name == "integer" and not any(mark in buffer for mark in (b".", b"e", b"E")):
        return text_array(buffer, offsets), constant("integer", len(slices))
    return _mixed(slices)


def _repeated(value: bytes, length: int) -> tuple[pa.Array, pa.Array]:
    text, kind = plain(value)
    return constant(text, length), constant(kind, length)


def _unquoted(buffer: bytes, offsets: Array) -> pa.Array:
    data = np.frombuffer(buffer, np.uint8)
    keep = np.ones(len(data), np.bool_)
    keep[offsets[:-1]] = False
    keep[offsets[1:] - 1] = False
    return text_array(data[keep].tobytes(), offsets - 2 * np.arange(len(offsets)))


def _mixed(slices: Sequence[Slice]) -> tuple[pa.Array, pa.Array]:
    known: dict[bytes, tuple[str | None, str]] = {b"": (None, "absent")}
    values, kinds = [], np.empty(len(slices), np.int32)
    for index, item in enumerate(slices):
        key = bytes(item)
        found = known.get(key)
        if found is None:
            found = known[key] = plain(key)
        values.append(found[0])
        kinds[index] = _CODES[found[1]]
    return pa.array(values, pa.string()), pa.DictionaryArray.from_arrays(
        pa.array(kinds), _KIND_NAMES
    )


def odd_spellings(slices: Sequence[Slice]) -> list[int]:
    """Return where text is not spelled as Python spells it, so that its value is not enough."""
    buffer = b"".join(slices)
    if _is_plain(buffer):
        return []
    known: dict[bytes, bool] = {}
    return [index for index, item in enumerate(slices) if _is_odd(bytes(item), known)]


def _is_odd(value: bytes, known: dict[bytes, bool]) -> bool:
    if not value.startswith(b'"') or _is_plain(value):
        return False
    if value not in known:
        text, kind = plain(value)
        known[value] = (spelled(text, kind) or "").encode() != value
    return known[value]


def _is_plain(data: bytes) -> bool:
    """Tell whether Python would escape nothing in texts made of these bytes."""
    return data.isascii() and b"\\" not in data and b"\x7f" not in data


def strict_json(value: Any) -> bytes:
    """Render parsed JSON as Python writes it, but with NaN and the infinities as text.

    So that every stored cell is JSON that any reader parses; the original stays in `text`.
    """
    return json.dumps(_finite(value)).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):  # noqa: PLR0124 - NaN
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124 - NaN
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def members(text: str) -> dict[str, str]:
    """Return the members of a JSON object as slices of its text; of equal keys the last counts.

    Unlike a parser it keeps every spelling, and takes NaN and the infinities as Python does.

    Raises:
        ValueError: The text is not one JSON object, or is nested too deeply.
    """
    try:
        return _members(text)
    except RecursionError as failure:
        raise ValueError("nested too deeply") from failure


def _members(text: str) -> dict[str, str]:
    decoder = json.JSONDecoder()
    position = _skip(text, 0)
    if text[position : position + 1] != "{":
        raise ValueError("not a JSON object")
    found: dict[str, str] = {}
    position = _skip(text, position + 1)
    while text[position : position + 1] != "}":
        if found:
            if text[position : position + 1] != ",":
                raise ValueError("not a JSON object")
            position = _skip(text, position + 1)
        key, position = decoder.raw_decode(text, position)
        position = _skip(text, position)
        if not isinstance(key, str) or text[position : position + 1] != ":":
            raise ValueError("not a JSON object")
        start = _skip(text, position + 1)
        _, position = decoder.raw_decode(text, start)
        found[key] = text[start:position]
        position = _skip(text, position)
    if _skip(text, position + 1) < len(text):
        raise ValueError("more than one JSON object")
    return found


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position] in " \t\r\n":
        position += 1
    return position


def object_text(slices: dict[str, str]) -> str:
    """Return the JSON object of some members, spaced as Python's `json` does."""
    return "{" + ", ".join(f"{json.dumps(key)}: {text}" for key, text in slices.items()) + "}"
