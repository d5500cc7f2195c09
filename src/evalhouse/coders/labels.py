"""Labels of coders: read from cells, checked against the codebook, written back as cells."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from evalhouse.metrics.labels import Absent
from evalhouse.metrics.spans import Span
from evalhouse.scoring.field import Field
from evalhouse.tasks.spans import read_spans
from evalhouse.tasks.verdicts import Judge

Label = str | frozenset[str] | tuple[Span, ...]
"""A normal answer: text, the options of a multiselect, or spans in their order, each once."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a cell says: a label, nothing (`is_blank`), or what is wrong with it."""

    label: Label | None
    is_blank: bool = False
    fault: str = ""


class Reader:
    """Reads the cells of one field."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._judge = Judge(field)

    def __call__(self, cell: str, text: str) -> Read:
        """Read a cell beside its text; an empty cell of spans is blank and `[]` is a label."""
        if self._field.kind == "span":
            return self._spans(cell, text)
        verdict = self._judge(cell, text)
        if verdict.is_blank:
            return Read(None, is_blank=True)
        if isinstance(verdict.answer, Absent):
            found = verdict.findings[0]
            return Read(None, fault=f"{found.found}; expected {found.expected}; {found.advice}")
        return Read(verdict.answer)

    def _spans(self, cell: str, text: str) -> Read:
        if not cell.strip():
            return Read(None, is_blank=True)
        spans, findings = read_spans(cell, text, self._field.labels)
        if findings:
            found = findings[0]
            return Read(None, fault=f"{found.found}; expected {found.expected}; {found.advice}")
        return Read(in_order(Span(one.start, one.end, one.label) for one in spans))


def in_order(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans in the order of the text, each once."""
    distinct = set(spans)
    return tuple(sorted(distinct, key=lambda span: (span.start, span.end, span.label or "")))


def cell_of(field: Field, label: Label | None, text: str) -> str:
    """Return a label as a cell; no label is an empty one.

    Example:
        >>> field = Field("Topics", "multiselect", ("fares", "safety", "other"))
        >>> cell_of(field, frozenset(["other", "fares"]), "")
        '["fares", "other"]'
        >>> cell_of(Field("Key", "span"), (Span(0, 5),), "Thank you")
        '[{"start": 0, "end": 5, "text": "Thank"}]'
    """
    if label is None:
        return ""
    if isinstance(label, str):
        return label
    if isinstance(label, frozenset):
        known = {option: place for place, option in enumerate(field.options)}
        chosen = sorted(label, key=lambda option: (known.get(option, len(known)), option))
        return json.dumps(chosen, ensure_ascii=False)
    return json.dumps([_entry(span, text) for span in label], ensure_ascii=False) if label else ""


def _entry(span: Span, text: str) -> dict[str, str | int]:
    entry: dict[str, str | int] = {"start": span.start, "end": span.end}
    entry["text"] = text[span.start : span.end]
    return entry if span.label is None else {**entry, "label": span.label}


def shown(field: Field, label: Label, text: str) -> str:
    """Return a label for people: as its cell, but no spans are `[]` and so can be seen."""
    return cell_of(field, label, text) or "[]"
