"""How many requests are on their way at once: more while all goes well, fewer when it does not."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType

from evalhouse.errors import EvalhouseError, UsageError

_FIRST = 16  # requests at the start, where more are allowed
_FALL = 0.5  # what is left of the width after a server complained
_BURSTS = 600  # of a minute's worth is what may come at once: a tenth of a second
_AGAIN = 0.25  # seconds after which whoever rests looks whether all is over

LONGEST_PAUSE = 600.0
"""Seconds that a server gets if it asks for more; no evaluation waits for days."""


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


class StoppedError(EvalhouseError):
    """The run is being stopped: nothing further begins."""

    def __init__(self) -> None:
        super().__init__("the run was stopped; run the same command again to go on")


class Slots:
    """Slots for requests: the width doubles, then grows by one a round, and halves on complaint.

    The rule is that of congestion control (additive increase, multiplicative decrease): the width
    doubles with every full round of good replies until the first complaint, and then grows by one
    a round. Of several complaints about requests that were under way at once, one counts. Whoever
    came first gets the next slot.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.width = min(_FIRST, limits.concurrency)
        self.in_flight = 0
        self.complaints = 0
        self.is_closed = False
        self._good = 0
        self._is_doubling = True
        self._last_fall = -1.0
        self._paused_until = 0.0
        self._waiting: deque[asyncio.Future[bool]] = deque()  # is it a slot, or the end
        self._gate = asyncio.Lock()
        self._requests = _Bucket(limits.requests_per_minute)
        self._tokens = _Bucket(limits.tokens_per_minute)

    def one(self) -> Turn:
        """Return a turn: entering it waits for a slot, which it holds until it is left."""
        return Turn(self)

    async def enter(self) -> float:
        """Wait for a slot and take it; return the moment at which the request may begin.

        Raises:
            StoppedError: The slots are closed, or were while it waited.
        """
        await self._enter()
        try:
            if self._gate.locked() or self._pause() > 0 or self.is_closed:
                await self._wait_for_rates()
            else:
                self._requests.take(1)
        except BaseException:
            self.leave()
            raise
        return time.monotonic()

    def close(self) -> None:
        """Let no further request begin; those that are under way go on."""
        self.is_closed = True
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(False)

    async def rest(self, seconds: float) -> None:
        """Wait, without a slot or with one; raises StoppedError where the slots are closed."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.is_closed:
                raise StoppedError
            await asyncio.sleep(min(left, _AGAIN))

    async def _enter(self) -> None:
        if self.is_closed:
            raise StoppedError
        if self.in_flight < self.width and not self._waiting:
            self.in_flight += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            is_given = await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():
                self.leave()  # the slot that was given while this was cancelled
            raise
        if not is_given:
            raise StoppedError

    def leave(self) -> None:
        """Give back a slot."""
        self.in_flight -= 1
        self._wake()

    async def _wait_for_rates(self) -> None:
        # One after the other, so that not all of them wake for each that may begin.
        async with self._gate:
            while (pause := self._pause()) > 0:
                await self.rest(pause)
            if self.is_closed:
                raise StoppedError
            self._requests.take(1)

    def _pause(self) -> float:
        now = time.monotonic()
        return max(self._paused_until - now, self._requests.pause(now), self._tokens.pause(now))

    def _wake(self) -> None:
        while self._waiting and self.in_flight < self.width:
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(True)

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
            self._paused_until = max(self._paused_until, now + min(retry_after, LONGEST_PAUSE))
        if begun > self._last_fall:
            self.width = max(1, int(self.width * _FALL))
            self._last_fall, self._good, self._is_doubling = now, 0, False


class Turn:
    """A slot for the time of one request."""

    __slots__ = ("_slots",)

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    async def __aenter__(self) -> float:
        """Wait for the slot; return the moment at which the request may begin."""
        return await self._slots.enter()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give it back."""
        self._slots.leave()


class _Bucket:
    """So much in any minute: it fills steadily; whoever overdraws it makes the next one wait."""

    def __init__(self, per_minute: float | None) -> None:
        self._most = max(1.0, (per_minute or 0) / _BURSTS)
        # What a full bucket gives at once is taken off, so that no minute has more than it may.
        self._rate = (per_minute - self._most + 1) / 60 if per_minute else None
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
