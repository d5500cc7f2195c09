"""Secrets never reach disk.

A secret is known by its shape (an API key, a bearer header) anywhere, or by the name of the
setting that holds it. What is found becomes `⟦redacted:<kind>:<hash>⟧`; the hash is keyed, so
that equal secrets look equal and none can be guessed from it without the house.
"""

from __future__ import annotations

import hmac
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources
from typing import Any
from urllib.parse import unquote_plus

import ahocorasick_rs

MARK = "⟦redacted:"
"""How every marker begins that stands in the place of a secret."""

# Repeats are possessive: values of megabytes take neither the time nor the memory to go back.
_SETTING = re.compile(
    rb'"((?:[^"\\]|\\.){1,80}+)"\s*+:\s*+(?:"((?:[^"\\]++|\\.)*+)"|(-?[0-9][0-9.eE+-]*+))'
)
_ESCAPED_SETTING = re.compile(
    rb'\\"([A-Za-z0-9_.-]{1,80}+)\\"\s*+:\s*+\\"((?:[^"\\]++|\\[^"])*+)\\"'
)
# The letter of a JSON escape (`\n`) is no part of the word that follows it.
_WORD_START = re.compile(rb"(?<![A-Za-z0-9_])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})")
_ARGUMENT = re.compile(
    rb"(?:(?<![A-Za-z0-9_-])(?!(?<=\\)[bfnrtu])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
    rb"(?:--([A-Za-z][\w-]{1,60}+)[= ]|([A-Za-z][\w-]{1,60}+)=)(?:\\\"|')?+([^\s,;&\"\\']++)"
)
_LISTED_ARGUMENT = re.compile(rb'"--([A-Za-z][\w-]{1,60}+)"\s*+,\s*+"(?!--)((?:[^"\\]++|\\.)*+)"')
# `ollama://name:tag@digest` and `hf://name@revision` have no user before their `@`.
_LOGIN = re.compile(rb"(?:^|(?<!\bhf)(?<!\bollama):)//([^/?#\s]+)@", re.IGNORECASE)
_PARAMETER = re.compile(rb"[?&;#]([^=&;#?/\s]{1,80}+)=")
_PARAMETER_VALUE = re.compile(rb"[^&#\s]*+")
_COLON = re.compile(rb"\s*+:")
_LONGEST_NAME = 90  # bytes, with its quotes
_SHORT = 4  # letters; all of a shorter word is needed to tell it from others
_NAMES = 4096  # of settings that are remembered, since few recur often
_MARKER = re.compile(MARK + "[a-z-]+:[0-9a-f]{10}⟧")
_SEPARATORS = str.maketrans("-. ", "___")
_CAMEL_WORDS = re.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")  # in camelCase


@dataclass(frozen=True)
class Shape:
    """A kind of secret that is known by how it looks."""

    kind: str
    literals: tuple[bytes, ...]
    pattern: re.Pattern[bytes]


@dataclass(frozen=True)
class Rules:
    """What counts as a secret; `data/redaction.toml` holds them."""

    shapes: tuple[Shape, ...]
    exact_keys: frozenset[str]
    suffix_keys: tuple[str, ...]
    placeholders: frozenset[str]
    address_keys: tuple[str, ...] = ()

    def is_secret_key(self, name: str) -> bool:
        """Tell whether a setting of this name holds a secret."""
        plain = _plain(name)
        if plain in self.exact_keys:
            return True
        return any(plain.endswith("_" + suffix) for suffix in self.suffix_keys)

    def is_secret_parameter(self, name: str) -> bool:
        """Tell whether a parameter of this name in an address holds a secret."""
        plain = _plain(name)
        return self.is_secret_key(name) or any(
            plain == key.removeprefix("*") or (key[0] == "*" and plain.endswith("_" + key[1:]))
            for key in self.address_keys
        )

    def is_harmless(self, value: str) -> bool:
        """Tell whether a secret setting has a value that is none: a placeholder or our marker."""
        return value.upper() in self.placeholders or _MARKER.fullmatch(value) is not None


def _plain(name: str) -> str:
    return _CAMEL_WORDS.sub("_", name).lower().translate(_SEPARATORS)


@cache
def load_rules() -> Rules:
    """Read and check the rules that ship with the package."""
    text = resources.files("evalhouse").joinpath("data/redaction.toml").read_text("utf-8")
    content = tomllib.loads(text)
    shapes = tuple(
        Shape(
            entry["kind"],
            tuple(literal.encode() for literal in entry["literals"]),
            re.compile(entry["pattern"].encode()),
        )
        for entry in content["shapes"]
    )
    suffixes = tuple(key[1:] for key in content["keys"] if key.startswith("*"))
    exact = frozenset(key.removeprefix("*") for key in content["keys"])
    placeholders = frozenset(content["placeholders"])
    return Rules(shapes, exact, suffixes, placeholders, tuple(content["address_keys"]))


@dataclass(frozen=True)
class Secret:
    """Where a secret stands in some bytes, and of what kind it is."""

    start: int
    end: int
    kind: str
    is_number: bool = False  # a JSON number, whose place takes text in quotes


class Redactor:
    """Finds and replaces secrets; `key` is the house's key for the hashes."""

    def __init__(self, key: bytes, rules: Rules | None = None) -> None:
        self._key = key
        self._rules = rules or load_rules()
        self._is_secret_name = lru_cache(_NAMES)(self._judge_name)
        literals = [(text, shape) for shape in self._rules.shapes for text in shape.literals]
        self._owners = [shape for _, shape in literals]
        names = {*self._rules.exact_keys, *self._rules.suffix_keys}
        texts = [text for text, _ in literals]
        # Few anchors are found several times as fast as many; the name is looked at afterwards.
        self._anchors = ahocorasick_rs.BytesAhoCorasick(
            texts + sorted({ending for name in names for ending in _endings(name)}),
            implementation=ahocorasick_rs.Implementation.DFA,
        )
        self._shape_count = len(texts)

    def hits(self, data: bytes) -> list[int]:
        """Return offsets in `data` where a secret may stand, in order; most data has none.

        A hit of a shape is confirmed; a hit of a key name says that `request` must look.
        Without a hit `text` and `request` change nothing; `settings` looks for more.
        """
        found = []
        for index, start, end in self._anchors.find_matches_as_indexes(data):
            if index < self._shape_count:
                confirmed = self._confirm(data, index, start) is not None
            else:
                confirmed = self._names_secret(data, end)
            if confirmed:
                found.append(start)
        return found

    def _names_secret(self, data: bytes, end: int) -> bool:
        """Tell whether the text in quotes that ends here is the name of a secret setting."""
        opening = data.rfind(b'"', max(0, end - _LONGEST_NAME), end - 1)
        if not _COLON.match(data, end):
            return False
        return opening < 0 or self._is_secret_name(data[opening + 1 : end - 1])

    def _confirm(self, data: bytes, index: int, start: int) -> Secret | None:
        shape = self._owners[index]
        match = shape.pattern.match(data, start)
        if match is None or not (shape.kind == "url-password" or _WORD_START.match(data, start)):
            return None
        return Secret(start, match.end(), shape.kind)

    def secrets(self, data: bytes) -> list[Secret]:
        """Find every secret known by its shape."""
        found: list[Secret] = []
        for index, start, _ in self._anchors.find_matches_as_indexes(data):
            if index < self._shape_count and (not found or start >= found[-1].end):
                secret = self._confirm(data, index, start)
                if secret:
                    found.append(secret)
        return found

    def text(self, data: bytes) -> tuple[bytes, int]:
        """Replace what looks like a secret; also say how many were replaced."""
        return self._replace(data, self.secrets(data))

    def request(self, data: bytes) -> tuple[bytes, int]:
        """Replace secrets in a request: by shape anywhere, by key among its own settings.

        What its texts quote (code, chats) is evidence and is judged by shape alone.
        """
        found = [*self._by_key(data, _SETTING), *self.secrets(data)]
        return self._replace(data, _without_overlaps(found))

    def settings(self, data: bytes) -> tuple[bytes, int]:
        """Replace secrets in JSON text of settings, by key and by shape; all else stays."""
        found = [
            *self._by_key(data, _SETTING),
            *self._by_key(data, _ESCAPED_SETTING),
            *self._by_key(data, _ARGUMENT),
            *self._by_key(data, _LISTED_ARGUMENT),
            *self.secrets(data),
        ]
        return self._replace(data, _without_overlaps(found))

    def address(self, text: str) -> str:
        """Return an address, or text with addresses, without secrets; all else stays.

        Besides secrets known by their shape it loses what logs in (`user:password@`) and the
        values of parameters whose names are secret. The same again changes nothing.
        """
        data = text.encode("utf-8", "backslashreplace")
        shapes = [each for each in self.secrets(data) if each.kind != "url-password"]
        found = [*_logins(data), *self._parameters(data), *shapes]
        return self._replace(data, _without_overlaps(found))[0].decode("utf-8", "replace")

    def addresses_in(self, value: Any) -> Any:
        """Return a value of JSON whose texts have no secrets, as `address` finds them."""
        if isinstance(value, str):
            return self.address(value)
        if isinstance(value, Mapping):
            return {key: self.addresses_in(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.addresses_in(each) for each in value]
        return value

    def _parameters(self, data: bytes) -> Iterator[Secret]:
        end = 0
        for match in _PARAMETER.finditer(data):
            name = unquote_plus(match[1].decode("utf-8", "replace"))
            if match.end() < end or not self._rules.is_secret_parameter(name):
                continue
            value = _PARAMETER_VALUE.match(data, match.end())
            if value and not self._rules.is_harmless(value[0].decode("utf-8", "replace")):
                end = value.end()
                yield Secret(*value.span(), "setting")

    def _judge_name(self, name: bytes) -> bool:
        return self._rules.is_secret_key(name.decode("utf-8", "replace"))

    def _by_key(self, data: bytes, pattern: re.Pattern[bytes]) -> list[Secret]:
        found = []
        for match in pattern.finditer(data):
            if self._is_secret_name(match[1] or match[2]):
                group = match.lastindex or 0  # of the value
                if not self._rules.is_harmless(match[group].decode("utf-8", "replace")):
                    is_number = pattern is _SETTING and group == _SETTING.groups
                    found.append(Secret(*match.span(group), "setting", is_number))
        return found

    def _replace(self, data: bytes, found: list[Secret]) -> tuple[bytes, int]:
        if not found:
            return data, 0
        parts, position = [], 0
        for secret in found:
            marker = self.marker(secret.kind, data[secret.start : secret.end])
            parts += [
                data[position : secret.start],
                b'"%b"' % marker if secret.is_number else marker,
            ]
            position = secret.end
        parts.append(data[position:])
        return b"".join(parts), len(found)

    def marker(self, kind: str, value: bytes) -> bytes:
        """Return what stands in the place of a secret."""
        digest = hmac.digest(self._key, value, "sha256").hex()[:10]
        return f"{MARK}{kind}:{digest}⟧".encode()


def holds_login(text: str) -> bool:
    """Tell whether a text holds an address with a user or password, replaced or not."""
    return _LOGIN.search(text.encode("utf-8", "backslashreplace")) is not None


def markers_in(text: str) -> list[str]:
    """Return the markers that stand in a text in the place of secrets, once each."""
    return list(dict.fromkeys(_MARKER.findall(text)))


def _logins(data: bytes) -> Iterator[Secret]:
    for match in _LOGIN.finditer(data):
        if not _MARKER.fullmatch(match[1].decode("utf-8", "replace")):
            yield Secret(*match.span(1), "url-login")


def _endings(name: str) -> list[bytes]:
    """Return how names that `Rules.is_secret_key` takes for this one end, with their quote."""
    word = name.rsplit("_", 1)[-1]
    cases = {word, word.capitalize(), word.upper()} if len(word) < _SHORT else {word[1:]}
    return [text.encode() + b'"' for text in {*cases, *(case.upper() for case in cases)}]


def _without_overlaps(found: list[Secret]) -> list[Secret]:
    kept: list[Secret] = []
    for secret in sorted(found, key=lambda item: (item.start, -item.end)):
        if not kept or secret.start >= kept[-1].end:
            kept.append(secret)
        elif secret.end > kept[-1].end:
            kept[-1] = replace(kept[-1], end=secret.end)
    return kept
