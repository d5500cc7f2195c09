"""How far coders agree on fields of spans: on whole lists, on tokens, on characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from evalhouse.coders.agreement import (
    RESAMPLES,
    FieldAgreement,
    PairAgreement,
    ratings_of,
    together,
    unbounded,
    undefined,
)
from evalhouse.coders.labels import Label
from evalhouse.coders.panel import Panel
from evalhouse.metrics.agreement import NO_PAIR
from evalhouse.metrics.raters import Ratings, alpha_kernel, alpha_units, rate
from evalhouse.metrics.spans import Span, span_metrics, token_map
from evalhouse.metrics.value import Value
from evalhouse.scoring.field import Field
from evalhouse.stats.proportions import proportion
from evalhouse.stats.resampling import bootstrap
from evalhouse.stats.results import Interval
from evalhouse.stats.sample import sample_of_rows

SCORES = {"token_f1": "token_f1_macro", "exact_f1": "strict_f1", "char_iou": "char_iou_any"}
"""What pairs of coders are compared by, and what `metrics.spans` calls it."""

_NOT_OF_LISTS = "spans are compared by tokens; lists of spans have no classes"
_OUTSIDE = ""


@dataclass(frozen=True, slots=True)
class _Marked:
    """A text with the spans of each coder; None is a coder without an answer."""

    text: str
    spans: tuple[tuple[Span, ...] | None, ...]


def span_agreement(panel: Panel, column: str, level: float) -> FieldAgreement:
    """Measure how far coders agree on a field of spans."""
    annotation = panel.codebook.by_column[column]
    asked, rows = annotation.field, panel.labels[column]
    texts = [item.text for item in panel.items]
    applies = panel.applies(annotation)
    marked = [_Marked(text, _spans(row)) for text, row in zip(texts, rows, strict=True)]
    enters = [
        does and len(row) - row.count(None) >= 2
        for does, row in zip(applies, map(list, rows), strict=True)
    ]
    kept = [one for one, does in zip(marked, enters, strict=True) if does]
    ratings = ratings_of(asked, rows, texts)
    codes = ratings.codes[np.array(enters, bool)]
    shared = together(Ratings(codes, ratings.names, ratings.has_order), level)
    none = undefined(level, len(kept), _NOT_OF_LISTS)
    tokens = span_alpha(kept, asked, "token", level)
    return FieldAgreement(
        column=column,
        kind=asked.kind,
        n_applicable=sum(applies),
        n_items=len(kept),
        assigned=tuple(sorted({sum(row) for row in panel.assigned})),
        alpha_level="nominal",
        alpha_unit="token",
        alpha=tokens,
        alpha_nominal=tokens,
        fleiss=none,
        gwet=none,
        agreement=shared.agreement,
        unanimity=shared.unanimity,
        majority=shared.majority,
        pairs=tuple(_pairs(panel.coders, asked, marked, level)),
        more={"character_alpha": span_alpha(kept, asked, "character", level)},
    )


def _spans(row: Sequence[Label | None]) -> tuple[tuple[Span, ...] | None, ...]:
    return tuple(label if isinstance(label, tuple) else None for label in row)


def _pairs(
    coders: Sequence[str], asked: Field, marked: Sequence[_Marked], level: float
) -> Iterator[PairAgreement]:
    for first, second in combinations(range(len(coders)), 2):
        both = [
            _Marked(one.text, (one.spans[first], one.spans[second]))
            for one in marked
            if one.spans[first] is not None and one.spans[second] is not None
        ]
        yield _pair((coders[first], coders[second]), both, asked, level)


def _pair(
    names: tuple[str, str], both: Sequence[_Marked], asked: Field, level: float
) -> PairAgreement:
    n, why = len(both), undefined(level, len(both), _NOT_OF_LISTS if both else NO_PAIR)
    equal = sum(one.spans[0] == one.spans[1] for one in both)
    more = dict.fromkeys(SCORES, why)
    if both:
        left, right = ([list(one.spans[side] or ()) for one in both] for side in (0, 1))
        found = span_metrics(left, right, [one.text for one in both], labels=asked.labels)
        for ours, theirs in SCORES.items():
            score = found.overall[theirs]
            if not score.value.is_defined:
                more[ours] = unbounded(score.value, level)
                continue
            rows = sample_of_rows(score.rows)
            more[ours] = bootstrap(rows, score.kernel, level=level, count=RESAMPLES)
    alpha = span_alpha(both, asked, "token", level, is_bounded=False)
    shares = proportion(equal, n, level=level)
    return PairAgreement(*names, n, shares, why, alpha, more)


def span_alpha(
    marked: Sequence[_Marked], asked: Field, unit: str, level: float, *, is_bounded: bool = True
) -> Interval:
    """Compute nominal alpha of tokens or characters: which labels each coder gives them.

    The labels of a token are one class together, none is a class too. Tokens of a text are alike,
    so whole texts are resampled.
    """
    if not marked:
        return undefined(level, 0, NO_PAIR)
    places = _places(marked, is_token=unit == "token")
    classes: list[list[str | None]] = []
    lengths: list[int] = []
    texts: list[int] = []
    for text, (one, (size, spans)) in enumerate(zip(marked, places, strict=True)):
        for start, end in _stretches(size, spans):
            classes.append(_classes(one, spans, start, asked))
            lengths.append(end - start)
            texts.append(text)
    if not classes:
        return undefined(level, len(marked), "no text has a character")
    units = alpha_units(rate(classes), "nominal")
    rows = units.rows() * np.array(lengths, np.float64)[:, None]
    kernel = alpha_kernel("nominal")
    value = float(kernel(rows.sum(axis=0)))
    if np.isnan(value) or not is_bounded:
        note = "nobody marks anything, or all mark the same" if np.isnan(value) else ""
        return unbounded(Value(value, len(marked), note), level)
    sample = sample_of_rows(rows, np.array(texts))
    return bootstrap(sample, kernel, level=level, count=RESAMPLES)


Offsets = tuple[int, list[list[tuple[int, int]]]]
"""How long a text is, and where the spans of each coder begin and end in it."""


def _places(marked: Sequence[_Marked], *, is_token: bool) -> list[Offsets]:
    """Return offsets in tokens or characters, in the order of the spans."""
    offsets = [
        (len(one.text), [[(span.start, span.end) for span in spans or ()] for spans in one.spans])
        for one in marked
    ]
    if not is_token:
        return offsets
    found = token_map([one.text for one in marked])
    edges = found.edges.tolist()
    flat = [
        (text, *span)
        for text, (_, coders) in enumerate(offsets)
        for each in coders
        for span in each
    ]
    given = np.array(flat, np.int64).reshape(-1, 3)
    low, high = found.covered(given[:, 0], given[:, 1], given[:, 2], "expand")
    moved = iter(zip(low.tolist(), high.tolist(), strict=True))
    return [
        (
            edges[text + 1] - edges[text],
            [[_shifted(next(moved), edges[text]) for _ in each] for each in coders],
        )
        for text, (_, coders) in enumerate(offsets)
    ]


def _shifted(place: tuple[int, int], by: int) -> tuple[int, int]:
    return place[0] - by, place[1] - by


def _stretches(size: int, spans: Sequence[Sequence[tuple[int, int]]]) -> Iterator[tuple[int, int]]:
    """Cut a text wherever anyone begins or ends a span: within a stretch all units are alike."""
    edges = {min(edge, size) for each in spans for place in each for edge in place}
    yield from pairwise(sorted({0, size, *edges}))


def _classes(
    one: _Marked, places: Sequence[Sequence[tuple[int, int]]], at: int, asked: Field
) -> list[str | None]:
    """Return what each coder says of a place; where labels do not matter, all are one."""
    found: list[str | None] = []
    for spans, offsets in zip(one.spans, places, strict=True):
        if spans is None:
            found.append(None)
            continue
        labels = {
            (span.label or "-") if asked.labels else "-"
            for span, (start, end) in zip(spans, offsets, strict=True)
            if start <= at < end
        }
        found.append("|".join(sorted(labels)) or _OUTSIDE)
    return found
