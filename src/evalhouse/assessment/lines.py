"""Scores as the lines of an assessment."""

from __future__ import annotations

import math
from functools import cache

from evalhouse.assessment.names import MEANINGS
from evalhouse.assessment.results import ScoreLine
from evalhouse.metrics import METRICS
from evalhouse.metrics.labels import Label
from evalhouse.metrics.value import Value
from evalhouse.scoring.score import Definition, FieldScore
from evalhouse.stats.results import Interval

Meaning = tuple[str | None, bool | None]
"""A unit, and whether more is better; None is unknown."""
_SHARE: Meaning = ("proportion", True)
_OWN: dict[str, Meaning] = {
    "valid_share": _SHARE,
    "stability": _SHARE,
    "repeat_agreement": _SHARE,
    "annotator_winning_rate": _SHARE,
    "annotator_advantage": _SHARE,
}


def as_line(score: FieldScore) -> ScoreLine:
    """Return the score of a field as a line."""
    label = None if score.label is None else label_text(score.label)
    return line(score.metric, score.value, score.interval, label=label, definition=score.definition)


def line(
    metric: str,
    value: Value,
    interval: Interval | None = None,
    *,
    label: str | None = None,
    definition: Definition = "evalhouse",
) -> ScoreLine:
    """Return a value with its interval as a line; what is not finite is empty."""
    unit, direction = meaning_of(metric, label)
    notes = [value.note, interval.note if interval else ""]
    return ScoreLine(
        metric=metric,
        value=number(value.value),
        n=value.n,
        label=label,
        low=number(interval.low) if interval else None,
        high=number(interval.high) if interval else None,
        level=interval.level if interval else None,
        method=interval.method if interval else "",
        stderr=number(interval.stderr) if interval else None,
        note="; ".join(dict.fromkeys(filter(None, notes))),
        definition=definition,
        unit=unit,
        higher_is_better=direction,
    )


def number(value: float) -> float | None:
    """Return a number, or None for what is none."""
    return float(value) if math.isfinite(value) else None


def label_text(label: Label) -> str:
    """Return a label as files write it: a checkbox is `1` or `0`.

    Example:
        >>> label_text(True), label_text("support"), label_text(4)
        ('1', 'support', '4')
    """
    return str(int(label)) if isinstance(label, bool) else str(label)


def meaning_of(metric: str, label: str | None = None) -> Meaning:
    """Return the unit and the direction of a metric under any of its names.

    Example:
        >>> meaning_of("f1"), meaning_of("quadratic_kappa_repeat_deviation")
        (('proportion', True), ('coefficient', False))
    """
    name = metric.removesuffix("_repeat_mean").removesuffix("_repeat_deviation")
    # What is about one label is a share of its units.
    unit, direction = _known().get(name, (None, None) if label is None else _SHARE)
    return unit, False if metric.endswith("_repeat_deviation") else direction


@cache
def _known() -> dict[str, Meaning]:
    ours: dict[str, Meaning] = {
        metric.name: (metric.unit, metric.higher_is_better) for metric in METRICS
    }
    theirs = {
        name: ours[meaning.metric]
        for meanings in MEANINGS.values()
        for name, meaning in meanings.items()
    }
    return theirs | ours | _OWN
