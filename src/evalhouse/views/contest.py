"""What is compared: a task or suite, its scores, and who reached them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalhouse.store import Reader
from evalhouse.views.scores import Score, Scores, Where
from evalhouse.views.settings import Result, Settings
from evalhouse.views.tree import Node, Tree

_RUNS = """
SELECT run_id, short_id AS run, label FROM runs WHERE run_id IN (SELECT unnest($ids::VARCHAR[]))
"""
_MODELS = """
SELECT model_id, model_name AS model, revision FROM catalog.models
WHERE model_id IN (SELECT unnest($ids::VARCHAR[]))
"""


@dataclass(frozen=True)
class Choice:
    """Which results are compared: a metric (None: the primary one), and settings they must have.

    `where` maps a key to the values it may have; `group_by` names keys.
    """

    metric: str | None = None
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    group_by: Sequence[str] = ()


@dataclass(frozen=True)
class Entrant:
    """A model in a run."""

    model: str
    revision: str | None
    run: str  # the short id
    label: str | None
    run_id: str
    model_id: str

    @property
    def order(self) -> tuple[str, str, str]:
        """Return what orders entrants with equal scores."""
        return (self.model, self.revision or "", self.run)


@dataclass(frozen=True)
class Measure:
    """What the values of a page are; None where they differ, or it is not known."""

    metric: str | None
    unit: str | None
    higher_is_better: bool | None

    @classmethod
    def of(cls, scores: Iterable[Score]) -> Measure:
        """Return what scores have in common; those without a value say nothing."""
        listed = list(scores)
        told = [score for score in listed if score.value is not None] or listed
        metrics = {score.metric for score in told}
        units = {score.unit for score in told}
        directions = {score.higher_is_better for score in told}
        return cls(
            metrics.pop() if len(metrics) == 1 else None,
            units.pop() if len(units) == 1 else None,
            directions.pop() if len(directions) == 1 else None,
        )

    def rank(self, score: Score | None) -> tuple[bool, float]:
        """Return what sorts the best first and what has no value last."""
        value = score.value if score else None
        sign = 1 if self.higher_is_better is False else -1
        return (value is None, sign * (value or 0.0))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a reader of the ranking must know."""
        if self.higher_is_better is None:
            return ("whether higher is better is not known here; the largest value comes first",)
        return ()


class Contest:
    """A task or suite of the house, by name."""

    def __init__(self, reader: Reader, name: str, choice: Choice) -> None:
        self.reader = reader
        self.choice = choice
        self.tree = Tree.of(reader)
        self.nodes = self.tree.find(name)

    @property
    def title(self) -> str:
        """Return the name of the task."""
        return self.nodes[0].name

    @property
    def below(self) -> list[Node]:
        """Return all nodes that stand below."""
        return [each for node in self.nodes for each in self.tree.below(node)]

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a reader must know of the task."""
        if len(self.nodes) == 1:
            return ()
        paths = ", ".join(node.path for node in self.nodes)
        return (f"{self.title} stands at several places, all of which are shown: {paths}",)

    def scores(self, nodes: Sequence[Node]) -> Scores:
        """Read the scores of some nodes and of all that they are made from."""
        ids = [node.task_id for node in nodes]
        return Scores.of(self.reader, self.tree, ids, self.choice.metric)

    def kept(self, results: Iterable[Result]) -> set[Result]:
        """Return the results that have the settings asked for."""
        if not self.choice.where:
            return set(results)
        return Settings.of(self.reader, list(results)).matching(self.choice.where)

    def entrants(self, places: Iterable[Where]) -> dict[Where, Entrant]:
        """Return the names of models and runs."""
        listed = list(places)
        runs = self._by_id(_RUNS, "run_id", {where.run_id for where in listed})
        models = self._by_id(_MODELS, "model_id", {where.model_id for where in listed})
        return {where: Entrant(**runs[where.run_id], **models[where.model_id]) for where in listed}

    def _by_id(self, query: str, key: str, ids: set[str]) -> dict[str, dict[str, Any]]:
        rows = self.reader.sql(query, {"ids": sorted(ids)}).to_pylist()
        return {row[key]: row for row in rows}
