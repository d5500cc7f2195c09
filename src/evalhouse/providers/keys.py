"""Keys come from the environment, go into headers, and appear nowhere else."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from typing import NoReturn

from evalhouse.errors import UsageError
from evalhouse.redact import MARK, Redactor, load_rules

MARKER = f"{MARK}api-key:0000000000⟧"  # shaped as the redactor's own, with nothing of the key

VARIABLES = {
    "api.anthropic.com": "ANTHROPIC_API_KEY",
    "api.deepseek.com": "DEEPSEEK_API_KEY",
    "api.groq.com": "GROQ_API_KEY",
    "api.mistral.ai": "MISTRAL_API_KEY",
    "api.openai.com": "OPENAI_API_KEY",
    "api.together.xyz": "TOGETHER_API_KEY",
    "generativelanguage.googleapis.com": "GEMINI_API_KEY",
    "ollama.com": "OLLAMA_API_KEY",
    "openrouter.ai": "OPENROUTER_API_KEY",
}
"""Where each service's own variable may be sent: a key never goes to another host by default."""

_SHORTEST_SECRET = 8  # characters; less is a placeholder, and replacing it would harm answers
# What people write where a local server wants any key at all.
_PLACEHOLDERS = frozenset({"LM-STUDIO", "NO-KEY-NEEDED", "NOT-NEEDED", "SK-NO-KEY-REQUIRED"})
# Headers that hold no secret, whose values may well occur in answers.
_PUBLIC = frozenset({"anthropic-beta", "http-referer", "referer", "user-agent", "x-title"})
_CONTROL = re.compile(r"[^\x21-\x7e]")


class MissingKeyError(UsageError):
    """An environment variable that should hold a key does not."""

    def __init__(self, variable: str, purpose: str) -> None:
        super().__init__(
            f"the environment has no `{variable}`, which should hold {purpose}; set it, or name "
            "another variable with `key_variable`"
        )


class Secrets:
    """Headers with secret values, and the means to take those values out of everything else."""

    __slots__ = ("_headers", "_patterns", "_quick", "_texts", "variable")

    def __init__(self, headers: Mapping[str, str], variable: str | None = None) -> None:
        self._headers = dict(headers)
        self.variable = variable
        values = {
            value.removeprefix("Bearer ")
            for name, value in headers.items()
            if name.lower() not in _PUBLIC
        }
        self._texts = sorted(filter(_is_secret, values), key=len, reverse=True)
        self._quick = [text.encode() for text in self._texts]
        self._patterns = [_escaped(text) for text in self._texts]

    def __repr__(self) -> str:
        """Name the headers, not what they hold."""
        return f"Secrets({', '.join(sorted(self._headers))})"

    def __reduce__(self) -> NoReturn:
        """Refuse to be written anywhere."""
        raise TypeError("secrets stay in the process that read them")

    def headers(self) -> dict[str, str]:
        """Return the headers as they are sent."""
        return dict(self._headers)

    def scrub(self, data: bytes) -> bytes:
        """Replace secrets in a body, also where JSON escapes some of their characters."""
        if not self._quick:
            return data
        for value in self._quick:
            if value in data:
                data = data.replace(value, MARKER.encode())
        # Few bodies have such escapes, and looking for each letter in each spelling takes long.
        if b"\\u00" in data or b"\\/" in data:
            for pattern in self._patterns:
                data = pattern.sub(MARKER.encode(), data)
        return data

    def scrub_text(self, text: str) -> str:
        """Replace secrets in a text."""
        for value in self._texts:
            if value in text:
                text = text.replace(value, MARKER)
        return text

    def excerpt(self, text: str | bytes, longest: int = 200) -> str:
        """Return the beginning of a server's words in one line that is safe to show."""
        if isinstance(text, bytes):
            text = text[: longest * 20].decode("utf-8", "replace")
        line = " ".join("".join(_shown(letter) for letter in text[: longest * 20]).split())
        line = _without_shapes(self.scrub_text(line)).replace("`", "'")
        return line if len(line) <= longest else line[:longest].rstrip() + " ..."


def read_headers(
    variables: Mapping[str, str], key_header: tuple[str, str], key_variable: str | None
) -> Secrets:
    """Read the key and the extra headers from the environment.

    `variables` maps a header to the variable with its value; `key_header` is the name of the
    header for the key and what stands before the key in it.
    """
    # All are read before anything is sent, so that a missing one is known at once.
    found = {
        header: _value(variable, f"the header `{header}`") for header, variable in variables.items()
    }
    if key_variable:
        name, prefix = key_header
        found[name] = prefix + _value(key_variable, "the key")
    return Secrets(found, key_variable)


def variable_for(provider: str, host: str, named: str | None) -> str | None:
    """Say which environment variable has the key for a host; None where none is needed.

    The one that was named; else `EVALHOUSE_<PROVIDER>_API_KEY` if it is set; else the service's
    own, for its own host only.
    """
    if named:
        return named
    ours = f"EVALHOUSE_{provider.upper()}_API_KEY"
    return ours if os.environ.get(ours) else VARIABLES.get(host)


def _value(variable: str, purpose: str) -> str:
    value = os.environ.get(variable, "").strip()
    if not value:
        raise MissingKeyError(variable, purpose)
    if _CONTROL.search(value.removeprefix("Bearer ")) and purpose == "the key":
        raise UsageError(f"`{variable}` holds spaces or other characters that no key has")
    if not value.isprintable() or not value.isascii():
        raise UsageError(f"`{variable}` holds characters that no header can carry")
    return value


def _is_secret(value: str) -> bool:
    if len(value) < _SHORTEST_SECRET or value.upper() in _PLACEHOLDERS:
        return False
    return not load_rules().is_harmless(value)


def _escaped(text: str) -> re.Pattern[bytes]:
    letters = (
        f"(?:{re.escape(letter)}|{re.escape(json.dumps(letter)[1:-1])}|\\\\{re.escape(letter)}"
        f"|\\\\u00(?i:{ord(letter):02x}))"
        for letter in text
    )
    return re.compile("".join(letters).encode())


def _shown(letter: str) -> str:
    return letter if letter.isprintable() else " "


@cache
def _redactor() -> Redactor:
    return Redactor(b"")


def _without_shapes(text: str) -> str:
    # Only the places are taken from the redactor: its markers would need the key of a house.
    data = text.encode("utf-8", "replace")
    for secret in reversed(_redactor().secrets(data)):
        data = data[: secret.start] + MARKER.encode() + data[secret.end :]
    return data.decode("utf-8", "replace")
