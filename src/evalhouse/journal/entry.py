"""One finished piece of work, and how it stands in a line of JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
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
        payload: What came of it: any JSON value, or bytes, which come back as bytes. Secrets are
            known by their shape alone, since a reply may name anything `token`. Numbers that are
            not finite become null.
        request: What was asked, if that is to be kept: a JSON value or bytes. Secrets are known by
            the names of settings, too.
        attempt: How many-th try it was that succeeded, from 1.
        started: When, in seconds since 1970 (UTC).
        finished: When, in seconds since 1970 (UTC).
    """

    key: str
    payload: Any
    request: Any = None
    attempt: int = 1
    started: float | None = None
    finished: float | None = None


class _Line(msgspec.Struct):
    """The fields of a line; bytes stand under another name than JSON."""

    key: str
    attempt: int
    started: float | None
    finished: float | None
    payload: Any = None
    payload_text: str | None = None
    payload_base64: str | None = None
    request: Any = None
    request_text: str | None = None
    request_base64: str | None = None


class _Answered(msgspec.Struct):
    """The fields of a line but what was asked."""

    key: str
    attempt: int
    started: float | None
    finished: float | None
    payload: Any = None
    payload_text: str | None = None
    payload_base64: str | None = None


_DECODER = msgspec.json.Decoder(_Line)
_ANSWERS = msgspec.json.Decoder(_Answered)


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
    fields = b'"attempt":%d,"started":%b,"finished":%b' % (
        entry.attempt,
        _json(entry.started),
        _json(entry.finished),
    )
    asked, count = b"", 0
    if entry.request is not None:
        asked, count = _field(b"request", entry.request, redactor.request, redactor)
    payload, more = _field(b"payload", entry.payload, redactor.text, redactor)
    return key, fields + asked + payload, count + more


def decode(line: bytes) -> Entry:
    """Return the entry of a line that is as it was written."""
    try:
        found = _DECODER.decode(line)
    except msgspec.DecodeError:  # a lone surrogate, which only the standard library reads
        found = msgspec.convert(json.loads(line), _Line)
    payload = _value(found.payload, found.payload_text, found.payload_base64)
    request = _value(found.request, found.request_text, found.request_base64)
    return Entry(found.key, payload, request, found.attempt, found.started, found.finished)


def decode_answer(line: bytes) -> Entry:
    """Return the entry of a line without what was asked, which takes the longest to decode."""
    try:
        found = _ANSWERS.decode(line)
    except msgspec.DecodeError:
        return msgspec.structs.replace(decode(line), request=None)
    payload = _value(found.payload, found.payload_text, found.payload_base64)
    return Entry(found.key, payload, None, found.attempt, found.started, found.finished)


def _value(value: Any, text: str | None, coded: str | None) -> Any:
    if text is not None:
        return text.encode()
    return value if coded is None else base64.b64decode(coded)


def _field(
    name: bytes, value: Any, clean: Callable[[bytes], tuple[bytes, int]], redactor: Redactor
) -> tuple[bytes, int]:
    """Return a field with a comma before it, and how many secrets were replaced."""
    is_bytes = isinstance(value, bytes)
    data, count = value if is_bytes else _json(value), 0
    if redactor.hits(data):
        data, count = clean(data)
    if is_bytes:
        return _bytes_field(name, data), count
    if b"\n" in data:
        raise UsageError("a payload of raw JSON holds line breaks; hand it over as bytes")
    return b',"%b":%b' % (name, data), count


def _bytes_field(name: bytes, data: bytes) -> bytes:
    """Text stays readable in the file; only what is none is kept in base 64."""
    try:
        return b',"%b_text":%b' % (name, _json(data.decode()))
    except UnicodeDecodeError:
        return b',"%b_base64":"%b"' % (name, base64.b64encode(data))


def _json(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        # A lone surrogate, as in the name of a file; the replacement is JSON's own escape.
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    except TypeError as failure:
        raise UsageError(f"a piece of work cannot be written as JSON: {failure}") from failure
