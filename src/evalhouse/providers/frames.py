"""Bodies of requests that differ in their messages alone: all else is rendered once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from evalhouse.providers.request import Message, Request, encoded

_KEPT = 64  # kinds of request; a task asks a few, each with its own schema
_HOLE = (Message("user", "\N{OBJECT REPLACEMENT CHARACTER} evalhouse: messages go here"),)


class Frames:
    """Renders the bodies that `compose` gives, where that puts the messages in as they are."""

    def __init__(self, compose: Callable[[Request], dict[str, Any]]) -> None:
        self._compose = compose
        self._known: dict[tuple[object, ...], tuple[object, bytes, bytes]] = {}

    def body(self, request: Request) -> bytes:
        """Return the body of a request as JSON."""
        schema = request.schema
        kind = (request.model, request.sampling, request.logprobs, id(schema))
        known = self._known.get(kind)
        if known is None:
            known = self._known[kind] = self._framed(request)
            if len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
        _, before, after = known
        return before + encoded(request.messages) + after

    def _framed(self, request: Request) -> tuple[object, bytes, bytes]:
        """Return what stands around the messages, with the schema, whose id stays its own so."""
        whole = encoded(self._compose(replace(request, messages=_HOLE)))
        before, hole, after = whole.partition(encoded(_HOLE))
        if not hole:
            raise ValueError("the messages do not stand in the body as they are")
        return request.schema, before, after
