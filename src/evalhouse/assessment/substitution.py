"""Whether a model may take the place of a human coder, field by field."""

from __future__ import annotations

from evalhouse.assessment.likeness import LIKENESSES, normal_answers
from evalhouse.assessment.limits import limits
from evalhouse.assessment.lines import line
from evalhouse.assessment.matching import FieldRows
from evalhouse.assessment.results import ScoreLine
from evalhouse.metrics.value import Value
from evalhouse.stats.alternative_annotator import (
    AlternativeAnnotator,
    Similarity,
    alternative_annotator_test,
)

RATE, ADVANTAGE = "annotator_winning_rate", "annotator_advantage"


def substitution_lines(rows: FieldRows) -> tuple[ScoreLine, ...]:
    """Return the alternative annotator test: the winning rate, and the mean advantage.

    Where several coders answered, each is left out in turn and compared with the model by how
    near both come to the others. Points of a scale are compared by their distance. Of texts, which
    say the same in many ways, there is no test.
    """
    known = limits().alternative_annotator
    if rows.field.kind == "textbox" or len(rows.coders) < known.annotators:
        return ()
    is_scale = rows.field.kind == "likert"
    sides = [
        normal_answers(rows.field, cells, rows.texts)
        for cells in (rows.model or (), *rows.coders.values())
    ]
    answers = [
        [None if one is None else float(str(one)) for one in side] if is_scale else side
        for side in sides
    ]
    similarity: str | Similarity = "rmse" if is_scale else LIKENESSES[rows.field.kind]
    found = alternative_annotator_test(
        answers[1:],
        answers[0],
        names=tuple(rows.coders),
        similarity=similarity,
        epsilon=known.epsilon,
    )
    return _lines(found)


def _lines(found: AlternativeAnnotator) -> tuple[ScoreLine, ...]:
    beaten = sum(one.is_beaten for one in found.annotators)
    verdict = (
        f"the model does as well as {beaten} of {len(found.annotators)} coders "
        f"(epsilon {found.epsilon:g}), so it {'may' if found.is_passed else 'may not'} stand in "
        "for one"
    )
    note = "; ".join(filter(None, (verdict if found.n else "", found.note)))
    return (
        line(RATE, Value(found.winning_rate, found.n, note)),
        line(ADVANTAGE, Value(found.advantage, found.n, found.note)),
    )
