"""Pivots: models by tasks, each cell the score of one run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from evalhouse.errors import UsageError
from evalhouse.store import Reader
from evalhouse.views.contest import Choice, Contest, Entrant, Measure
from evalhouse.views.scores import Score, Where
from evalhouse.views.settings import Result
from evalhouse.views.tree import Node


@dataclass(frozen=True)
class PivotRow:
    """A model in one run, with its score on each task of the pivot; None where it has none."""

    entrant: Entrant
    scores: tuple[Score | None, ...]


@dataclass(frozen=True)
class Pivot:
    """Models by tasks; a suite itself is the first column, and orders the rows."""

    title: str
    measure: Measure
    tasks: tuple[str, ...]
    rows: tuple[PivotRow, ...]
    notes: tuple[str, ...] = ()

    def to_arrow(self) -> pa.Table:
        """Return one row a model and run, one column a task."""
        who = [row.entrant for row in self.rows]
        names = ["model", "revision", "run", "label"]
        columns = [pa.array([getattr(each, name) for each in who], pa.string()) for name in names]
        columns += [
            pa.array([score.value if score else None for score in column], pa.float64())
            for column in (
                [row.scores[place] for row in self.rows] for place, _ in enumerate(self.tasks)
            )
        ]
        return pa.table(columns, [*names, *self.tasks])


def pivot(reader: Reader, name: str, choice: Choice | None = None) -> Pivot:
    """Set models against the members of a suite, or against all tasks below a node.

    Raises UnknownNameError for a task, metric or setting that is not there.
    """
    contest = Contest(reader, name, choice or Choice())
    if contest.choice.group_by:
        raise UsageError("a pivot shows single runs, so it has no groups; leave one of both out")
    columns = _columns(contest)
    cells = _cells(contest, columns)
    used = [name for name in columns.values() if any(name in row for row in cells.values())]
    tasks = tuple(dict.fromkeys(used)) or (contest.title,)
    measure = Measure.of(row[tasks[0]][0] for row in cells.values() if tasks[0] in row)
    entrants = contest.entrants(cells)
    rows = [
        PivotRow(entrants[where], tuple(_single(row.get(name)) for name in tasks))
        for where, row in cells.items()
    ]
    rows.sort(key=lambda row: (measure.rank(row.scores[0]), row.entrant.order))
    notes = (*_doubts(cells), *measure.notes)
    return Pivot(contest.title, measure, tasks, tuple(rows), notes)


def _columns(contest: Contest) -> dict[Node, str]:
    """Return nodes with the names of their columns; a task at several places has one column."""
    members = [each for node in contest.nodes for each in contest.tree.members(node.task_id)]
    nodes = list(dict.fromkeys([*contest.nodes, *members, *contest.below]))
    roots = {(node.name, node.root) for node in nodes}
    shared = Counter(name for name, _ in roots)
    return {node: node.name if shared[node.name] == 1 else node.path for node in nodes}


def _cells(contest: Contest, columns: dict[Node, str]) -> dict[Where, dict[str, list[Score]]]:
    """Return the scores that are kept, by place and column."""
    scores = contest.scores(list(columns))
    found = [
        (where, name, score)
        for node, name in columns.items()
        for where, listed in scores.everywhere(node.task_id).items()
        for score in listed
    ]
    if not found:
        raise UsageError(f"`{contest.title}` and what it is made from have no scores")
    kept = contest.kept({Result(*where, score.prompt_id) for where, _, score in found})
    cells: dict[Where, dict[str, list[Score]]] = defaultdict(lambda: defaultdict(list))
    for where, name, score in found:
        if Result(*where, score.prompt_id) in kept:
            cells[where][name].append(score)
    return cells


def _single(scores: Sequence[Score] | None) -> Score | None:
    return scores[0] if scores and len(scores) == 1 else None


def _doubts(cells: dict[Where, dict[str, list[Score]]]) -> tuple[str, ...]:
    several = sum(len(scores) > 1 for row in cells.values() for scores in row.values())
    if not several:
        return ()
    reason = "their run has several scores there; the leaderboard of the task lists them"
    return (f"{several} cells are empty because {reason}",)
