"""Scoring a run: its scores in its folder, in the shared tables, and in the house."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from evalhouse.assessment import Answered, Assessment, assess
from evalhouse.assessment.reports import classification_reports
from evalhouse.errors import UsageError
from evalhouse.formats.codebook_lab import layout, tidy
from evalhouse.formats.codebook_lab.rows import class_rows, long_rows, runs_row
from evalhouse.formats.codebook_lab.scores import decode_scores
from evalhouse.redact import Redactor
from evalhouse.scoring import Scoring
from evalhouse.store import Store
from evalhouse.tasks.task import Task
from evalhouse.workflows.annotation.run_folder import (
    RunFolder,
    file_sha256,
    write_json,
    write_whole,
)
from evalhouse.workflows.ingest import ingest
from evalhouse.workflows.redactor import redactor_of

_UNLISTED = (layout.MANIFEST,)


@dataclass(frozen=True)
class Scored:
    """The scores of a run, and what must be said of them beside what they say themselves."""

    assessment: Assessment
    warnings: tuple[str, ...] = ()

    def is_by(self, ground_truth_sha256: str, level: float) -> bool:
        """Tell whether these are scores against a ground truth, at a level of confidence."""
        levels = {
            line.level for field in self.assessment.fields for line in field.scores if line.level
        }
        is_same = self.assessment.ground_truth_sha256 == ground_truth_sha256
        return is_same and levels <= {level}


def score_run(
    folder: RunFolder,
    task: Task,
    answered: Answered,
    options: Scoring,
    store: Store | None,
) -> Scored:
    """Score a run against a task's gold; the scores take the place of earlier ones.

    Args:
        folder: the run.
        task: what it is scored against.
        answered: its answers.
        options: how they are scored.
        store: the house that takes in the run; None for none.
    """
    assessment = assess(task, answered, options)
    return keep_scores(folder, assessment, classification_reports(assessment), store)


def keep_scores(
    folder: RunFolder, assessment: Assessment, reports: str, store: Store | None
) -> Scored:
    """Write the scores of a run wherever they belong."""
    redactor = redactor_of(store)
    data = cleaned_scores(assessment, redactor)
    row = _runs_row(folder)
    write_whole(folder.path / layout.SCORES, data)
    write_whole(folder.path / layout.REPORTS, redactor.text(reports.encode())[0])
    _update_tables(folder, data, row)
    write_manifest(folder, redactor)
    if store is not None:
        ingest(store, [folder.path])
    return Scored(assessment, tuple(_warnings(folder.config, assessment)))


def kept_scores(folder: RunFolder) -> Scored | None:
    """Return the scores of a run as its folder has them; None where it has none."""
    try:
        data = (folder.path / layout.SCORES).read_bytes()
        return Scored(msgspec.json.decode(data, type=Assessment))
    except (OSError, msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def cleaned_scores(assessment: Assessment, redactor: Redactor) -> bytes:
    """Return scores as a file holds them, without secrets."""
    data = msgspec.json.format(msgspec.json.encode(assessment), indent=2)
    return redactor.text(data + b"\n")[0]


def _runs_row(folder: RunFolder) -> dict[str, Any]:
    """Return the row of the run in the table of runs, from what its folder says."""
    return runs_row(
        folder.config,
        timing=_object(folder.path / layout.TIMING),
        characters=_object(folder.path / layout.CHARACTERS),
        emissions=_sessions(folder.path / layout.EMISSIONS),
        folder=str(folder.path),
    )


def _update_tables(folder: RunFolder, data: bytes, row: dict[str, Any]) -> None:
    """Put the run into the tables that the runs of its task share."""
    task, run_id = folder.path.parent.name, folder.run_id
    tables = folder.path.parent.parent / layout.METRICS_FOLDER
    scores = decode_scores(data)
    # The row of the run comes last: whoever joins the tables finds the values of every run.
    tidy.update_long(tables / layout.long_table(task), long_rows(run_id, scores), run_id)
    tidy.update_classes(tables / layout.classes_table(task), class_rows(run_id, scores), run_id)
    tidy.update_runs(tables / layout.runs_table(task), row, run_id)


def write_manifest(folder: RunFolder, redactor: Redactor) -> None:
    """Write the size and the SHA-256 of every file of the run."""
    files = {
        path.name: {"sha256": file_sha256(path), "bytes": path.stat().st_size}
        for path in sorted(folder.path.iterdir())
        if path.is_file() and path.name not in _UNLISTED and not path.name.startswith(".")
    }
    write_json(folder.path / layout.MANIFEST, {"run_id": folder.run_id, "files": files}, redactor)


def _warnings(config: Mapping[str, Any], assessment: Assessment) -> Iterator[str]:
    asked = config.get("ground_truth_sha256")
    if asked and asked != assessment.ground_truth_sha256:
        yield (
            "the ground truth is not the one that the run was begun with, so its scores compare "
            "with those of runs scored against the same alone"
        )


def _object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as failure:
        raise UsageError(f"`{path}` cannot be read: {failure}; put it back as it was") from None
    return found if isinstance(found, dict) else {}


def _sessions(path: Path) -> list[dict[str, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as failure:
        raise UsageError(f"`{path}` cannot be read: {failure}; put it back as it was") from None
    return list(csv.DictReader(io.StringIO(text, newline="")))
