"""The metrics of spans counted one by one, with other means than the package's."""

from __future__ import annotations

import math
import random
import re
import statistics
from collections.abc import Callable, Sequence

from evalhouse.metrics.spans import Span

Spans = list[Span]
Item = tuple[object, ...]
LABELS = ("A", "B", "C")
TEXTS = ("The cat sat on the mat.", "a-b  c_d", "", "!?", "Ünïcödé größer 10 µm", "x" * 40, " ")


def corpus(seed: int, units: int = 12) -> tuple[list[Spans], list[Spans], list[str]]:
    """Make texts with gold spans and others that resemble them."""
    chance = random.Random(seed)
    texts = [chance.choice(TEXTS) for _ in range(units)]
    gold = [_spans(chance, len(text)) for text in texts]
    model = [_changed(chance, spans, len(text)) for spans, text in zip(gold, texts, strict=True)]
    return gold, model, texts


def _spans(chance: random.Random, length: int) -> Spans:
    count = chance.choice([0, 0, 1, 2, 4])
    starts = [chance.randint(0, length) for _ in range(count)]
    return [Span(at, at + chance.randint(0, 8), chance.choice(LABELS)) for at in starts]


def _changed(chance: random.Random, spans: Spans, length: int) -> Spans:
    if chance.random() < 0.3:
        return _spans(chance, length)
    moved = [chance.choice([0, 0, 0, -2, 1]) for _ in spans]
    return [
        Span(span.start + by, span.end, span.label if chance.random() < 0.8 else "A")
        for span, by in zip(spans, moved, strict=True)
    ]


def tokens(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(r"\w+|[^\w\s]", text)]


def clipped(spans: Spans, text: str) -> tuple[Spans, Spans]:
    """Return the spans of a text within it, and those that mark nothing."""
    inside: Spans = []
    void: Spans = []
    for span in spans:
        start, end = max(span.start, 0), min(span.end, len(text))
        (inside if start < end else void).append(
            Span(start, end, span.label) if start < end else span
        )
    return sorted(set(inside), key=str), sorted(set(void), key=str)


def characters(spans: Spans) -> set[Item]:
    return {(place, span.label) for span in spans for place in range(span.start, span.end)}


def touched(spans: Spans, text: str) -> set[Item]:
    return {
        (start, span.label)
        for span in spans
        for start, end in tokens(text)
        if start < span.end and span.start < end
    }


def overlap(one: Span, other: Span) -> int:
    return min(one.end, other.end) - max(one.start, other.start)


def aligned(gold: Spans, model: Spans, *, by_label: bool) -> list[tuple[Span, Span]]:
    """Pair one to one: identical first, then the longest overlap, then the leftmost."""
    pairs = [
        (one, other)
        for one in gold
        for other in model
        if overlap(one, other) > 0 and (not by_label or one.label == other.label)
    ]
    pairs.sort(key=lambda pair: (not _same(*pair), -overlap(*pair), _place(pair), str(pair)))
    taken: list[tuple[Span, Span]] = []
    for one, other in pairs:
        if all(one is not first and other is not second for first, second in taken):
            taken.append((one, other))
    return taken


def _same(one: Span, other: Span) -> bool:
    return one[:2] == other[:2]


def _place(pair: tuple[Span, Span]) -> tuple[object, ...]:
    # Units hold labels in their alphabetical order, and spans of a label in that of the text.
    return (pair[0].label or "", pair[0][:2], pair[1][:2])


def plain(spans: Spans) -> Spans:
    return sorted({Span(span.start, span.end) for span in spans})


def f1(agreeing: float, model: float, gold: float) -> float:
    return 2 * agreeing / (model + gold) if model + gold else math.nan


def mean(values: Sequence[float]) -> float:
    kept = [value for value in values if not math.isnan(value)]
    return statistics.fmean(kept) if kept else math.nan


def scores(gold: list[Spans], model: list[Spans], texts: list[str]) -> dict[str, float]:
    """Return what `span_metrics` should give."""
    right = [clipped(spans, text)[0] for spans, text in zip(gold, texts, strict=True)]
    given = [clipped(spans, text) for spans, text in zip(model, texts, strict=True)]
    units = [(one, *other, text) for one, other, text in zip(right, given, texts, strict=True)]
    found = _overall(units)
    by_label = [_overall([_only(unit, label) for unit in units]) for label in LABELS]
    for scheme in ("token", "strict"):
        values = [
            label[f"{scheme}_f1" if scheme == "strict" else "token_f1_micro"] for label in by_label
        ]
        found[f"{scheme}_f1_macro"] = mean(values)
    return found


Unit = tuple[Spans, Spans, Spans, str]


def _only(unit: Unit, label: str) -> Unit:
    gold, model, void, text = unit
    keep: Callable[[Spans], Spans] = lambda spans: [s for s in spans if s.label == label]  # noqa: E731 - three uses in the next line
    return keep(gold), keep(model), keep(void), text


def _overall(units: list[Unit]) -> dict[str, float]:
    amounts: dict[str, list[float]] = {
        scheme: [0.0, 0.0, 0.0] for scheme in ("token", "strict", "exact", "type", "partial")
    }
    ious: list[float] = []
    marked: list[float] = []
    pooled = [0, 0]
    for gold, model, void, text in units:
        for scheme, parts in _amounts(gold, model, void, text).items():
            amounts[scheme] = [a + b for a, b in zip(amounts[scheme], parts, strict=True)]
        one, other = characters(gold), characters(model)
        ious.append(len(one & other) / len(one | other) if one | other else 1.0)
        marked += ious[-1:] if one | other else []
        pooled[0] += len(one & other)
        pooled[1] += len(one | other)
    found = {f"{scheme}_f1": f1(*parts) for scheme, parts in amounts.items()}
    found["token_f1_micro"] = found.pop("token_f1")
    for scheme, (agreeing, by_model, by_gold) in amounts.items():
        found[f"{scheme}_precision"] = agreeing / by_model if by_model else math.nan
        found[f"{scheme}_recall"] = agreeing / by_gold if by_gold else math.nan
    return found | {
        "char_iou": mean(ious),
        "char_iou_any": mean(marked),
        "char_iou_pooled": pooled[0] / pooled[1] if pooled[1] else math.nan,
    }


def _amounts(gold: Spans, model: Spans, void: Spans, text: str) -> dict[str, list[float]]:
    one, other = touched(gold, text), touched(model, text)
    by_label = aligned(gold, model, by_label=True)
    bare = plain(gold), plain(model), plain(void)
    by_place = aligned(bare[0], bare[1], by_label=False)
    labelled = [len(model) + len(void), len(gold)]
    unlabelled = [len(bare[1]) + len(bare[2]), len(bare[0])]
    return {
        "token": [len(one & other), len(other), len(one)],
        "strict": [len(set(gold) & set(model)), *labelled],
        "exact": [len(set(bare[0]) & set(bare[1])), *unlabelled],
        "type": [len(by_label), *labelled],
        "partial": [sum(1.0 if _same(*pair) else 0.5 for pair in by_place), *unlabelled],
    }
