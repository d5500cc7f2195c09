"""An assessment as it is kept and shown: `scores.json` of a run holds one.

A number that is not defined is null, and its note says why. Proportions are 0 to 1.
"""

from __future__ import annotations

import msgspec

from evalhouse.scoring.field import Kind
from evalhouse.scoring.score import Definition


class ScoreLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One number about a field.

    `label` is there where it is about one label. `low` and `high` bound the interval of confidence
    `level`, made by `method`; `n` counts the units behind the value.
    """

    metric: str
    value: float | None
    n: int
    label: str | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    method: str = ""
    stderr: float | None = None
    note: str = ""
    definition: Definition = "evalhouse"
    unit: str | None = None
    higher_is_better: bool | None = None


class Confusion(msgspec.Struct, frozen=True):
    """How often gold (rows) met model (columns), over the rows that the field applies to.

    Columns beyond `labels` are the kinds of absence in `absent`: what a model did not answer.
    """

    labels: tuple[str, ...]
    absent: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class Human(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Agreement of two sides on the field's agreement metric, such as `model` and `coder_a`."""

    first: str
    second: str
    scores: tuple[ScoreLine, ...]


class FieldResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field.

    `scores` has the headline first, in the order of `headline`; what is about single labels is in
    `classes`. `statuses` counts what became of the rows that the field applies to by the gold, of
    which there are `applicable` among `rows`. `humans` compares model and coders pair by pair.
    With `is_imbalanced` precision and recall of single labels belong beside the headline.
    """

    column: str
    kind: Kind
    rows: int
    applicable: int
    headline: tuple[str, ...]
    scores: tuple[ScoreLine, ...]
    classes: tuple[ScoreLine, ...] = ()
    statuses: dict[str, int] = msgspec.field(default_factory=dict)
    confusion: Confusion | None = None
    humans: tuple[Human, ...] = ()
    warnings: tuple[str, ...] = ()
    is_imbalanced: bool = False

    def score(self, metric: str) -> ScoreLine | None:
        """Return the score of a metric over all labels."""
        return next((each for each in self.scores if each.metric == metric), None)


class Assessment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All fields of a task, in the order of its codebook.

    `matched` counts the rows that gold and answers share, `unanswered` the gold rows without an
    answer, `unknown` the answered rows that the gold lacks.
    """

    task: str
    ground_truth_sha256: str
    codebook_hash: str
    definition: Definition
    matched: int
    fields: tuple[FieldResult, ...]
    unanswered: int = 0
    unknown: int = 0
    warnings: tuple[str, ...] = ()
