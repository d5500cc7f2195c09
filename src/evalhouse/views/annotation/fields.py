"""One field of a run: its headline, its labels one by one, and what was taken for what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from evalhouse.assessment.results import Confusion, FieldResult, Human, ScoreLine
from evalhouse.views.annotation.words import Group, meaning_of

MODEL, GOLD = "model", "gold"
"""What these sides are called in comparisons with people."""
Sides = Literal["model and person", "people", "with the gold"]


@dataclass(frozen=True)
class LabelRow:
    """The scores about one label, in the order of the table's metrics; None where there is none."""

    label: str
    support: int | None
    scores: tuple[ScoreLine | None, ...]


@dataclass(frozen=True)
class LabelTable:
    """Scores about single labels, each of `metrics` a column."""

    metrics: tuple[str, ...]
    rows: tuple[LabelRow, ...]


@dataclass(frozen=True)
class Mistaken:
    """How often the model gave `answer` where the gold is `gold`; `share` is of that gold label."""

    gold: str
    answer: str
    count: int
    share: float
    is_absence: bool


@dataclass(frozen=True)
class Pair:
    """Agreement of two sides on one metric."""

    first: str
    second: str
    score: ScoreLine

    @property
    def sides(self) -> Sides:
        """Who is compared; gold that was made of coders agrees with them more than others can."""
        if GOLD in (self.first, self.second):
            return "with the gold"
        return "model and person" if MODEL in (self.first, self.second) else "people"


@dataclass(frozen=True)
class FieldReport:
    """What a report shows of a field.

    `headline` has the scores that stand first, none for text; `others` the rest of those about
    right and wrong, each number once; `stability` those about repeats, `substitution` those that
    tell whether the model may take the place of a coder.
    """

    result: FieldResult
    headline: tuple[ScoreLine, ...]
    others: tuple[ScoreLine, ...]
    stability: tuple[ScoreLine, ...]
    substitution: tuple[ScoreLine, ...]
    labels: LabelTable | None
    mistaken: tuple[Mistaken, ...]
    pairs: tuple[Pair, ...]

    @property
    def column(self) -> str:
        """The column of its answers."""
        return self.result.column

    @property
    def first(self) -> ScoreLine | None:
        """The score that stands for the field; none for text."""
        return self.headline[0] if self.headline else None


def field_report(result: FieldResult) -> FieldReport:
    """Return what a report shows of a field."""
    headline = tuple(line for name in result.headline if (line := result.score(name)))
    grouped: dict[Group, list[ScoreLine]] = {}
    for line in _once(result.scores):
        if line not in headline:
            grouped.setdefault(meaning_of(line).group, []).append(line)
    return FieldReport(
        result=result,
        headline=headline,
        others=tuple(grouped.get("quality", ())),
        stability=tuple(grouped.get("stability", ())),
        substitution=tuple(grouped.get("people", ())),
        labels=_label_table(result),
        mistaken=tuple(_mistaken(result.confusion)),
        pairs=tuple(_pairs(result.humans)),
    )


def _once(lines: Iterable[ScoreLine]) -> Iterator[ScoreLine]:
    """Yield scores without those that say the same under the other name of a metric."""
    seen = set()
    for line in lines:
        said = (meaning_of(line).title, line.value, line.n)
        if said not in seen:
            yield line
        seen.add(said)


def row_shares(confusion: Confusion) -> tuple[tuple[float | None, ...], ...]:
    """Return each count as a share of its row; None in a row without any.

    Example:
        >>> row_shares(Confusion(("a", "b"), ("invalid",), ((3, 0, 1), (0, 0, 0))))
        ((0.75, 0.0, 0.25), (None, None, None))
    """
    return tuple(
        tuple(count / sum(row) if sum(row) else None for count in row) for row in confusion.counts
    )


def _mistaken(confusion: Confusion | None) -> Iterator[Mistaken]:
    """Yield what was taken for something else, the most frequent first."""
    if confusion is None:
        return
    answers = (*confusion.labels, *confusion.absent)
    shares = row_shares(confusion)
    found = [
        Mistaken(
            confusion.labels[row],
            answers[place],
            count,
            shares[row][place] or 0.0,
            is_absence=place >= len(confusion.labels),
        )
        for row, counts in enumerate(confusion.counts)
        for place, count in enumerate(counts)
        if count and place != row
    ]
    yield from sorted(found, key=lambda each: -each.count)


def _pairs(humans: Iterable[Human]) -> Iterator[Pair]:
    """Yield each pair with its first score: model and people, people, all with the gold."""
    found = [Pair(each.first, each.second, each.scores[0]) for each in humans if each.scores]
    yield from sorted(found, key=lambda pair: get_args(Sides).index(pair.sides))


def _label_table(result: FieldResult) -> LabelTable | None:
    if not result.classes:
        return None
    metrics = tuple(dict.fromkeys(line.metric for line in result.classes))
    by_label: dict[str, dict[str, ScoreLine]] = {}
    for line in result.classes:
        by_label.setdefault(line.label or "", {})[line.metric] = line
    supports = _supports(result.confusion)
    rows = tuple(
        LabelRow(label, supports.get(label), tuple(map(lines.get, metrics)))
        for label, lines in by_label.items()
    )
    return LabelTable(metrics, rows)


def _supports(confusion: Confusion | None) -> dict[str, int]:
    if confusion is None:
        return {}
    return dict(zip(confusion.labels, map(sum, confusion.counts), strict=True))
