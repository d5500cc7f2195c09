"""Writes a run as OLMES lays it out, and says what a reader must find."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from examples.olmes_dumps.aggregation import aggregate
from examples.olmes_dumps.answers import Sitting
from examples.olmes_dumps.prompts import RequestLines
from examples.olmes_dumps.records import Recorder, model_hash, summary

if TYPE_CHECKING:
    from pathlib import Path

    from examples.olmes_dumps.plans import File, RunPlan, Task

Json = dict[str, Any]
_ROW_FILES: tuple[File, ...] = ("predictions", "requests", "recorded-inputs")


@dataclass(frozen=True)
class TaskTruth:
    """What is known about a task of a run."""

    alias: str
    task_name: str
    kind: str
    index: int
    stem: str
    task_hash: str
    docs: int
    rows: dict[str, int]
    """Whole rows by file name, relative to the run's folder."""
    primary_metric: str
    primary_score: float | None
    """None where the declared metric does not exist, or is not a number."""
    recorded: bool
    """Whether its record is in the dump at all."""
    truncated: str | None = None
    """The file whose last line is cut, which is not counted in `rows`."""


@dataclass(frozen=True)
class SuiteTruth:
    """What is known about an aggregate."""

    name: str
    rule: str
    members: tuple[str, ...]
    task_hash: str
    num_instances: int
    primary_score: float | None
    used: str | None


@dataclass(frozen=True)
class RunTruth:
    """What is known about a run."""

    folder: str
    model: str
    revision: str
    model_hash: str
    metrics_all_rows: int | None
    """None where there is no `metrics-all.jsonl`."""
    tasks: tuple[TaskTruth, ...]
    suites: tuple[SuiteTruth, ...]

    def as_json(self) -> Json:
        """For a truth file."""
        return asdict(self)

    def task(self, alias: str) -> TaskTruth:
        """The task with this alias."""
        return next(task for task in self.tasks if task.alias == alias)

    def suite(self, name: str) -> SuiteTruth:
        """The suite with this name."""
        return next(suite for suite in self.suites if suite.name == name)


@dataclass
class _RowFiles:
    """The lines of a task's row files while they are made."""

    lines: dict[File, list[str]] = field(default_factory=lambda: {file: [] for file in _ROW_FILES})
    metrics: list[Json] = field(default_factory=list)


def write_run(root: Path, plan: RunPlan) -> RunTruth:
    """Write one directory of the dump below `root`."""
    return _Writer(root / plan.folder, plan).write()


class _Writer:
    def __init__(self, folder: Path, plan: RunPlan) -> None:
        self.folder = folder
        self.plan = plan
        self.model_hash = model_hash(plan)
        self.records: dict[str, Json] = {}

    def write(self) -> RunTruth:
        self.folder.mkdir(parents=True, exist_ok=True)
        tasks = tuple(self._task(task) for task in self.plan.tasks)
        aggregates = self._aggregates()
        crashed = "crashed" in self.plan.accidents
        total = None if crashed else self._sum_up(aggregates)
        return RunTruth(
            folder=self.plan.folder,
            model=self.plan.model,
            revision=self.plan.revision,
            model_hash=self.model_hash,
            metrics_all_rows=total,
            tasks=tasks,
            suites=() if crashed else tuple(self._suite(record) for record in aggregates),
        )

    def _index(self, task: Task) -> int:
        """Place of the task in its launch."""
        return [other for other in self.plan.tasks if other.launch == task.launch].index(task)

    def _stem(self, task: Task) -> str:
        if self.plan.stems == "bare":
            return task.name
        name = task.alias if self.plan.stems == "alias" else task.name
        return f"task-{self._index(task):03d}-{name}"

    def _task(self, task: Task) -> TaskTruth:
        recorder = Recorder(task, self.plan, self._index(task))
        made = self._row_files(task, recorder.task_hash())
        record = recorder.record(made.metrics)
        cut = "crashed" in self.plan.accidents and task is self.plan.tasks[-1]
        recorded = not cut and task.alias not in self.plan.unrecorded
        if recorded:
            self.records[task.alias] = record
            self._put("metrics", f"{self._stem(task)}-metrics.json", json.dumps(record))
            config = json.dumps(record["task_config"])
            self._put("config", f"{self._stem(task)}-config.json", config)
        return TaskTruth(
            alias=task.alias,
            task_name=task.name,
            kind=task.kind,
            index=recorder.index,
            stem=self._stem(task),
            task_hash=record["task_hash"],
            docs=len(made.metrics),
            rows=self._put_cut(task, made) if cut else self._put_rows(task, made),
            primary_metric=task.primary_metric,
            primary_score=_finite(record["metrics"].get("primary_score")),
            recorded=recorded,
            truncated=f"{self._stem(task)}-requests.jsonl" if cut else None,
        )

    def _row_files(self, task: Task, task_hash: str) -> _RowFiles:
        made = _RowFiles()
        predictions, requests, recorded = (made.lines[file] for file in _ROW_FILES)
        late: list[str] = []
        wants_requests = "requests" in self.plan.files
        for answered in Sitting(task, self.plan).answered():
            made.metrics.append(answered.metrics)
            prediction = {
                "doc_id": answered.doc_id,
                "native_id": answered.native_id,
                "metrics": answered.metrics,
                "model_output": answered.outputs,
                "label": answered.label,
                "task_hash": task_hash,
                "model_hash": self.model_hash,
            }
            predictions.append(json.dumps(prediction))
            lines = RequestLines(task, self.plan, answered)
            if wants_requests:
                requests.extend(lines.requests())
                late.extend(lines.twins())
            if answered.doc_id < self.plan.recorded:
                recorded.append(lines.recorded())
        requests.extend(late)
        return made

    def _put_rows(self, task: Task, made: _RowFiles) -> dict[str, int]:
        rows = {}
        for file, lines in made.lines.items():
            if file in self.plan.files and lines:
                name = f"{self._stem(task)}-{file}.jsonl"
                self._put(file, name, "\n".join(lines) + "\n")
                rows[name] = len(lines)
        return rows

    def _put_cut(self, task: Task, made: _RowFiles) -> dict[str, int]:
        """Only the requests, killed while the last line was written."""
        lines = made.lines["requests"]
        name = f"{self._stem(task)}-requests.jsonl"
        self._put("requests", name, "\n".join(lines)[: -len(lines[-1]) // 2])
        return {name: len(lines) - 1}

    def _put(self, file: File, name: str, text: str) -> None:
        if file in self.plan.files:
            (self.folder / name).write_bytes(text.encode("ascii"))

    def _aggregates(self) -> list[Json]:
        """Suites whose members are all there, in the order they are planned."""
        known = dict(self.records)
        made = []
        for suite in self.plan.suites:
            members = [known[name] for name in suite.members if name in known]
            if len(members) == len(suite.members):
                known[suite.name] = aggregate(suite, members)
                made.append(known[suite.name])
        return made

    def _sum_up(self, aggregates: list[Json]) -> int | None:
        records = [*aggregates, *self._last_records()]
        summed = summary(self.plan, records)
        self._put("summary", "metrics.json", json.dumps(summed))
        keys = "".join(f'"{key}"\n' for key in summed)
        self._put("vestigial", "metrics.jsonl", keys * len(self.plan.tasks))
        lines = "".join(json.dumps(record) + "\n" for record in records)
        self._put("metrics-all", "metrics-all.jsonl", lines)
        return len(records) if "metrics-all" in self.plan.files else None

    def _last_records(self) -> list[Json]:
        """Records of all launches, or of the last where it wrote over the earlier ones."""
        last = max(task.launch for task in self.plan.tasks)
        return [
            self.records[task.alias]
            for task in self.plan.tasks
            if task.alias in self.records
            and (task.launch == last or "overwritten" not in self.plan.accidents)
        ]

    def _suite(self, record: Json) -> SuiteTruth:
        suite = next(suite for suite in self.plan.suites if suite.name == record["task_name"])
        return SuiteTruth(
            name=suite.name,
            rule=suite.rule,
            members=suite.members,
            task_hash=record["task_hash"],
            num_instances=record["num_instances"],
            primary_score=_finite(record["metrics"].get("primary_score")),
            used=record["task_config"]["metadata"].get("used_mc_or_rc"),
        )


def _finite(score: float | None) -> float | None:
    return None if score is None or math.isnan(score) else score
