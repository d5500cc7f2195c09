"""Scores of models on tasks, and of suites from their members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evalhouse.errors import UnknownNameError
from evalhouse.normalise.metrics import meaning_of
from evalhouse.store import Reader
from evalhouse.views import entries as columns
from evalhouse.views.averages import average
from evalhouse.views.cells import RECOMPUTED, REPORTED, Cells, Where
from evalhouse.views.entries import NOTHING, UNKNOWN, Bools, Entries, Floats, Ints, Words, joined
from evalhouse.views.tree import Membership, Tree

__all__ = ["RECOMPUTED", "REPORTED", "Score", "Scores", "Where", "from_members"]

_EQUAL = 1e-9
_AVERAGED = ("macro", "micro")  # rules that sources name averages after

_METRIC = """
SELECT run_id, model_id, prompt_id, asked.task_id, value, stderr, n AS n_items, metric, unit,
    higher_is_better, origin, value_note AS note,
    2 * CAST(metric <> $metric AS TINYINT) + CAST(scope_type <> 'task' AS TINYINT) AS distance
FROM metrics
JOIN catalog.prompts AS asked USING (prompt_id)
JOIN (SELECT unnest($tasks) AS task_id, unnest($averages) AS average) USING (task_id)
WHERE metric IN (SELECT unnest($names)) AND metric IN ($metric, average)
    AND (scope = '' OR scope = task AND scope_type <> 'class')
"""

_METRICS_KNOWN = """
SELECT DISTINCT metric FROM metrics JOIN catalog.prompts AS asked USING (prompt_id)
WHERE asked.task_id IN (SELECT unnest($tasks))
    AND (scope = '' OR scope = task AND scope_type <> 'class')
"""


@dataclass(frozen=True)
class Score:
    """A value of a metric, with what is needed to judge it."""

    value: float | None
    stderr: float | None = None
    n_items: int | None = None
    metric: str | None = None
    unit: str | None = None
    higher_is_better: bool | None = None
    origin: str = REPORTED
    note: str | None = None  # why there is no value
    prompt_id: str | None = None  # None where it was made from members


class Scores:
    """The scores of tasks, of their members, and of suites that nobody reported."""

    def __init__(self, cells: Cells, tree: Tree) -> None:
        self.cells = cells
        self._tree = tree
        self._known: dict[str, Entries] = {}

    @classmethod
    def of(cls, reader: Reader, tree: Tree, task_ids: Sequence[str], metric: str | None) -> Scores:
        """Read the primary scores of tasks and all that they are made from, or another metric."""
        if metric is None:
            return cls(Cells.of(reader), tree)
        tasks = sorted(tree.with_members(task_ids))
        averages = [_average(tree, task, metric) for task in tasks]
        names = list(dict.fromkeys([metric, *averages]))
        asked = {"tasks": tasks, "averages": averages, "names": names, "metric": metric}
        rows = reader.sql(_METRIC, asked)
        if not rows.num_rows:
            known = reader.sql(_METRICS_KNOWN, {"tasks": tasks}).column("metric").to_pylist()
            if not {metric, *(f"{metric}_{rule}" for rule in _AVERAGED)} & set(known):
                raise UnknownNameError("metric of this task", metric, known)
        if pc.max(rows["distance"]).as_py():
            rows = rows.sort_by("distance")  # the nearest to what was asked is the one that counts
        return cls(_first_of_each(_with_meaning(Cells.ordered(rows))), tree)

    @classmethod
    def of_run(cls, reader: Reader, tree: Tree, run_id: str) -> Scores:
        """Read the primary scores of one run."""
        return cls(Cells.of(reader).of_run(run_id), tree)

    def entries(self, task_id: str) -> Entries:
        """Return the scores of a task by place; several where several prompts ran."""
        if task_id not in self._known:
            self._known[task_id] = NOTHING  # what contains itself is not computed
            own = self.cells.of_task(task_id)
            suite = self._tree.suites.get(task_id)
            self._known[task_id] = _completed(own, self._made(suite)) if suite else own
        return self._known[task_id]

    def may_have(self, task_id: str) -> bool:
        """Return whether there can be a score of a task: of itself, or made from members."""
        return task_id in self.cells.spans or task_id in self._tree.suites

    def everywhere(self, task_id: str) -> dict[Where, list[Score]]:
        """Return the scores of a task by run and model."""
        found: dict[Where, list[Score]] = {}
        entries = self.entries(task_id)
        for where, score in zip(self.places(entries), self.scores(entries), strict=True):
            found.setdefault(where, []).append(score)
        return found

    def at(self, task_id: str, where: Where) -> list[Score]:
        """Return the scores of a model on a task in a run; none where it was not evaluated."""
        place = self.cells.place_of(where)
        entries = self.entries(task_id)
        return [] if place is None else self.scores(entries.at(entries.place == place))

    def places(self, entries: Entries) -> list[Where]:
        """Return whose scores some are."""
        at = pa.array(entries.place)
        ids = (self.cells.run_ids.take(at).to_pylist(), self.cells.model_ids.take(at).to_pylist())
        return [Where(run, model) for run, model in zip(*ids, strict=True)]

    def scores(self, entries: Entries) -> list[Score]:
        """Return scores one by one."""
        return [Score(**row) for row in self.table(entries).to_pylist()]

    def table(self, entries: Entries) -> pa.Table:
        """Return scores as Arrow, one row each, a column for each field of `Score`."""
        rows = columns.indices(entries.row)
        told = {"note": self.cells.notes.take(rows), "prompt_id": self.cells.prompt_ids.take(rows)}
        return pa.table({**_described(entries, self.cells.words), **told})

    def _made(self, suite: Membership) -> Entries:
        """Return what a suite's rule makes of its members, where each has one score."""
        found = [self.entries(member) for member in suite.members]
        parts = [each.at(each.single) for each in found]
        present = np.zeros(len(self.cells.run_ids), dtype=np.int64)
        for each in parts:
            present[each.place] += 1
        complete = present == len(parts)
        return average(
            suite.rule,
            [each.at(complete[each.place]) for each in parts],
            metric=self.cells.words.code(suite.rule),
            origin=self.cells.words.code(RECOMPUTED),
        )


def from_members(rule: str | None, members: Sequence[Score]) -> Score | None:
    """Return the score of a suite from its members' by its rule; None where one is missing."""
    words = Words()
    made = average(
        rule,
        [_entry(score, words) for score in members],
        metric=words.code(rule),
        origin=words.code(RECOMPUTED),
    )
    return Score(**pa.table(_described(made, words)).to_pylist()[0]) if len(made) else None


def _described(entries: Entries, words: Words) -> dict[str, pa.Array]:
    return {
        "value": columns.numbers(entries.value),
        "stderr": columns.numbers(entries.stderr),
        "n_items": columns.counts(entries.n_items),
        "metric": words.column(entries.metric),
        "unit": words.column(entries.unit),
        "higher_is_better": columns.truths(entries.direction),
        "origin": words.column(entries.origin),
    }


def _entry(score: Score, words: Words) -> Entries:
    def number(value: float | None) -> Floats:
        return np.array([np.nan if value is None else value], dtype=np.float64)

    direction = UNKNOWN if score.higher_is_better is None else int(score.higher_is_better)
    return Entries(
        place=np.zeros(1, np.int64),
        row=np.full(1, UNKNOWN),
        value=number(score.value),
        stderr=number(score.stderr),
        n_items=number(score.n_items),
        metric=np.array([words.code(score.metric)]),
        unit=np.array([words.code(score.unit)]),
        direction=np.array([direction]),
        origin=np.array([words.code(score.origin)]),
    )


def _completed(own: Entries, made: Entries) -> Entries:
    """Return stated scores of a suite and, at other places, those made from its members.

    A stated one gets the standard error of the members where they come to the stated value.
    """
    if not len(made) or not len(own):
        return own if len(own) else made
    others = made.at(~np.isin(made.place, own.place))
    at = np.minimum(np.searchsorted(made.place, own.place), len(made) - 1)
    beside = made.at(at)
    larger = np.maximum(np.abs(own.value), np.abs(beside.value))
    is_close = np.abs(own.value - beside.value) <= _EQUAL * np.maximum(larger, 1)
    agrees = (beside.place == own.place) & is_close
    stderr = np.where(agrees & np.isnan(own.stderr), beside.stderr, own.stderr)
    both = joined([own.with_(stderr=stderr), others])
    return both.at(np.argsort(both.place, kind="stable"))


def _average(tree: Tree, task_id: str, metric: str) -> str:
    """Return the name that a metric's average has in a suite; of a task, the metric itself."""
    suite = tree.suites.get(task_id)
    return f"{metric}_{suite.rule}" if suite and suite.rule in _AVERAGED else metric


def _first_of_each(cells: Cells) -> Cells:
    """Return the first row of each task, place and prompt; the others are less fitting."""
    entries = cells.entries
    prompt = np.asarray(pc.dictionary_encode(cells.prompt_ids).indices.fill_null(-1))
    task = np.repeat(np.arange(len(cells.spans)), [s.stop - s.start for s in cells.spans.values()])
    first = np.ones(len(entries), dtype=bool)
    first[1:] = False
    for column in (task, entries.place, prompt):
        first[1:] |= column[1:] != column[:-1]
    return cells if first.all() else cells.where(first)


def _with_meaning(cells: Cells) -> Cells:
    """Fill unit and direction where the rows leave them open."""
    entries, words = cells.entries, cells.words
    unit, direction = entries.unit.copy(), entries.direction.copy()
    for code in np.unique(entries.metric).tolist():
        known = meaning_of(words.word(code) or "")
        here = entries.metric == code
        unit[here & _blank(unit, words)] = words.code(known.unit)
        if known.higher_is_better is not None:
            direction[here & (direction == UNKNOWN)] = int(known.higher_is_better)
    return cells.with_entries(entries.with_(unit=unit, direction=direction))


def _blank(unit: Ints, words: Words) -> Bools:
    return np.isin(unit, [UNKNOWN, words.code("")])
