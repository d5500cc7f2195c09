"""What the files of a run say, read and not yet judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evalhouse.assessment.results import Assessment
from evalhouse.providers import Usage

BASELINE = "baseline"
"""The provider of models that ask nobody."""


@dataclass(frozen=True)
class RunRecord:
    """A run's folder.

    Attributes:
        config: `config.json`.
        assessment: `scores.json`.
        timing: `timing_data.json`.
        characters: `char_counts.json`.
        emissions: the rows of `emissions.csv`, one a session.
        environment: `environment.json`.
        files: the SHA-256 of each file by its path, as `manifest.json` has them.
        folder: where it was read.
        usages: tokens of each exchange, where the totals in `timing` do not tell the cost.
    """

    config: Mapping[str, Any]
    assessment: Assessment
    timing: Mapping[str, Any] = field(default_factory=dict)
    characters: Mapping[str, Any] = field(default_factory=dict)
    emissions: tuple[Mapping[str, str], ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    usages: tuple[Usage, ...] = ()

    @property
    def run_id(self) -> str:
        """What the run is called."""
        return str(self.config.get("run_id") or "unnamed")

    @property
    def model(self) -> str:
        """The model as the run's configuration names it."""
        return str(self.config.get("model") or "unnamed")

    @property
    def task(self) -> str:
        """The task that was asked."""
        return str(self.config.get("label") or self.assessment.task)

    @property
    def is_baseline(self) -> bool:
        """Whether no model was asked."""
        return self.config.get("provider") == BASELINE

    @property
    def rows(self) -> int:
        """Texts that were asked about."""
        rows = self.config.get("rows")
        return rows if isinstance(rows, int) and rows > 0 else self.assessment.matched
