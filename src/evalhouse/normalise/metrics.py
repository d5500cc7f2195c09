"""Units and directions of metrics, and which results are proportions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import msgspec

from evalhouse.errors import HouseError
from evalhouse.records import Cell

PROPORTION = "proportion"
_AVERAGED = re.compile(r"(?:_micro|_macro)+$")


@dataclass(frozen=True)
class MetricMeaning:
    """What is known of a metric; None is unknown."""

    unit: str | None = None
    higher_is_better: bool | None = None


UNKNOWN = MetricMeaning()


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], MetricMeaning], ...]:
    text = resources.files("evalhouse").joinpath("data/metrics.toml").read_text("utf-8")
    found = []
    for entry in tomllib.loads(text)["metrics"]:
        unknown = set(entry) - {"pattern", "unit", "higher_is_better"}
        if unknown:
            raise HouseError(f"`data/metrics.toml` has the unknown key `{unknown.pop()}`")
        meaning = MetricMeaning(entry.get("unit"), entry.get("higher_is_better"))
        found.append((re.compile(entry["pattern"]), meaning))
    return tuple(found)


@cache
def meaning_of(metric: str) -> MetricMeaning:
    """Return what is known of a metric by its name; averages mean what their parts mean.

    Example:
        >>> meaning_of("acc_per_char_macro")
        MetricMeaning(unit='proportion', higher_is_better=True)
        >>> meaning_of("judge_rating")
        MetricMeaning(unit=None, higher_is_better=None)
    """
    name = _AVERAGED.sub("", metric)
    return next((known for pattern, known in _patterns() if pattern.fullmatch(name)), UNKNOWN)


def shared_meaning(metrics: Sequence[str]) -> MetricMeaning:
    """Return what all of some metrics have in common; unknown for none."""
    meanings = {meaning_of(metric) for metric in metrics}
    return meanings.pop() if len(meanings) == 1 else UNKNOWN


def with_meaning(cell: Cell, basis: Sequence[str]) -> Cell:
    """Add unit, direction and, for a proportion, the score to a cell.

    `basis` names the metrics that the primary value is (an average of). A score outside 0 to 1
    is no proportion whatever its name, and stays empty with a note.
    """
    known, value = shared_meaning(basis), cell.primary_value
    score, note = None, cell.value_note
    if known.unit == PROPORTION and value is not None:
        if 0.0 <= value <= 1.0:
            score = value
        else:
            note = f"{value!r} is outside 0 to 1, where `{cell.primary_metric}` lies by definition"
    return msgspec.structs.replace(
        cell, unit=known.unit, higher_is_better=known.higher_is_better, score=score, value_note=note
    )
