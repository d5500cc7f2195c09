"""Places where models are had, and how their names are made, by the file of providers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Literal, get_args

from evalhouse.errors import HouseError
from evalhouse.lookups.files import read_file

FILE = "model_providers"
Kind = Literal["api", "ollama", "hub", "engine", "local"]
_KEYS = {"name", "kind", "spellings", "creator", "names", "creators"}


@dataclass(frozen=True)
class Provider:
    """A place where models are had.

    Attributes:
        name: as the catalog calls it.
        kind: how names of models are made there.
        spellings: what else stands for it before a name, in lower case.
        creator: who made every model there, where that is one.
        names: patterns of the names that it serves, where its word is also an owner on the hub.
        creators: whether names there begin with who made the model.
    """

    name: str
    kind: Kind
    spellings: tuple[str, ...] = ()
    creator: str | None = None
    names: tuple[str, ...] = ()
    creators: bool = False

    def serves(self, name: str) -> bool:
        """Tell whether a name can be one of its own."""
        lower = name.lower()
        return not self.names or any(fnmatchcase(lower, pattern) for pattern in self.names)


@cache
def providers() -> dict[str, Provider]:
    """Return every provider by each of its spellings, in lower case.

    Raises:
        HouseError: where the file is incomplete, or gives a spelling to two providers.
    """
    found: dict[str, Provider] = {}
    for provider in map(_provider, read_file(FILE).get("providers", [])):
        for spelling in (provider.name, *provider.spellings):
            if found.setdefault(spelling, provider) is not provider:
                raise _fault(f"has `{spelling}` for two providers")
    return found


@cache
def version_forms() -> tuple[re.Pattern[str], ...]:
    """Return what a name at a service may end with that is its version."""
    try:
        forms = tuple(re.compile(f"{text}$") for text in read_file(FILE).get("versions", []))
    except re.error as failure:
        raise _fault(f"has a form of versions that is no pattern: {failure}") from failure
    if any("version" not in form.groupindex for form in forms):
        raise _fault("has a form of versions without a group `version`")
    return forms


def provider_before(text: str) -> tuple[Provider, str] | None:
    """Return the provider that a name begins with, and the rest; the longest spelling counts."""
    for length in _lengths(text):
        head, rest = text[:length].lower(), text[length + 1 :]
        provider = providers().get(head)
        if provider and rest and provider.serves(rest):
            return provider, rest
    return None


def _lengths(text: str) -> Iterator[int]:
    """Yield where the slashes of a name are, the last first."""
    yield from (place for place in range(len(text) - 1, 0, -1) if text[place] == "/")


def _provider(entry: dict[str, Any]) -> Provider:
    unknown = set(entry) - _KEYS
    if unknown:
        raise _fault(f"has the unknown key `{min(unknown)}`")
    name = entry.get("name")
    kind = next((kind for kind in get_args(Kind) if kind == entry.get("kind")), None)
    if not name or kind is None:
        raise _fault(f"has the provider `{name}` without a name or a known `kind`")
    return Provider(
        name=name,
        kind=kind,
        spellings=tuple(spelling.lower() for spelling in entry.get("spellings", ())),
        creator=entry.get("creator"),
        names=tuple(pattern.lower() for pattern in entry.get("names", ())),
        creators=bool(entry.get("creators")),
    )


def _fault(what: str) -> HouseError:
    return HouseError(f"`data/lookups/{FILE}.toml` {what}")
