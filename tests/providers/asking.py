"""Short ways to ask the server of the tests."""

from __future__ import annotations

import asyncio
from typing import Any

from evalhouse.errors import EvalhouseError
from evalhouse.providers import (
    Endpoint,
    Message,
    ProviderSettings,
    Reply,
    Request,
    Sampling,
    open_provider,
)

SCHEMA = {
    "type": "object",
    "properties": {"response": {"type": "string", "enum": ["yes", "no"]}},
    "required": ["response"],
    "additionalProperties": False,
}


def request(text: str = "Is it so?", **others: Any) -> Request:
    sampling = {name: others.pop(name) for name in tuple(others) if name in _SAMPLING}
    messages = (Message("system", "Answer."), Message("user", text))
    return Request(messages, "the-model", Sampling(**sampling), **others)


_SAMPLING = frozenset(Sampling.__struct_fields__)


def settings(provider: str, url: str, **others: Any) -> ProviderSettings:
    return ProviderSettings(provider, "the-model", base_url=url, **others)


def ask(told: ProviderSettings, *asked: Request) -> Reply:
    """Ask in a loop of its own; return the last reply."""
    return asyncio.run(_ask(told, asked or (request(),)))


async def _ask(told: ProviderSettings, asked: tuple[Request, ...]) -> Reply:
    provider = open_provider(told)
    try:
        for one in asked:
            reply = await provider.ask(one)
        return reply
    finally:
        await provider.close()


def describe(told: ProviderSettings) -> Endpoint:
    async def run() -> Endpoint:
        provider = open_provider(told)
        try:
            return await provider.describe()
        finally:
            await provider.close()

    return asyncio.run(run())


def failure(told: ProviderSettings, asked: Request | None = None) -> Any:
    """Return the failure that asking ends in."""
    try:
        reply = ask(told, asked or request())
    except EvalhouseError as found:
        return found
    raise AssertionError(f"it was answered: {reply}")
