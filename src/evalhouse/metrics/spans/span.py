"""Spans of gold and model, unit by unit, as flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from types import NoneType
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import ABSENT, Absent, is_missing
from evalhouse.metrics.spans.intervals import Integers, Intervals

AbsentSpans = Literal["wrong", "exclude"]
ABSENT_SPANS: tuple[AbsentSpans, ...] = ("wrong", "exclude")

_LONGEST = 2**31  # no text is longer, and numbers that a model made up are


class Span(NamedTuple):
    """A stretch of a text: characters `start` to `end`, `end` exclusive, and what it is."""

    start: int
    end: int
    label: str | None = None


SpanList = Sequence[Span] | Absent | None
"""The spans of one unit; an empty list says that there is none, and `None` is missing."""


@dataclass(frozen=True)
class Marked:
    """The spans (s,) of one side: the unit of each, its offsets and label, and whether it is void.

    `labels` index the names of `SpanPairs`; one behind the last is a label that is none of them.
    Offsets are clipped to the text, except of spans that are void: that mark no character of it.
    """

    units: Integers
    starts: Integers
    ends: Integers
    labels: Integers
    is_void: NDArray[np.bool_]

    def intervals(self, keys: Integers) -> Intervals:
        """Return all spans as intervals in groups."""
        return Intervals(keys, self.starts, self.ends)


@dataclass(frozen=True)
class SpanPairs:
    """The units with gold spans, or with the knowledge that there are none, and the model's.

    `place` (n,) are their positions among the m units that were given. `gold` holds no void
    spans; `n_void_gold` counts those that were left out. `n_gold` counts the units with a gold
    list, and `absent` those of them without one of the model, by kind.
    """

    names: tuple[str | None, ...]
    place: Integers
    given: int
    gold: Marked
    model: Marked
    is_answered: NDArray[np.bool_]
    n_gold: int
    absent: dict[Absent, int]
    texts: tuple[str, ...] | None
    n_void_gold: int

    @property
    def n(self) -> int:
        """Units that enter."""
        return len(self.place)

    @property
    def n_void_model(self) -> int:
        """Spans of the model that mark no character of their text."""
        return int(np.count_nonzero(self.model.is_void))


def pair_spans(
    gold: Sequence[SpanList],
    model: Sequence[SpanList],
    texts: Sequence[str] | None = None,
    *,
    labels: Sequence[str] | None = None,
    absent: AbsentSpans = "wrong",
) -> SpanPairs:
    """Put the spans of two sides beside one another.

    See `span_metrics` for the arguments.

    Raises:
        UsageError: for sides of different lengths, offsets that are no whole numbers, and gold
            labels outside `labels`.
        UnknownNameError: for another rule for absent answers.
    """
    gold, model = list(gold), list(model)
    texts = None if texts is None else _checked_texts(texts)
    _check_lengths(gold, model, texts)
    if absent not in ABSENT_SPANS:
        raise UnknownNameError("rule for absent spans", absent, ABSENT_SPANS)
    kinds = np.array([_kinds(side) for side in (gold, model)], np.int64).T
    has_gold = kinds[:, 0] >= 0
    enters = has_gold & ((kinds[:, 1] >= 0) | (absent == "wrong"))
    place = np.flatnonzero(enters)
    sides = [_lists(side, kinds[:, row], place) for row, side in enumerate((gold, model))]
    names = _names(sides, labels)
    chosen = None if texts is None else tuple(texts[unit] for unit in place.tolist())
    lengths = None if chosen is None else np.fromiter(map(len, chosen), np.int64, len(chosen))
    first, second = (_marked(side, names, lengths) for side in sides)
    _check_gold(first, sides[0], names)
    kept = ~first.is_void
    return SpanPairs(
        names=names,
        place=place,
        given=len(gold),
        gold=_where(first, kept),
        model=second,
        is_answered=kinds[place, 1] >= 0,
        n_gold=int(np.count_nonzero(has_gold)),
        absent={kind: int(np.count_nonzero(kinds[has_gold, 1] == kind)) for kind in ABSENT},
        texts=chosen,
        n_void_gold=int(np.count_nonzero(~kept)),
    )


def _check_lengths(
    gold: Sequence[SpanList], model: Sequence[SpanList], texts: Sequence[str] | None
) -> None:
    if len(gold) != len(model):
        raise UsageError(
            f"gold has {len(gold)} lists of spans and the model {len(model)}; align them by item "
            "first"
        )
    if texts is not None and len(texts) != len(gold):
        raise UsageError(
            f"there are {len(gold)} lists of spans and {len(texts)} texts; give one text a unit"
        )


def _kinds(side: Sequence[SpanList]) -> list[int]:
    """Say why there is no list, or that there is one (0)."""
    kinds = {None: int(Absent.MISSING)} | {kind: int(kind) for kind in ABSENT}
    return [0 if isinstance(spans, list) else _kind(spans, kinds) for spans in side]


def _kind(spans: object, kinds: dict[Absent | None, int]) -> int:
    if isinstance(spans, Absent):
        return kinds[spans]
    if is_missing(spans):
        return kinds[None]
    if isinstance(spans, Span | str) or not isinstance(spans, Sequence):
        raise UsageError(
            f"each unit has a list of spans; found `{type(spans).__name__}`; put it into a list"
        )
    return 0


def _lists(side: Sequence[SpanList], kinds: Integers, place: Integers) -> list[Sequence[Span]]:
    empty: Sequence[Span] = ()
    return [empty if kinds[unit] else side[unit] for unit in place.tolist()]


def _names(
    sides: Sequence[Sequence[Sequence[Span]]], labels: Sequence[str] | None
) -> tuple[str | None, ...]:
    if labels is not None:
        if isinstance(labels, str) or len(set(labels)) != len(labels):
            raise UsageError(f"the labels of spans are a list that names each once; found {labels}")
        return tuple(labels) or (None,)
    used = {span[2] for side in sides for span in _flat(side)}
    return tuple(sorted(used, key=lambda label: (label is not None, label or "")))


def _checked_texts(texts: Sequence[str]) -> list[str]:
    held = [texts] if isinstance(texts, str) else list(texts)
    if isinstance(texts, str) or not all(isinstance(text, str) for text in held):
        other = next((text for text in held if not isinstance(text, str)), texts)
        raise UsageError(
            f"texts are a list of strings; found `{type(other).__name__}`; give one text a unit"
        )
    return held


def _flat(side: Sequence[Sequence[Span]]) -> list[Span]:
    flat = list(chain.from_iterable(side))
    for kind in set(map(type, flat)) - {Span}:
        found = next(span for span in flat if type(span) is kind)
        if not isinstance(found, tuple) or len(found) != len(Span._fields):
            raise UsageError(
                f"a span is a `Span`, or its start, end and label in a tuple; found `{found!r}`"
            )
    for kind in {type(span[2]) for span in flat} - {str, NoneType}:
        if not issubclass(kind, str):
            raise UsageError(f"labels of spans are text, or `None`; found `{kind.__name__}`")
    return flat


def _marked(
    side: Sequence[Sequence[Span]], names: tuple[str | None, ...], lengths: Integers | None
) -> Marked:
    flat = _flat(side)
    counts = np.fromiter(map(len, side), np.int64, len(side))
    units = np.repeat(np.arange(len(side)), counts)
    starts, ends = _offsets([span[0] for span in flat]), _offsets([span[1] for span in flat])
    place = {name: position for position, name in enumerate(names)}
    if names == (None,):
        labels = np.zeros(len(flat), np.int64)
    else:
        labels = np.array([place.get(span[2], len(names)) for span in flat], np.int64)
    low = np.maximum(starts, 0)
    high = ends if lengths is None else np.minimum(ends, lengths[units])
    void = high <= low
    return Marked(units, np.where(void, starts, low), np.where(void, ends, high), labels, void)


def _offsets(values: list[int]) -> Integers:
    array = np.array(values) if values else np.empty(0, np.int64)
    if array.dtype.kind == "O" and all(isinstance(value, int) for value in values):
        array = np.array([max(min(value, _LONGEST), -_LONGEST) for value in values])
    if array.dtype.kind not in "iu":
        raise UsageError(
            f"offsets of spans are whole numbers of characters; found `{array.dtype}`; convert them"
        )
    return np.asarray(np.clip(array, -_LONGEST, _LONGEST), np.int64)


def _check_gold(
    side: Marked, spans: Sequence[Sequence[Span]], names: tuple[str | None, ...]
) -> None:
    outside = np.flatnonzero(side.labels == len(names))
    if len(outside):
        found = list(chain.from_iterable(spans))[outside[0]]
        raise UsageError(
            f"a gold span has the label `{found[2]}`, which is not one of the {len(names)} labels; "
            "correct it or add it"
        )


def _where(side: Marked, chosen: NDArray[np.bool_]) -> Marked:
    return Marked(
        side.units[chosen],
        side.starts[chosen],
        side.ends[chosen],
        side.labels[chosen],
        side.is_void[chosen],
    )
