"""Pivots: models by tasks, each cell the score of one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import pyarrow as pa

from evalhouse.errors import UsageError
from evalhouse.store import Reader
from evalhouse.views.contest import Choice, Contest, Entrant, Measure
from evalhouse.views.entries import (
    NOTHING,
    UNKNOWN,
    Entries,
    Floats,
    Ints,
    indices,
    joined,
    numbers,
)
from evalhouse.views.scores import Score, Scores
from evalhouse.views.tree import Node

_AT_ONCE = 1_000  # rows made at once


@dataclass(frozen=True)
class PivotRow:
    """A model in one run, with its score on each task of the pivot; None where it has none."""

    entrant: Entrant
    scores: tuple[Score | None, ...]


class PivotRows(Sequence[PivotRow]):
    """The rows of a pivot, which become objects when somebody looks at them."""

    def __init__(
        self, entrants: pa.Table, scores: Scores, columns: Sequence[tuple[Entries, Ints]]
    ) -> None:
        self.entrants = entrants
        self._scores = scores
        self._columns = columns  # scores, and for each row which of them stands there

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.entrants.num_rows)

    @overload
    def __getitem__(self, which: int) -> PivotRow: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[PivotRow]: ...
    def __getitem__(self, which: int | slice) -> PivotRow | Sequence[PivotRow]:
        """Return a row, or some."""
        places = np.arange(len(self))
        if isinstance(which, slice):
            return list(self._at(places[which]))
        return next(self._at(places[[which]]))

    def __iter__(self) -> Iterator[PivotRow]:
        """Yield every row."""
        for start in range(0, len(self), _AT_ONCE):
            yield from self._at(np.arange(start, min(start + _AT_ONCE, len(self))))

    def values(self) -> Iterator[pa.Array]:
        """Yield the values of each column, empty where there is no score."""
        for entries, at in self._columns:
            yield numbers(entries.value).take(indices(at))

    def _at(self, places: Ints) -> Iterator[PivotRow]:
        entrants = self.entrants.take(pa.array(places)).to_pylist()
        columns = [self._listed(entries, at[places]) for entries, at in self._columns]
        for entrant, *scores in zip(entrants, *columns, strict=True):
            yield PivotRow(Entrant(**entrant), tuple(scores))

    def _listed(self, entries: Entries, at: Ints) -> list[Score | None]:
        found: list[Score | None] = [None] * len(at)
        there = np.flatnonzero(at != UNKNOWN)
        for place, score in zip(there, self._scores.scores(entries.at(at[there])), strict=True):
            found[place] = score
        return found


@dataclass(frozen=True)
class Pivot:
    """Models by tasks; a suite itself is the first column, and orders the rows."""

    title: str
    measure: Measure
    tasks: tuple[str, ...]
    rows: PivotRows
    notes: tuple[str, ...] = ()

    def to_arrow(self) -> pa.Table:
        """Return one row a model and run, one column a task."""
        who = self.rows.entrants.select(["model", "revision", "run", "label"])
        return pa.table([*who.columns, *self.rows.values()], [*who.column_names, *self.tasks])


def pivot(reader: Reader, name: str, choice: Choice | None = None) -> Pivot:
    """Set models against the members of a suite, or against all tasks below a node.

    Raises UnknownNameError for a task, metric or setting that is not there.
    """
    contest = Contest(reader, name, choice or Choice())
    if contest.choice.group_by:
        raise UsageError("a pivot shows single runs, so it has no groups; leave one of both out")
    nodes = _columns(contest)
    scores = contest.scores(list(nodes))
    columns = _kept(contest, scores, nodes)
    tasks = tuple(columns) or (contest.title,)
    places = _places(scores, list(columns.values()))
    first = next(iter(columns.values()), NOTHING)
    measure = Measure.of(first.at(_first_of_each(first.place)), scores.cells.words)
    entrants = contest.entrants(scores.cells, places)
    among = len(scores.cells.run_ids)
    order = measure.order(_values(*_shown(first, places, among)), entrants)
    shown = [_shown(column, places[order], among) for column in columns.values()]
    rows = PivotRows(entrants.take(pa.array(order)), scores, shown or [(NOTHING, np.empty(0, int))])
    notes = (*_doubts(list(columns.values())), *measure.notes)
    return Pivot(contest.title, measure, tasks, rows, notes)


def _columns(contest: Contest) -> dict[Node, str]:
    """Return nodes with the names of their columns; a task at several places has one column."""
    members = [each for node in contest.nodes for each in contest.tree.members(node.task_id)]
    nodes = list(dict.fromkeys([*contest.nodes, *members, *contest.below]))
    roots = {(node.name, node.root) for node in nodes}
    shared = Counter(name for name, _ in roots)
    return {node: node.name if shared[node.name] == 1 else node.path for node in nodes}


def _kept(contest: Contest, scores: Scores, nodes: dict[Node, str]) -> dict[str, Entries]:
    """Return the scores that have the settings asked for, by the name of their column."""
    found = [scores.entries(node.task_id) for node in nodes]
    if not any(map(len, found)):
        raise UsageError(f"`{contest.title}` and what it is made from have no scores")
    parts: dict[str, list[Entries]] = {}
    for name, kept in zip(nodes.values(), contest.kept(scores, found), strict=True):
        if len(kept):
            parts.setdefault(name, []).append(kept)
    in_order = (name for name in dict.fromkeys(nodes.values()) if name in parts)
    return {name: _in_order(parts[name]) for name in in_order}


def _in_order(parts: Sequence[Entries]) -> Entries:
    if len(parts) == 1:
        return parts[0]
    both = joined(parts)
    return both.at(np.argsort(both.place, kind="stable"))


def _places(scores: Scores, columns: Sequence[Entries]) -> Ints:
    """Return the places that have any score."""
    present = np.zeros(len(scores.cells.run_ids), dtype=bool)
    for entries in columns:
        present[entries.place] = True
    return np.flatnonzero(present)


def _first_of_each(place: Ints) -> Ints:
    return np.unique(place, return_index=True)[1]


def _shown(entries: Entries, places: Ints, among: int) -> tuple[Entries, Ints]:
    """Return scores with, for each of some places among so many, the position of its only one."""
    alone = np.flatnonzero(entries.single)
    at = np.full(among, UNKNOWN)
    at[entries.place[alone]] = alone
    return entries, at[places]


def _values(entries: Entries, at: Ints) -> Floats:
    """Return the values at some positions, NaN where there is none."""
    return np.where(at == UNKNOWN, np.nan, np.append(entries.value, np.nan)[at])


def _doubts(columns: Sequence[Entries]) -> tuple[str, ...]:
    several = sum(len(np.unique(each.place[~each.single])) for each in columns)
    if not several:
        return ()
    reason = "their run has several scores there; the leaderboard of the task lists them"
    return (f"{several} cells are empty because {reason}",)
