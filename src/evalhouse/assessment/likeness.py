"""How alike two answers to one row are, from 0 to 1, whatever the type of field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from evalhouse.assessment.agreement import allowed_spans
from evalhouse.assessment.matching import Cells
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.spans import Span
from evalhouse.scoring.cells import read_sets
from evalhouse.scoring.field import Field, Kind
from evalhouse.tasks.answers import Answers

Marks = Mapping[str | None, int]
"""The characters that spans mark, by label, each as one bit of a number."""
Answer = str | frozenset[str] | Marks
Likeness = Callable[[Answer, Answer], float]


def normal_answers(field: Field, cells: Cells, texts: Sequence[str]) -> list[Answer | None]:
    """Return answers that can be compared; None where there is no valid one."""
    if field.kind == "span":
        lists = zip(allowed_spans(field, cells), texts, strict=True)
        return [
            None if isinstance(one, Absent) else marks(field, one, len(text)) for one, text in lists
        ]
    if field.kind == "multiselect":
        return [None if isinstance(one, Absent) else one for one in read_sets(field, cells)]
    known = Answers(field)
    found = (known[cell] for cell in cells)
    return [None if isinstance(one, Absent) else one for one in found]


def marks(field: Field, spans: Sequence[Span], length: int) -> Marks:
    """Return the characters of a text that spans mark; labels matter where the field has some."""
    found: dict[str | None, int] = {}
    for span in spans:
        start, end = max(span.start, 0), min(span.end, length)
        name = span.label if field.labels else None
        if start < end:
            found[name] = found.get(name, 0) | ((1 << end) - (1 << start))
    return found


def same(first: Answer, second: Answer) -> float:
    """Return 1 for equal answers and 0 for others."""
    return float(first == second)


def shared(first: Answer, second: Answer) -> float:
    """Return what two sets of options share of all that is in either; 1 where both are empty."""
    assert isinstance(first, frozenset)
    assert isinstance(second, frozenset)
    either = first | second
    return len(first & second) / len(either) if either else 1.0


def overlap(first: Answer, second: Answer) -> float:
    """Return the characters that two lists of spans mark alike of all that either marks."""
    assert isinstance(first, Mapping)
    assert isinstance(second, Mapping)
    both = either = 0
    for label in {*first, *second}:
        one, other = first.get(label, 0), second.get(label, 0)
        both += (one & other).bit_count()
        either += (one | other).bit_count()
    return both / either if either else 1.0


def similarity(first: Answer, second: Answer) -> float:
    """Return 1 minus the edits between two texts as a share of the longer one."""
    from rapidfuzz.distance import Levenshtein  # noqa: PLC0415 - loaded where it is needed

    return float(Levenshtein.normalized_similarity(str(first), str(second)))


LIKENESSES: dict[Kind, Likeness] = {
    "checkbox": same,
    "dropdown": same,
    "likert": same,
    "multiselect": shared,
    "textbox": similarity,
    "span": overlap,
}
"""By type of field."""
