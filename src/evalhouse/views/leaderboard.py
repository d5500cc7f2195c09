"""Leaderboards: models by their score on a task or suite, each with the run it comes from."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import pyarrow as pa

from evalhouse.errors import UsageError
from evalhouse.store import Reader
from evalhouse.views.contest import Choice, Contest, Entrant, Measure
from evalhouse.views.scores import Score
from evalhouse.views.settings import Result, Settings

_SUGGESTION = """
SELECT task FROM task_scores
WHERE primary_value IS NOT NULL
GROUP BY task, is_suite
ORDER BY is_suite DESC, count(DISTINCT model_id) DESC, sum(n_items) DESC, task
LIMIT 1
"""
_GOLDS = """
SELECT config ->> '$.ground_truth_sha256' AS value, count(*) AS runs FROM runs
WHERE list_contains($runs, run_id) AND json_valid(config) AND value IS NOT NULL
GROUP BY value
ORDER BY runs DESC, value
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
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def to_arrow(self) -> pa.Table:
        """Return one row a score."""
        return pa.Table.from_pylist([_flat(row) for row in self.rows], _SCHEMA)


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
    rows = _rows(contest)
    if not rows and len(contest.below) == 1:
        return leaderboard(reader, contest.below[0].path, choice)
    if not rows:
        _say_why_empty(contest)
    measure = Measure.of(row.score for row in rows)
    kept = contest.kept(row.result for row in rows)
    rows = [row for row in rows if row.result in kept]
    rows.sort(key=lambda row: (measure.rank(row.score), row.entrant.order))
    notes = (*contest.notes, *measure.notes, *_golds(reader, rows))
    if contest.choice.group_by:
        keys, groups = _groups(contest, rows, measure)
        return Groups(contest.title, measure, keys, groups, notes)
    return Leaderboard(contest.title, measure, tuple(rows), notes)


def suggestion(reader: Reader) -> str | None:
    """Return the suite, else the task, with results of most models; None in an empty house."""
    found = reader.sql(_SUGGESTION).column("task").to_pylist()
    return found[0] if found else None


def _rows(contest: Contest) -> list[Row]:
    scores = contest.scores(contest.nodes)
    found = [(node, scores.everywhere(node.task_id)) for node in contest.nodes]
    entrants = contest.entrants({where for _, places in found for where in places})
    return [
        Row(entrants[where], node.path, score)
        for node, places in found
        for where, listed in places.items()
        for score in listed
    ]


def _golds(reader: Reader, rows: Sequence[Row]) -> Iterator[str]:
    """Say where runs were made with different ground truths, as their configurations tell."""
    found = reader.sql(_GOLDS, {"runs": [row.entrant.run_id for row in rows]}).to_pylist()
    if len(found) > 1:
        counts = ", ".join(f"`{gold['value'][:8]}` of {gold['runs']}" for gold in found)
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
    groups.sort(key=lambda group: (measure.rank(Score(group.mean)), str(group.values)))
    return keys or tuple(contest.choice.group_by), tuple(groups)


def _group(values: tuple[str | None, ...], rows: Sequence[Row]) -> Group:
    told = [row for row in rows if row.score.value is not None]
    numbers = [row.score.value for row in told if row.score.value is not None]
    mean = math.fsum(numbers) / len(numbers) if numbers else None
    return Group(values, told[0] if told else None, mean, len(numbers))


def _flat(row: Row) -> dict[str, Any]:
    return {**vars(row.entrant), **vars(row.score), "task_path": row.path}
