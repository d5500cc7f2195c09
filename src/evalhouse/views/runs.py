"""The runs of a house, and one of them whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from evalhouse.errors import UnknownNameError
from evalhouse.store import VIEWS, Reader
from evalhouse.views.entries import joined
from evalhouse.views.names import find_run, rows_of
from evalhouse.views.scores import Score, Scores
from evalhouse.views.took import Took, took
from evalhouse.views.tree import Tree

_LIST = """
SELECT run.short_id AS run, run.label, cells.models, run.status, run.started_at,
    coalesce(cells.tasks, 0) AS tasks, coalesce(cells.items, 0) AS items, cells.origin,
    coalesce(origins.sources, 0) AS sources, run.submitted_at, run.run_id
FROM runs AS run
LEFT JOIN (
    SELECT run_id, string_agg(DISTINCT model_name, ', ' ORDER BY model_name) AS models,
        count(*) AS tasks, CAST(sum(n_items) FILTER (NOT is_suite) AS BIGINT) AS items,
        CASE WHEN count(DISTINCT origin) = 1 THEN any_value(origin) ELSE 'both' END AS origin
    FROM run_model_metrics JOIN catalog.models USING (model_id) JOIN catalog.tasks USING (task_id)
    GROUP BY run_id
) AS cells ON cells.run_id = run.run_id
LEFT JOIN (
    SELECT run_id, count(*) AS sources FROM run_sources GROUP BY run_id
) AS origins ON origins.run_id = run.run_id
ORDER BY run.started_at DESC NULLS LAST, run.label, run.short_id
"""

_LISTED = ("runs", "run_model_metrics", "models", "tasks", "run_sources")

_OF_RUN = (
    *("run_id", "short_id", "label", "status", "started_at", "finished_at", "submitted_at"),
    *("runner", "runner_version", "config_hash"),
)

_COUNTS = """
SELECT 'checks' AS of, scope AS first, status AS second, count(*) AS n
FROM checks WHERE run_id = $run GROUP BY ALL
UNION ALL
SELECT 'problems', severity, kind, count(*) FROM problems WHERE run_id = $run GROUP BY ALL
ORDER BY ALL
"""

_METRICS = """
SELECT scope_type, scope, metric, value, stderr, n, unit, origin, level, value_note AS note
FROM metrics
WHERE run_id = $run AND task = $task
ORDER BY is_primary DESC NULLS LAST, coalesce(scope, '') NOT IN ('', task), scope_type, scope,
    metric
"""

_ITEMS = """
SELECT doc_id, native_id, label, answer, score FROM items
WHERE run_id = $run AND task = $task
ORDER BY doc_id
LIMIT $most
"""

_ITEM_COUNT = """
SELECT count(*) AS n FROM items WHERE run_id = $run AND task = $task
"""

_TASK_NAMES = """
SELECT part AS task FROM batch_units WHERE run_id = $run
UNION
SELECT task FROM metrics WHERE run_id = $run
"""


@dataclass(frozen=True)
class RunList:
    """Every run, the newest first."""

    rows: pa.Table

    def to_arrow(self) -> pa.Table:
        """Return one row a run."""
        return self.rows


@dataclass(frozen=True)
class Result:
    """The primary result of a run on a task."""

    task: str
    path: str
    is_suite: bool
    model: str
    score: Score


@dataclass(frozen=True)
class RunSource:
    """A dump that a run was read from; size in bytes."""

    uri: str
    format: str
    status: str
    files: int
    bytes: int


@dataclass(frozen=True)
class RunPage:
    """One run: what it is, what came out, and how far that can be trusted."""

    run_id: str
    short_id: str
    label: str | None
    status: str
    started_at: datetime | None
    finished_at: datetime | None
    submitted_at: datetime
    runner: str | None
    runner_version: str | None
    git_commit: str | None
    config_hash: str
    settings: Mapping[str, str | None]
    sources: tuple[RunSource, ...]
    results: tuple[Result, ...]
    took: Took
    checks: Mapping[tuple[str, str], int]  # (scope, status) -> numbers
    problems: Mapping[tuple[str, str], int]  # (severity, kind) -> things

    def as_dict(self) -> dict[str, Any]:
        """Return the page as plain data."""
        return {
            **vars(self),
            "settings": dict(self.settings),
            "sources": [vars(source) for source in self.sources],
            "results": [_flat(result) for result in self.results],
            "took": vars(self.took),
            "checks": _counts(self.checks, "scope", "status"),
            "problems": _counts(self.problems, "severity", "kind"),
        }


@dataclass(frozen=True)
class MetricLine:
    """One metric of a task in a run."""

    scope_type: str | None
    scope: str | None
    metric: str
    value: float | None
    stderr: float | None
    n: int | None
    unit: str | None
    origin: str | None
    level: str | None
    note: str | None


@dataclass(frozen=True)
class ItemLine:
    """An item in short."""

    doc_id: int | None
    native_id: str | None
    label: str | None
    answer: str | None
    score: float | None


@dataclass(frozen=True)
class TaskPage:
    """One task of a run: its metrics, and its first items."""

    run_id: str
    short_id: str
    task: str
    metrics: tuple[MetricLine, ...]
    items: int
    first_items: tuple[ItemLine, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the page as plain data."""
        return {
            **vars(self),
            "metrics": [vars(line) for line in self.metrics],
            "first_items": [vars(line) for line in self.first_items],
        }


def runs(reader: Reader) -> RunList:
    """List the runs of a house."""
    return RunList(reader.kept("run list", _LISTED, lambda: reader.sql(_LIST)))


def run_page(reader: Reader, name: str) -> RunPage:
    """Show one run; UnknownNameError where there is none of that name."""
    run_id = find_run(reader, name).run_id
    run = rows_of(reader, "runs", "run_id", [run_id]).to_pylist()[0]
    environment = rows_of(reader, "environments", "environment_id", [run["environment_id"]])
    counts = reader.sql(_COUNTS, {"run": run_id}).to_pylist()
    return RunPage(
        **{name: run[name] for name in _OF_RUN},
        git_commit=next(iter(environment["git_commit"].to_pylist()), None),
        settings=_settings(reader, run_id, run["config"]),
        sources=_sources(reader, run_id),
        results=_results(reader, run_id),
        took=took(reader, run_id),
        checks=_counted(counts, "checks"),
        problems=_counted(counts, "problems"),
    )


def task_page(reader: Reader, name: str, task: str, *, items: int = 10) -> TaskPage:
    """Show a task of a run with its first items; UnknownNameError where there is none."""
    run = find_run(reader, name)
    which = {"run": run.run_id, "task": require_task(reader, run.run_id, task)}
    metrics = reader.sql(_METRICS, which).to_pylist()
    first = reader.sql(_ITEMS, {**which, "most": items}).to_pylist()
    return TaskPage(
        run_id=run.run_id,
        short_id=run.short_id,
        task=task,
        metrics=tuple(MetricLine(**row) for row in metrics),
        items=reader.sql(_ITEM_COUNT, which).column("n")[0].as_py(),
        first_items=tuple(ItemLine(**row) for row in first),
    )


def require_task(reader: Reader, run_id: str, task: str) -> str:
    """Return the name of a task of a run; UnknownNameError where the run does not have it."""
    known = reader.sql(_TASK_NAMES, {"run": run_id}).column("task").to_pylist()
    if task not in known:
        raise UnknownNameError("task of this run", task, [name for name in known if name])
    return task


def _settings(reader: Reader, run_id: str, config: str | None) -> dict[str, str | None]:
    """Return the settings of one run, as the view of all of them tells them."""
    query = (
        "WITH runs AS (SELECT $run AS run_id, $config AS config) "  # noqa: S608 - our own view
        f"SELECT key, value FROM ({VIEWS['run_settings'].sql}) ORDER BY key"
    )
    rows = reader.sql(query, {"run": run_id, "config": config}).to_pylist()
    return {row["key"]: row["value"] for row in rows}


def _sources(reader: Reader, run_id: str) -> tuple[RunSource, ...]:
    """Return the dumps of a run by name, with the files that were seen in each."""
    links = rows_of(reader, "run_sources", "run_id", [run_id])
    ids = links["source_id"].to_pylist()
    files = rows_of(reader, "files", "source_id", ids)
    sizes = files.group_by("source_id").aggregate([("path", "count"), ("bytes", "sum")])
    held = {row["source_id"]: (row["path_count"], row["bytes_sum"]) for row in sizes.to_pylist()}
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    for source in rows_of(reader, "sources", "source_id", ids).to_pylist():
        who = (source["uri"], source["format"], source["status"])
        n_files, size = held.get(source["source_id"], (0, 0))
        before = found.get(who, (0, 0))
        found[who] = (before[0] + n_files, before[1] + (size or 0))
    return tuple(RunSource(*who, *found[who]) for who in sorted(found))


def _results(reader: Reader, run_id: str) -> tuple[Result, ...]:
    """Return the scores of a run as a leaderboard shows them, suites first."""
    tree = Tree.of(reader)
    scores = Scores.of_run(reader, tree, run_id)
    asked = [node for node in tree.nodes.values() if scores.may_have(node.task_id)]
    found = [(node, scores.entries(node.task_id)) for node in asked]
    entries = joined([each for _, each in found])
    nodes = [node for node, each in found for _ in range(len(each))]
    places = scores.places(entries)
    known = rows_of(reader, "models", "model_id", [where.model_id for where in places])
    models = dict(zip(*known.select(["model_id", "model_name"]).to_pydict().values(), strict=True))
    results = [
        Result(node.name, node.path, node.is_suite, models[where.model_id], score)
        for node, where, score in zip(nodes, places, scores.scores(entries), strict=True)
    ]
    return tuple(sorted(results, key=lambda each: (not each.is_suite, each.path, each.model)))


def _flat(result: Result) -> dict[str, Any]:
    told = {name: value for name, value in vars(result).items() if name != "score"}
    return {**told, **vars(result.score)}


def _counted(rows: Sequence[Mapping[str, Any]], of: str) -> dict[tuple[str, str], int]:
    return {(row["first"], row["second"]): row["n"] for row in rows if row["of"] == of}


def _counts(counts: Mapping[tuple[str, str], int], *names: str) -> list[dict[str, Any]]:
    return [{**dict(zip(names, key, strict=True)), "n": n} for key, n in counts.items()]
