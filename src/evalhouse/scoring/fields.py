"""Scores of a field, whatever its type: cells in, scores with intervals out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.metrics.label_sets import pair_sets
from evalhouse.metrics.labels import Absent, Labels, encode_pair, is_missing
from evalhouse.metrics.text import text_metrics
from evalhouse.scoring.basis import Basis, Clusters, Key
from evalhouse.scoring.cells import (
    Cell,
    read_labels,
    read_sets,
    read_spans,
    read_texts,
    written,
)
from evalhouse.scoring.codebook_lab import codebook_lab_scores
from evalhouse.scoring.field import Field, Kind
from evalhouse.scoring.intervals import intervals_of
from evalhouse.scoring.score import FieldScore, Scoring
from evalhouse.scoring.sets import set_basis
from evalhouse.scoring.spans import checked_texts, span_basis
from evalhouse.scoring.tables import choice_basis, scale_basis
from evalhouse.scoring.texts import text_interval
from evalhouse.scoring.validity import kinds_of, validity_basis

Cells = Sequence[Cell]
HEADLINES: dict[Kind, tuple[str, ...]] = {
    "checkbox": ("f1_macro", "percentage_agreement"),
    "dropdown": ("f1_macro", "percentage_agreement"),
    "multiselect": ("f1_macro", "jaccard_samples", "subset_accuracy"),
    "likert": ("weighted_kappa_quadratic", "spearman", "percentage_agreement"),
    "textbox": (),
    "span": ("token_f1_macro", "strict_f1", "char_iou", "char_iou_any"),
}
"""What stands first for each type of field."""


@dataclass(frozen=True)
class Sides:
    """A field with the cells of both sides, unit by unit."""

    field: Field
    gold: Cells
    model: Cells
    texts: Sequence[str] | None
    clusters: Clusters | None


def score_field(
    field: Field,
    gold: Cells,
    model: Cells,
    *,
    texts: Sequence[str] | None = None,
    clusters: ArrayLike | None = None,
    options: Scoring | None = None,
) -> tuple[FieldScore, ...]:
    """Score the answers of a model to one field against gold answers.

    Args:
        field: what was asked.
        gold: (n,) cells as they are written, or members of `Absent`. Units without a gold answer
            are left out.
        model: (n,) cells of the same units in the same order.
        texts: (n,) the texts that spans lie in; spans need them.
        clusters: (n,) what makes units alike, such as a document, any values; intervals then
            resample whole clusters.
        options: how to score.

    The first score of each type is its headline, but for text, which has none; `valid_share` is
    among the scores of every type. Under the definition `codebook-lab` these are its metrics by
    its names, in its order and without intervals.

    Raises:
        UsageError: for sides of different lengths, a gold cell that the field does not allow, and
            spans without texts.

    Example:
        >>> stance = Field("stance", "dropdown", ("for", "against"))
        >>> scores = score_field(stance, ["for", "for", "against"], ["for", "against", "against"])
        >>> scores[0].metric, round(scores[0].value.value, 4)
        ('f1_macro', 0.6667)
    """
    gold, model = written(field, gold), written(field, model)
    texts = None if texts is None else list(texts)
    groups = None if clusters is None else _grouped(field, clusters)
    for what, other in (("the model", model), ("texts", texts), ("clusters", groups)):
        if other is not None and len(other) != len(gold):
            raise UsageError(
                f"`{field.name}` has {len(gold)} gold answers and {len(other)} of {what}; align "
                "them by unit first"
            )
    options = options or Scoring()
    if options.definition == "codebook-lab":
        return tuple(codebook_lab_scores(field, gold, model, texts=texts, options=options))
    sides = Sides(field, gold, model, texts, groups)
    scores = _SCORERS[field.kind](sides, options)
    headlines = enumerate(HEADLINES[field.kind])
    rank: dict[Key, int] = {(metric, None): place for place, metric in headlines}
    return tuple(sorted(scores, key=lambda each: rank.get((each.metric, each.label), len(rank))))


def _grouped(field: Field, clusters: ArrayLike) -> Clusters:
    """Number the clusters; any values that can be told apart may name them."""
    if type(clusters) is np.ndarray and clusters.ndim == 1 and clusters.dtype.kind in "iuU":
        return np.unique(clusters, return_inverse=True)[1]
    if isinstance(clusters, str) or not isinstance(clusters, Iterable):
        raise UsageError(f"`{field.name}` needs a column of clusters; found `{clusters!r}`")
    listed = list(clusters)
    if any(map(is_missing, listed)):
        raise UsageError(
            f"`{field.name}` has a unit without a cluster; give it one of its own, or leave it out"
        )
    if not all(isinstance(name, Hashable) for name in listed):
        raise UsageError(f"`{field.name}` has clusters that are lists; name each by one value")
    known: dict[object, int] = {}
    return np.array([known.setdefault(name, len(known)) for name in listed], np.int64)


def _labels(sides: Sides, options: Scoring) -> Iterator[FieldScore]:
    field = sides.field
    gold, model = encode_pair(_gold_labels(field, sides.gold), read_labels(field, sides.model))
    positive = True if field.kind == "checkbox" else None
    rule, clusters = options.absent, sides.clusters
    bases = [
        validity_basis(gold.codes, model.codes, clusters),
        choice_basis(gold, model, positive=positive, absent=rule, clusters=clusters),
    ]
    if field.kind == "likert":
        bases.append(scale_basis(gold, model, absent=rule, clusters=clusters))
    for basis in bases:
        yield from _judged(field, basis, options)


def _sets(sides: Sides, options: Scoring) -> Iterator[FieldScore]:
    field, gold = sides.field, read_sets(sides.field, sides.gold)
    _refuse_invalid(field, sides.gold, kinds_of(gold) == Absent.INVALID)
    model = read_sets(field, sides.model)
    is_excluded = options.absent == "exclude"
    pairs = pair_sets(
        gold, model, field.options or None, absent="exclude" if is_excluded else "wrong"
    )
    enters = [
        not isinstance(one, Absent) and not (is_excluded and isinstance(other, Absent))
        for one, other in zip(gold, model, strict=True)
    ]
    validity = validity_basis(kinds_of(gold), kinds_of(model), sides.clusters)
    clusters = None if sides.clusters is None else sides.clusters[np.array(enters, bool)]
    for basis in (validity, set_basis(pairs, clusters=clusters)):
        yield from _judged(field, basis, options)


def _texts(sides: Sides, options: Scoring) -> Iterator[FieldScore]:
    gold, model = read_texts(sides.gold), read_texts(sides.model)
    validity = validity_basis(kinds_of(gold), kinds_of(model), sides.clusters)
    yield from _judged(sides.field, validity, options)
    found = text_metrics(
        gold,
        model,
        embedding_model=options.embedding_model,
        bertscore_model=options.bertscore_model,
    )
    name, definition = sides.field.name, options.definition
    for metric, score in found.items():
        interval = None
        if options.has_intervals:
            interval = text_interval(score, clusters=sides.clusters, options=options)
        yield FieldScore(name, metric, None, score.value, interval, definition)


def _spans(sides: Sides, options: Scoring) -> Iterator[FieldScore]:
    field, texts = sides.field, checked_texts(sides.field, sides.texts)
    gold, model = read_spans(sides.gold), read_spans(sides.model)
    _refuse_invalid(field, sides.gold, kinds_of(gold) == Absent.INVALID)
    basis = span_basis(field, gold, model, texts, absent=options.absent, clusters=sides.clusters)
    for each in (validity_basis(kinds_of(gold), kinds_of(model), sides.clusters), basis):
        yield from _judged(field, each, options)


def _judged(field: Field, basis: Basis, options: Scoring) -> Iterator[FieldScore]:
    found = intervals_of(basis, options) if options.has_intervals else {}
    for score in basis.scores:
        interval = found.get((score.metric, score.label))
        yield FieldScore(
            field.name, score.metric, score.label, score.value, interval, options.definition
        )


def _gold_labels(field: Field, cells: Cells) -> Labels:
    labels = read_labels(field, cells)
    _refuse_invalid(field, cells, labels.codes == Absent.INVALID)
    return labels


def _refuse_invalid(field: Field, cells: Cells, is_invalid: NDArray[np.bool_]) -> None:
    """Gold data say themselves where they are not valid; anything else is a mistake to correct."""
    for row in np.flatnonzero(is_invalid).tolist():
        if cells[row] is not Absent.INVALID:
            allowed = ", ".join(f"`{option}`" for option in field.options) or f"a {field.kind}"
            raise UsageError(
                f"gold answer {row + 1} of `{field.name}` is `{cells[row]}`; expected {allowed}; "
                "correct it or leave the cell empty"
            )


_SCORERS: dict[Kind, Callable[[Sides, Scoring], Iterator[FieldScore]]] = {
    "checkbox": _labels,
    "dropdown": _labels,
    "likert": _labels,
    "multiselect": _sets,
    "textbox": _texts,
    "span": _spans,
}
