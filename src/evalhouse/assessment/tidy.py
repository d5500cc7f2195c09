"""An assessment as lines of a long table: each metric of a column once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from evalhouse.assessment.lines import line
from evalhouse.assessment.results import Assessment, FieldResult, ScoreLine
from evalhouse.metrics.codebook_lab import METRICS_BY_TYPE
from evalhouse.metrics.value import undefined


class TidyLine(NamedTuple):
    """One number of one column of answers."""

    column: str
    annotation_type: str
    score: ScoreLine


def tidy_lines(assessment: Assessment) -> Iterator[TidyLine]:
    """Yield the scores of every field: codebook-lab's metrics in its order, then all others.

    Every metric that codebook-lab has for a type is there, also where it is not defined. No two
    lines have the same column and metric.
    """
    for each in assessment.fields:
        for score in _scores(each):
            yield TidyLine(each.column, each.kind, score)


def class_lines(assessment: Assessment) -> Iterator[TidyLine]:
    """Yield what is about single labels; no two lines have the same column, metric and label."""
    for each in assessment.fields:
        for score in each.classes:
            yield TidyLine(each.column, each.kind, score)


def _scores(field: FieldResult) -> Iterator[ScoreLine]:
    known = {score.metric: score for score in field.scores}
    first = METRICS_BY_TYPE.get(field.kind, ())
    for name in dict.fromkeys((*first, *known)):
        yield known.get(name) or line(name, undefined(0, "not computed"))
