"""How far a model repeats itself when it is asked several times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, compress

import numpy as np
from numpy.typing import NDArray

from evalhouse.assessment.likeness import (
    LIKENESSES,
    Answer,
    Likeness,
    normal_answers,
    overlap,
    same,
)
from evalhouse.assessment.lines import line
from evalhouse.assessment.matching import Cells, FieldRows
from evalhouse.assessment.names import HEADLINES, MEANINGS
from evalhouse.assessment.results import ScoreLine
from evalhouse.metrics.value import Value, undefined
from evalhouse.scoring import Scoring, score_field
from evalhouse.scoring.basis import Clusters
from evalhouse.stats.means import mean
from evalhouse.stats.repeats import summarise_repeats

Floats = NDArray[np.float64]
STABILITY, AGREEMENT = "stability", "repeat_agreement"


def repeat_lines(rows: FieldRows, options: Scoring) -> Iterator[ScoreLine]:
    """Yield how stable answers are over repeats, where there are several.

    * `stability`: the mean share of repeats that give the row's final answer, over the rows that
      have a valid one; of spans, how much each repeat overlaps with it.
    * `repeat_agreement`: how alike two repeats are, as a mean over pairs of valid answers and then
      over rows: 1 or 0 for labels, shared options, edits of texts, overlap of spans.
    * `<headline>_repeat_mean` and `<headline>_repeat_deviation`: the first headline of each repeat
      by itself.

    Only rows that the field applies to enter.
    """
    if len(rows.repeats) < 2:
        return
    applies = rows.applies
    sides = [
        list(compress(normal_answers(rows.field, cells, rows.texts), applies))
        for cells in (rows.model or (), *rows.repeats)
    ]
    final, repeats = sides[0], list(zip(*sides[1:], strict=True))
    clusters = None if rows.clusters is None else rows.clusters[np.array(applies, bool)]
    alike: Likeness = overlap if rows.field.kind == "span" else same
    shares = [_share(one, others, alike) for one, others in zip(final, repeats, strict=True)]
    pairs = [_agreement(others, LIKENESSES[rows.field.kind]) for others in repeats]
    for name, values in ((STABILITY, shares), (AGREEMENT, pairs)):
        yield _mean_line(name, np.array(values, np.float64), clusters, options)
    yield from _headlines(rows, options)


def _share(final: Answer | None, repeats: Sequence[Answer | None], alike: Likeness) -> float:
    if final is None:
        return np.nan
    found = [0.0 if one is None else alike(final, one) for one in repeats]
    return sum(found) / len(found)


def _agreement(repeats: Sequence[Answer | None], alike: Likeness) -> float:
    valid = [one for one in repeats if one is not None]
    if len(valid) < 2:
        return np.nan
    found = [alike(one, other) for one, other in combinations(valid, 2)]
    return sum(found) / len(found)


def _mean_line(name: str, values: Floats, clusters: Clusters | None, options: Scoring) -> ScoreLine:
    held = ~np.isnan(values)
    n = int(held.sum())
    if not n:
        return line(name, undefined(0, "no row has valid answers to compare"))
    value = Value(float(values[held].mean()), n)
    if not options.has_intervals:
        return line(name, value)
    groups = None if clusters is None else clusters[held]
    return line(name, value, mean(values[held], groups, level=options.level))


def _headlines(rows: FieldRows, options: Scoring) -> Iterator[ScoreLine]:
    headline = next(iter(HEADLINES[rows.field.kind]), None)
    if headline is None:
        return
    meaning = MEANINGS[rows.field.kind].get(headline)
    metric = meaning.metric if meaning else headline
    settings = replace(options, has_intervals=False)
    values = [_value(rows, cells, metric, settings) for cells in rows.repeats]
    found = summarise_repeats(values, higher_is_better=True, level=options.level)
    for part, interval in (("mean", found.mean), ("deviation", found.deviation)):
        value = Value(interval.estimate, interval.n, interval.note)
        shown = interval if options.has_intervals else None
        yield line(f"{headline}_repeat_{part}", value, shown)


def _value(rows: FieldRows, cells: Cells, metric: str, options: Scoring) -> float:
    scores = score_field(rows.field, rows.gold or (), cells, texts=rows.texts, options=options)
    return next(each.value.value for each in scores if (each.metric, each.label) == (metric, None))
