"""Spans of a reply: offsets that fit the words, or are found again by them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
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
    found: list[dict[str, Any]] = []
    taken: set[tuple[int, int, str | None]] = set()
    is_repaired = False
    for each in value:
        label = _label(each.get("label"), labels)
        start, end, is_moved = _place(each, text, label, taken)
        is_repaired |= is_moved
        if (start, end, label) not in taken:
            taken.add((start, end, label))
            mark: dict[str, Any] = {"start": start, "end": end, "text": text[start:end]}
            found.append(mark if label is None else {**mark, "label": label})
    found.sort(key=lambda mark: (mark["start"], mark["end"]))
    return (json.dumps(found, ensure_ascii=False) if found else ""), is_repaired


def _place(
    span: dict[str, Any], text: str, label: str | None, taken: set[tuple[int, int, str | None]]
) -> tuple[int, int, bool]:
    """Return where a span lies, and whether that is not where it says."""
    start, end, words = _number(span.get("start")), _number(span.get("end")), span.get("text")
    if 0 <= start < end <= len(text) and (words is None or text[start:end] == words):
        return start, end, False
    if not isinstance(words, str) or not words.strip():
        raise UnusableError(
            f"a span from {span.get('start')} to {span.get('end')} does not lie in the text, which "
            f"has {len(text)} characters"
        )
    places = list(_places(words, text))
    if not places:
        raise UnusableError(f"the text does not hold the words `{shortened(words, 60)}`")
    free = [at for at in places if (at, at + len(words), label) not in taken] or places
    at = min(free, key=lambda place: (abs(place - max(start, 0)), place))
    return at, at + len(words), True


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
    raise UnusableError(f"the label `{shortened(str(label), 40)}` is none of {listed(labels)}")


def _number(value: Any) -> int:
    """Return a whole number, or one that lies in no text."""
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
