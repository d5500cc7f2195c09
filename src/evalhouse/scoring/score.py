"""A score of a field as people read it: value, interval, count, definition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Label
from evalhouse.metrics.table import ABSENT_RULES, AbsentRule
from evalhouse.metrics.value import Value
from evalhouse.stats.resampling import REPLICATES
from evalhouse.stats.results import Interval, checked_level

Definition = Literal["evalhouse", "codebook-lab"]
DEFINITIONS: tuple[Definition, ...] = ("evalhouse", "codebook-lab")


@dataclass(frozen=True)
class Scoring:
    """How fields are scored.

    Attributes:
        definition: `evalhouse`, or `codebook-lab` for the numbers of codebook-lab 1.4.0, faults
            included, so that old results can be compared.
        absent: what a unit with a gold answer and none from the model is; see `metrics.accuracy`.
        has_intervals: whether to compute intervals at all.
        level: confidence of the intervals.
        resamples: of each bootstrap.
        seed: of the source of chance.
        embedding_model: a folder with a sentence-transformers model.
        bertscore_model: a folder with a transformers model.

    Raises:
        UnknownNameError: for another definition or rule.
        UsageError: for a level, a number of resamples or a seed that is none.
    """

    definition: Definition = "evalhouse"
    absent: AbsentRule = "wrong"
    has_intervals: bool = True
    level: float = 0.95
    resamples: int = REPLICATES
    seed: int = 0
    embedding_model: Path | None = None
    bertscore_model: Path | None = None

    def __post_init__(self) -> None:
        """Refuse what is not known."""
        if self.definition not in DEFINITIONS:
            raise UnknownNameError("definition", self.definition, DEFINITIONS)
        if self.absent not in ABSENT_RULES:
            raise UnknownNameError("rule for absent answers", self.absent, ABSENT_RULES)
        checked_level(self.level)
        for what, number, least in (("resamples", self.resamples, 1), ("seed", self.seed, 0)):
            if not isinstance(number, int | np.integer) or number < least:
                raise UsageError(f"`{what}` is a whole number from {least}; found {number!r}")


@dataclass(frozen=True, slots=True)
class FieldScore:
    """One number about one field.

    `label` is there where it is about one label. `definition` names who defines the metric, and
    `interval` is empty where there is none.
    """

    field: str
    metric: str
    label: Label | None
    value: Value
    interval: Interval | None
    definition: Definition
