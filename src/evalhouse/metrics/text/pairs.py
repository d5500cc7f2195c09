"""Gold texts beside a model's: which units enter, and each distinct pair once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent, is_missing
from evalhouse.metrics.text.normalisation import normaliser
from evalhouse.metrics.value import Value, undefined

Text = str | Absent | None
GoldText = Text | Sequence[str]
Texts = Sequence[Text] | NDArray[Any]
GoldTexts = Sequence[GoldText] | NDArray[Any]

OUTSIDE = -1
NO_GOLD = "no unit has a gold text"


@dataclass(frozen=True)
class Pairs:
    """Units of gold and model, equal ones held once.

    `place` (m,) says where each unit stands among the u distinct ones, or `OUTSIDE` where it has
    no gold text. `references` (u,) are the gold texts of a distinct unit, one or several, and
    `answers` (u,) what the model gave: the empty string too where it gave nothing, which
    `is_answered` (u,) tells apart from an answer that is empty. `absent` counts the former by kind.
    """

    place: NDArray[np.int64]
    references: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]
    is_answered: NDArray[np.bool_]
    absent: dict[Absent, int]

    @property
    def n(self) -> int:
        """Units with a gold text."""
        return int(np.count_nonzero(self.place != OUTSIDE))

    @property
    def share_valid(self) -> Value:
        """The share of units with a gold text that the model gave a text for, empty or not."""
        if not self.n:
            return undefined(0, NO_GOLD)
        kinds = [f"{count} {kind.name.lower()}" for kind, count in self.absent.items() if count]
        note = f"{', '.join(kinds).replace('_', ' ')}: these score 0" if kinds else ""
        return Value(1 - sum(self.absent.values()) / self.n, self.n, note)

    @cached_property
    def sizes(self) -> list[int]:
        """How many references each distinct unit has (u,)."""
        return list(map(len, self.references))

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """Of which distinct unit each reference is (f,); references stand unit after unit."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @cached_property
    def gold(self) -> list[str]:
        """All references (f,)."""
        return [text for texts in self.references for text in texts]

    @cached_property
    def model(self) -> list[str]:
        """The answer beside each reference (f,)."""
        return [self.answers[unit] for unit in self.owner.tolist()]

    def best(self, values: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return for each unit (u,) where its first largest value stands among `values` (f,)."""
        if len(values) == len(self.answers):
            return np.arange(len(values))
        largest = np.full(len(self.answers), -np.inf)
        np.maximum.at(largest, self.owner, values)
        hits = np.flatnonzero(values == largest[self.owner])
        return hits[np.unique(self.owner[hits], return_index=True)[1]]

    def spread(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give every unit (m, ...) the value of its distinct unit (u, ...), or NaN outside."""
        outside = np.full((1, *values.shape[1:]), np.nan)
        # `OUTSIDE` is the last place, where the row of NaN stands.
        return np.concatenate([values, outside])[self.place]

    def normalised(self, name: str) -> Pairs:
        """Return the same units with every text normalised.

        Raises:
            UnknownNameError: for a normalisation that is not known.
        """
        change = normaliser(name)
        if name == "none":
            return self
        known = {text: change(text) for text in {*self.gold, *self.answers}}
        references = tuple(tuple(map(known.__getitem__, texts)) for texts in self.references)
        return replace(
            self, references=references, answers=tuple(map(known.__getitem__, self.answers))
        )


def pair_texts(gold: GoldTexts | Pairs, model: Texts | None = None) -> Pairs:
    """Put the texts of two sides beside one another.

    Args:
        gold: (m,) texts; `None` and NaN are missing, `Absent` is itself, and a list of texts
            holds several that are equally right. Units without a gold text never enter.
        model: (m,) texts of the same units in the same order. The empty string is an answer.

    Raises:
        UsageError: for sides of different lengths, and values that are no texts.
    """
    if isinstance(gold, Pairs):
        return gold
    first, second = _values(gold), _values(() if model is None else model)
    if len(first) != len(second):
        raise UsageError(
            f"gold has {len(first)} texts and the model {len(second)}; align them by item first"
        )
    known: dict[tuple[tuple[str, ...], str | Absent], int] = {}
    place = np.full(len(first), OUTSIDE, np.int64)
    for row, (right, given) in enumerate(zip(_references(first), _answers(second), strict=True)):
        if right is not None:
            place[row] = known.setdefault((right, given), len(known))
    return _paired(place, list(known))


def _paired(place: NDArray[np.int64], units: list[tuple[tuple[str, ...], str | Absent]]) -> Pairs:
    times = np.bincount(place[place != OUTSIDE], minlength=len(units)).tolist()
    absent = dict.fromkeys(Absent, 0)
    for (_, given), count in zip(units, times, strict=True):
        if isinstance(given, Absent):
            absent[given] += count
    answers = tuple("" if isinstance(given, Absent) else given for _, given in units)
    is_answered = np.array([not isinstance(given, Absent) for _, given in units], bool)
    return Pairs(place, tuple(right for right, _ in units), answers, is_answered, absent)


def _references(gold: Sequence[Any]) -> Iterable[tuple[str, ...] | None]:
    for value in gold:
        if isinstance(value, str):
            yield (value,)
        elif isinstance(value, (list, tuple)):
            yield _several(value)
        else:
            _checked(value)
            yield None


def _several(value: Sequence[Any]) -> tuple[str, ...]:
    wrong = [text for text in value if not isinstance(text, str)]
    if wrong or not value:
        found = f"one of type `{type(wrong[0]).__name__}`" if wrong else "none"
        raise UsageError(f"several gold texts of a unit are all strings; found {found}")
    return tuple(value)


def _answers(model: Sequence[Any]) -> Iterable[str | Absent]:
    for value in model:
        yield value if isinstance(value, str) else _checked(value)


def _values(texts: Sequence[Any] | NDArray[Any]) -> Sequence[Any]:
    if isinstance(texts, str | Mapping) or not isinstance(texts, Iterable):
        raise UsageError(
            f"texts are a list of strings; found one `{type(texts).__name__}`; put it in a list"
        )
    if np.ndim(texts) != 1 if hasattr(texts, "ndim") else hasattr(texts, "columns"):
        raise UsageError("texts are one column; found a table; choose one of its columns")
    if hasattr(texts, "to_pylist"):  # of pyarrow
        return list(texts.to_pylist())
    return texts.tolist() if isinstance(texts, np.ndarray) else list(texts)


def _checked(value: object) -> Absent:
    if isinstance(value, Absent):
        return value
    if is_missing(value):
        return Absent.MISSING
    raise UsageError(
        f"texts are strings; found `{type(value).__name__}`; convert it, or mark it as `Absent`"
    )
