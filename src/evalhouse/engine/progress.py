"""How far a run is: what was asked, answered and spent, at what rate, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from evalhouse.engine.record import Record

_EVERY = 0.2  # seconds between two reports
_MEMORY = 30.0  # seconds over which a rate is told


@dataclass(frozen=True)
class Progress:
    """A moment of a run.

    `rate` is requests a second of late, `seconds_left` an estimate from the rows of this session;
    None before there is anything to go by.
    """

    rows: int
    rows_total: int
    exchanges: int
    replayed: int
    cached: int
    invalid: int
    failures: int
    tries_failed: int
    tokens: int
    in_flight: int
    width: int
    seconds: float
    rate: float | None
    seconds_left: float | None


Watch = Callable[[Progress], None]


@dataclass
class Tally:
    """Counts of one session."""

    rows_total: int
    watch: Watch | None = None
    rows: int = 0
    exchanges: int = 0
    replayed_exchanges: int = 0
    cached: int = 0
    invalid: int = 0
    failures: int = 0
    tries_failed: int = 0
    tokens: int = 0
    _asked_rows: int = 0
    _before: int = 0
    _started: float = field(default_factory=time.monotonic)
    _told: float = 0.0
    _marks: list[tuple[float, int]] = field(default_factory=list)

    def replayed(self, record: Record) -> None:  # noqa: ARG002 - as `exchanged`
        """Count an exchange that took place in an earlier session."""
        self.replayed_exchanges += 1

    def exchanged(self, record: Record) -> None:
        """Count an exchange."""
        self.exchanges += 1
        self.cached += record.is_cached
        self.invalid += any(each.status == "invalid" for each in record.answers)
        self.tokens += (record.usage.input or 0) + (record.usage.output or 0)

    def finished(self, rows: int) -> None:
        """Count rows of which all is known."""
        self.rows += rows
        self._asked_rows += rows if self.exchanges > self._before else 0
        self._before = self.exchanges

    def tell(self, in_flight: int, width: int, *, is_last: bool = False) -> None:
        """Report where the run is, unless that was done a moment ago."""
        now = time.monotonic()
        if self.watch and (is_last or now - self._told >= _EVERY):
            self._told = now
            self.watch(self._moment(now, in_flight, width))

    def _moment(self, now: float, in_flight: int, width: int) -> Progress:
        self._marks.append((now, self.exchanges))
        while self._marks[0][0] < now - _MEMORY:
            self._marks.pop(0)
        since, count = self._marks[0]
        rate = (self.exchanges - count) / (now - since) if now > since else None
        seconds = now - self._started
        left = None
        if self._asked_rows:
            left = (self.rows_total - self.rows) * seconds / self._asked_rows
        return Progress(
            rows=self.rows,
            rows_total=self.rows_total,
            exchanges=self.exchanges,
            replayed=self.replayed_exchanges,
            cached=self.cached,
            invalid=self.invalid,
            failures=self.failures,
            tries_failed=self.tries_failed,
            tokens=self.tokens,
            in_flight=in_flight,
            width=width,
            seconds=seconds,
            rate=rate,
            seconds_left=left,
        )
