"""What servers write when they refuse, in the many shapes of that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from evalhouse.providers.reply import parts_of

_CONTEXT = re.compile(
    r"context[ _-]?(?:length|window|size)|maximum model length|(?:prompt|input|request) is too long"
    r"|exceed_context|too many tokens|longer than the maximum",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    r"content[ _-](?:filter|policy|management)|moderation|flagged|responsible ?ai", re.IGNORECASE
)
_MODEL = re.compile(
    r"model\b.{0,120}\b(?:not found|does ?n.t exist|not exist|unknown|not available|not loaded"
    r"|is invalid)|not a valid model|(?:no such|unknown|invalid) model|model_not_found|^model:",
    re.IGNORECASE | re.DOTALL,
)
_UNSUPPORTED = re.compile(
    r"unsupported|not support|n.t support|unrecogni[sz]ed|unknown|unexpected|extra (?:input|field)"
    r"|not permitted|not allowed|deprecated|no longer|cannot both|instead|only the default",
    re.IGNORECASE,
)
_CREDIT = re.compile(r"insufficient[ _](?:quota|credit|balance|funds)|billing", re.IGNORECASE)
_CODE = re.compile(r"[a-z][a-z_]{2,40}")
_WORD = re.compile(r"[a-z_]+")

# What Anthropic names in the stream, where the status was sent long before.
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "overloaded_error": 529,
}


@dataclass(frozen=True)
class Complaint:
    """A server's words: the message, its code or type, and the parameter it is about."""

    message: str = ""
    codes: tuple[str, ...] = ()
    parameter: str = ""
    status: int | None = None
    is_error: bool = True

    @property
    def words(self) -> str:
        """Return everything that was said, to search in."""
        return " ".join((self.message, *self.codes))

    @property
    def code(self) -> str:
        """Return the code if it is a plain word: all that may be shown beside a key's refusal."""
        return next((code for code in self.codes if _CODE.fullmatch(code)), "")

    @property
    def is_about_context(self) -> bool:
        """Tell whether the request was too long."""
        return _CONTEXT.search(self.words) is not None

    @property
    def is_about_content(self) -> bool:
        """Tell whether a filter refused it."""
        return _CONTENT.search(self.words) is not None

    @property
    def is_about_credit(self) -> bool:
        """Tell whether the account is empty."""
        return _CREDIT.search(self.words) is not None

    @property
    def is_about_model(self) -> bool:
        """Tell whether the model is missing."""
        return _MODEL.search(self.words) is not None

    def refused(self, parameters: frozenset[str]) -> str | None:
        """Say which of the parameters that were sent the server does not take."""
        if self.parameter in parameters and _UNSUPPORTED.search(self.words):
            return self.parameter
        if not _UNSUPPORTED.search(self.message):
            return None
        # Ollama says of `think` that a model "does not support thinking".
        words = (word.removesuffix("ing") for word in _WORD.findall(self.message))
        return next((word for word in words if word in parameters), None)


def read(body: bytes) -> Complaint:
    """Read what a server answered instead of a reply; any bytes will do."""
    try:
        content = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return Complaint(body[:4000].decode("utf-8", "replace"), is_error=False)
    return of(content)


def of(content: Any) -> Complaint:
    """Read what stands in a decoded body, or in an event of a stream."""
    # Nearly every server puts it below `error`; vLLM did not, FastAPI writes `detail`.
    whole = parts_of(content)
    error = whole.get("error")
    if isinstance(error, str):
        return Complaint(error)
    if "detail" in whole:
        return _of_validation(whole["detail"])
    is_error = isinstance(error, dict) or whole.get("object") == "error"
    inner = error if isinstance(error, dict) else whole
    codes = tuple(str(inner[name]) for name in ("code", "type") if inner.get(name) is not None)
    return Complaint(
        str(inner.get("message") or inner.get("detail") or "") + _upstream(inner),
        codes,
        str(inner.get("param") or ""),
        _status(inner.get("code"), codes),
        is_error,
    )


def _upstream(inner: dict[str, Any]) -> str:
    # A router's own message is often "Provider returned error"; the reason stands below.
    raw = parts_of(inner.get("metadata")).get("raw")
    return f": {raw}" if isinstance(raw, str) else ""


def _of_validation(detail: Any) -> Complaint:
    if not isinstance(detail, list):
        return Complaint(str(detail))
    entries = [parts_of(entry) for entry in detail]
    messages = [f"{_place(entry)}: {entry.get('msg', '')}" for entry in entries]
    parameter = _place(entries[0]) if entries else ""
    return Complaint("; ".join(messages), parameter=parameter)


def _place(entry: dict[str, Any]) -> str:
    place = entry.get("loc")
    return str(place[-1]) if isinstance(place, list) and place else ""


def _status(code: Any, codes: tuple[str, ...]) -> int | None:
    if isinstance(code, int) and 400 <= code <= 599:
        return code
    return next((_STATUS[name] for name in codes if name in _STATUS), None)
