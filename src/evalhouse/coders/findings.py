"""Everything that is found about coders: issues, agreement, consensus."""

from __future__ import annotations

from dataclasses import dataclass

from evalhouse.coders.adjudication import read_decisions
from evalhouse.coders.agreement import FieldAgreement, field_agreement
from evalhouse.coders.consensus import Consensus, settle
from evalhouse.coders.issues import Issue
from evalhouse.coders.panel import Panel
from evalhouse.coders.span_agreement import span_agreement
from evalhouse.stats.results import checked_level
from evalhouse.tasks.table import Table


@dataclass(frozen=True)
class Findings:
    """The panel with how far it agrees and what it says together."""

    panel: Panel
    fields: tuple[FieldAgreement, ...]
    consensus: Consensus
    level: float

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Return all issues, those of decisions by hand last."""
        return (*self.panel.issues, *self.consensus.issues)


def examine(panel: Panel, *, level: float = 0.95, adjudications: Table | None = None) -> Findings:
    """Measure agreement at a level of confidence, and settle the consensus.

    Raises:
        UsageError: for a level that is none, and for adjudications that cannot be used.
    """
    level = checked_level(level)
    decisions = {} if adjudications is None else read_decisions(panel, adjudications)
    fields = []
    for annotation in panel.codebook.annotations:
        measure = span_agreement if annotation.field.kind == "span" else field_agreement
        fields.append(measure(panel, annotation.column, level))
    return Findings(panel, tuple(fields), settle(panel, decisions), level)
