"""What a model is asked: messages, sampling, and the shape that the answer must have."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import msgspec

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.ids import canonical_json, sha256_hex

Role = Literal["system", "user", "assistant"]

PARAMETERS = (
    "temperature",
    "top_p",
    "seed",
    "max_tokens",
    "stop",
    "effort",
    "thinking_tokens",
    "schema",
    "logprobs",
)
"""What can be asked beside the messages; `omit` in the settings of a provider names some."""


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        reach = f"from {low:g} to {high:g}" if high < math.inf else f"at least {low:g}"
        raise UsageError(f"`{name}` is {value:g} and must be {reach}")


class Message(msgspec.Struct, frozen=True):
    """One turn of the conversation."""

    role: Role
    content: str


class Sampling(msgspec.Struct, frozen=True):
    """How tokens are drawn; what is None is not sent, so the server's own default holds.

    `effort` is a level (`low`, `high`, ...), or True or False for models that think or do not;
    `thinking_tokens` is a budget of tokens for thinking, where an API has one.
    """

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    effort: str | bool | None = None
    thinking_tokens: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no model could be asked."""
        _within("temperature", self.temperature, 0, math.inf)
        _within("top_p", self.top_p, 0, 1)
        _within("max_tokens", self.max_tokens, 1, math.inf)
        _within("thinking_tokens", self.thinking_tokens, 1, math.inf)
        if isinstance(self.stop, str) or not all(self.stop):
            raise UsageError("`stop` must be several texts, none of them empty")


class Request(msgspec.Struct, frozen=True, dict=True):
    """One question to one model, which gives one answer.

    `schema` is the JSON schema of the answer; the order of its keys is kept, since models answer
    in that order. `logprobs` is how many alternatives per token are wanted (0: the chosen one
    alone). `repeat` tells several samples of the same question apart: it is part of every hash
    and never sent.
    """

    messages: tuple[Message, ...]
    model: str
    sampling: Sampling = Sampling()
    schema: Mapping[str, Any] | None = None
    logprobs: int | None = None
    repeat: int = 0

    def __post_init__(self) -> None:
        """Refuse a request without a message."""
        if not self.messages:
            raise UsageError("a request has no message; give at least one")

    def parameters(self, omit: Iterable[str] = ()) -> dict[str, Any]:
        """Return what is asked beside the messages, in the order of `PARAMETERS`."""
        found = {name: getattr(self.sampling, name, None) for name in PARAMETERS}
        found["schema"], found["logprobs"] = self.schema, self.logprobs
        left_out = frozenset(omit)
        return {
            name: value
            for name, value in found.items()
            if value is not None and value != () and name not in left_out
        }

    @cached_property
    def sha256(self) -> str:
        """Return the hash of everything that is asked, whoever is asked."""
        return sha256_hex(encoded(self))


def encoded(value: Any) -> bytes:
    """Render as JSON, in the order given: the bytes that are sent."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        raise UsageError(
            "a message holds half of a surrogate pair, which no text can; read it as UTF-8"
        ) from None


@dataclass(frozen=True)
class Target:
    """Who is asked, as far as answers depend on it."""

    provider: str
    base_url: str
    model: str
    revision: str | None

    def canonical(self, body: bytes, repeat: int = 0) -> bytes:
        """Return the canonical bytes of a request: who is asked, then the body as it is sent."""
        head = {
            "base_url": self.base_url,
            "model": self.model,
            "provider": self.provider,
            "repeat": repeat,
            "revision": self.revision,
        }
        return canonical_json(head).encode() + b"\n" + body


def check_omitted(omit: Iterable[str]) -> None:
    """Refuse to leave out what cannot be asked."""
    for name in omit:
        if name not in PARAMETERS:
            raise UnknownNameError("parameter", name, PARAMETERS)
