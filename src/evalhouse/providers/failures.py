"""Everything that can go wrong with an endpoint, and which of it is worth another try.

    ProviderError                    what an endpoint did, or did not do
      TransientError                   also a `RetryableError`; has `retry_after`, in seconds
        UnreachableError                 no connection
        BrokenConnectionError            the connection ended before the reply did
        TimedOutError                    no reply in time
        BusyError                        408, 425, 429, 503, 529: slow down
        ServerFaultError                 any other 5xx
        MalformedReplyError              a reply that is not what the API promises
      AuthenticationError              401, 403: the key, never shown
      OutOfCreditError                 402, or a 429 that no waiting ends
      UnknownModelError                no such model there
      WrongAddressError                nothing at that address, or it moved
      ContentRefusedError              a filter of the server refused the request
      RejectedRequestError             400 and its like, with the server's words
        UnsupportedParameterError        a parameter that the server does not take
        ContextTooLongError              prompt and answer do not fit into the context
      MissingRecordingError            nothing was recorded for this request

An error keeps the bodies of its exchange as a reply does. None of them ever holds a key.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

from evalhouse.errors import EvalhouseError, RetryableError


class ProviderError(EvalhouseError):
    """Something that an endpoint did; the bodies of the exchange are kept for the journal."""

    status: int | None = None
    raw_request: bytes = b""
    raw_reply: bytes = b""
    seconds: float | None = None

    def observed(self, request: bytes, reply: bytes, seconds: float, status: int | None) -> Self:
        """Keep the evidence."""
        self.raw_request, self.raw_reply = request, reply
        self.seconds, self.status = seconds, status
        return self


class TransientError(ProviderError, RetryableError):
    """A failure that another try may not meet; `retry_after` is what the server asked for."""

    retry_after: float | None = None


class UnreachableError(TransientError):
    """No connection could be made."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place} cannot be reached: {reason}; is the server running there?")


class BrokenConnectionError(TransientError):
    """The connection ended before the reply did."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"the connection to {place} broke: {reason}")


class TimedOutError(TransientError):
    """The reply did not come in time."""

    def __init__(self, place: str, limit: float) -> None:
        super().__init__(
            f"{place} gave no full reply within {limit:g} s; a slow model needs a longer `timeout`"
        )


class BusyError(TransientError):
    """The server asks for fewer requests."""

    def __init__(self, place: str, status: int, words: str) -> None:
        super().__init__(f"{place} is busy (status {status}){_said(words)}")


class ServerFaultError(TransientError):
    """The server failed."""

    def __init__(self, place: str, status: int, words: str) -> None:
        super().__init__(f"{place} failed (status {status}){_said(words)}")


class MalformedReplyError(TransientError):
    """A reply that cannot be read."""

    def __init__(self, place: str, fault: str, excerpt: str = "") -> None:
        shown = f"; it starts with `{excerpt}`" if excerpt else ""
        super().__init__(f"the reply of {place} {fault}{shown}")


class AuthenticationError(ProviderError):
    """The key is missing, wrong, or not allowed to do this."""

    def __init__(self, place: str, status: int, variable: str | None, code: str = "") -> None:
        key = f"the key in `{variable}`" if variable else "a request without a key"
        advice = "" if variable else "; name its environment variable with `key_variable`"
        reason = f", `{code}`" if code else ""
        super().__init__(f"{place} does not accept {key} (status {status}{reason}){advice}")


class OutOfCreditError(ProviderError):
    """The account has no credit or quota left."""

    def __init__(self, place: str, status: int, words: str) -> None:
        super().__init__(f"the account at {place} has nothing left (status {status}){_said(words)}")


class UnknownModelError(ProviderError):
    """The server does not have the model."""

    def __init__(self, place: str, model: str, words: str, advice: str = "") -> None:
        super().__init__(f"{place} has no model `{model}`{_said(words)}{advice and f'; {advice}'}")
        self.model = model


class WrongAddressError(ProviderError):
    """There is no such API at that address."""

    def __init__(self, place: str, found: str) -> None:
        super().__init__(f"{place} {found}; check `base_url`")


class ContentRefusedError(ProviderError):
    """A filter of the server refused the request."""

    def __init__(self, place: str, status: int, words: str) -> None:
        super().__init__(f"{place} refused the content (status {status}){_said(words)}")


class RejectedRequestError(ProviderError):
    """The server says that the request makes no sense."""

    def __init__(self, place: str, status: int, words: str) -> None:
        super().__init__(f"{place} rejects the request (status {status}){_said(words)}")


class UnsupportedParameterError(RejectedRequestError):
    """A parameter that the server does not take, as it is called there and here."""

    def __init__(self, place: str, status: int, parameter: tuple[str, str], words: str) -> None:
        theirs, ours = parameter
        ProviderError.__init__(
            self,
            f"{place} does not take `{theirs}` (status {status}){_said(words)}; choose another "
            f"`dialect`, or leave `{ours}` out with `omit`",
        )
        self.parameter = ours


class ContextTooLongError(RejectedRequestError):
    """Prompt and answer do not fit into the model's context."""

    def __init__(self, place: str, status: int, words: str) -> None:
        ProviderError.__init__(
            self,
            f"the request is too long for the model at {place} (status {status}){_said(words)}",
        )


class MissingRecordingError(ProviderError):
    """Nothing was recorded for this request."""

    def __init__(self, place: str, digest: str, beginning: str) -> None:
        super().__init__(
            f"nothing in `{place}` was recorded for the request {digest[:12]} (`{beginning}`); "
            "record it first, or compare its settings with those of the recording"
        )


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Read how many seconds a server asks us to wait, given as seconds or as a date."""
    if milliseconds := _number(headers.get("retry-after-ms", "")):
        return milliseconds / 1000
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is not None:
        return seconds
    try:
        then = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if then.tzinfo is None:  # "-0000" gives the time without saying where; HTTP means UTC
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - (now or datetime.now(UTC))).total_seconds())


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return max(0.0, value) if math.isfinite(value) else None


def _said(words: str) -> str:
    return f": `{words}`" if words else ""
