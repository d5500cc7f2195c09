"""Fields whose answers mark stretches of a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.spans import Span, SpanScore, SpanScores, span_metrics
from evalhouse.metrics.table import AbsentRule
from evalhouse.metrics.value import Kernel, Score
from evalhouse.scoring.basis import Basis, Clusters, Key
from evalhouse.scoring.field import Field
from evalhouse.stats.sample import Floats, sample_of_rows

Lists = Sequence[list[Span] | Absent]


def span_basis(
    field: Field,
    gold: Lists,
    model: Lists,
    texts: Sequence[str],
    *,
    absent: AbsentRule = "wrong",
    clusters: Clusters | None = None,
) -> Basis:
    """Score spans; where a field declares no labels, labels do not matter.

    No list of spans is no class, so `class` means `wrong` here.
    """
    found = span_metrics(
        gold,
        model,
        texts,
        labels=field.labels,
        absent="exclude" if absent == "exclude" else "wrong",
    )
    named = dict(_named(found))
    sums, kernels = _side_by_side(named)
    used = next(iter(named.values())).pairs.place
    sample = sample_of_rows(sums, None if clusters is None else clusters[used])
    scores = tuple(Score(name, label, score.value) for (name, label), score in named.items())
    return Basis(scores, sample, kernels)


def _named(found: SpanScores) -> Iterator[tuple[Key, SpanScore]]:
    for name, score in found.overall.items():
        yield (name, None), score
    for label, scores in found.by_label.items():
        if label is not None:
            yield from (((name, label), score) for name, score in scores.items())


def _side_by_side(named: dict[Key, SpanScore]) -> tuple[Floats, dict[Key, Kernel]]:
    """Put what the metrics are functions of into one array, each source once."""
    places: dict[int, slice] = {}
    parts: list[Floats] = []
    width = 0
    kernels: dict[Key, Kernel] = {}
    for key, score in named.items():
        source = id(score.source)
        if source not in places:
            parts.append(score.rows)
            places[source] = slice(width, width + parts[-1].shape[1])
            width += parts[-1].shape[1]
        kernels[key] = _Looking(score.kernel, places[source])
    return np.hstack(parts), kernels


class _Looking:
    """A kernel that looks at some of the sums."""

    def __init__(self, kernel: Kernel, place: slice) -> None:
        self.kernel = kernel
        self.place = place

    def __call__(self, sums: Floats) -> Floats:
        return self.kernel(sums[..., self.place])


def checked_texts(field: Field, texts: Sequence[str] | None) -> Sequence[str]:
    """Return the texts that spans lie in, or say that there are none."""
    if texts is None:
        raise UsageError(f"`{field.name}` is a field of spans; give `texts`, what they lie in")
    return texts
