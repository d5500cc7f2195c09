"""Asking until there is a reply: slots, waiting, another try, replies that are kept, budgets."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from evalhouse.engine.budget import Budget
from evalhouse.engine.slots import LONGEST_PAUSE, Slots
from evalhouse.errors import UsageError
from evalhouse.journal import ReplyKey, ResponseCache
from evalhouse.providers import Provider, Reply, Request
from evalhouse.providers.failures import (
    BusyError,
    ContentRefusedError,
    ProviderError,
    TimedOutError,
    TransientError,
)

_REPLY = msgspec.json.Decoder(Reply)


class Unanswered(Protocol):
    """Is told of a try that brought no reply."""

    def __call__(self, failure: ProviderError, begun: float) -> None:
        """Take note of it; `begun` is in seconds since 1970."""
        ...


@dataclass(frozen=True)
class Persistence:
    """How long to try.

    Attributes:
        retries: further tries after one that failed on its way.
        first_wait: seconds before the first of them; each later one waits twice as long.
        longest_wait: seconds that no wait exceeds, unless the server asks for more (of which it
            gets ten minutes at most).
    """

    retries: int = 6
    first_wait: float = 0.5
    longest_wait: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.retries < 0:
            raise UsageError(f"`transport_retries` is {self.retries} and must be at least 0")

    def wait(self, tries: int, retry_after: float | None, chance: float) -> float:
        """Return the seconds to wait after so many tries; `chance` (0 to 1) spreads them."""
        longest = min(self.longest_wait, self.first_wait * 2.0 ** min(tries - 1, 60))
        # Half of it is left to chance, so that those who failed together do not return together.
        return max(longest * (0.5 + chance / 2), min(retry_after or 0.0, LONGEST_PAUSE))


@dataclass(frozen=True)
class Transport:
    """A provider that is asked until it replies."""

    provider: Provider
    slots: Slots
    persistence: Persistence = field(default_factory=Persistence)
    budget: Budget = field(default_factory=Budget)
    cache: ResponseCache | None = None
    revision: str | None = None
    name: str = ""

    async def ask(self, request: Request, unanswered: Unanswered) -> tuple[Reply, bool]:
        """Return the reply, and whether it had been kept from before.

        Raises:
            ProviderError: The last of the tries failed, or no further one would help.
            BudgetError: What may be spent is spent.
            StoppedError: No request begins any more.
        """
        key = self._key(request)
        # A cache without a reply is a cache all the same, though it counts for nothing.
        kept = self.cache.get(key) if self.cache is not None and key else None
        if key and kept is not None:
            return msgspec.structs.replace(_REPLY.decode(kept), raw_request=_body(key)), True
        reply = await self._tried(request, unanswered)
        if self.cache is not None and key:
            body = msgspec.json.encode(msgspec.structs.replace(reply, raw_request=b""))
            is_complete = reply.finish == "stop" and not reply.refusal
            self.cache.put(key, body, is_complete=is_complete)
        return reply, False

    async def _tried(self, request: Request, unanswered: Unanswered) -> Reply:
        for tries in range(1, self.persistence.retries + 2):
            begun = time.time()
            try:
                return await self._once(request)
            except ContentRefusedError:  # an answer of its kind
                raise
            except ProviderError as failure:
                unanswered(failure, begun)
                is_last = tries > self.persistence.retries
                if is_last or not isinstance(failure, TransientError):
                    raise
                after = failure.retry_after
            await self.slots.rest(self.persistence.wait(tries, after, random.random()))  # noqa: S311 - no secret
        raise AssertionError("the last try returns or raises")

    async def _once(self, request: Request) -> Reply:
        async with self.slots.one() as begun:
            self.budget.require()
            try:
                reply = await self.provider.ask(request)
            except TransientError as failure:
                if isinstance(failure, BusyError | TimedOutError):
                    self.slots.complained(begun, failure.retry_after)
                raise
            self.slots.good()
            self.slots.spent((reply.usage.input or 0) + (reply.usage.output or 0))
            self.budget.spend(reply.usage)
            return reply

    def _key(self, request: Request) -> ReplyKey | None:
        if self.cache is None:
            return None
        asked = self.provider.canonical(request, self.revision)
        return ReplyKey(self.name, self.provider.base_url, request.model, self.revision, asked)


def _body(key: ReplyKey) -> bytes:
    """Return what would have been sent: it stands below the line that says to whom."""
    return key.request.partition(b"\n")[2]
