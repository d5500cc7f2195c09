"""A whole task as codebook-lab 1.4.0 scores it, from the files that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from evalhouse.assessment.lines import line
from evalhouse.assessment.names import HEADLINES, MACRO
from evalhouse.assessment.results import Assessment, FieldResult, ScoreLine
from evalhouse.assessment.sheet import Sheet
from evalhouse.errors import UsageError
from evalhouse.metrics.codebook_lab import (
    Cells,
    Condition,
    Field,
    Processing,
    codebook_lab_metrics,
)
from evalhouse.metrics.value import Value
from evalhouse.tasks.codebook import Annotation, Codebook
from evalhouse.tasks.conditions import Is
from evalhouse.tasks.task import Task

_PAIRED = "rows are paired by their position, as codebook-lab does"


def assess_as_codebook_lab(
    task: Task, output: str | Path, *, processing: Processing | None = None
) -> Assessment:
    """Score an `output.csv` against a task as codebook-lab 1.4.0 does, number for number.

    Both files are read anew as text, and then as pandas would read them; rows are paired by
    position. See `metrics.codebook_lab.codebook_lab_metrics` for what that does to numbers. There
    are no intervals. `f1`, `precision` and `recall` also stand under the names `f1_macro` and so
    on.

    Args:
        task: the task that was annotated.
        output: the file with the answers.
        processing: whether textboxes and spans are scored, as the settings of the run say.

    Raises:
        UsageError: for a file that cannot be read, and for what codebook-lab does not have: a
            multiselect, and conditions other than that one field has one answer.
    """
    codebook = task.codebook
    fields = [_field(each) for each in codebook.annotations]
    sides = [_cells(codebook, path) for path in (task.files.ground_truth, Path(output))]
    gold, model = sides
    found = codebook_lab_metrics(fields, gold, model, processing=processing)
    rows = max(gold.length, model.length)
    return Assessment(
        task=task.name,
        ground_truth_sha256=task.files.ground_truth_sha256,
        codebook_hash=codebook.codebook_hash,
        definition="codebook-lab",
        matched=min(gold.length, model.length),
        fields=tuple(_result(each, found[each.column], rows) for each in codebook.annotations),
        unanswered=max(gold.length - model.length, 0),
        unknown=max(model.length - gold.length, 0),
        warnings=tuple(_warnings(gold.length, model.length)),
    )


def _warnings(gold: int, model: int) -> Iterator[str]:
    yield _PAIRED
    if gold != model:
        yield (
            f"the gold has {gold:,} rows and the answers {model:,}: the shorter side is filled up "
            "with empty cells"
        )


def _cells(codebook: Codebook, path: Path) -> Cells:
    text = codebook.settings.text_column
    sheet = Sheet(path, text)
    wanted = [name for name in (*codebook.by_column, text) if name in sheet.header]
    columns = {name: sheet.column(name) for name in wanted}
    if not wanted:
        # A file without any of its columns still has rows, which count for the length.
        columns = {name: sheet.column(name) for name in sheet.header[:1]}
    return Cells(columns, width=len(sheet.header), text=text)


def _field(annotation: Annotation) -> Field:
    asked = annotation.field
    if asked.kind == "multiselect":
        raise UsageError(
            f"`{asked.name}` is a multiselect, which codebook-lab does not have; score it with the "
            "definition `evalhouse`"
        )
    low, high = asked.scale or (None, None)
    return Field(
        asked.name,
        asked.kind,
        options=asked.options,
        label_options=asked.labels,
        min_value=low,
        max_value=high,
        condition=_condition(annotation),
    )


def _condition(annotation: Annotation) -> Condition | None:
    condition = annotation.condition
    if condition is None:
        return None
    if not isinstance(condition, Is) or condition.is_negated or len(condition.values) != 1:
        raise UsageError(
            f"`{annotation.column}` is asked if {condition}, and codebook-lab knows only that one "
            "field has one answer; score the task with the definition `evalhouse`"
        )
    return Condition(condition.parent, condition.values[0])


def _result(annotation: Annotation, found: Mapping[str, Value], rows: int) -> FieldResult:
    kind = annotation.field.kind
    lines = {name: line(name, value, definition="codebook-lab") for name, value in found.items()}
    for ours, theirs in MACRO.items():
        if theirs in found:
            lines[ours] = line(ours, found[theirs], definition="codebook-lab")
    order = dict.fromkeys((*HEADLINES[kind], *lines))
    scores: tuple[ScoreLine, ...] = tuple(lines[name] for name in order)
    first = next(iter(found.values()))
    reasons = {value.note for value in found.values() if not value.is_defined}
    return FieldResult(
        column=annotation.column,
        kind=kind,
        rows=rows,
        applicable=first.n,
        headline=HEADLINES[kind],
        scores=scores,
        warnings=tuple(f"undefined: {reason}" for reason in sorted(reasons) if reason),
    )
