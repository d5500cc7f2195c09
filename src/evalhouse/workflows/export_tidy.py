"""Writing the shared tables of a task anew, from the rows of the house alone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalhouse.errors import UnknownNameError
from evalhouse.formats.codebook_lab.layout import (
    CHARACTER_KEYS,
    CLASS_COLUMNS,
    CLASS_KEY,
    LONG_COLUMNS,
    LONG_KEY,
    OWN_CHARACTER_KEYS,
    OWN_TIMING_KEYS,
    RUNS_COLUMNS,
    TIMING_KEYS,
    classes_table,
    long_table,
    runs_table,
)
from evalhouse.formats.codebook_lab.results import CLASS, CODERS, RUN
from evalhouse.formats.codebook_lab.rows import number_of, runs_row
from evalhouse.formats.codebook_lab.tidy import table_of
from evalhouse.store import Reader, Store
from evalhouse.store.target import Target, contained
from evalhouse.workflows.annotation_runs import CATALOG, AnnotationRun, annotation_runs

_METRICS = """
SELECT run_id, task, scope, scope_type, metric, definition, value, value_note, n, stderr, ci_low,
    ci_high, ci_method, higher_is_better, unit, is_primary
FROM metrics
WHERE run_id IN (SELECT unnest($runs))
"""
_WH = 1000.0  # in a kilowatt-hour
_COUNTED = ("requests", "tokens", "characters")
"""Units of totals that are whole numbers."""

_AS_LOGGED = ("timestamp", "model_id", "experiment_directory", "cpu_model", "gpu_model")
"""What tables of codebook-lab tell of its runs, and its folders do not."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class TidyFile:
    """A table that was written; `bytes` is its size."""

    path: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class TidyReport:
    """The tables of a task, and the runs that they are about."""

    task: str
    runs: int
    files: tuple[TidyFile, ...]


def export_tidy(store: Store, task: str, target: str | os.PathLike[str]) -> TidyReport:
    """Write the three tables of all annotation runs of a task to a new or empty folder.

    Raises:
        UsageError: There is no run of the task, or the folder holds something else.
        HouseError: The folder cannot be written, or the house is damaged.
    """
    with store.reader() as reader:
        reader.load(*CATALOG, "metrics")  # all as of one moment
        runs = _runs_of(reader, task)
        metrics = _metrics_of(reader, runs)
    told = [_Told(run, name, metrics[run.run_id]) for run, name in _named(runs)]
    told.sort(key=lambda each: each.start)
    made: list[tuple[str, Sequence[str], list[Row]]] = [
        (long_table(task), LONG_COLUMNS, _rows(told, _Told.long_rows)),
        (runs_table(task), RUNS_COLUMNS, [each.row for each in told]),
        (classes_table(task), CLASS_COLUMNS, _rows(told, _Told.class_rows)),
    ]
    return TidyReport(task, len(runs), _written(Target(target), made))


def _written(
    folder: Target, made: Sequence[tuple[str, Sequence[str], list[Row]]]
) -> tuple[TidyFile, ...]:
    names = [contained(name.replace("/", "_")) for name, *_ in made]
    folder.admit(names)
    files = []
    for name, (_, columns, rows) in zip(names, made, strict=True):
        written = folder.write(name, [table_of(rows, columns).text.encode()])
        files.append(TidyFile(name, len(rows), written.bytes))
    return tuple(files)


def _runs_of(reader: Reader, task: str) -> list[AnnotationRun]:
    everything = annotation_runs(reader)
    found = [run for run in everything if run.task == task]
    if not found:
        raise UnknownNameError("task with annotation runs", task, {run.task for run in everything})
    return found


def _metrics_of(reader: Reader, runs: Sequence[AnnotationRun]) -> dict[str, list[Row]]:
    """Return the rows of `metrics` by run, in the order in which they were taken in."""
    ids = [run.run_id for run in runs]
    found: dict[str, list[Row]] = {run_id: [] for run_id in ids}
    for row in reader.sql(_METRICS, {"runs": ids}).to_pylist():
        found[row["run_id"]].append(row)
    return found


def _named(runs: Sequence[AnnotationRun]) -> Iterator[tuple[AnnotationRun, str]]:
    """Yield runs with the ids that the tables join on: their own, unless two share one."""
    uses = Counter(run.native_id for run in runs)
    for run in runs:
        yield run, run.native_id if uses[run.native_id] == 1 else run.short_id


def _rows(told: Iterable[_Told], rows_of: Callable[[_Told], Iterable[Row]]) -> list[Row]:
    return [row for each in told for row in rows_of(each)]


class _Told:
    """What the house tells of one run, as rows of the tables."""

    def __init__(self, run: AnnotationRun, name: str, metrics: Sequence[Row]) -> None:
        self._run, self._name = run, name
        self._totals = {row["metric"]: row for row in metrics if row["scope_type"] == RUN}
        self._scores = [row for row in metrics if row["scope_type"] not in (CODERS, RUN)]
        self.row = self._runs_row()

    @property
    def start(self) -> tuple[bool, str, str]:
        """Return what runs are ordered by; those without a start come last."""
        timestamp = str(self.row["timestamp"] or "")
        return not timestamp, timestamp, self._name

    # -- values ----------------------------------------------------------------------------------

    def long_rows(self) -> Iterator[Row]:
        """Yield the values of whole fields."""
        whole = (row for row in self._scores if row["scope_type"] != CLASS)
        rows = (
            {**self._value(row, row["scope_type"]), "is_headline": bool(row["is_primary"])}
            for row in whole
        )
        return _once(rows, LONG_KEY)

    def class_rows(self) -> Iterator[Row]:
        """Yield the values of single classes."""
        kinds = {r["task"]: r["scope_type"] for r in self._scores if r["scope_type"] != CLASS}
        rows = (
            {
                **self._value(row, kinds.get(row["task"])),
                "class": str(row["scope"]).removeprefix(f"{row['task']}: "),
            }
            for row in self._scores
            if row["scope_type"] == CLASS
        )
        return _once(rows, CLASS_KEY)

    def _value(self, row: Row, kind: str | None) -> dict[str, Any]:
        method, _, level = str(row["ci_method"] or "").rpartition(", level ")
        same = ("metric", "value", "ci_low", "ci_high", "stderr", "n", "higher_is_better", "unit")
        return {
            "run_id": self._name,
            "column": row["task"],
            "annotation_type": kind,
            **{name: row[name] for name in (*same, "definition")},
            "ci_method": method or level,
            "ci_level": number_of(level) if method else None,
            "note": row["value_note"],
        }

    # -- the run ---------------------------------------------------------------------------------

    def _runs_row(self) -> dict[str, Any]:
        config = dict(self._run.config)
        row = runs_row(
            config,
            timing={name: self._total(name) for name in (*TIMING_KEYS, *OWN_TIMING_KEYS)},
            characters={name: self._total(name) for name in (*CHARACTER_KEYS, *OWN_CHARACTER_KEYS)},
            emissions=[self._session()],
            folder=self._run.uri,
        )
        stated = {name: config[name] for name in _AS_LOGGED if config.get(name)}
        return row | stated | {"run_id": self._name}

    def _total(self, name: str) -> float | int | None:
        row = self._totals.get(name)
        if row is None or row["value"] is None:
            return None
        value = float(row["value"])
        return int(value) if row["unit"] in _COUNTED and value.is_integer() else value

    def _session(self) -> dict[str, str]:
        """Return the totals of all sessions as if they were one."""
        energy, emissions = self._total("energy_consumed"), self._total("emissions")
        found = {
            "energy_consumed": None if energy is None else repr(energy / _WH),
            "emissions": None if emissions is None else repr(emissions),
            "cpu_model": _cpu_of(self._run.variables),
            "gpu_model": _gpu_of(self._run.variables),
        }
        return {name: text for name, text in found.items() if text}


def _once(rows: Iterable[Row], key: Sequence[str]) -> Iterator[Row]:
    """Yield rows whose key was not there before."""
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        name = tuple(row[column] for column in key)
        if name not in seen:
            seen.add(name)
            yield row


def _cpu_of(variables: Row) -> str | None:
    cpu = variables.get("cpu")
    found = variables.get("cpu_model") or (cpu.get("model") if isinstance(cpu, dict) else None)
    return str(found) if found else None


def _gpu_of(variables: Row) -> str | None:
    """Return the GPUs of a machine as CodeCarbon names them."""
    if variables.get("gpu_model"):
        return str(variables["gpu_model"])
    boards = variables.get("gpus")
    listed = [board for board in boards or () if isinstance(board, dict)]
    names = Counter(str(board["name"]) for board in listed if board.get("name"))
    return ", ".join(f"{count} x {name}" for name, count in names.items()) or None
