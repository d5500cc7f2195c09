"""What the journal of a run adds up to: requests, seconds, characters, tokens, thoughts."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from evalhouse.engine.record import FAILED, Record, read_record
from evalhouse.errors import JournalError
from evalhouse.journal import Entry, read
from evalhouse.redact import Redactor
from evalhouse.tasks.codebook import Codebook
from evalhouse.workflows.annotation.run_folder import write_json, write_whole

TIMING, CHARACTERS, TRACES = "timing_data.json", "char_counts.json", "reasoning_traces.jsonl"


@dataclass(frozen=True)
class Spent:
    """Seconds that a run took: by the clock, and of the processor for this process.

    Those of the processor are None where an earlier session did not tell them.
    """

    wall: float = 0.0
    user: float | None = 0.0
    system: float | None = 0.0

    def since(self, start: Spent) -> Spent:
        """Return what lies between two looks at the clocks."""
        return Spent(
            self.wall - start.wall,
            _sum(self.user, None if start.user is None else -start.user),
            _sum(self.system, None if start.system is None else -start.system),
        )

    def and_before(self, before: Spent) -> Spent:
        """Return the sum with what earlier sessions took."""
        return Spent(
            self.wall + before.wall,
            _sum(self.user, before.user),
            _sum(self.system, before.system),
        )


def clocks() -> Spent:
    """Look at the clocks of this process."""
    used = os.times()
    return Spent(time.monotonic(), used.user, used.system)


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


@dataclass
class Totals:
    """Sums over all exchanges of a run, over all its sessions.

    Seconds, tokens and characters that were sent are those of requests that were made, failed ones
    too, not of kept replies. Tokens are empty where a server never says how many.
    """

    exchanges: int = 0
    reprompts: int = 0
    tries_failed: int = 0
    cached: int = 0
    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)  # for the first token
    input_chars: int = 0
    output_chars: int = 0
    reasoning_chars: int = 0
    tokens: dict[str, int | None] = field(
        default_factory=lambda: dict.fromkeys(("input", "output", "reasoning", "cached"))
    )
    served_model: str | None = None
    traces: list[bytes] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Count an exchange."""
        self.exchanges += 1
        self.reprompts += record.attempt > 1
        self.cached += record.is_cached
        self.output_chars += len(record.text)
        self.reasoning_chars += len(record.reasoning)
        self.served_model = record.model or self.served_model
        if record.is_cached:
            return
        self.seconds += record.seconds
        self.input_chars += record.prompt_chars
        if record.seconds_to_first_token is not None:
            self.waits.append(record.seconds_to_first_token)
        for name in self.tokens:
            count = getattr(record.usage, name)
            if count is not None:
                self.tokens[name] = (self.tokens[name] or 0) + count

    @property
    def asked(self) -> int:
        """Return how many replies were waited for."""
        return self.exchanges - self.cached

    def timing(self, spent: Spent) -> dict[str, Any]:
        """Return what `timing_data.json` holds."""
        return {
            "total_inference_time": self.seconds,
            "inference_count": self.exchanges,
            "avg_inference_time": self.seconds / self.asked if self.asked else 0,
            "requests": self.asked,
            "reprompts": self.reprompts,
            "transport_failures": self.tries_failed,
            "cached": self.cached,
            "wall_seconds": spent.wall,
            **{f"tokens_{name}": count for name, count in self.tokens.items()},
            "seconds_to_first_token": sum(self.waits) / len(self.waits) if self.waits else None,
            "cpu_seconds_user": spent.user,
            "cpu_seconds_sys": spent.system,
        }

    def characters(self) -> dict[str, int]:
        """Return what `char_counts.json` holds."""
        return {
            "input_chars": self.input_chars,
            "output_chars": self.output_chars,
            "reasoning_chars": self.reasoning_chars,
        }


def add_up(path: Path, codebook: Codebook, chat_mode: str) -> Totals:
    """Read the journal of a run from its beginning, and add up what it holds."""
    return _added(read(path, with_requests=False), codebook, chat_mode)


def _added(entries: Iterable[Entry], codebook: Codebook, chat_mode: str) -> Totals:
    totals = Totals()
    for entry in entries:
        if entry.key.startswith(FAILED):
            totals.tries_failed += 1
            totals.input_chars += read_record(entry).prompt_chars
            continue
        record = read_record(entry)
        totals.add(record)
        if record.reasoning:
            totals.traces += (
                msgspec.json.encode(each) for each in _traces(record, codebook, chat_mode)
            )
    return totals


def _traces(record: Record, codebook: Codebook, chat_mode: str) -> list[Mapping[str, Any]]:
    """Return the thoughts of an exchange, once for each row that it was about."""
    kind = codebook.by_column[record.column].field.kind if record.column else ""
    return [
        {
            "row_num": row,
            "annotation_name": record.column,
            "annotation_type": kind,
            "attempt": record.attempt,
            "chat_mode": chat_mode,
            "prompt_chars": record.prompt_chars,
            "response_chars": len(record.text),
            "inference_time_s": record.seconds,
            "reasoning": record.reasoning,
            "row_id": row_id,
            "repeat": record.repeat,
        }
        for row, row_id in zip(record.rows, record.ids, strict=True)
    ]


def has_replies(path: Path) -> bool:
    """Tell whether a journal holds any reply."""
    try:
        return any(not entry.key.startswith(FAILED) for entry in read(path, with_requests=False))
    except JournalError:
        return path.exists()


def earlier(folder: Path) -> Spent:
    """Return what earlier sessions of a run took."""
    try:
        found = msgspec.json.decode((folder / TIMING).read_bytes())
        wall = float(found.get("wall_seconds") or 0.0)
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return Spent()
    user, system = found.get("cpu_seconds_user"), found.get("cpu_seconds_sys")
    return Spent(
        wall,
        user if isinstance(user, int | float) else None,
        system if isinstance(system, int | float) else None,
    )


def write_totals(folder: Path, totals: Totals, spent: Spent, redactor: Redactor) -> None:
    """Write the files with sums, and the thoughts where there are any."""
    write_json(folder / TIMING, totals.timing(spent), redactor)
    write_json(folder / CHARACTERS, totals.characters(), redactor)
    if totals.traces:
        lines = b"".join(line + b"\n" for line in totals.traces)
        write_whole(folder / TRACES, redactor.text(lines)[0])
