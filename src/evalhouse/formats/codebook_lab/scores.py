"""`scores.json`: what the answers of a run are worth, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A number about a field; `label` is there where it is about one label."""

    metric: str
    value: float | None = None
    n: int | None = None
    label: str | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    method: str = ""
    stderr: float | None = None
    note: str = ""
    definition: str = "evalhouse"
    unit: str | None = None
    higher_is_better: bool | None = None


class Humans(msgspec.Struct, frozen=True, kw_only=True):
    """How two sides agree, such as `model` and `coder_a`."""

    first: str
    second: str
    scores: tuple[Line, ...] = ()


class ScoredField(msgspec.Struct, frozen=True, kw_only=True):
    """A field; `headline` names the metrics that stand first."""

    column: str
    kind: str
    rows: int = 0
    applicable: int = 0
    headline: tuple[str, ...] = ()
    scores: tuple[Line, ...] = ()
    classes: tuple[Line, ...] = ()
    statuses: dict[str, int] = {}
    humans: tuple[Humans, ...] = ()

    @property
    def primary(self) -> Line | None:
        """Return the score that stands for the field; None where no metric does."""
        name = self.headline[0] if self.headline else None
        return next((line for line in self.scores if line.metric == name), None)

    @property
    def failed(self) -> int:
        """Return on how many of the rows that it applies to there is no valid answer."""
        return sum(count for status, count in self.statuses.items() if status in FAILURES)


FAILURES = ("invalid", "refused", "truncated", "failed")
"""The statuses of questions that were asked and have no valid answer."""


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """All fields of a run."""

    task: str
    ground_truth_sha256: str = ""
    codebook_hash: str = ""
    definition: str = "evalhouse"
    matched: int = 0
    fields: tuple[ScoredField, ...]


@dataclass(frozen=True)
class Scored:
    """A number with the field that it belongs to."""

    field: ScoredField
    line: Line
    is_headline: bool = False


def decode_scores(data: bytes) -> Scores:
    """Read what `scores.json` holds.

    Raises:
        msgspec.DecodeError: It holds something else.
    """
    return msgspec.json.decode(data, type=Scores)


def whole(scores: Scores) -> Iterator[Scored]:
    """Yield the numbers about whole fields."""
    for each in scores.fields:
        for line in each.scores:
            yield Scored(each, line, line.metric in each.headline)


def of_classes(scores: Scores) -> Iterator[Scored]:
    """Yield the numbers about single labels."""
    for each in scores.fields:
        for line in each.classes:
            yield Scored(each, line)
