"""Answers of runs beside the gold, row by row: rows to look at, and runs against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from evalhouse.assessment.matching import match
from evalhouse.assessment.reading import read_answers
from evalhouse.errors import UsageError
from evalhouse.formats.codebook_lab.layout import OUTPUT
from evalhouse.tasks.task import Task, open_task
from evalhouse.views.annotation.comparisons import compare
from evalhouse.views.annotation.examples import Example, Rows, examples
from evalhouse.views.annotation.record import RunRecord
from evalhouse.views.annotation.sweep import Compared, Yardstick, yardstick_of
from evalhouse.views.annotation.words import thresholds


def examples_of(record: RunRecord, task: Task) -> tuple[Example, ...]:
    """Return the first rows of each field whose answer is another than the gold.

    Raises:
        UsageError: where the task is not the one that the run was scored against.
    """
    difference = _difference(yardstick_of(record), task)
    if difference:
        raise UsageError(f"{difference}; give the task as it was then, or score the run again")
    most = thresholds().examples_shown
    return tuple(each for rows in rows_of(record, task) for each in examples(rows, most))


def rows_of(record: RunRecord, task: Task) -> Iterator[Rows]:
    """Yield every field that a run answered and the gold has, row by row.

    Raises:
        UsageError: where the answers cannot be read, or are no answers to the task.
    """
    answered = read_answers(Path(record.folder) / OUTPUT, task.codebook)
    matched = match(task, answered)
    known = task.gold().ids
    if answered.is_positional:
        ids = list(known[: matched.rows])
    else:
        given = set(answered.ids)
        ids = [name for name in known if name in given]
    for field in matched.fields:
        if field.gold is not None and field.model is not None:
            yield Rows(field.field, ids, field.texts, field.gold, field.model, field.statuses)


def compared(records: Sequence[RunRecord], task: Task | None) -> dict[Yardstick, Compared]:
    """Compare the runs of each yardstick, or say why that cannot be done.

    Without a task it is looked for where it was when the runs were made.
    """
    groups: dict[Yardstick, list[RunRecord]] = {}
    for record in records:
        groups.setdefault(yardstick_of(record), []).append(record)
    return {
        yardstick: _compared(yardstick, members, task)
        for yardstick, members in groups.items()
        if len(members) > 1
    }


def _compared(yardstick: Yardstick, members: Sequence[RunRecord], task: Task | None) -> Compared:
    place = next((each.config["task_path"] for each in members if each.config.get("task_path")), "")
    try:
        if task is None and not (place and Path(place).is_dir()):
            where = f"at `{place}`" if place else "where the run says"
            return Compared(why_not=f"the task is not {where}; name its folder with `--task`")
        opened = task or open_task(place)
        difference = _difference(yardstick, opened)
        if difference:
            return Compared(why_not=difference)
        return Compared(compare(_marks(members, opened)))
    except UsageError as failure:
        return Compared(why_not=str(failure))


def _marks(members: Sequence[RunRecord], task: Task) -> dict[str, dict[str, Sequence[bool | None]]]:
    """Tell by field and run of each gold row whether the answer is that of the gold."""
    known = task.gold().ids
    found: dict[str, dict[str, Sequence[bool | None]]] = {}
    for record in sorted(members, key=lambda each: each.is_baseline):
        for rows in rows_of(record, task):
            if rows.field.kind == "textbox":
                continue  # two texts may say the same in other words
            by_id = dict(zip(rows.ids, rows.marks, strict=True))
            marks = [by_id.get(name) for name in known]
            found.setdefault(rows.field.name, {})[record.run_id] = marks
    return found


def _difference(yardstick: Yardstick, task: Task) -> str:
    """Say what a task has that runs were not scored against; nothing where all is the same."""
    _, truth, codebook, _ = yardstick
    if truth != task.files.ground_truth_sha256:
        return f"the ground truth of `{task.folder}` is not the one that the scores are of"
    if codebook != task.codebook.codebook_hash:
        return f"the codebook of `{task.folder}` is not the one that the scores are of"
    return ""
