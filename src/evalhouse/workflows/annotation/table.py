"""`output.csv`: the rows of a task with the answers of a run, and what became of each question."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path

from evalhouse.redact import Redactor
from evalhouse.tasks.statuses import STATUS_SUFFIX
from evalhouse.tasks.task import Task
from evalhouse.workflows.annotation.outcomes import Results
from evalhouse.workflows.annotation.run_folder import write_whole

OUTPUT = "output.csv"


def write_table(path: Path, task: Task, results: Results, redactor: Redactor) -> None:
    """Write the table; secrets that a model said are replaced."""
    asked = set(results.columns)
    columns = [column for column in task.codebook.output_columns if column in asked]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    carried = itertools.islice(task.carried(), len(results.rows))
    for number, (cells, answers) in enumerate(zip(carried, results.rows, strict=True)):
        if not number:
            statuses = [f"{column}{STATUS_SUFFIX}" for column in columns]
            writer.writerow([*cells, *columns, *statuses])
        given = [answers[column] for column in columns]
        writer.writerow(
            [
                *cells.values(),
                *(answer.cell for answer in given),
                *(answer.status for answer in given),
            ]
        )
    write_whole(path, redactor.text(text.getvalue().encode())[0])
