"""One exchange over HTTP, and what its status means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from evalhouse.providers import complaint as complaints
from evalhouse.providers.complaint import Complaint
from evalhouse.providers.failures import (
    AuthenticationError,
    BusyError,
    ContentRefusedError,
    ContextTooLongError,
    MalformedReplyError,
    OutOfCreditError,
    ProviderError,
    RejectedRequestError,
    ServerFaultError,
    TransientError,
    UnknownModelError,
    UnsupportedParameterError,
    WrongAddressError,
    retry_after,
)
from evalhouse.providers.keys import Secrets
from evalhouse.providers.reply import parts_of

Failure = TypeVar("Failure", bound=ProviderError)

OURS = {
    "chat_template_kwargs": "effort",
    "format": "schema",
    "max_completion_tokens": "max_tokens",
    "num_predict": "max_tokens",
    "output_config": "schema",
    "reasoning": "effort",
    "reasoning_effort": "effort",
    "response_format": "schema",
    "stop_sequences": "stop",
    "think": "effort",
    "thinking": "effort",
    "tool_choice": "schema",
    "tools": "schema",
    "top_logprobs": "logprobs",
}
"""What we call a parameter that an API calls otherwise."""

_BUSY = frozenset({408, 425, 429, 503, 529})


class Exchange(msgspec.Struct, frozen=True):
    """What was sent and what came back, without secrets.

    `lines` are those of a stream, each with the seconds after which it had come.
    """

    request: bytes
    status: int
    headers: Mapping[str, str]
    reply: bytes
    seconds: float
    lines: tuple[tuple[float, bytes], ...] | None = None

    @property
    def is_success(self) -> bool:
        """Tell whether the status says that the body is a reply."""
        return 200 <= self.status < 300

    @property
    def content_type(self) -> str:
        """Return the type of the body, in small letters and without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def evidence_of(self, failure: Failure) -> Failure:
        """Attach the bodies to a failure."""
        return failure.observed(self.request, self.reply, self.seconds, self.status)


@dataclass(frozen=True)
class Asked:
    """Who was asked for what, to say it when that fails. `place` is shown, `missing` advises."""

    place: str
    model: str
    secrets: Secrets
    missing: str = ""

    def malformed(self, fault: str, exchange: Exchange) -> MalformedReplyError:
        """Return the failure for a reply that cannot be read."""
        excerpt = self.secrets.excerpt(exchange.reply)
        return exchange.evidence_of(MalformedReplyError(self.place, fault, excerpt))

    def failed(self, exchange: Exchange, found: Complaint | None = None) -> ProviderError:
        """Return the failure for a status that is no success, or an error within a stream."""
        said = found or complaints.read(exchange.reply)
        status = exchange.status if found is None else said.status or 500
        failure = self._meaning(status, said, exchange)
        if isinstance(failure, TransientError):
            failure.retry_after = retry_after(exchange.headers)
        return exchange.evidence_of(failure)

    def _meaning(self, status: int, said: Complaint, exchange: Exchange) -> ProviderError:
        words = self.secrets.excerpt(said.message)
        # No waiting fills an account, whatever the status says of limits.
        if status == 402 or (status in {403, 429} and said.is_about_credit):
            return OutOfCreditError(self.place, status, words)
        if status in _BUSY or status >= 500:
            kind = BusyError if status in _BUSY else ServerFaultError
            return kind(self.place, status, words)
        if said.is_about_content:
            return ContentRefusedError(self.place, status, words)
        # Services quote parts of a wrong key, so that nothing but a code is shown here.
        if status in {401, 403}:
            return AuthenticationError(self.place, status, self.secrets.variable, said.code)
        return self._rejection(status, said, words, exchange)

    def _rejection(
        self, status: int, said: Complaint, words: str, exchange: Exchange
    ) -> ProviderError:
        if status < 400:
            # The target may carry a ticket in its query, so that only where it leads is shown.
            target = self.secrets.excerpt(exchange.headers.get("location", "").partition("?")[0])
            return WrongAddressError(self.place, f"sends elsewhere (status {status}): `{target}`")
        if said.is_about_context:
            return ContextTooLongError(self.place, status, words)
        parameter = said.refused(_sent(exchange.request))
        if parameter:
            ours = OURS.get(parameter, parameter)
            return UnsupportedParameterError(self.place, status, (parameter, ours), words)
        if said.is_about_model or (status == 404 and self.model in said.message):
            return UnknownModelError(self.place, self.model, words, self.missing)
        if status in {404, 405}:
            return WrongAddressError(self.place, f"has no such API (status {status})")
        return RejectedRequestError(self.place, status, words)


def _sent(body: bytes) -> frozenset[str]:
    try:
        content = parts_of(msgspec.json.decode(body))
    except (ValueError, RecursionError):
        return frozenset()
    inner = {*content, *parts_of(content.get("options"))}
    return frozenset(inner - {"model", "messages", "stream"})
