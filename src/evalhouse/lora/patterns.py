"""Ranks and alphas by patterns of names, as PEFT reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Generic, TypeVar

Value = TypeVar("Value", int, float)
_PLAIN = re.compile(r"[\w.-]+")


class Patterns(Generic[Value]):
    r"""Values by regular expressions: the first that matches the end of a name counts.

    A pattern stands for a whole name, or for its end after a dot: `(.*\.)?(PATTERN)$`. Where none
    matches, a key that is the name itself counts.
    """

    def __init__(self, values: Mapping[str, Value]) -> None:
        """Take values by patterns; re.error where one is none."""
        self.values: dict[str, Value] = dict(values)
        self._compiled: list[tuple[re.Pattern[str], str, Value]] = [
            (re.compile(rf"(.*\.)?({pattern})$"), _last_word(pattern), value)
            for pattern, value in self.values.items()
        ]

    def of(self, name: str) -> Value | None:
        """Return the value of a name; None where no pattern stands for it."""
        for pattern, end, value in self._compiled:
            if name.endswith(end) and pattern.match(name):
                return value
        return self.values.get(name)


def _last_word(pattern: str) -> str:
    """Return what every name ends with that a pattern matches; most patterns need no more."""
    return pattern.rpartition(".")[2] if _PLAIN.fullmatch(pattern) else ""
