"""Whether a cell is an answer that its field allows."""

from __future__ import annotations

from dataclasses import dataclass

from evalhouse.metrics.labels import Absent
from evalhouse.scoring.field import Field
from evalhouse.tasks.answers import Answer, Answers
from evalhouse.tasks.faults import listed, nearest, shortened
from evalhouse.tasks.spans import Finding, Span, read_spans


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a cell says, and what is wrong with it."""

    answer: Answer
    spans: tuple[Span, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Whether nothing is written."""
        return self.answer is Absent.MISSING

    @property
    def is_valid(self) -> bool:
        """Whether there is an answer, and it is allowed."""
        return not isinstance(self.answer, Absent)


class Judge:
    """Judges the cells of one field, each distinct one once where the text does not matter."""

    def __init__(self, field: Field) -> None:
        self._field = field
        self._answers = Answers(field)
        self._plain: dict[str, Verdict] = {}

    def __call__(self, cell: str, text: str) -> Verdict:
        """Return the verdict on a cell beside a text."""
        known = self._plain.get(cell)
        if known is not None:
            return known
        answer = self._answers[cell]
        if self._field.kind == "span":
            spans, findings = read_spans(cell, text, self._field.labels)
            if findings:
                return Verdict(Absent.INVALID, spans, findings)
            return Verdict(answer if spans else Absent.MISSING, spans)  # `[]` says that none is
        verdict = Verdict(answer)
        if answer is Absent.INVALID:
            verdict = Verdict(answer, findings=(_refusal(self._field, cell),))
        if cell in self._answers and self._field.kind != "textbox":
            self._plain[cell] = verdict
        return verdict


def _refusal(field: Field, cell: str) -> Finding:
    found = f"the answer is `{shortened(cell)}`"
    if field.kind == "likert":
        points = field.scale and f" from {field.scale[0]} to {field.scale[1]}"
        advice = "correct the cell, or the scale in the codebook"
        return Finding("point_outside", found, f"a whole number{points or ''}", advice)
    if field.kind == "checkbox":
        advice = "correct the cell, or leave it empty where there is no answer"
        return Finding("label_unknown", found, "1 or 0 (also yes, no, true, false)", advice)
    expected = f"one of {listed(field.options)}"
    if field.kind == "multiselect":
        expected = f"options as a JSON list or separated by `|`, out of {listed(field.options)}"
    near = nearest(cell, field.options)
    advice = "correct the cell, or add the option to the codebook"
    return Finding("label_unknown", found, expected, f"did you mean `{near}`?" if near else advice)
