"""How many requests are on their way at once: more while all goes well, fewer when it does not."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from evalhouse.errors import UsageError

_FIRST = 16  # requests at the start, where more are allowed
_FALL = 0.5  # what is left of the width after a server complained
_LONGEST_PAUSE = 600.0  # seconds that a server may ask for; no evaluation waits for days


@dataclass(frozen=True)
class Limits:
    """What a server is asked for at most.

    Attributes:
        concurrency: requests on their way at once.
        requests_per_minute: requests begun in any minute.
        tokens_per_minute: tokens of replies and prompts in any minute, as the server counts them.
    """

    concurrency: int = 32
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None

    def __post_init__(self) -> None:
        """Refuse what would never ask."""
        for name in ("concurrency", "requests_per_minute", "tokens_per_minute"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"`{name}` is {value} and must be more than 0")


class Slots:
    """Slots for requests: the width doubles, then grows by one a round, and halves on complaint.

    The rule is that of congestion control (additive increase, multiplicative decrease): the width
    doubles with every full round of good replies until the first complaint, and then grows by one
    a round. Of several complaints about requests that were under way at once, one counts.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.width = min(_FIRST, limits.concurrency)
        self.in_flight = 0
        self.complaints = 0
        self._good = 0
        self._is_doubling = True
        self._last_fall = -1.0
        self._paused_until = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._requests = _Bucket(limits.requests_per_minute)
        self._tokens = _Bucket(limits.tokens_per_minute)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[float]:
        """Wait for a slot and hold it; gives the moment at which the request may begin."""
        await self._enter()
        try:
            await self._wait_for_rates()
            yield time.monotonic()
        finally:
            self.in_flight -= 1
            self._wake()

    async def _enter(self) -> None:
        while self.in_flight >= self.width:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._wake()
                raise
        self.in_flight += 1

    async def _wait_for_rates(self) -> None:
        while (pause := self._pause()) > 0:  # noqa: ASYNC110 - time alone ends the wait
            await asyncio.sleep(pause)
        self._requests.take(1)

    def _pause(self) -> float:
        now = time.monotonic()
        return max(self._paused_until - now, self._requests.pause(now), self._tokens.pause(now))

    def _wake(self) -> None:
        free = self.width - self.in_flight
        while self._waiting and free > 0:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1

    def spent(self, tokens: int) -> None:
        """Count tokens against the limit of a minute."""
        self._tokens.take(tokens)

    def good(self) -> None:
        """Take note of a reply."""
        self._good += 1
        if self._good < self.width:
            return
        self._good = 0
        self.width = min(
            self.width * 2 if self._is_doubling else self.width + 1, self._limits.concurrency
        )
        self._wake()

    def complained(self, begun: float, retry_after: float | None) -> None:
        """Take note of a server that is too busy, about a request that began at a moment."""
        now = time.monotonic()
        self.complaints += 1
        if retry_after:
            self._paused_until = max(self._paused_until, now + min(retry_after, _LONGEST_PAUSE))
        if begun > self._last_fall:
            self.width = max(1, int(self.width * _FALL))
            self._last_fall, self._good, self._is_doubling = now, 0, False


class _Bucket:
    """So much in a minute: fills by the second; whoever overdraws it makes the next one wait."""

    def __init__(self, per_minute: float | None) -> None:
        self._rate = per_minute / 60 if per_minute else None
        self._most = max(1.0, (per_minute or 0) / 60)
        self._held, self._since = self._most, time.monotonic()

    def pause(self, now: float) -> float:
        if self._rate is None:
            return 0.0
        self._held = min(self._most, self._held + (now - self._since) * self._rate)
        self._since = now
        return 0.0 if self._held >= 1 or self._held >= self._most else (1 - self._held) / self._rate

    def take(self, amount: float) -> None:
        if self._rate is not None:
            self._held -= amount
