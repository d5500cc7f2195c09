"""Figures as people write them: 8B parameters, a context of 128K."""

from __future__ import annotations

import re

from evalhouse.errors import UsageError

_NUMBER = re.compile(r"(?P<number>\d+(?:\.\d+)?(?:e\d+)?)\s*(?P<unit>[kmbt]?)", re.IGNORECASE)
_COUNT = {"": 1.0, "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}
_TOKENS = {"": 1.0, "k": 1024.0, "m": 1024.0**2}
_LARGEST = 2**63 - 1


def parameters(text: str) -> int:
    """Return a number of parameters; UsageError where the text is none.

    Example:
        >>> parameters("8B"), parameters("46.7b"), parameters("8_030_261_248"), parameters("8.03e9")
        (8000000000, 46700000000, 8030261248, 8030000000)
    """
    return _figure(text, _COUNT, "a number of parameters, as 8030261248, 8.03e9 or 8B")


def tokens(text: str) -> int:
    """Return a number of tokens, of which `K` are 1024; UsageError where the text is none.

    Example:
        >>> tokens("128K"), tokens("4096")
        (131072, 4096)
    """
    return _figure(text, _TOKENS, "a number of tokens, as 131072 or 128K")


def _figure(text: str, units: dict[str, float], expected: str) -> int:
    found = _NUMBER.fullmatch(text.strip().replace("_", "").replace(",", ""))
    factor = units.get(found["unit"].lower()) if found else None
    value = float(found["number"]) * factor if found and factor else 0.0
    exact = found and factor == 1.0 and found["number"].isdigit()
    whole = int(found["number"]) if found and exact else round(value)
    if not found or not 0 < whole <= _LARGEST:
        raise UsageError(f"found `{text}`; expected {expected}")
    return whole
