"""What a journal holds of one exchange with a model: the answers, and all that led to them."""

from __future__ import annotations

from typing import Any

import msgspec

from evalhouse.engine.answers import Answer
from evalhouse.journal import Entry
from evalhouse.providers import Reply, Usage
from evalhouse.tasks.statuses import Status

FAILED = "failed/"
"""How the keys of exchanges begin that brought no reply: their work is still to be done."""


class Given(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to one question; `row` counts from 1."""

    row: int
    column: str
    status: Status
    cell: str = ""
    reason: str = ""
    logprobs: dict[str, float] = {}

    @property
    def answer(self) -> Answer:
        """Return what became of the question."""
        return Answer(self.status, self.cell, self.reason)


class Failure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why there was no reply; a failure that `is_lasting` would come again."""

    kind: str
    message: str
    status: int | None = None
    is_lasting: bool = False


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One exchange.

    `rows` count from 1 and have the `ids`. `column` is empty where all fields are asked at once.
    `attempt` counts from 1; later ones ask again for what was not allowed. Characters are those
    of all messages that were sent, history included.
    """

    rows: tuple[int, ...]
    ids: tuple[str, ...]
    repeat: int
    unit: str
    column: str = ""
    attempt: int = 1
    answers: tuple[Given, ...] = ()
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    finish: str = ""
    finish_word: str = ""
    model: str | None = None
    usage: Usage = Usage()
    seconds: float = 0.0
    seconds_to_first_token: float | None = None
    prompt_chars: int = 0
    is_cached: bool = False
    raw_reply: str = ""
    failure: Failure | None = None


def read_record(entry: Entry) -> Record:
    """Return the record of an entry of a journal."""
    return msgspec.convert(entry.payload, Record)


def as_payload(record: Record) -> msgspec.Raw:
    """Return a record as the payload of an entry."""
    return msgspec.Raw(msgspec.json.encode(record))


def as_request(sent: bytes) -> Any:
    """Return what was sent as a journal keeps it: JSON as JSON."""
    return msgspec.Raw(sent) if sent.startswith(b"{") and b"\n" not in sent else sent or None


def reply_fields(reply: Reply) -> dict[str, Any]:
    """Return what a record holds of a reply."""
    return {
        "text": reply.text,
        "reasoning": reply.reasoning,
        "refusal": reply.refusal,
        "finish": reply.finish,
        "finish_word": reply.finish_word,
        "model": reply.model,
        "usage": reply.usage,
        "seconds": reply.seconds,
        "seconds_to_first_token": reply.seconds_to_first_token,
        "raw_reply": reply.raw_reply.decode("utf-8", "replace"),
    }
