"""Faults of a task's files: each with its place, what was found, what was expected, what to do."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
MOST_KEPT = 1_000

KINDS: dict[str, Severity] = {
    "unreadable_file": "error",
    "encoding": "error",
    "no_codebook": "error",
    "two_codebooks": "warning",
    "unreadable_codebook": "error",
    "key_twice": "error",
    "wrong_type": "error",
    "unknown_key": "warning",
    "unknown_setting": "error",
    "no_text_column": "error",
    "no_sections": "error",
    "section_ignored": "warning",
    "empty_section": "warning",
    "name_missing": "error",
    "unknown_type": "error",
    "column_twice": "error",
    "option_twice": "error",
    "option_blank": "error",
    "options_alike": "warning",
    "options_empty": "warning",
    "scale_missing": "warning",
    "scale_reversed": "error",
    "scale_too_wide": "error",
    "condition_incomplete": "error",
    "parent_missing": "error",
    "parent_ambiguous": "error",
    "parent_after_child": "error",
    "self_reference": "error",
    "condition_cycle": "error",
    "trigger_impossible": "error",
    "example_unreadable": "warning",
    "example_answer": "warning",
    "example_in_ground_truth": "error",
    "label_in_prompt": "error",
    "unknown_column": "error",
    "no_ground_truth": "error",
    "missing_file": "error",
    "empty_table": "error",
    "delimiter": "error",
    "quotes": "error",
    "header_twice": "error",
    "column_missing": "error",
    "column_absent": "warning",
    "ragged_row": "error",
    "id_blank": "error",
    "id_twice": "error",
    "text_blank": "warning",
    "label_unknown": "error",
    "point_outside": "error",
    "span_unreadable": "error",
    "span_offsets": "error",
    "span_text": "error",
    "span_label": "error",
    "value_not_applicable": "warning",
    "value_missing": "warning",
    "coder_row": "warning",
    "coder_text": "warning",
}
"""Every kind of fault. A task with errors cannot be opened; one with warnings can."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: `line` counts from 1, `where` is a path or a row with its column."""

    file: str
    where: str = ""
    line: int | None = None

    def __str__(self) -> str:
        """Return `file:line: where`, without what is not known."""
        start = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{start}: {self.where}" if self.where else start


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong, or looks so."""

    kind: str
    place: Place
    found: str
    expected: str
    advice: str

    @property
    def severity(self) -> Severity:
        """Return how bad it is."""
        return KINDS[self.kind]

    @property
    def message(self) -> str:
        """Return what was found, what was expected, and what to do."""
        return f"{self.found}; expected {self.expected}; {self.advice}"

    def __str__(self) -> str:
        """Return the place and the message."""
        return f"{self.place}: {self.message}"


class Faults:
    """The faults of one reading: all are counted, the first thousand of each kind kept."""

    def __init__(self) -> None:
        self.kept: list[Fault] = []
        self.counts: Counter[str] = Counter()

    def add(self, kind: str, place: Place, found: str, *, expected: str, advice: str) -> None:
        """Take a fault down."""
        self.counts[kind] += 1
        if self.counts[kind] <= MOST_KEPT:
            self.kept.append(Fault(kind, place, found, expected, advice))

    def count(self, severity: Severity) -> int:
        """Count the faults of a severity."""
        return sum(count for kind, count in self.counts.items() if KINDS[kind] == severity)

    @property
    def first_error(self) -> Fault | None:
        """Return the first error."""
        return next((fault for fault in self.kept if fault.severity == "error"), None)


def listed(names: Iterable[str], limit: int = 8) -> str:
    """Return names in backticks; those beyond the limit are counted.

    Example:
        >>> listed(["a", "b", "c"], limit=2)
        '`a`, `b` and 1 more'
    """
    known = list(names)
    shown = ", ".join(f"`{shortened(name)}`" for name in known[:limit])
    return shown + (f" and {len(known) - limit} more" if len(known) > limit else "")


def shortened(text: str, most: int = 80) -> str:
    """Return the beginning of a text."""
    return text if len(text) <= most else f"{text[:most]}…"


def nearest(name: str, known: Iterable[str], cutoff: float = 0.8) -> str | None:
    """Return the known name that `name` may be a slip of."""
    choices = {each.strip().lower(): each for each in known}
    near = difflib.get_close_matches(name.strip().lower(), choices, n=1, cutoff=cutoff)
    return choices[near[0]] if near else None
