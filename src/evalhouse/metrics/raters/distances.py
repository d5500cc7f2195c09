"""How far apart two labels are, at each level of measurement."""

from __future__ import annotations

from typing import Literal

import numpy as np

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.raters.ratings import Floats, Ratings

Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")


def checked_level(ratings: Ratings, level: Level) -> Ratings:
    """Return ratings whose labels have the distances of a level, or say why they have none."""
    if level not in LEVELS:
        raise UnknownNameError("level of measurement", level, LEVELS)
    if level == "ordinal" and not ratings.has_order:
        raise UsageError(
            f"the ordinal level needs the order of labels such as `{ratings.names[0]}`; give them "
            "from low to high as `labels`"
        )
    if level in {"interval", "ratio"}:
        lowest = ratings.scale().min(initial=0)
        if level == "ratio" and lowest < 0:
            raise UsageError(
                f"a ratio scale starts at zero; found {lowest:g}; use the `interval` level"
            )
    return ratings


def positions(level: Level, scale: Floats, margins: Floats) -> Floats:
    """Return what distances are taken between: (k,), or (..., k) for ordinal labels.

    Differences of midranks are the labels given between two, each end counted half, so ordinal
    distances are interval distances of midranks.
    """
    if level == "nominal":
        return np.arange(margins.shape[-1], dtype=np.float64)
    if level == "ordinal":
        ranks: Floats = np.cumsum(margins, axis=-1) - margins / 2
        return ranks
    return scale


def squared_distances(level: Level, first: Floats, second: Floats) -> Floats:
    """Return the squared distances of positions, broadcast against one another."""
    if level == "nominal":
        return np.not_equal(first, second).astype(np.float64)
    if level == "ratio":
        total = first + second
        return np.square((first - second) / np.where(total == 0, 1.0, total))
    return np.square(first - second)
