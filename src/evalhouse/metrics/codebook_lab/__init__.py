"""The numbers of codebook-lab 1.4.0, its defects included, to compare old results with."""

from __future__ import annotations

from evalhouse.metrics.codebook_lab.coders import CoderReliability, coder_reliability
from evalhouse.metrics.codebook_lab.fields import Condition, Field
from evalhouse.metrics.codebook_lab.task import (
    METRICS_BY_TYPE,
    Cells,
    Processing,
    codebook_lab_metrics,
)
from evalhouse.metrics.codebook_lab.textbox import TextModels

__all__ = [
    "METRICS_BY_TYPE",
    "Cells",
    "CoderReliability",
    "Condition",
    "Field",
    "Processing",
    "TextModels",
    "codebook_lab_metrics",
    "coder_reliability",
]
