"""The task of a run, where it still lies: its codebook, and what people answered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from evalhouse import ids
from evalhouse.errors import EvalhouseError
from evalhouse.formats.base import Reading, TableRows, Unit, UnitFacts
from evalhouse.formats.files import file_sha256
from evalhouse.formats.texts import Texts
from evalhouse.records import Problem
from evalhouse.tasks.codebook import Codebook
from evalhouse.tasks.conditions import Applies
from evalhouse.tasks.faults import Faults
from evalhouse.tasks.reading import read_codebook
from evalhouse.tasks.task import Coding, Task, open_task

GOLD = "gold"
_KEY = "labels"
LABELS = f"#{_KEY}"
"""How the name of a unit ends that holds labels, and no run."""
_LEVELS = 4  # folders above a run's in which a path of its settings may begin
_ROWS = 4096  # in a batch
_ARISES = {Applies.YES: True, Applies.NO: False, Applies.UNKNOWN: None}


class TaskPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where a task lies that is the one of a run, by the hashes of its files."""

    folder: str
    codebook_sha256: str
    ground_truth_sha256: str


class LabelDetail(msgspec.Struct, kw_only=True, tag="labels"):
    """What the reader of labels must know; `files` are hashes of all tables of the folder."""

    place: TaskPlace
    task: str
    files: list[str]


@dataclass
class Places:
    """Finds tasks; each path is looked at once."""

    _hashes: dict[str, str] = field(default_factory=dict)
    _codebooks: dict[str, Codebook | None] = field(default_factory=dict)

    def sha256(self, path: str) -> str:
        """Return the hash of a file; empty where it cannot be read."""
        if path not in self._hashes:
            self._hashes[path] = file_sha256(path)
        return self._hashes[path]

    def find(self, config: Mapping[str, Any], folder: str) -> TaskPlace | None:
        """Return where the task of a run lies; None where it is not there, or another one."""
        codebook = self._file(config, folder, "codebook")
        ground_truth = self._file(config, folder, "ground_truth")
        if codebook is None or ground_truth is None or codebook.parent != ground_truth.parent:
            return None
        return TaskPlace(
            folder=str(codebook.parent),
            codebook_sha256=str(config["codebook_sha256"]),
            ground_truth_sha256=str(config["ground_truth_sha256"]),
        )

    def codebook(self, config: Mapping[str, Any], folder: str) -> Codebook | None:
        """Return the codebook of a run, where it is there and as it was."""
        path = self._file(config, folder, "codebook")
        if path is None:
            return None
        if str(path) not in self._codebooks:
            read = read_codebook(path, path.name, Faults())
            self._codebooks[str(path)] = read[0] if read else None
        return self._codebooks[str(path)]

    def _file(self, config: Mapping[str, Any], folder: str, name: str) -> Path | None:
        stated, wanted = config.get(f"{name}_path"), config.get(f"{name}_sha256")
        if not isinstance(stated, str) or not isinstance(wanted, str):
            return None
        bases = [Path(folder), *list(Path(folder).parents)[:_LEVELS]]
        for path in dict.fromkeys(base / stated for base in bases):
            if self.sha256(str(path)) == wanted:
                return path
        return None


def label_unit(place: TaskPlace, task: str, task_id: str, run: Unit) -> Unit:
    """Return the labels of a task as a unit: runs of the same ground truth share it."""
    folder = Path(place.folder)
    tables = [path for path in sorted(folder.rglob("*.csv")) if path.is_file()]
    hashes = [f"{path.relative_to(folder)} {file_sha256(str(path))}" for path in tables]
    detail = LabelDetail(place=place, task=task, files=hashes)
    key = ids.canonical_json([_KEY, place.codebook_sha256, place.ground_truth_sha256])
    return Unit(
        format=run.format,
        unit_id=ids.unit_id(task_id, key),
        part=f"{task}{LABELS}",
        run_id=run.run_id,
        model_id=run.model_id,
        prompt_id=run.prompt_id,
        task_id=task_id,
        source_id=run.source_id,
        files=(),
        detail=msgspec.json.encode(detail),
    )


def label_fingerprint(detail: LabelDetail) -> str:
    """Return the hash of what the labels are read from."""
    known = [detail.task, detail.place.codebook_sha256, detail.files]
    return ids.sha256_hex(ids.canonical_json(known))


@dataclass(frozen=True)
class Gold:
    """The consensus, row by row as a run's table has them."""

    coding: Coding

    def cell(self, row: int, column: str) -> str | None:
        """Return the gold cell of a row, numbered from 1."""
        cells = self.coding.cells.get(column, ())
        return cells[row - 1] if 0 < row <= len(cells) else None


def open_gold(place: TaskPlace | None) -> Gold | None:
    """Return the consensus of a task; None where it is not there any more."""
    task = _opened(place) if place else None
    return Gold(task.gold()) if isinstance(task, Task) else None


def document_of(cells: Mapping[str, str]) -> str:
    """Return a row without answers as the text of a document."""
    return json.dumps(dict(cells), ensure_ascii=False)


def read_labels(
    unit: Unit, detail: LabelDetail, reading: Reading
) -> Iterator[TableRows | Problem | UnitFacts]:
    """Yield what people answered; the facts come last."""
    task = _opened(detail.place)
    count = 0
    if isinstance(task, Problem):
        yield msgspec.structs.replace(task, run_id=unit.run_id, task=detail.task)
    else:
        for rows in _tables(_Labels(detail, task, Texts(reading.redactor))):
            count += rows.batch.num_rows
            yield rows
    yield UnitFacts(
        unit_id=unit.unit_id, fingerprint=label_fingerprint(detail), files=(), rows=count
    )


def _opened(place: TaskPlace) -> Task | Problem:
    try:
        task = open_task(place.folder)
    except (EvalhouseError, OSError) as failure:
        return _unread(place, str(failure))
    hashes = (task.files.codebook_sha256, task.files.ground_truth_sha256)
    if hashes != (place.codebook_sha256, place.ground_truth_sha256):
        return _unread(place, f"the task `{place.folder}` is not the one that the run was about")
    return task


def _unread(place: TaskPlace, reason: str) -> Problem:
    return Problem(
        path=place.folder,
        kind="unread_task",
        severity="notice",
        message=f"what people answered was not taken in: {reason}",
    )


class _Labels:
    """The cells of all coders, a batch of rows at a time."""

    def __init__(self, detail: LabelDetail, task: Task, texts: Texts) -> None:
        self._detail, self._codebook, self._texts = detail, task.codebook, texts
        documents = [texts.clean(document_of(cells)) for cells in task.carried()]
        hashes = map(ids.sha256_hex, documents)
        gold = task.gold()
        self._items = dict(zip(gold.ids, hashes, strict=True))
        self.codings = {GOLD: gold, **task.coders()}

    def batches(self, coder: str) -> Iterator[pa.RecordBatch]:
        coding = self.codings[coder]
        for start in range(0, len(coding.ids), _ROWS):
            rows = range(start, min(start + _ROWS, len(coding.ids)))
            yield self._batch(coder, coding, rows)

    def _batch(self, coder: str, coding: Coding, rows: Sequence[int]) -> pa.RecordBatch:
        columns = list(coding.cells)
        answers = [{column: coding.cells[column][row] for column in columns} for row in rows]
        arises = [self._codebook.applicability(cells) for cells in answers]
        names = [coding.ids[row] for row in rows for _ in columns]
        size = len(names)
        found = {
            "task": pa.repeat(self._detail.task, size),
            "field": pa.array(columns * len(rows), pa.string()),
            "item_sha256": pa.array([self._items.get(name) for name in names], pa.string()),
            "native_id": self._texts.column(names),
            "coder_id": pa.repeat(coder, size),
            "value": self._texts.column([cells[name] for cells in answers for name in columns]),
            "applicable": pa.array(
                [_ARISES[states[name]] for states in arises for name in columns], pa.bool_()
            ),
            "ground_truth_sha256": pa.repeat(self._detail.place.ground_truth_sha256, size),
        }
        return pa.record_batch(found)


def _tables(labels: _Labels) -> Iterator[TableRows]:
    for coder in labels.codings:
        for batch in labels.batches(coder):
            if batch.num_rows:
                yield TableRows("labels", batch)
