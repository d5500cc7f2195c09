"""Leaderboards: models by their score on a task or suite, each with the run it comes from."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc

from evalhouse.errors import UsageError
from evalhouse.store import Reader
from evalhouse.views.contest import Choice, Contest, Entrant, Measure
from evalhouse.views.entries import Entries, joined
from evalhouse.views.listed import Listed
from evalhouse.views.scores import Score, Scores
from evalhouse.views.settings import Result, Settings

_SUGGESTION = """
SELECT task FROM task_scores
WHERE primary_value IS NOT NULL
GROUP BY task, is_suite
ORDER BY is_suite DESC, count(DISTINCT model_id) DESC, sum(n_items) DESC, task
LIMIT 1
"""
_GOLDS = """
SELECT run_id, config ->> '$.ground_truth_sha256' AS value FROM runs
WHERE json_valid(config) AND value IS NOT NULL
"""
_LISTED = 8


@dataclass(frozen=True)
class Row:
    """The score of a model in one run."""

    entrant: Entrant
    path: str
    score: Score

    @property
    def result(self) -> Result:
        """Return what the score belongs to."""
        return Result(self.entrant.run_id, self.entrant.model_id, self.score.prompt_id)


@dataclass(frozen=True)
class Leaderboard:
    """Models by their score, the best first."""

    title: str
    measure: Measure
    rows: Listed[Row]
    notes: tuple[str, ...] = ()

    def to_arrow(self) -> pa.Table:
        """Return one row a score."""
        return self.rows.table


@dataclass(frozen=True)
class Group:
    """Results that agree in some settings; `mean` is over the `runs` that have a value."""

    values: tuple[str | None, ...]
    best: Row | None
    mean: float | None
    runs: int


@dataclass(frozen=True)
class Groups:
    """Groups of results, that with the best mean first."""

    title: str
    measure: Measure
    keys: tuple[str, ...]
    groups: tuple[Group, ...]
    notes: tuple[str, ...] = ()

    def to_arrow(self) -> pa.Table:
        """Return one row a group; the keys come first."""
        best = [group.best for group in self.groups]
        names = [row.entrant if row else None for row in best]
        columns = {
            "mean": pa.array([group.mean for group in self.groups], pa.float64()),
            "runs": pa.array([group.runs for group in self.groups], pa.int64()),
            "best": pa.array([row.score.value if row else None for row in best], pa.float64()),
            "best_model": pa.array([who.model if who else None for who in names], pa.string()),
            "best_run": pa.array([who.run if who else None for who in names], pa.string()),
        }
        keys = [
            pa.array([group.values[place] for group in self.groups], pa.string())
            for place, _ in enumerate(self.keys)
        ]
        return pa.table([*keys, *columns.values()], [*self.keys, *columns])


_SCHEMA = pa.schema(
    {
        "model": pa.string(),
        "revision": pa.string(),
        "value": pa.float64(),
        "stderr": pa.float64(),
        "n_items": pa.int64(),
        "metric": pa.string(),
        "unit": pa.string(),
        "higher_is_better": pa.bool_(),
        "origin": pa.string(),
        "run": pa.string(),
        "label": pa.string(),
        "note": pa.string(),
        "task_path": pa.string(),
        "run_id": pa.string(),
        "model_id": pa.string(),
        "prompt_id": pa.string(),
    }
)


def leaderboard(reader: Reader, name: str, choice: Choice | None = None) -> Leaderboard | Groups:
    """Rank models on a task or suite; with `group_by`, rank groups of results.

    A name with a single variant below it stands for that variant.

    Raises UnknownNameError for a task, metric or setting that is not there.
    """
    contest = Contest(reader, name, choice or Choice())
    scores = contest.scores(contest.nodes)
    parts = [scores.entries(node.task_id) for node in contest.nodes]
    if not any(map(len, parts)) and len(contest.below) == 1:
        return leaderboard(reader, contest.below[0].path, choice)
    if not any(map(len, parts)):
        _say_why_empty(contest)
    measure = Measure.of(joined(parts), scores.cells.words)
    rows = _rows(contest, scores, parts, measure)
    notes = (*contest.notes, *measure.notes, *_golds(reader, rows.table))
    if contest.choice.group_by:
        keys, groups = _groups(contest, list(rows), measure)
        return Groups(contest.title, measure, keys, groups, notes)
    return Leaderboard(contest.title, measure, rows, notes)


def suggestion(reader: Reader) -> str | None:
    """Return the suite, else the task, with results of most models; None in an empty house."""
    found = reader.sql(_SUGGESTION).column("task").to_pylist()
    return found[0] if found else None


def _rows(
    contest: Contest, scores: Scores, parts: Sequence[Entries], measure: Measure
) -> Listed[Row]:
    """Return the scores that have the settings asked for, the best first."""
    kept = contest.kept(scores, parts)
    entries = joined(kept)
    entrants = contest.entrants(scores.cells, entries.place)
    paths = [
        path
        for node, part in zip(contest.nodes, kept, strict=True)
        for path in [node.path] * len(part)
    ]
    columns = {
        name: column
        for table in (entrants, scores.table(entries))
        for name, column in zip(table.column_names, table.columns, strict=True)
    }
    columns["task_path"] = pa.array(paths, pa.string())
    flat = pa.table({name: columns[name] for name in _SCHEMA.names}, schema=_SCHEMA)
    return Listed(flat.take(pa.array(measure.order(entries.value, entrants))), _row)


def _golds(reader: Reader, rows: pa.Table) -> Iterator[str]:
    """Say where runs were made with different ground truths, as their configurations tell."""
    known = reader.kept("golds", ("runs",), lambda: reader.sql(_GOLDS))
    here = known.filter(pc.is_in(known["run_id"], rows["run_id"].combine_chunks()))
    runs = Counter(here["value"].to_pylist())
    if len(runs) > 1:
        found = sorted(runs.items(), key=lambda item: (-item[1], item[0]))
        counts = ", ".join(f"`{value[:8]}` of {count}" for value, count in found)
        yield (
            f"these runs were made with different ground truths ({counts}), so that a higher value "
            "need not be a better model; `evalhouse score` scores a run against the one of now"
        )


def _say_why_empty(contest: Contest) -> NoReturn:
    below = [node.name for node in contest.below]
    if below:
        more = f" and {len(below) - _LISTED} more" if len(below) > _LISTED else ""
        listed = ", ".join(f"`{name}`" for name in below[:_LISTED]) + more
        advice = f"below it stand {listed}; name one, or ask for a pivot of all"
    else:
        advice = "its rows are in `responses`, if its items were taken in"
    raise UsageError(f"`{contest.title}` has no scores of its own; {advice}")


def _groups(
    contest: Contest, rows: Sequence[Row], measure: Measure
) -> tuple[tuple[str, ...], tuple[Group, ...]]:
    settings = Settings.of(contest.reader, [row.result for row in rows])
    keys = tuple(dict.fromkeys(settings.resolve(key) for key in contest.choice.group_by if rows))
    members: dict[tuple[str | None, ...], list[Row]] = defaultdict(list)
    for row in rows:
        members[tuple(settings.value(key, row.result) for key in keys)].append(row)
    groups = [_group(values, listed) for values, listed in members.items()]
    groups.sort(key=lambda group: (measure.key(group.mean), str(group.values)))
    return keys or tuple(contest.choice.group_by), tuple(groups)


def _group(values: tuple[str | None, ...], rows: Sequence[Row]) -> Group:
    told = [row for row in rows if row.score.value is not None]
    numbers = [row.score.value for row in told if row.score.value is not None]
    mean = math.fsum(numbers) / len(numbers) if numbers else None
    return Group(values, told[0] if told else None, mean, len(numbers))


def _row(flat: dict[str, Any]) -> Row:
    return Row(
        Entrant(**{name: flat[name] for name in Entrant.__dataclass_fields__}),
        flat["task_path"],
        Score(**{name: flat[name] for name in Score.__dataclass_fields__}),
    )
