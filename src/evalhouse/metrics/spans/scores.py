"""All metrics of spans in one go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.spans.kernels import Part, mean_of_labels, mean_of_units, of_all, of_label
from evalhouse.metrics.spans.span import AbsentSpans, SpanList, SpanPairs, pair_spans
from evalhouse.metrics.spans.tallies import Tallies, Tally, tallied
from evalhouse.metrics.spans.tokens import ALIGNMENTS, Alignment
from evalhouse.metrics.value import Kernel, Value, undefined

Floats = NDArray[np.float64]

NO_TEXTS = "needs the texts"
_NO_UNITS = "no unit has a gold list of spans"
_PARTS: tuple[Part, ...] = ("f1", "precision", "recall")
_EMPTY: dict[Part, str] = {
    "f1": "no span on either side",
    "jaccard": "no span on either side",
    "precision": "the model marks nothing",
    "recall": "there is no gold span",
}


@dataclass(frozen=True, eq=False)
class SpanScore:
    """One metric of spans: its value, and what it is a function of.

    `kernel` makes `value` of the sum of `rows`, so resampling needs nothing else.
    """

    value: Value
    kernel: Kernel
    source: Tally | Floats = field(repr=False)
    pairs: SpanPairs = field(repr=False)

    @property
    def rows(self) -> Floats:
        """What the units that enter add (n, k)."""
        return self.source.rows() if isinstance(self.source, Tally) else self.source

    @property
    def statistics(self) -> Floats:
        """What all units add (m, k), in the order in which they were given; NaN is outside."""
        rows = self.rows
        spread = np.full((self.pairs.given, rows.shape[1]), np.nan)
        spread[self.pairs.place] = rows
        return spread


@dataclass(frozen=True, eq=False)
class SpanScores:
    """The metrics of spans: over all labels by name, and label by label.

    `share_valid` is the share of units that the model gave spans for, or said that there are
    none; of those without a gold list, none enters.
    """

    overall: dict[str, SpanScore]
    by_label: dict[str | None, dict[str, SpanScore]]
    share_valid: Value


def span_metrics(
    gold: Sequence[SpanList],
    model: Sequence[SpanList],
    texts: Sequence[str] | None = None,
    *,
    labels: Sequence[str] | None = None,
    absent: AbsentSpans = "wrong",
    alignment: Alignment = "expand",
) -> SpanScores:
    """Score the spans that a model marks against gold spans, by every scheme at once.

    F1 = 2 a / (g + m), precision = a / m, recall = a / g, where of g gold and m model items a
    agree. The items are

    * `token_*`: pairs of a token and a label. Tokens are runs of word characters (UTS #18) and
      single signs. A token with several labels counts for each of them.
    * `strict_*`: spans; those with the same offsets and label agree.
    * `exact_*`: spans without their labels; those with the same offsets agree.
    * `type_*`: spans; those with the same label that overlap agree.
    * `partial_*`: spans without their labels; of those that overlap, a pair with the same offsets
      is worth 1 and any other 1/2. By label, only spans of that label are paired.

    In the last two no span agrees with more than one: identical ones are paired first, then those
    that overlap farthest. `*_macro` is the mean over the labels that occur, all other scores sum
    over labels first. Pairs of a character and a label give a / (g + m - a): `char_iou` is its mean
    over all units, where a unit without spans on both sides has 1; `char_iou_any` its mean over
    units with any span, which it counts; `char_iou_pooled` takes all units at once.

    Args:
        gold: (m,) lists of spans, empty where there are none. A unit whose list is absent (`None`
            or one of `Absent`) never enters.
        model: (m,) lists of the same units. An absent list is an error under "wrong": it finds
            none of the gold spans, and its `char_iou` is 0. Under "exclude" its unit is left out.
        texts: (m,) what the offsets refer to. Without them there are no metrics of tokens, and
            nothing is clipped.
        labels: the allowed labels; without them, those that occur, and `None` is one of them. The
            empty list says that labels do not matter. A label of the model that is not allowed
            makes its span wrong, and is no class of its own.
        absent: "wrong" or "exclude".
        alignment: which tokens a span holds: "expand" takes all that it touches, "contract" only
            those that lie in it wholly.

    Offsets are clipped to the text. Equal spans of a unit count once, and overlapping ones of a
    label cover what they cover once. A span that marks no character (empty, reversed, or beyond
    the text) is left out of the gold data; one of the model counts as a span that agrees with none.

    Range: 0 (nothing agrees) to 1 (all does).
    Undefined: F1 without a span on either side, precision without one of the model, recall
    without a gold one; a macro mean without a label; `token_*` without texts.

    Source: Chinchor and Sundheim 1993, doi:10.3115/1072017.1072026 (MUC-5), as used by
    Segura-Bedmar, Martínez and Herrero-Zazo 2013, SemEval-2013 task 9,
    https://aclanthology.org/S13-2056, whence the names of the schemes. MUC aligns by hand-set
    rules; here overlap decides. Tools such as nervaluate let one gold span answer several of the
    model's.

    Raises:
        UsageError: for sides or texts of different lengths, offsets that are no whole numbers, and
            gold labels outside `labels`.
        UnknownNameError: for another rule or alignment.

    Example:
        >>> from evalhouse.metrics.spans import Span
        >>> text = ["The cat sat on the mat."]
        >>> found = span_metrics([[Span(4, 7, "A"), Span(19, 22, "B")]], [[Span(4, 11, "A")]], text)
        >>> names = ("token_f1_micro", "strict_f1", "type_f1", "partial_f1", "char_iou")
        >>> [round(found.overall[name].value.value, 3) for name in names]
        [0.5, 0.0, 0.667, 0.333, 0.3]
    """
    if alignment not in ALIGNMENTS:
        raise UnknownNameError("alignment of tokens", alignment, ALIGNMENTS)
    pairs = pair_spans(gold, model, texts, labels=labels, absent=absent)
    counts = tallied(pairs, alignment)
    overall = _overall(pairs, counts)
    by_label = {name: _of_label(pairs, counts, place) for place, name in enumerate(pairs.names)}
    return SpanScores(overall, by_label, _share_valid(pairs))


def _overall(pairs: SpanPairs, counts: Tallies) -> dict[str, SpanScore]:
    found: dict[str, SpanScore] = {}
    labelled = {"token": counts.tokens, "strict": counts.strict, "type": counts.type}
    for scheme, tally in (labelled | {"exact": counts.exact, "partial": counts.partial}).items():
        if scheme in ("token", "strict"):
            found[f"{scheme}_f1_macro"] = _score(pairs, tally, mean_of_labels, _EMPTY["f1"])
        for part in _PARTS:
            name = f"{scheme}_f1_micro" if (scheme, part) == ("token", "f1") else f"{scheme}_{part}"
            found[name] = _score(pairs, tally, partial(of_all, part=part), _EMPTY[part])
    return found | dict(_character_scores(pairs, counts.characters))


def _of_label(pairs: SpanPairs, counts: Tallies, label: int) -> dict[str, SpanScore]:
    schemes = {
        "token": counts.tokens,
        "strict": counts.strict,
        "type": counts.type,
        "partial": counts.partial_by_label,
    }
    found = {
        f"{scheme}_{part}": _score(
            pairs, tally, partial(of_label, label=label, part=part), _EMPTY[part]
        )
        for scheme, tally in schemes.items()
        for part in _PARTS
    }
    kernel = partial(of_label, label=label, part="jaccard")
    found["char_iou_pooled"] = _score(pairs, counts.characters, kernel, _EMPTY["jaccard"])
    return found


def _character_scores(pairs: SpanPairs, tally: Tally) -> Iterator[tuple[str, SpanScore]]:
    shared, model, gold = tally.by_unit().T
    union = model + gold - shared
    marked = (union > 0).astype(np.float64)
    # Where nothing is marked and nothing should be, the sides agree, if the model answered at all.
    ratios = np.where(union > 0, shared / np.maximum(union, 1), pairs.is_answered)
    every = np.column_stack([ratios, np.ones(pairs.n)])
    yield "char_iou", _score(pairs, every, mean_of_units, _NO_UNITS)
    some = np.column_stack([ratios * marked, marked])
    any_span = _score(pairs, some, mean_of_units, _EMPTY["jaccard"])
    yield "char_iou_any", replace(any_span, value=replace(any_span.value, n=int(marked.sum())))
    pooled = partial(of_all, part="jaccard")
    yield "char_iou_pooled", _score(pairs, tally, pooled, _EMPTY["jaccard"])


def _score(
    pairs: SpanPairs, source: Tally | Floats | None, kernel: Kernel, empty: str
) -> SpanScore:
    if source is None:
        return SpanScore(undefined(pairs.n, NO_TEXTS), kernel, np.zeros((pairs.n, 3)), pairs)
    sums = source.sums if isinstance(source, Tally) else source.sum(axis=0)
    value = float(kernel(sums))
    if not pairs.n:
        return SpanScore(undefined(0, _NO_UNITS), kernel, source, pairs)
    note = empty if np.isnan(value) else _void_note(pairs)
    return SpanScore(Value(value, pairs.n, note), kernel, source, pairs)


def _void_note(pairs: SpanPairs) -> str:
    counts = {"gold (left out)": pairs.n_void_gold, "the model (wrong)": pairs.n_void_model}
    parts = [f"{count} of {side}" for side, count in counts.items() if count]
    return f"spans that mark no character: {', '.join(parts)}" if parts else ""


def _share_valid(pairs: SpanPairs) -> Value:
    gold = pairs.n_gold
    if not gold:
        return undefined(0, _NO_UNITS)
    kinds = [f"{count} {kind.name.lower()}" for kind, count in pairs.absent.items() if count]
    return Value(1 - sum(pairs.absent.values()) / gold, gold, ", ".join(kinds).replace("_", " "))
