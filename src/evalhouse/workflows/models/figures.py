"""Figures as people write them: 8B parameters, a context of 128K."""

from __future__ import annotations

import re

from evalhouse.errors import UsageError
from evalhouse.lookups.model_sizes import BOUNDS, bound

_NUMBER = re.compile(r"(?P<number>\d+(?:\.\d+)?(?:e\d+)?)\s*(?P<unit>[kmbt]?)", re.IGNORECASE)
_COUNT = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
_SHOWN = 60  # characters of a text in a message
_TOKENS = {"": 1.0, "k": 1024.0, "m": 1024.0**2}


def parameters(text: str) -> int:
    """Return a number of parameters; UsageError where the text is none.

    Example:
        >>> parameters("8B"), parameters("46.7b"), parameters("8_030_261_248"), parameters("8.03e9")
        (8000000000, 46700000000, 8030261248, 8030000000)
    """
    expected = "a number of parameters, as 8030261248, 8.03e9 or 8B"
    return _figure(text, "parameter_count", _COUNT, expected)


def tokens(text: str) -> int:
    """Return a number of tokens, of which `K` are 1024; UsageError where the text is none.

    Example:
        >>> tokens("128K"), tokens("4096")
        (131072, 4096)
    """
    return _figure(text, "context_length", _TOKENS, "a number of tokens, as 131072 or 128K")


def _figure(text: str, name: str, units: dict[str, float], expected: str) -> int:
    found = _NUMBER.fullmatch(text.strip().replace("_", "").replace(",", ""))
    factor = units.get(found["unit"].lower()) if found else None
    value = float(found["number"]) * factor if found and factor else 0.0
    # A float of more than 10^16 is not exact, and may be infinite.
    is_exact = found and factor == 1.0 and found["number"].isdigit() and value < BOUNDS[name]
    whole = int(found["number"]) if found and is_exact else value
    if not 0 < round(min(whole, BOUNDS[name])) < BOUNDS[name]:
        raise UsageError(f"found `{text[:_SHOWN]}`; expected {expected}, below {bound(name)}")
    return round(whole)
