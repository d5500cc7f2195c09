"""Answers of people, judged cell by cell and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from evalhouse.scoring.field import Kind
from evalhouse.tasks.codebook import Annotation, Codebook
from evalhouse.tasks.conditions import Applies
from evalhouse.tasks.faults import Faults, Place, shortened
from evalhouse.tasks.rows import Unit
from evalhouse.tasks.verdicts import Judge, Verdict


@dataclass(frozen=True)
class FieldCounts:
    """How many rows have which answer to a field; the four counts add up to the rows.

    `labels` counts valid answers, `blank` empty cells where the question arises or may arise (for
    spans: no span), `not_applicable` empty cells where it does not, `invalid` what is not allowed.
    `values` counts each answer, of a multiselect each option, of spans each label's spans.
    """

    column: str
    kind: Kind
    labels: int
    blank: int
    not_applicable: int
    invalid: int
    values: Mapping[str, int]
    condition: str | None = None


@dataclass
class _Counts:
    is_counted: bool  # free text is not: every answer is another
    labels: int = 0
    blank: int = 0
    not_applicable: int = 0
    invalid: int = 0
    values: Counter[str] = field(default_factory=Counter)


class Tally:
    """The answers of one coder, or of the consensus; `where` names the coder in faults."""

    def __init__(self, codebook: Codebook, file: str, faults: Faults, where: str = "") -> None:
        self._codebook = codebook
        self._file, self._where, self._faults = file, where, faults
        self._judges = {each.column: Judge(each.field) for each in codebook.annotations}
        self._counts = {
            each.column: _Counts(each.field.kind != "textbox") for each in codebook.annotations
        }
        self.rows = 0

    def add(self, unit: Unit, cells: Mapping[str, str], text: str | None) -> None:
        """Judge the answers of a row; without its text, spans are not judged."""
        self.rows += 1
        states = self._codebook.applicability(cells)
        for column, cell in cells.items():
            counts = self._counts[column]
            # Offsets mean nothing without a text: such a span is counted and not judged.
            if text is None and self._codebook.by_column[column].field.kind == "span":
                counts.labels += bool(cell.strip())
                counts.blank += not cell.strip()
                continue
            verdict = self._judges[column](cell, text or "")
            _count(counts, verdict, states[column])
            if verdict.findings or states[column] is not Applies.YES or verdict.is_blank:
                self._tell(unit, self._codebook.by_column[column], verdict, states[column])

    def _tell(self, unit: Unit, annotation: Annotation, verdict: Verdict, state: Applies) -> None:
        where = f"row `{shortened(unit.row.id)}`, `{shortened(annotation.column)}`{self._where}"
        place = Place(self._file, where, unit.line)
        for each in verdict.findings:
            self._faults.add(
                each.kind, place, each.found, expected=each.expected, advice=each.advice
            )
        if verdict.is_valid and state is Applies.NO:
            self._faults.add(
                "value_not_applicable",
                place,
                "there is an answer where the question does not arise",
                expected=f"an empty cell unless {annotation.condition}",
                advice="correct one of the two; the answer is not scored",
            )
        if verdict.is_blank and state is Applies.YES and _is_owed(annotation):
            self._faults.add(
                "value_missing",
                place,
                "there is no answer where the question arises",
                expected=f"one, as {annotation.condition}",
                advice="correct one of the two; the row is not scored for this field",
            )

    def fields(self) -> tuple[FieldCounts, ...]:
        """Return the counts of every field."""
        return tuple(
            FieldCounts(
                each.column,
                each.field.kind,
                counts.labels,
                counts.blank,
                counts.not_applicable,
                counts.invalid,
                _ordered(each, counts.values),
                str(each.condition) if each.condition else None,
            )
            for each in self._codebook.annotations
            for counts in (self._counts[each.column],)
        )


def _count(counts: _Counts, verdict: Verdict, state: Applies) -> None:
    if verdict.is_blank:
        counts.blank += state is not Applies.NO
        counts.not_applicable += state is Applies.NO
    elif verdict.is_valid:
        counts.labels += 1
        for name in verdict.names if counts.is_counted else ():
            counts.values[name] += 1
    else:
        counts.invalid += 1


def _is_owed(annotation: Annotation) -> bool:
    """Return whether an empty cell means that an answer is missing: without spans, none is."""
    return annotation.condition is not None and annotation.field.kind != "span"


def _ordered(annotation: Annotation, values: Counter[str]) -> dict[str, int]:
    """Return counts in the codebook's order, also of what never occurs; none for free text."""
    asked = annotation.field
    if asked.kind == "textbox":
        return {}
    known = asked.options or asked.labels or tuple(map(str, asked.points))
    names = ("0", "1") if asked.kind == "checkbox" else known
    return {name: values[name] for name in dict.fromkeys([*names, *sorted(values)])}
