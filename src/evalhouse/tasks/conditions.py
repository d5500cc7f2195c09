"""When a field is asked: conditions on the answers to other fields."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any


class Applies(enum.Enum):
    """Whether a field is asked of a row."""

    YES = "applies"
    NO = "not applicable"
    UNKNOWN = "unknown"
    """The field it depends on is asked, and has no valid answer (yet)."""


@dataclass(frozen=True)
class Is:
    """Holds where the answer to the field of column `parent` is one of `values`.

    Values are normal answers, as `evalhouse.tasks.answers` gives them. With `is_negated` it holds
    where the answer is none of them; it takes an answer either way.
    """

    parent: str
    values: tuple[str, ...]
    is_negated: bool = False

    def __str__(self) -> str:
        """Return the condition as people write it."""
        word = "is not" if self.is_negated else "is"
        return f"{self.parent} {word} {' or '.join(self.values)}"


@dataclass(frozen=True)
class AllOf:
    """Holds where every part does."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        """Return the condition as people write it."""
        return " and ".join(_inner(part) for part in self.parts)


@dataclass(frozen=True)
class AnyOf:
    """Holds where a part does."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        """Return the condition as people write it."""
        return " or ".join(_inner(part) for part in self.parts)


Condition = Is | AllOf | AnyOf


def leaves(condition: Condition | None) -> Iterator[Is]:
    """Yield the comparisons that a condition is made of."""
    if isinstance(condition, Is):
        yield condition
    elif condition:
        for part in condition.parts:
            yield from leaves(part)


def state(condition: Condition, of_leaf: Callable[[Is], Applies]) -> Applies:
    """Return whether a condition holds, by three-valued logic (Kleene).

    A conjunction with a part that does not hold does not hold, whatever else is unknown; a
    disjunction with a part that holds does.
    """
    if isinstance(condition, Is):
        return of_leaf(condition)
    states = {state(part, of_leaf) for part in condition.parts}
    decisive = Applies.NO if isinstance(condition, AllOf) else Applies.YES
    if decisive in states:
        return decisive
    if Applies.UNKNOWN in states:
        return Applies.UNKNOWN
    return Applies.YES if isinstance(condition, AllOf) else Applies.NO


def as_data(condition: Condition | None) -> Any:
    """Return a condition as plain data."""
    if condition is None:
        return None
    if isinstance(condition, Is):
        word = "not" if condition.is_negated else "values"
        return {"field": condition.parent, word: sorted(condition.values)}
    word = "all" if isinstance(condition, AllOf) else "any"
    return {word: [as_data(part) for part in condition.parts]}


def joined(parts: Iterable[Condition], *, is_every: bool) -> Condition | None:
    """Return conditions as one: all of them, or any."""
    held = tuple(parts)
    if len(held) < 2:
        return held[0] if held else None
    return AllOf(held) if is_every else AnyOf(held)


def _inner(part: Condition) -> str:
    return str(part) if isinstance(part, Is) else f"({part})"
