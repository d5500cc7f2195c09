"""Spans of a reply: offsets that fit the words, or are found again by them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from evalhouse.tasks.faults import listed, shortened


class UnusableError(ValueError):
    """A value that is no answer, with the reason as its text."""


def read_marks(value: Any, text: str, labels: Sequence[str]) -> tuple[str, bool]:
    """Return the spans of a reply as a cell, and whether offsets were found again by the words.

    A span whose words stand at its offsets is taken as it is. Otherwise the words decide: the
    place where they stand that is nearest to the offsets, and that no other span has. Case and
    space must be as in the text, and words that stand nowhere make the answer unusable.

    Raises:
        UnusableError: for what is no list of spans of this text.

    Example:
        >>> read_marks([{"text": "cat", "start": 0, "end": 3}], "The cat sat.", ())
        ('[{"start": 4, "end": 7, "text": "cat"}]', True)
    """
    if value is None:
        raise UnusableError("there is no answer")
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UnusableError("the answer is no list of spans")
    if not value:
        return "", False
    spans = [_Span(_label(each.get("label"), labels), each) for each in value]
    # Those that are right hold their places before others are looked for.
    taken = {(*place, span.label) for span in spans if (place := span.stated_place(text))}
    is_repaired = False
    for span in spans:
        if not span.stated_place(text):
            taken.add((*span.quoted_place(text, taken), span.label))
            is_repaired = True
    marks = [
        _mark(text, *place)
        for place in sorted(taken, key=lambda place: (*place[:2], place[2] or ""))
    ]
    return (json.dumps(marks, ensure_ascii=False) if marks else ""), is_repaired


_Taken = Collection[tuple[int, int, str | None]]


class _Span:
    """A span as a reply has it."""

    def __init__(self, label: str | None, parts: Mapping[str, Any]) -> None:
        self.label, self._parts = label, parts
        self._start, self._end = _number(parts.get("start")), _number(parts.get("end"))
        self._words = parts.get("text")

    def stated_place(self, text: str) -> tuple[int, int] | None:
        """Return where it says that it lies, if its words stand there."""
        if not 0 <= self._start < self._end <= len(text):
            return None
        found = text[self._start : self._end]
        return (self._start, self._end) if self._words in (None, found) else None

    def quoted_place(self, text: str, taken: _Taken) -> tuple[int, int]:
        """Return where its words stand: near to where it says, and where no other span lies."""
        words = self._words
        if not isinstance(words, str) or not words.strip():
            raise UnusableError(
                f"a span from {self._shown('start')} to {self._shown('end')} neither lies in the "
                f"text, which has {len(text)} characters, nor quotes it"
            )
        places = [(at, at + len(words)) for at in _places(words, text)]
        if not places:
            raise UnusableError(f"the text does not hold the words `{shortened(words, 60)}`")
        free = [place for place in places if (*place, self.label) not in taken] or places
        return min(free, key=lambda place: (abs(place[0] - max(self._start, 0)), place))

    def _shown(self, name: str) -> str:
        return shortened(json.dumps(self._parts.get(name), ensure_ascii=False), 20)


def _mark(text: str, start: int, end: int, label: str | None) -> dict[str, Any]:
    mark: dict[str, Any] = {"start": start, "end": end, "text": text[start:end]}
    return mark if label is None else {**mark, "label": label}


def _places(words: str, text: str) -> Iterator[int]:
    at = text.find(words)
    while at >= 0:
        yield at
        at = text.find(words, at + 1)


def _label(label: Any, labels: Sequence[str]) -> str | None:
    if not labels:
        return None
    if label in labels:
        return str(label)
    near = [
        each for each in labels if isinstance(label, str) and each.lower() == label.strip().lower()
    ]
    if len(near) == 1:
        return near[0]
    shown = label if isinstance(label, str) else json.dumps(label, ensure_ascii=False)
    raise UnusableError(f"the label `{shortened(shown, 40)}` is none of {listed(labels)}")


def _number(value: Any) -> int:
    """Return a whole number, also one written `4.0`, or one that lies in no text."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
