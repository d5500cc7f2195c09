"""Scoring again: a run of ours anew, a run of codebook-lab, or any table of answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from evalhouse.assessment import Answered, Assessment, assess
from evalhouse.assessment.codebook_lab import assess_as_codebook_lab
from evalhouse.assessment.reading import read_answers
from evalhouse.assessment.reports import classification_reports
from evalhouse.engine.interview import settled
from evalhouse.engine.record import FAILED, read_record
from evalhouse.errors import UsageError
from evalhouse.formats.codebook_lab import layout, tidy
from evalhouse.formats.codebook_lab.rows import class_rows, long_rows
from evalhouse.formats.codebook_lab.scores import decode_scores
from evalhouse.journal import read
from evalhouse.metrics.codebook_lab import Processing
from evalhouse.redact import Redactor
from evalhouse.scoring import Scoring
from evalhouse.scoring.cells import Cell
from evalhouse.store import Store
from evalhouse.tasks.statuses import cell_of
from evalhouse.tasks.task import Task, open_task
from evalhouse.workflows.annotation.configuration import rows_sha256
from evalhouse.workflows.annotation.run_folder import RunFolder, write_whole
from evalhouse.workflows.annotation.scoring import Scored, cleaned_scores, keep_scores
from evalhouse.workflows.annotation.settings import OUTPUTS


@dataclass(frozen=True)
class Place:
    """What is to be scored: a table of answers, and the run that it is of, if any."""

    table: Path
    run: RunFolder | None = None

    @property
    def is_ours(self) -> bool:
        """Whether it is a run that this program made."""
        return self.run is not None and "run_uuid" in self.run.config


@dataclass(frozen=True)
class Rescoring:
    """How to score again.

    Attributes:
        task: the task's folder; None takes the one that the run names.
        scoring: how answers are scored.
        id_column: the column of the table with the ids of rows.
        clusters: the column of the task that says which rows are alike.
        to: a folder that gets the scores; None leaves them with a run of ours, and nowhere else.
    """

    task: Path | None = None
    scoring: Scoring = field(default_factory=Scoring)
    id_column: str | None = None
    clusters: str | None = None
    to: Path | None = None


def rescore(
    where: str | Path, how: Rescoring, store: Store | None = None, outputs: Path = OUTPUTS
) -> tuple[Place, Scored]:
    """Score answers against a task.

    Scores of a run of ours take the place of its earlier ones, in its folder, the shared tables
    and the house. All else, and numbers by the definitions of codebook-lab, leave no trace, unless
    a folder is named for them.

    Args:
        where: a run's folder or short id, or a CSV file.
        how: what it is scored against, and how.
        store: the house that takes in a run of ours; None for none.
        outputs: where runs are looked for by their ids.

    Raises:
        UsageError: where there is no such run or table, or no task is known.
    """
    place = find_place(where, outputs)
    task = open_task(_task_of(place, how))
    assessment = _assessed(place, task, how)
    reports = classification_reports(assessment)
    is_ours = how.scoring.definition == "evalhouse"
    if is_ours and place.is_ours and place.run and how.to is None:
        return place, keep_scores(place.run, assessment, reports, store)
    if how.to is not None:
        _write(how.to, assessment, reports, place)
    return place, Scored(assessment)


def find_place(where: str | Path, outputs: Path = OUTPUTS) -> Place:
    """Find what is to be scored by its path, or a run by its short id."""
    path = Path(where)
    if path.is_file():
        return Place(path)
    folders = [path] if path.is_dir() else sorted(outputs.glob(f"*/{where}"))
    if len(folders) != 1 or not (folders[0] / layout.OUTPUT).is_file():
        found = f"{len(folders)} runs are called so" if len(folders) > 1 else "there is no such run"
        if len(folders) == 1:
            found = f"there is no `{layout.OUTPUT}` in `{folders[0]}`, so it has no answers yet"
        raise UsageError(
            f"`{where}` cannot be scored: {found}; name a run's folder, the id of a run in "
            f"`{outputs}`, or a CSV file with answers"
        )
    config = _config(folders[0] / layout.CONFIG)
    return Place(folders[0] / layout.OUTPUT, RunFolder(folders[0], config) if config else None)


def _config(path: Path) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _task_of(place: Place, how: Rescoring) -> Path:
    named = how.task or (place.run.config.get("task_path") if place.run else None)
    if named is None:
        raise UsageError(
            f"it is not known which task `{place.table}` answers; name its folder with `--task`"
        )
    return Path(str(named))


def _assessed(place: Place, task: Task, how: Rescoring) -> Assessment:
    if how.scoring.definition == "codebook-lab":
        return assess_as_codebook_lab(task, place.table, processing=_processing(place))
    answered = read_answers(place.table, task.codebook, id_column=how.id_column)
    if place.is_ours and place.run:
        answered = _with_ids(answered, place.run, task)
    if place.is_ours and place.run and (place.run.config.get("repeats") or 1) > 1:
        answered = replace(answered, repeats=_repeats(place.run, task, answered))
    return assess(task, answered, how.scoring, clusters=how.clusters)


def _with_ids(answered: Answered, run: RunFolder, task: Task) -> Answered:
    """Return answers with the ids that rows have in the task, which a table has without secrets."""
    if run.config.get("rows_sha256") != rows_sha256(task, run.config.get("limit")):
        return answered
    ids = tuple(row.id for row in islice(task.rows(), len(answered.ids)))
    return replace(answered, ids=ids)


def _processing(place: Place) -> Processing | None:
    if place.run is None:
        return None
    config = place.run.config
    return Processing(
        textbox=bool(config.get("process_textbox", True)),
        span=bool(config.get("process_span", True)),
    )


def _repeats(run: RunFolder, task: Task, answered: Answered) -> list[Mapping[str, list[Cell]]]:
    """Return the answers of every repeat, as the journal has them."""
    rows, count = len(answered.ids), int(run.config["repeats"])
    given: list[list[dict[str, Any]]] = [[{} for _ in range(rows)] for _ in range(count)]
    for entry in read(run.journal):
        if not entry.key.startswith(FAILED):
            record = read_record(entry)
            for each in record.answers:
                given[record.repeat][each.row - 1][each.column] = each.answer
    columns = tuple(answered.cells)
    found: list[Mapping[str, list[Cell]]] = []
    for repeat in given:
        answers = [settled(task.codebook, columns, row) for row in repeat]
        found.append(
            {
                column: [cell_of(row[column].status, row[column].cell) for row in answers]
                for column in columns
            }
        )
    return found


def _write(folder: Path, assessment: Assessment, reports: str, place: Place) -> None:
    """Write scores into a folder of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    redactor = Redactor(b"")
    data = cleaned_scores(assessment, redactor)
    write_whole(folder / layout.SCORES, data)
    write_whole(folder / layout.REPORTS, redactor.text(reports.encode())[0])
    name = place.run.run_id if place.run else place.table.stem
    scores, task = decode_scores(data), assessment.task
    tidy.update_long(folder / layout.long_table(task), long_rows(name, scores), name)
    tidy.update_classes(folder / layout.classes_table(task), class_rows(name, scores), name)
