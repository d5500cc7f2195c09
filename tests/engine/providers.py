"""Providers that do as they are told, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from evalhouse.providers import Endpoint, Message, Reply, Request, Usage
from evalhouse.providers.request import Target, encoded

ASKED = Request((Message("user", "Is it so?"),), "the-model")


class Told:
    """Answers with one thing after the other, each after some seconds; the last one stays."""

    base_url = "http://127.0.0.1:1/v1"

    def __init__(self, *replies: Any, seconds: float = 0.0, name: str = "told") -> None:
        self._replies = list(replies) or [reply()]
        self._seconds, self.name = seconds, name
        self.begun: list[float] = []
        self.is_closed = False

    async def ask(self, request: Request) -> Reply:  # noqa: ARG002 - as others
        self.begun.append(asyncio.get_running_loop().time())
        found = self._replies[0] if len(self._replies) == 1 else self._replies.pop(0)
        await asyncio.sleep(self._seconds)
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Reply)
        return found

    async def describe(self) -> Endpoint:
        return Endpoint(self.name, self.base_url, "the-model", reachable=True)

    def canonical(self, request: Request, revision: str | None) -> bytes:
        target = Target(self.name, self.base_url, request.model, revision)
        return target.canonical(encoded(request), request.repeat)

    def cache_key(self, request: Request, revision: str | None) -> str:
        raise NotImplementedError

    async def close(self) -> None:
        self.is_closed = True


def reply(text: str = '{"response": true}', finish: Any = "stop", **others: Any) -> Reply:
    others.setdefault("usage", Usage(11, 7))
    return Reply(text, finish, raw_request=b'{"asked":1}', raw_reply=b'{"said":1}', **others)


def in_a_row(failures: Iterable[Exception], last: Reply | None = None) -> Told:
    """Return a provider that fails with these, and is well then."""
    return Told(*failures, last or reply())
