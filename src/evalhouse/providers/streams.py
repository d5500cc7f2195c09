"""Replies that come in pieces: server-sent events, and JSON by the line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

Line = tuple[float, bytes]


def events(lines: Iterable[Line]) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield the objects of a stream, each with the seconds after which it had come.

    Raises `ValueError` for an event that is no JSON object. Comments and names of events carry
    nothing; `[DONE]` ends a stream.
    """
    for seconds, line in lines:
        data = line.strip()
        if data.startswith(b"data:"):
            data = data[5:].strip()
        elif not data.startswith((b"{", b"[")):
            continue
        if data == b"[DONE]":
            return
        if data:
            yield seconds, _object(data)


def _object(data: bytes) -> dict[str, Any]:
    content = msgspec.json.decode(data)
    if not isinstance(content, dict):
        raise ValueError("an event is no object")  # noqa: TRY004 - bad data, not a wrong call
    return content
