"""How far two sides agree on a field, over the rows to which both gave an answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np

from evalhouse.assessment.lines import line
from evalhouse.assessment.matching import Cells, FieldRows
from evalhouse.assessment.results import ScoreLine
from evalhouse.metrics.label_sets import pair_sets
from evalhouse.metrics.labels import Absent, Labels, encode_pair
from evalhouse.metrics.spans import Span
from evalhouse.metrics.text import text_metrics
from evalhouse.scoring import Scoring
from evalhouse.scoring.basis import Basis, Clusters
from evalhouse.scoring.cells import read_labels, read_sets, read_spans, read_texts
from evalhouse.scoring.field import Field, Kind
from evalhouse.scoring.intervals import intervals_of
from evalhouse.scoring.sets import set_basis
from evalhouse.scoring.spans import span_basis
from evalhouse.scoring.tables import choice_basis, scale_basis
from evalhouse.scoring.texts import text_interval

Sets = Sequence[frozenset[str] | Absent]
Lists = Sequence[list[Span] | Absent]
Texts = Sequence[str | Absent]
Side = Any
"""The answers of one side as its type of field reads them: labels, sets, lists of spans, texts."""

_OF_LABELS = {
    "cohen_kappa": "cohen_kappa",
    "percentage_agreement": "percentage_agreement",
    "krippendorff_alpha": "krippendorff_alpha_nominal",
}
METRICS: dict[Kind, dict[str, str]] = {
    "checkbox": _OF_LABELS,
    "dropdown": _OF_LABELS,
    "likert": {
        "quadratic_kappa": "weighted_kappa_quadratic",
        "percentage_agreement": "percentage_agreement",
        "krippendorff_alpha": "krippendorff_alpha_ordinal",
    },
    "multiselect": {"jaccard_samples": "jaccard_samples", "subset_accuracy": "subset_accuracy"},
    "textbox": {"levenshtein": "levenshtein"},
    "span": {"token_f1": "token_f1_macro", "exact_match_f1": "strict_f1"},
}
"""By type of field: the names of the lines, the chief one first, and the metrics they are of."""


def read(field: Field, cells: Cells) -> Side:
    """Read the answers of one side, so that it can be compared with several others."""
    return _READERS[field.kind](field, cells)


def agreement(
    rows: FieldRows, first: Side, second: Side, options: Scoring
) -> tuple[ScoreLine, ...]:
    """Return how far two sides agree, with intervals.

    Only rows with a valid answer of both enter, whatever the gold says of them. Of texts it is how
    alike they are as written.
    """
    wanted = METRICS[rows.field.kind]
    if rows.field.kind == "textbox":
        return _of_texts(rows, first, second, options)
    found: dict[str, ScoreLine] = {}
    for basis in _BASES[rows.field.kind](rows, first, second):
        kept = _restricted(basis, set(wanted.values()))
        intervals = intervals_of(kept, options) if options.has_intervals else {}
        for score in kept.scores:
            interval = intervals.get((score.metric, None))
            found[score.metric] = line(score.metric, score.value, interval)
    return tuple(
        msgspec.structs.replace(found[metric], metric=name) for name, metric in wanted.items()
    )


def allowed_spans(field: Field, cells: Cells) -> list[list[Span] | Absent]:
    """Read spans; a list with a label that the field does not have is `Absent.INVALID`."""
    known = {*field.labels}
    return [
        Absent.INVALID
        if not isinstance(one, Absent) and known and not {span.label for span in one} <= known
        else one
        for one in read_spans(cells)
    ]


def _restricted(basis: Basis, names: set[str]) -> Basis:
    scores = tuple(each for each in basis.scores if each.label is None and each.metric in names)
    return replace(basis, scores=scores)


def _label_bases(rows: FieldRows, first: Labels, second: Labels) -> list[Basis]:
    one, other = encode_pair(first, second)
    bases = [choice_basis(one, other, absent="exclude", clusters=rows.clusters)]
    if rows.field.kind == "likert":
        bases.append(scale_basis(one, other, absent="exclude", clusters=rows.clusters))
    return bases


def _set_bases(rows: FieldRows, first: Sets, second: Sets) -> list[Basis]:
    pairs = pair_sets(first, second, rows.field.options or None, absent="exclude")
    return [set_basis(pairs, clusters=_kept_clusters(rows, first, second))]


def _span_bases(rows: FieldRows, first: Lists, second: Lists) -> list[Basis]:
    return [
        span_basis(rows.field, first, second, rows.texts, absent="exclude", clusters=rows.clusters)
    ]


def _of_texts(
    rows: FieldRows, first: Texts, second: Texts, options: Scoring
) -> tuple[ScoreLine, ...]:
    both = _both(first, second)
    kept = [[one for one, held in zip(side, both, strict=True) if held] for side in (first, second)]
    lines = []
    for name, score in text_metrics(*kept, metrics=tuple(METRICS["textbox"])).items():
        interval = None
        if options.has_intervals:
            clusters = _kept_clusters(rows, first, second)
            interval = text_interval(score, clusters=clusters, options=options)
        lines.append(line(name, score.value, interval))
    return tuple(lines)


def _both(first: Sequence[object], second: Sequence[object]) -> list[bool]:
    return [
        not isinstance(one, Absent) and not isinstance(other, Absent)
        for one, other in zip(first, second, strict=True)
    ]


def _kept_clusters(
    rows: FieldRows, first: Sequence[object], second: Sequence[object]
) -> Clusters | None:
    """Return the clusters of the rows that both sides answered."""
    return None if rows.clusters is None else rows.clusters[np.array(_both(first, second), bool)]


def _texts(_: Field, cells: Cells) -> Texts:
    return read_texts(cells)


_READERS: dict[Kind, Callable[[Field, Cells], Side]] = {
    "checkbox": read_labels,
    "dropdown": read_labels,
    "likert": read_labels,
    "multiselect": read_sets,
    "textbox": _texts,
    "span": allowed_spans,
}
_BASES: dict[Kind, Callable[[FieldRows, Any, Any], list[Basis]]] = {
    "checkbox": _label_bases,
    "dropdown": _label_bases,
    "likert": _label_bases,
    "multiselect": _set_bases,
    "span": _span_bases,
}
