"""The report of several runs: those that answer to the same gold side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from evalhouse.assessment.results import ScoreLine
from evalhouse.scoring.field import Kind
from evalhouse.views.annotation.comparisons import Comparison
from evalhouse.views.annotation.costs import Costs, costs_of
from evalhouse.views.annotation.fields import field_report
from evalhouse.views.annotation.front import pareto_front
from evalhouse.views.annotation.record import RunRecord
from evalhouse.views.annotation.run import Identity, identity_of, run_report
from evalhouse.views.annotation.settings import Difference, differences

Amount = Literal["energy", "cost"]
Yardstick = tuple[str, str, str, str]
"""Task, ground truth, codebook and definition: what makes scores comparable."""
_MOST_APART = 2


@dataclass(frozen=True)
class Entrant:
    """A run of a sweep; `number` names it in tables and pictures, from 1.

    `apart` has the settings that tell it from other runs of the same model.
    """

    number: int
    identity: Identity
    apart: tuple[str, ...]
    costs: Costs
    is_baseline: bool
    cautions: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return what it is called in pictures."""
        return ", ".join([f"{self.number} {self.identity.model}", *self.apart])


@dataclass(frozen=True)
class FieldLine:
    """The score that stands for a field, in every run; None where a run lacks it.

    `best` holds the places of the highest values, `near` those of the other runs whose intervals
    overlap one of theirs.
    """

    column: str
    kind: Kind
    metric: str
    scores: tuple[ScoreLine | None, ...]
    best: frozenset[int] = frozenset()
    near: frozenset[int] = frozenset()

    @property
    def any_score(self) -> ScoreLine:
        """A score of the metric, for what is known of it."""
        found = next((score for score in self.scores if score), None)
        return found or ScoreLine(metric=self.metric, value=None, n=0)


@dataclass(frozen=True)
class Point:
    """What a run took for a thousand texts, and what its answers to a field are worth.

    `is_front` says that no other run is better at no higher price.
    """

    entrant: Entrant
    amount: float
    score: ScoreLine
    is_front: bool


@dataclass(frozen=True)
class Trade:
    """Quality of a field against what it takes; baselines, which take next to nothing, apart."""

    column: str
    metric: str
    points: tuple[Point, ...]
    baselines: tuple[tuple[Entrant, ScoreLine], ...]


@dataclass(frozen=True)
class Group:
    """Runs that answer to the same gold, of the same codebook, by the same definitions.

    `entrants` has models first and baselines last; every other tuple is in its order.
    `comparisons` are there where they could be computed, else `uncompared` says why not.
    """

    yardstick: Yardstick
    entrants: tuple[Entrant, ...]
    fields: tuple[FieldLine, ...]
    differences: tuple[Difference, ...]
    trades: dict[Amount, tuple[Trade, ...]]
    comparisons: tuple[Comparison, ...] = ()
    uncompared: str = ""


@dataclass(frozen=True)
class Compared:
    """The comparisons of runs with one yardstick, or why there are none."""

    comparisons: tuple[Comparison, ...] = ()
    why_not: str = ""


@dataclass(frozen=True)
class SweepReport:
    """What a report of several runs shows; `cautions` are sentences about all of them."""

    title: str
    groups: tuple[Group, ...]
    cautions: tuple[str, ...]

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return sum(len(group.entrants) for group in self.groups)


def yardstick_of(record: RunRecord) -> Yardstick:
    """Return what the scores of a run are measured by."""
    found = record.assessment
    return (found.task, found.ground_truth_sha256, found.codebook_hash, found.definition)


def sweep_report(
    records: Sequence[RunRecord], compared: dict[Yardstick, Compared] | None = None
) -> SweepReport:
    """Return what a report of several runs shows, runs of one yardstick in a group."""
    grouped: dict[Yardstick, list[RunRecord]] = {}
    for record in records:
        grouped.setdefault(yardstick_of(record), []).append(record)
    groups, number = [], 1
    for yardstick, members in grouped.items():
        found = (compared or {}).get(yardstick) or Compared()
        groups.append(_group(yardstick, members, found, number))
        number += len(members)
    tasks = list(dict.fromkeys(record.task for record in records))
    cautions = tuple(dict.fromkeys(_cautions(list(grouped), groups)))
    return SweepReport(", ".join(tasks), tuple(groups), cautions)


def _group(
    yardstick: Yardstick, members: Sequence[RunRecord], compared: Compared, number: int
) -> Group:
    ordered = sorted(members, key=lambda record: record.is_baseline)  # models first
    entrants = tuple(
        _entrant(place, record, _apart(record, ordered))
        for place, record in enumerate(ordered, number)
    )
    fields = tuple(_field_lines(ordered))
    return Group(
        yardstick=yardstick,
        entrants=entrants,
        fields=fields,
        differences=differences([record.config for record in ordered]),
        trades={
            "energy": tuple(_trades(fields, entrants, [e.costs.watt_hours for e in entrants])),
            "cost": tuple(_trades(fields, entrants, [e.costs.dollars for e in entrants])),
        },
        comparisons=compared.comparisons,
        uncompared=compared.why_not,
    )


def _entrant(number: int, record: RunRecord, apart: tuple[str, ...]) -> Entrant:
    cautions = run_report(record).cautions
    identity, costs = identity_of(record), costs_of(record)
    return Entrant(number, identity, apart, costs, record.is_baseline, cautions)


def _apart(record: RunRecord, others: Sequence[RunRecord]) -> tuple[str, ...]:
    """Return the settings that tell a run from others of its model, the first few."""
    alike = [other for other in others if other.model == record.model]
    place = alike.index(record)
    found = differences([other.config for other in alike])
    return tuple(f"{each.title} {each.values[place]}" for each in found[:_MOST_APART])


def _field_lines(records: Sequence[RunRecord]) -> Iterator[FieldLine]:
    reports = [{f.column: field_report(f) for f in r.assessment.fields} for r in records]
    columns = dict.fromkeys(column for report in reports for column in report)
    for column in columns:
        found = [report.get(column) for report in reports]
        first = next(report for report in found if report)
        if first.first is None:
            continue  # text has no score that stands for it
        metric = first.first.metric
        scores = tuple(each.result.score(metric) if each else None for each in found)
        best, near = _leaders(scores)
        yield FieldLine(column, first.result.kind, metric, scores, best, near)


def _leaders(scores: Sequence[ScoreLine | None]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the places of the highest values, and of those that may be as high."""
    known = [(place, each) for place, each in enumerate(scores) if each and each.value is not None]
    top = max((each.value or 0.0 for _, each in known), default=0.0)
    best = {place for place, each in known if each.value == top}
    lows = [each.low for place, each in known if place in best and each.low is not None]
    near = {
        place
        for place, each in known
        if lows and place not in best and each.high is not None and each.high >= min(lows)
    }
    return frozenset(best), frozenset(near)


def _trades(
    fields: Iterable[FieldLine], entrants: Sequence[Entrant], amounts: Sequence[float | None]
) -> Iterator[Trade]:
    for field in fields:
        scored = [
            (entrant, amount, score)
            for entrant, amount, score in zip(entrants, amounts, field.scores, strict=True)
            if score and score.value is not None
        ]
        paid = [
            (entrant, amount, score)
            for entrant, amount, score in scored
            if amount is not None and not entrant.is_baseline
        ]
        front = pareto_front([(amount, score.value or 0.0) for _, amount, score in paid])
        points = tuple(Point(*each, is_front=place in front) for place, each in enumerate(paid))
        baselines = tuple((entrant, score) for entrant, _, score in scored if entrant.is_baseline)
        if points:
            yield Trade(field.column, field.metric, points, baselines)


def _cautions(yardsticks: Sequence[Yardstick], groups: Sequence[Group]) -> Iterator[str]:
    for place, what in enumerate(("task", "ground truth", "codebook", "definition of metrics")):
        if len({yardstick[place] for yardstick in yardsticks}) > 1:
            yield (
                f"The runs do not share one {what}: their scores cannot be compared, so each group "
                "stands for itself."
            )
    for group in groups:
        for entrant in group.entrants:
            yield from (f"Run {entrant.number}: {caution}" for caution in entrant.cautions)
