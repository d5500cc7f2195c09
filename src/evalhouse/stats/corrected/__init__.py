"""Corrected estimates: a few human labels make many model labels usable without their bias."""

from __future__ import annotations

from evalhouse.stats.corrected.design import (
    designed_linear,
    designed_logistic,
    designed_mean,
    designed_proportion,
)
from evalhouse.stats.corrected.means import (
    corrected_difference,
    corrected_mean,
    corrected_proportion,
)
from evalhouse.stats.corrected.planner import LabelPlan, plan_labels, planned_widths
from evalhouse.stats.corrected.regression import corrected_linear, corrected_logistic
from evalhouse.stats.corrected.result import Corrected
from evalhouse.stats.corrected.samples import Correction
from evalhouse.stats.corrected.sampling import DesignedLabels, cross_fitted, designed_labels

__all__ = [
    "Corrected",
    "Correction",
    "DesignedLabels",
    "LabelPlan",
    "corrected_difference",
    "corrected_linear",
    "corrected_logistic",
    "corrected_mean",
    "corrected_proportion",
    "cross_fitted",
    "designed_labels",
    "designed_linear",
    "designed_logistic",
    "designed_mean",
    "designed_proportion",
    "plan_labels",
    "planned_widths",
]
