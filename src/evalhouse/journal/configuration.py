"""What recorded work depends on, so that a journal goes on only with more of the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evalhouse import ids
from evalhouse.redact import MARK, Redactor

_MARK_OF_ONE = re.compile(f"({MARK}[a-z-]+):[0-9a-f]{{10}}⟧")
_LONGEST = 60  # characters of a value that a message shows


@dataclass(frozen=True)
class Configuration:
    """A configuration as canonical JSON without secrets, and its hash."""

    json: bytes
    sha256: str


def canonical(configuration: Mapping[str, Any], redactor: Redactor) -> Configuration:
    """Return a configuration in the form in which it is kept and compared.

    Two that differ in a secret alone are one: a new key for a server asks no question anew.
    """
    # The replacement of a lone surrogate is JSON's own escape.
    text = ids.canonical_json(configuration).encode("utf-8", "backslashreplace")
    cleaned, _ = redactor.settings(text)
    return Configuration(cleaned, ids.sha256_hex(_without_hashes(cleaned)))


def differences(there: Any, here: Any) -> list[str]:
    """Say in which settings two configurations differ."""
    ours = json.loads(_without_hashes(ids.canonical_json(here).encode("utf-8", "backslashreplace")))
    kept = json.loads(
        _without_hashes(ids.canonical_json(there).encode("utf-8", "backslashreplace"))
    )
    return list(_differences(kept, ours, ""))


def _differences(there: Any, here: Any, place: str) -> Iterator[str]:
    if isinstance(there, dict) and isinstance(here, dict):
        for name in sorted({*there, *here}):
            inner = f"{place}.{name}" if place else name
            if name not in here:
                yield f"`{inner}` is {_shown(there[name])} there and missing here"
            elif name not in there:
                yield f"`{inner}` is missing there and {_shown(here[name])} here"
            else:
                yield from _differences(there[name], here[name], inner)
    # Texts of JSON tell 1 from true and from 1.0, which Python takes for one.
    elif ids.canonical_json(there) != ids.canonical_json(here):
        yield f"`{place}` is {_shown(there)} there and {_shown(here)} here"


def _shown(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _without_hashes(text: bytes) -> bytes:
    return _MARK_OF_ONE.sub(r"\1⟧", text.decode()).encode()
