"""Metrics of answers: pure functions, arrays in, a value with its count and note out."""

from __future__ import annotations

from evalhouse.metrics import (
    agreement,
    calibration,
    choices,
    correlation,
    generation,
    likelihood,
    multilabel,
    ordinal,
    proper_scores,
    ranking,
    raters,
    spans,
    text,
    written_numbers,
)
from evalhouse.metrics.value import Metric

METRICS: tuple[Metric, ...] = (
    *choices.METRICS,
    *agreement.METRICS,
    *ordinal.METRICS,
    *correlation.METRICS,
    *multilabel.METRICS,
    *raters.METRICS,
    *text.METRICS,
    *spans.METRICS,
    *generation.METRICS,
    *written_numbers.METRICS,
    *likelihood.METRICS,
    *proper_scores.METRICS,
    *calibration.METRICS,
    *ranking.METRICS,
)
"""Every metric there is, family by family."""
