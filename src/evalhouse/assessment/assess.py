"""Scoring answers to a task, field by field."""

from __future__ import annotations

from evalhouse.assessment.answers import Answered
from evalhouse.assessment.cautions import cautions, rare_labels
from evalhouse.assessment.humans import compare_humans
from evalhouse.assessment.lines import line
from evalhouse.assessment.matching import FieldRows, match
from evalhouse.assessment.names import HEADLINES, known_names
from evalhouse.assessment.results import Assessment, FieldResult
from evalhouse.assessment.scores import field_scores
from evalhouse.assessment.stability import repeat_lines
from evalhouse.assessment.substitution import substitution_lines
from evalhouse.assessment.tables import Counts
from evalhouse.errors import UsageError
from evalhouse.metrics.value import undefined
from evalhouse.scoring import Scoring
from evalhouse.tasks.task import Task


def assess(
    task: Task,
    answers: Answered,
    options: Scoring | None = None,
    *,
    clusters: str | None = None,
) -> Assessment:
    """Score answers to a task against its gold, with intervals.

    Rows are joined by id. Whether a field applies to a row is told by the gold: where it does not,
    nothing is scored, and where it does, the absence of an answer is what `options.absent` makes
    of it, also where the model took the field for not applicable. Gold rows that are not among the
    answers are left out and counted.

    Args:
        task: what was asked, with its gold and its coders.
        answers: of a model, or of anybody.
        options: how fields are scored.
        clusters: the column of the task that says which rows are alike, such as a document;
            intervals then draw whole clusters.

    Raises:
        UsageError: for answers that cannot be joined with the task (see `matching.match`), and for
            the definition `codebook-lab`, which knows files only: `assess_as_codebook_lab`.
        UnknownNameError: for clusters that are no column.
    """
    settings = options or Scoring()
    if settings.definition != "evalhouse":
        raise UsageError(
            f"answers are assessed by the definition `evalhouse`; found `{settings.definition}`, "
            "which looks at whole files; use `assess_as_codebook_lab`"
        )
    matched = match(task, answers, clusters)
    return Assessment(
        task=task.name,
        ground_truth_sha256=task.files.ground_truth_sha256,
        codebook_hash=task.codebook.codebook_hash,
        definition=settings.definition,
        matched=matched.rows,
        fields=tuple(_assessed(rows, settings) for rows in matched.fields),
        unanswered=matched.unanswered,
        unknown=matched.unknown,
        warnings=matched.warnings,
    )


def _assessed(rows: FieldRows, options: Scoring) -> FieldResult:
    field = rows.field
    if rows.gold is None or rows.model is None:
        side = "the gold" if rows.gold is None else "the answers"
        return _unscored(rows, f"there is no column `{field.name}` in {side}")
    counts = Counts(rows, rows.gold, rows.model)
    found, classes = field_scores(rows, rows.gold, rows.model, options)
    scores = (*found, *repeat_lines(rows, options), *substitution_lines(rows))
    return FieldResult(
        column=field.name,
        kind=field.kind,
        rows=len(rows.gold),
        applicable=int(counts.applies.sum()),
        headline=HEADLINES[field.kind],
        scores=scores,
        classes=classes,
        statuses=counts.statuses,
        confusion=counts.confusion,
        humans=compare_humans(rows, options),
        warnings=tuple(cautions(counts, scores, HEADLINES[field.kind])),
        is_imbalanced=bool(rare_labels(counts)),
    )


def _unscored(rows: FieldRows, reason: str) -> FieldResult:
    names = known_names(rows.field.kind)
    return FieldResult(
        column=rows.field.name,
        kind=rows.field.kind,
        rows=len(rows.gold or rows.model or ()),
        applicable=sum(rows.applies),
        headline=HEADLINES[rows.field.kind],
        scores=tuple(line(name, undefined(0, reason)) for name in names),
        warnings=(f"{reason}, so the field is not scored",),
    )
