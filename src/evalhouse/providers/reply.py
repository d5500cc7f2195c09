"""What a model answered, with everything that the server said about it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Finish = Literal["stop", "length", "content_filter", "tool", "error"]

TOKENS_KEPT = 256
"""Tokens at the start of an answer whose log-probabilities are kept; the raw reply has all."""


class Usage(msgspec.Struct, frozen=True):
    """Tokens as the server counts them; None where it does not say.

    `cached` is the part of `input` that the server had seen before, `reasoning` the part of
    `output` that was thinking.
    """

    input: int | None = None
    output: int | None = None
    reasoning: int | None = None
    cached: int | None = None


class Timing(msgspec.Struct, frozen=True):
    """Seconds by the server's clock: to load the model, read the prompt, write the answer."""

    load: float | None = None
    prompt: float | None = None
    answer: float | None = None


class TokenLogprob(msgspec.Struct, frozen=True):
    """A token of the answer, its natural log-probability, and those of the alternatives."""

    token: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...] = ()


class Reply(msgspec.Struct, frozen=True):
    """One answer.

    `refusal` holds the model's words where the server marks them as a refusal. `finish` says why
    the answer ended, in one vocabulary; `finish_word` is the server's own word. `model` is the
    name that the server gives the model. `raw_request` and `raw_reply` are the bodies as sent and
    received (decompressed), never headers; a key in them is replaced. `seconds` runs from before
    the request is sent until the last byte; `seconds_to_first_token` is known when streaming.
    """

    text: str
    finish: Finish
    finish_word: str = ""
    reasoning: str = ""
    refusal: str = ""
    usage: Usage = Usage()
    timing: Timing | None = None
    logprobs: tuple[TokenLogprob, ...] = ()
    model: str | None = None
    raw_request: bytes = b""
    raw_reply: bytes = b""
    seconds: float = 0.0
    seconds_to_first_token: float | None = None
    status: int = 200


def count(value: Any) -> int | None:
    """Read a number of tokens; what is no such number is unknown."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 and value == value // 1 else None


def seconds_of(value: Any, *, per_second: float) -> float | None:
    """Read a duration that a server gives in parts of a second."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return None
    return value / per_second


def parts_of(value: Any) -> dict[str, Any]:
    """Return an object of a reply, or an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def logprobs_of(entries: Any) -> tuple[TokenLogprob, ...]:
    """Read log-probabilities in the shape that OpenAI gave them and others took over."""
    if not isinstance(entries, list):
        return ()
    pairs = (_pair(entry) for entry in entries[:TOKENS_KEPT])
    return tuple(
        TokenLogprob(*pair, tuple(filter(None, map(_pair, _alternatives(entry)))))
        for entry, pair in zip(entries, pairs, strict=False)
        if pair
    )


def _pair(entry: Any) -> tuple[str, float] | None:
    entry = parts_of(entry)
    token, logprob = entry.get("token"), entry.get("logprob")
    if isinstance(token, str) and isinstance(logprob, int | float):
        return token, float(logprob)
    return None


def _alternatives(entry: Any) -> list[Any]:
    found = parts_of(entry).get("top_logprobs")
    return found if isinstance(found, list) else []
