"""Spans in a cell: a JSON list of objects with offsets into the text, the words, and a label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from evalhouse.tasks.faults import listed, nearest, shortened

EXPECTED = 'a JSON list such as `[{"start": 0, "end": 5, "text": "Thank"}]`, or nothing'


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a cell, apart from its place."""

    kind: str
    found: str
    expected: str
    advice: str


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a text: characters from `start` (counted from 0) up to, without, `end`."""

    start: int
    end: int
    label: str | None = None


def read_spans(
    cell: str, text: str, labels: Sequence[str]
) -> tuple[tuple[Span, ...], tuple[Finding, ...]]:
    """Return the spans of a cell and all that is wrong with them; a wrong span is left out.

    Example:
        >>> read_spans('[{"start": 0, "end": 5, "text": "Thank"}]', "Thank you", ())
        ((Span(start=0, end=5, label=None),), ())
    """
    if not cell.strip():
        return (), ()
    try:
        entries = msgspec.json.decode(cell)
    except (msgspec.DecodeError, RecursionError) as failure:
        return (), (_unreadable(f"`{shortened(cell)}` is no JSON ({failure})"),)
    if not isinstance(entries, list):
        return (), (_unreadable(f"found `{shortened(cell)}`, which is no list"),)
    spans: list[Span] = []
    findings: list[Finding] = []
    for entry in entries:
        faults = tuple(_check(entry, text, labels))
        findings += faults
        if not faults:
            spans.append(Span(entry["start"], entry["end"], entry.get("label") or None))
    return tuple(spans), tuple(findings)


def _check(entry: Any, text: str, labels: Sequence[str]) -> Iterator[Finding]:
    if not isinstance(entry, Mapping):
        yield _unreadable(f"found `{shortened(str(entry))}` in the list")
        return
    start, end = entry.get("start"), entry.get("end")
    if type(start) is not int or type(end) is not int:
        yield _unreadable(f"`start` is `{start}` and `end` is `{end}`")
    elif not 0 <= start < end <= len(text):
        yield Finding(
            "span_offsets",
            f"a span from {start} to {end}",
            f"0 ≤ start < end ≤ {len(text)}, the number of characters of the text",
            "count characters from 0; `end` is the first one that no longer belongs to it",
        )
    else:
        yield from _check_words(entry.get("text"), text, start, end)
    yield from _check_label(entry.get("label"), labels)


def _check_words(words: Any, text: str, start: int, end: int) -> Iterator[Finding]:
    meant = text[start:end]
    if words is None or words == meant:
        return
    at = text.find(words) if isinstance(words, str) and words else -1
    advice = f"the words stand at {at} to {at + len(words)}" if at >= 0 else "correct the words"
    yield Finding(
        "span_text",
        f"the span from {start} to {end} quotes `{shortened(str(words))}`",
        f"`{shortened(meant)}`, which stands there",
        f"{advice}; offsets count characters, not bytes",
    )


def _check_label(label: Any, labels: Sequence[str]) -> Iterator[Finding]:
    if (label in labels) if labels else label in (None, ""):
        return
    near = nearest(str(label), labels, 0.6)
    yield Finding(
        "span_label",
        "a span without a label" if label is None else f"a span labelled `{shortened(str(label))}`",
        f"one of {listed(labels)}" if labels else "no label, as the codebook names none",
        f"did you mean `{near}`?" if near else "correct the label, or add it to the codebook",
    )


def _unreadable(found: str) -> Finding:
    return Finding("span_unreadable", found, EXPECTED, "correct the cell")
