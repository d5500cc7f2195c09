"""Whether a cell is an answer that its field allows."""

from __future__ import annotations

from dataclasses import dataclass

from evalhouse.metrics.labels import Absent
from evalhouse.scoring.field import Field
from evalhouse.tasks.answers import Answer, Answers
from evalhouse.tasks.faults import listed, nearest, shortened
from evalhouse.tasks.spans import Finding, read_spans


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a cell says, and what is wrong with it.

    `is_blank` says that nothing is written, `is_valid` that there is an answer and it is allowed.
    `names` is what is counted of it: the answer, each option that is selected, each span's label.
    """

    answer: Answer
    is_blank: bool
    is_valid: bool
    names: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


def _verdict(answer: Answer, findings: tuple[Finding, ...] = ()) -> Verdict:
    is_blank, is_valid = answer is Absent.MISSING, not isinstance(answer, Absent)
    names = tuple(answer) if isinstance(answer, frozenset) else (str(answer),)
    return Verdict(answer, is_blank, is_valid, names, findings)


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
            if findings or not spans:  # `[]` says, as an empty cell does, that there are none
                return _verdict(Absent.INVALID if findings else Absent.MISSING, findings)
            return Verdict(
                answer,
                is_blank=False,
                is_valid=True,
                names=tuple(span.label or "span" for span in spans),
            )
        is_refused = answer is Absent.INVALID
        verdict = _verdict(answer, (_refusal(self._field, cell),) if is_refused else ())
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
    near = nearest(cell, field.options, 0.6)
    advice = "correct the cell, or add the option to the codebook"
    return Finding("label_unknown", found, expected, f"did you mean `{near}`?" if near else advice)
