"""What a reader of scores must know: few rows, rare labels, answers that are not there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from evalhouse.assessment.limits import limits
from evalhouse.assessment.results import ScoreLine
from evalhouse.assessment.tables import LABELLED, Counts
from evalhouse.tasks.faults import listed

_MOST = 5


def rare_labels(counts: Counts) -> list[str]:
    """Return the labels that gold has, and seldom; of a single label none is rare."""
    uses = {label: gold for label, (gold, _) in counts.uses.items() if gold}
    total = int(counts.has_gold.sum())
    known = limits().imbalance
    rare = [
        label for label, gold in uses.items() if gold < known.count or gold < known.share * total
    ]
    return rare if len(uses) > 1 else []


def cautions(counts: Counts, scores: Sequence[ScoreLine], headline: Iterable[str]) -> list[str]:
    """Return the warnings about a field, the graver ones first."""
    return [
        *_rows(counts),
        *_validity(counts),
        *_labels(counts),
        *_undefined(scores, headline),
    ]


def _rows(counts: Counts) -> Iterator[str]:
    applicable, gold = int(counts.applies.sum()), int(counts.has_gold.sum())
    if not applicable:
        yield "the field applies to no row, so there is nothing to score"
        return
    if gold < limits().coverage.share * applicable:
        yield (
            f"{applicable - gold:,} of {applicable:,} rows that it applies to have no gold answer, "
            "and are left out"
        )
    if 0 < gold < limits().units.count:
        yield f"only {gold:,} rows have a gold answer: intervals may be too short"


def _validity(counts: Counts) -> Iterator[str]:
    gold = int(counts.has_gold.sum())
    valid = int((counts.has_gold & (counts.absent >= 0)).sum())
    if valid < limits().validity.share * gold:
        yield f"{gold - valid:,} of {gold:,} rows with a gold answer have no valid one of the model"


def _labels(counts: Counts) -> Iterator[str]:
    gold = [label for label, (count, _) in counts.uses.items() if count]
    if counts.rows.field.kind in LABELLED and len(gold) == 1:
        yield f"gold is constant: every answer is `{gold[0]}`, so agreement says little"
    rare = rare_labels(counts)
    if rare:
        yield f"rare in gold: {_counted(counts, rare)}; read precision and recall of each label too"
    if gold:
        unseen = [label for label, (count, _) in counts.uses.items() if not count]
        if unseen:
            yield f"never in gold, so not tested: {listed(unseen, _MOST)}"
    ignored = [label for label, (count, given) in counts.uses.items() if count and not given]
    if ignored:
        yield f"never answered by the model, though in gold: {listed(ignored, _MOST)}"


def _counted(counts: Counts, labels: Sequence[str]) -> str:
    shown = ", ".join(f"`{label}` ({counts.uses[label][0]:,})" for label in labels[:_MOST])
    return shown + (f" and {len(labels) - _MOST} more" if len(labels) > _MOST else "")


def _undefined(scores: Sequence[ScoreLine], headline: Iterable[str]) -> Iterator[str]:
    wanted = set(headline)
    for score in scores:
        if score.metric in wanted and score.label is None and score.value is None and score.n:
            yield f"`{score.metric}` is undefined: {score.note}"
