"""One finished piece of work, and how it stands in a line of JSON."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec

from evalhouse.errors import UsageError
from evalhouse.redact import Redactor

AFTER_KEY = b'","attempt":'
"""What follows a key in its line; within one it cannot occur, since there quotes are escaped."""


class Entry(msgspec.Struct, frozen=True):
    """A finished piece of work.

    Attributes:
        key: Its name, which no other piece of the same journal has; it is never redacted, and
            must hold no secret.
        payload: What came of it: any JSON value, or bytes, which come back as bytes. Numbers
            that are not finite become null.
        attempt: How many-th try it was that succeeded, from 1.
        started: When, in seconds since 1970 (UTC).
        finished: When, in seconds since 1970 (UTC).
    """

    key: str
    payload: Any
    attempt: int = 1
    started: float | None = None
    finished: float | None = None


class _Line(msgspec.Struct):
    """The fields of a line, of which one holds the payload."""

    key: str
    attempt: int
    started: float | None
    finished: float | None
    payload: Any = None
    text: str | None = None
    base64: str | None = None


_DECODER = msgspec.json.Decoder(_Line)


def encode_key(key: str) -> bytes:
    """Return a key as it stands between its quotes; equal keys give equal bytes."""
    return _json(key)[1:-1]


def encode(entry: Entry, redactor: Redactor) -> tuple[bytes, bytes, int]:
    """Return the key as written, the fields that follow it, and how many secrets were replaced.

    Raises:
        UsageError: The key looks like a secret, or the payload cannot be written as JSON.
    """
    key = encode_key(entry.key)
    if redactor.secrets(key):
        raise UsageError(
            "the key of a piece of work holds what looks like a secret, and keys are kept as they "
            "are; name the work by an id or a hash"
        )
    name, payload, count = _payload(entry.payload, redactor)
    fields = b'"attempt":%d,"started":%b,"finished":%b,"%b":%b' % (
        entry.attempt,
        _json(entry.started),
        _json(entry.finished),
        name,
        payload,
    )
    return key, fields, count


def decode(line: bytes) -> Entry:
    """Return the entry of a line that is as it was written."""
    try:
        found = _DECODER.decode(line)
    except msgspec.DecodeError:  # a lone surrogate, which only the standard library reads
        found = msgspec.convert(json.loads(line), _Line)
    payload = found.payload
    if found.text is not None:
        payload = found.text.encode()
    elif found.base64 is not None:
        payload = base64.b64decode(found.base64)
    return Entry(found.key, payload, found.attempt, found.started, found.finished)


def _payload(payload: Any, redactor: Redactor) -> tuple[bytes, bytes, int]:
    """Return the name of the field that holds a payload, its JSON, and the secrets replaced."""
    is_bytes = isinstance(payload, bytes)
    data, count = payload if is_bytes else _json(payload), 0
    if redactor.hits(data):
        data, count = redactor.request(data)
    if is_bytes:
        return *_bytes_field(data), count
    if b"\n" in data:
        raise UsageError("a payload of raw JSON holds line breaks; hand it over as bytes")
    return b"payload", data, count


def _bytes_field(data: bytes) -> tuple[bytes, bytes]:
    """Text stays readable in the file; only what is none is kept in base 64."""
    try:
        return b"text", _json(data.decode())
    except UnicodeDecodeError:
        return b"base64", b'"%b"' % base64.b64encode(data)


def _json(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        # A lone surrogate, as in the name of a file; the replacement is JSON's own escape.
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    except TypeError as failure:
        raise UsageError(f"a payload cannot be written as JSON: {failure}") from failure
