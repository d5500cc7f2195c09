"""Fields with one label a unit: checkbox, dropdown, Likert scale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics import choices, ordinal
from evalhouse.metrics.labels import Label, Labels, encode_pair
from evalhouse.metrics.table import AbsentRule, Confusion, confusion, flat_kernel
from evalhouse.metrics.value import Kernel, Score
from evalhouse.scoring.basis import Basis, Clusters, Key, clustered_counts, shares_of
from evalhouse.scoring.validity import VALID_SHARE
from evalhouse.stats.resampling import rarest_class
from evalhouse.stats.sample import Sample, sample_of_table

_SHARES = (
    "accuracy",
    "percentage_agreement",
    "adjacent_agreement",
    "precision_binary",
    "recall_binary",
)


_WIDE = 1000
"""Cells of a table that are all drawn, the empty ones too; of a wider one those with units are."""


def choice_basis(
    gold: Labels,
    model: Labels,
    *,
    positive: Label | None = None,
    absent: AbsentRule = "wrong",
    clusters: Clusters | None = None,
) -> Basis:
    """Score labels without order; `positive` adds precision, recall and F1 of that label alone."""
    table = confusion(gold, model)
    found = choices.choice_metrics(table, absent=absent, positive=positive)
    scores = [score for score in found if score.metric != VALID_SHARE]
    kernels = dict(_choice_kernels(table.cell_names(absent), positive))
    sample = _sample(table, gold, model, absent=absent, clusters=clusters)
    return _basis(table.cells(absent), scores, kernels, sample)


def scale_basis(
    gold: Labels,
    model: Labels,
    *,
    absent: AbsentRule = "wrong",
    clusters: Clusters | None = None,
) -> Basis:
    """Score points of a scale, in ascending order, by how far they are apart.

    A point that is not there has no distance, so `class` means `wrong` here.
    """
    rule: AbsentRule = "wrong" if absent == "class" else absent
    table = confusion(gold, model)
    ordered, values = table.on_scale()
    scores = ordinal.ordinal_metrics(ordered, absent=rule)
    found = ordinal.ordinal_kernels(values)
    kernels: dict[Key, Kernel] = {(name, None): kernel for name, kernel in found.items()}
    sample = _sample(table, gold, model, absent=rule, clusters=clusters)
    return _basis(ordered.cells(rule), scores, kernels, sample)


def _basis(
    cells: NDArray[np.int64], scores: Iterable[Score], kernels: dict[Key, Kernel], sample: Sample
) -> Basis:
    held = tuple(scores)
    flat = {key: flat_kernel(kernel) for key, kernel in kernels.items()}
    shares = {} if sample.is_clustered else shares_of(held, _SHARES)
    return Basis(held, sample, flat, shares, rarest_class(cells))


def _choice_kernels(
    names: tuple[Label, ...], positive: Label | None
) -> Iterator[tuple[Key, Kernel]]:
    for name, kernel in choices.KERNELS.items():
        yield (name, None), kernel
    for metric in choices.CLASS_METRICS:
        for place, label in enumerate(names):
            yield (metric, label), choices.class_kernel(metric, place)
        if positive is not None:
            one = choices.class_kernel(metric, names.index(positive))
            yield (f"{metric}_binary", None), one


def _sample(
    table: Confusion,
    gold: Labels,
    model: Labels,
    *,
    absent: AbsentRule,
    clusters: Clusters | None,
) -> Sample:
    cells = table.cells(absent)
    if clusters is None:
        return sample_of_table(cells) if cells.size <= _WIDE else _occupied(cells)
    rows, columns = encode_pair(gold, model)
    size = len(table.cell_names(absent))
    place = rows.codes * (size + 1) + np.where(columns.codes < 0, len(table.names), columns.codes)
    used = rows.is_valid & (columns.is_valid | (absent != "exclude"))
    return clustered_counts(place[used], size * (size + 1), clusters[used])


def _occupied(cells: NDArray[np.int64]) -> Sample:
    flat = cells.ravel()
    used = np.flatnonzero(flat)
    vectors = np.zeros((len(used), flat.size))
    vectors[np.arange(len(used)), used] = 1.0
    return Sample(vectors, flat[used])
