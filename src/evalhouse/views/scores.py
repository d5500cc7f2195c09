"""Scores of models on tasks, and of suites from their members."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from evalhouse.errors import UnknownNameError
from evalhouse.normalise.metrics import meaning_of
from evalhouse.stats.moments import combined_stderr
from evalhouse.store import Reader
from evalhouse.views.tree import Membership, Tree

REPORTED, RECOMPUTED = "reported", "recomputed"
_EQUAL = 1e-9

_CELLS = """
SELECT run_id, model_id, prompt_id, task_id, primary_value AS value, primary_stderr AS stderr,
    n_items, primary_metric AS metric, unit, higher_is_better, origin,
    coalesce(value_note, failure_detail, failure_reason) AS note
FROM run_model_metrics
"""
_IN_ORDER = "ORDER BY run_id, model_id, prompt_id"
_PRIMARY = f"{_CELLS} WHERE task_id IN (SELECT unnest($tasks)) {_IN_ORDER}"
_OF_RUN = f"{_CELLS} WHERE run_id = $run {_IN_ORDER}"

_METRIC = """
SELECT run_id, model_id, prompt_id, asked.task_id, value, stderr, n AS n_items, metric, unit,
    higher_is_better, origin, value_note AS note
FROM metrics JOIN catalog.prompts AS asked USING (prompt_id)
WHERE asked.task_id IN (SELECT unnest($tasks)) AND metric IN (SELECT unnest($names))
    AND (scope = '' OR scope = task AND scope_type <> 'class')
ORDER BY run_id, model_id, prompt_id, list_position($names, metric), scope_type <> 'task'
"""

_METRICS_KNOWN = """
SELECT DISTINCT metric FROM metrics JOIN catalog.prompts AS asked USING (prompt_id)
WHERE asked.task_id IN (SELECT unnest($tasks))
    AND (scope = '' OR scope = task AND scope_type <> 'class')
"""


class Where(NamedTuple):
    """Whose score it is: one model in one run."""

    run_id: str
    model_id: str


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
    """The scores of some tasks, of their members, and of suites that nobody reported."""

    def __init__(self, tree: Tree, cells: dict[str, dict[Where, list[Score]]]) -> None:
        self._tree = tree
        self._cells = cells
        self._known: dict[tuple[str, Where], list[Score]] = {}

    @classmethod
    def of(cls, reader: Reader, tree: Tree, task_ids: Sequence[str], metric: str | None) -> Scores:
        """Read the primary scores of tasks and all that they are made from, or another metric."""
        tasks = sorted(tree.with_members(task_ids))
        if metric is None:
            rows = reader.sql(_PRIMARY, {"tasks": tasks})
        else:
            names = [metric, *(f"{metric}_{rule}" for rule in ("macro", "micro"))]
            rows = reader.sql(_METRIC, {"tasks": tasks, "names": names})
            if not rows.num_rows:
                known = reader.sql(_METRICS_KNOWN, {"tasks": tasks}).column("metric").to_pylist()
                raise UnknownNameError("metric of this task", metric, known)
        found = rows.to_pylist()
        return cls(tree, _cells(found) if metric is None else _chosen(found, tree, metric))

    @classmethod
    def of_run(cls, reader: Reader, tree: Tree, run_id: str) -> Scores:
        """Read the primary scores of one run."""
        return cls(tree, _cells(reader.sql(_OF_RUN, {"run": run_id}).to_pylist()))

    def everywhere(self, task_id: str) -> dict[Where, list[Score]]:
        """Return the scores of a task by run and model; several where several prompts ran."""
        places = {where for task in self._tree.with_members([task_id]) for where in self._of(task)}
        found = {where: self.at(task_id, where) for where in sorted(places)}
        return {where: scores for where, scores in found.items() if scores}

    def at(self, task_id: str, where: Where) -> list[Score]:
        """Return the scores of a model on a task in a run; none where it was not evaluated."""
        key = (task_id, where)
        if key not in self._known:
            self._known[key] = []  # what contains itself is not computed
            self._known[key] = self._find(task_id, where)
        return self._known[key]

    def _of(self, task_id: str) -> dict[Where, list[Score]]:
        return self._cells.get(task_id, {})

    def _find(self, task_id: str, where: Where) -> list[Score]:
        own = self._of(task_id).get(where, [])
        suite = self._tree.suites.get(task_id)
        if suite is None:
            return own
        made = self._made(suite, where)
        if not own:
            return [made] if made else []
        return [_with_stderr(score, made) for score in own]

    def _made(self, suite: Membership, where: Where) -> Score | None:
        parts = [self.at(member, where) for member in suite.members]
        if any(len(found) != 1 for found in parts):
            return None
        return from_members(suite.rule, [found[0] for found in parts])


def from_members(rule: str | None, members: Sequence[Score]) -> Score | None:
    """Return the score of a suite from its members' by its rule; None where one is missing.

    `macro` is the mean of the members, `micro` the mean weighted by items, `mc_or_rc` the better
    of two. The standard error takes the members as independent: `sqrt(sum((w * se) ** 2))`, that
    of the better one for `mc_or_rc`, and is empty unless each member has one.
    """
    values = [score.value for score in members if score.value is not None]
    counts = [score.n_items for score in members if score.n_items is not None]
    if not members or len(values) != len(members) or rule not in {"macro", "micro", "mc_or_rc"}:
        return None
    if rule == "micro" and (len(counts) != len(members) or not sum(counts)):
        return None
    if rule == "mc_or_rc":
        better = members[values.index(max(values))]
        value, stderr = max(values), better.stderr
    else:
        weights = counts if rule == "micro" else [1] * len(values)
        value = math.fsum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)
        stderr = _stderr(members, weights)
    return Score(
        value=value,
        stderr=stderr,
        n_items=sum(counts) if len(counts) == len(members) else None,
        metric=rule,
        unit=_shared([score.unit for score in members]),
        higher_is_better=_shared([score.higher_is_better for score in members]),
        origin=RECOMPUTED,
    )


def _stderr(members: Sequence[Score], weights: Sequence[int]) -> float | None:
    known = [score.stderr for score in members if score.stderr is not None]
    return combined_stderr(known, weights) if len(known) == len(members) else None


def _with_stderr(score: Score, made: Score | None) -> Score:
    """Add the standard error of the members, where they come to the stated value."""
    if score.stderr is not None or score.value is None or made is None or made.value is None:
        return score
    agrees = math.isclose(score.value, made.value, rel_tol=_EQUAL, abs_tol=_EQUAL)
    return replace(score, stderr=made.stderr) if agrees else score


def _shared(values: Sequence[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else None


def _cells(rows: list[dict[str, Any]]) -> dict[str, dict[Where, list[Score]]]:
    found: dict[str, dict[Where, list[Score]]] = defaultdict(dict)
    for row in rows:
        where = Where(row.pop("run_id"), row.pop("model_id"))
        found[row.pop("task_id")].setdefault(where, []).append(Score(**row))
    return found


def _chosen(
    rows: list[dict[str, Any]], tree: Tree, metric: str
) -> dict[str, dict[Where, list[Score]]]:
    """Return one score a prompt: the metric itself, for a suite also its average by the rule."""
    seen = set()
    kept = []
    for row in rows:
        key = (row["task_id"], row["run_id"], row["model_id"], row["prompt_id"])
        suite = tree.suites.get(row["task_id"])
        averaged = f"{metric}_{suite.rule}" if suite else metric
        if key in seen or row["metric"] not in {metric, averaged}:
            continue
        seen.add(key)
        kept.append(_with_meaning(row))
    return _cells(kept)


def _with_meaning(row: dict[str, Any]) -> dict[str, Any]:
    """Fill unit and direction where the row leaves them open."""
    known = meaning_of(row["metric"])
    row["unit"] = row["unit"] or known.unit
    if row["higher_is_better"] is None:
        row["higher_is_better"] = known.higher_is_better
    return row
