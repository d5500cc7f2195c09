"""Scores of spans as functions of sums.

A tally sums, for each label, what agrees, what the model marks, and what the gold data mark:
`(..., 3 width)`, where the last of `width` labels holds what the model gives no known label.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Part = Literal["f1", "precision", "recall", "jaccard"]


def of_all(sums: Floats, *, part: Part = "f1") -> Floats:
    """Score all labels together (micro) from the sums of a tally."""
    return _ratio(_cells(sums).sum(axis=-2), part)


def of_label(sums: Floats, *, label: int, part: Part = "f1") -> Floats:
    """Score one label, the one at a position, from the sums of a tally."""
    return _ratio(_cells(sums)[..., label, :], part)


def mean_of_labels(sums: Floats) -> Floats:
    """Return the mean F1 of the labels (macro) from the sums of a tally.

    The last label, of what has none of the known, is no class; labels that neither side uses are
    left out.
    """
    scores = _ratio(_cells(sums)[..., :-1, :], "f1")
    present = ~np.isnan(scores)
    counts = present.sum(axis=-1)
    total = np.where(present, scores, 0.0).sum(axis=-1)
    return np.where(counts > 0, total / np.maximum(counts, 1), np.nan)


def mean_of_units(sums: Floats) -> Floats:
    """Return the mean over units from their sum and count (..., 2)."""
    counts = sums[..., 1]
    return np.where(counts > 0, sums[..., 0] / np.where(counts > 0, counts, 1), np.nan)


def _cells(sums: Floats) -> Floats:
    return sums.reshape(*sums.shape[:-1], -1, 3)


def _ratio(cells: Floats, part: Part) -> Floats:
    agreeing, model, gold = cells[..., 0], cells[..., 1], cells[..., 2]
    whole = {
        "f1": (model + gold) / 2,
        "precision": model,
        "recall": gold,
        "jaccard": model + gold - agreeing,
    }[part]
    return np.where(whole > 0, agreeing / np.where(whole > 0, whole, 1), np.nan)
