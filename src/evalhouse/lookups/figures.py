"""Figures of models as people and files write them: 8B parameters, a context of 128K."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

_NUMBER = re.compile(r"(?P<number>\d+(?:\.\d+)?(?:e\d{1,6})?)\s*(?P<unit>[kmbt]?)", re.IGNORECASE)
_PARAMETERS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_TOKENS = {"": 1, "k": 1 << 10, "m": 1 << 20}
_MOST_DIGITS = 20

ENDLESS = 10**400
"""Stands for every number beyond what a model can have."""


def parameters(text: str) -> int | None:
    """Return a number of parameters; None where the text is none.

    Example:
        >>> parameters("8B"), parameters("46.7b"), parameters("8_030_261_248"), parameters("8.03e9")
        (8000000000, 46700000000, 8030261248, 8030000000)
        >>> parameters("unknown") is None, parameters("1e400") == ENDLESS
        (True, True)
    """
    return _figure(text, _PARAMETERS)


def tokens(text: str) -> int | None:
    """Return a number of tokens; `K` is 1024, as makers of models mean it.

    Example:
        >>> tokens("128K"), tokens("4096"), tokens("128B")
        (131072, 4096, None)
    """
    return _figure(text, _TOKENS)


def _figure(text: str, units: Mapping[str, int]) -> int | None:
    found = _NUMBER.fullmatch(text.strip().replace("_", "").replace(",", ""))
    factor = units.get(found["unit"].lower()) if found else None
    if found is None or factor is None:
        return None
    number = Decimal(found["number"])
    return ENDLESS if number.adjusted() > _MOST_DIGITS else round(number * factor)
