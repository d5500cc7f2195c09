"""Metrics of spans: stretches of text that a model marks, beside those that are right."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.spans.consensus import Consolidation, consolidated
from evalhouse.metrics.spans.kernels import mean_of_labels, mean_of_units, of_all, of_label
from evalhouse.metrics.spans.scores import SpanScore, SpanScores, span_metrics
from evalhouse.metrics.spans.span import Span, SpanList
from evalhouse.metrics.spans.tokens import TokenMap, token_map
from evalhouse.metrics.value import Metric, Value

__all__ = [
    "METRICS",
    "SPAN_METRICS",
    "Consolidation",
    "Span",
    "SpanList",
    "SpanScore",
    "SpanScores",
    "TokenMap",
    "consolidated",
    "mean_of_labels",
    "mean_of_units",
    "of_all",
    "of_label",
    "span_metric",
    "span_metrics",
    "token_map",
]

SPAN_METRICS = (
    *("token_f1_macro", "token_f1_micro", "token_precision", "token_recall"),
    *("strict_f1_macro", "strict_f1", "strict_precision", "strict_recall"),
    *("type_f1", "type_precision", "type_recall"),
    *("exact_f1", "exact_precision", "exact_recall"),
    *("partial_f1", "partial_precision", "partial_recall"),
    *("char_iou", "char_iou_any", "char_iou_pooled"),
)
"""Every name in `SpanScores.overall`, in its order."""


def span_metric(
    gold: Sequence[SpanList],
    model: Sequence[SpanList],
    texts: Sequence[str] | None = None,
    *,
    name: str,
    **options: Any,
) -> Value:
    """Compute one metric of spans by its name; see `span_metrics`.

    Example:
        >>> span_metric([[Span(4, 7)], []], [[Span(4, 6)], []], name="char_iou_any").value
        0.6666666666666666
    """
    known = span_metrics(gold, model, texts, **options).overall
    if name not in known:
        raise UnknownNameError("metric of spans", name, SPAN_METRICS)
    return known[name].value


def _metric(name: str) -> Metric:
    return Metric(
        name=name,
        family="spans",
        function=partial(span_metric, name=name),
        unit="proportion",
        low=0.0,
        high=1.0,
        higher_is_better=True,
        is_symmetric=not name.endswith(("precision", "recall")),
        reference="scikit-learn" if name.startswith("token") else "enumeration",
        described_by=span_metrics,
    )


METRICS: tuple[Metric, ...] = tuple(map(_metric, SPAN_METRICS))
