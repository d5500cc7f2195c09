"""Krippendorff's alpha: agreement of any number of coders, with labels missing."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from evalhouse.metrics.labels import Label
from evalhouse.metrics.raters.coincidence import (
    WIDEST,
    coincidences,
    coincidences_by_unit,
    pair_weights,
)
from evalhouse.metrics.raters.distances import Level, checked_level, positions, squared_distances
from evalhouse.metrics.raters.ratings import (
    NO_PAIR,
    Floats,
    Ratings,
    Table,
    UnitVectors,
    kinds_of_units,
    rate,
)
from evalhouse.metrics.value import Kernel, Value, value_of

_ROUNDING = 1e-13  # what is left of a sum of squares that is zero, relative to its terms
_BLOCK = 2**20  # distances computed at once


def krippendorff_alpha(
    ratings: Table, level: Level, *, labels: Sequence[Label] | None = None
) -> Value:
    """Compute Krippendorff's alpha, `1 - observed / expected disagreement`.

    `1 - (n - 1) * sum(o[c, k] * d[c, k]) / sum(n[c] * n[k] * d[c, k])` over the coincidences `o`,
    their margins `n[c]` and their sum `n`. The squared distance `d` is 1 between different labels
    (nominal), the square of the labels given between both, each end counted half (ordinal),
    `(c - k)**2` (interval), or `((c - k) / (c + k))**2` (ratio).

    Args:
        ratings: (units, coders) labels, `None` or NaN where a coder gave none; or `Ratings`.
            Units with fewer than two labels do not enter.
        level: `nominal`, `ordinal`, `interval` or `ratio`. There is no default: the level is a
            property of the question, and another level is another number.
        labels: the allowed labels in their order, which the ordinal level needs for text.

    Returns:
        At most 1, which is agreement everywhere; 0 is what chance gives, and below 0 coders
        disagree systematically. `n` counts the units with at least two labels. Undefined where no
        unit has two labels, or all labels that can be paired are the same.

    Raises:
        UsageError: for text at the interval or ratio level or, without `labels`, at the ordinal
            one; for negative numbers at the ratio level; for an unknown level.

    References:
        Krippendorff (2011), Computing Krippendorff's Alpha-Reliability; Hayes and Krippendorff
        (2007), doi:10.1080/19312450709336664.

    Example:
        The reliability data of four observers in Krippendorff (2011), part C: 0.743.

        >>> four = [
        ...     [1, 1, None, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3],
        ...     [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4], [1, 1, 2, 1],
        ...     [2, 2, 2, 2], [None, 5, 5, 5], [None, None, 1, 1], [None, None, 3, None],
        ... ]
        >>> round(krippendorff_alpha(four, "nominal").value, 3)
        0.743
    """
    table = checked_level(rate(ratings, labels), level)
    found, n = _alpha(table, level)
    return value_of(found, n, NO_PAIR, "all labels are the same")


def alpha_units(
    ratings: Table, level: Level, *, labels: Sequence[Label] | None = None
) -> UnitVectors:
    """Return the vector of each unit whose sums `alpha_kernel` takes.

    These are its k * k coincidences; at the interval level four moments, for any number of labels.

    Raises:
        UsageError: as `krippendorff_alpha`, and for more than 256 labels at the other levels.
    """
    table = checked_level(rate(ratings, labels), level)
    return _moments(table) if level == "interval" else coincidences_by_unit(table)


def alpha_kernel(level: Level, names: Sequence[Label] = ()) -> Kernel:
    """Return alpha as a function of sums of the vectors that `alpha_units` gives.

    `names` are the labels in their order; only the ratio level needs them.
    """
    if level == "interval":
        return _interval_alpha
    scale = np.array(names, np.float64) if level == "ratio" else np.empty(0)

    def kernel(sums: Floats) -> Floats:
        size = math.isqrt(sums.shape[-1])
        cells = sums.reshape(*sums.shape[:-1], size, size)
        margins = cells.sum(axis=-1)
        where = positions(level, scale, margins)
        distances = squared_distances(level, where[..., :, None], where[..., None, :])
        observed = (cells * distances).sum(axis=(-2, -1))
        spread = (distances @ margins[..., None])[..., 0]
        return _ratio(observed, (margins * spread).sum(axis=-1), margins.sum(axis=-1))

    return kernel


def _alpha(table: Ratings, level: Level) -> tuple[float, int]:
    if level == "interval":
        return _alpha_of_moments(table)
    if len(table.names) > WIDEST:
        return _alpha_of_many(table, level)
    found = coincidences(table)
    return float(alpha_kernel(level, table.names)(found.cells.ravel())), found.n


def _alpha_of_moments(table: Ratings) -> tuple[float, int]:
    units = _moments(table)
    return float(_interval_alpha(units.sums)), int(units.counts[units.vectors[:, 0] > 0].sum())


def _ratio(observed: Floats, expected: Floats, labels: Floats) -> Floats:
    """Return alpha from sums of squared distances; NaN where chance expects none."""
    is_defined = expected > 0
    share = (labels - 1) * observed / np.where(is_defined, expected, 1.0)
    return np.where(is_defined, 1.0 - share, np.nan)


def _moments(table: Ratings) -> UnitVectors:
    """Return labels, their sum, their squares, and twice the spread within each unit (u, 4)."""
    rows, place = kinds_of_units(table.codes)
    numbers = Ratings(rows, table.names, table.has_order).numbers()
    labels = np.count_nonzero(rows >= 0, axis=1)
    kept = (rows >= 0) & (labels >= 2)[:, None]
    around = np.where(kept, numbers - _middle(numbers[kept]), 0.0)
    totals, squares = around.sum(axis=1), np.square(around).sum(axis=1)
    means = totals / np.maximum(labels, 1)
    within = np.square(np.where(kept, around - means[:, None], 0.0)).sum(axis=1)
    vectors = [np.where(labels >= 2, labels, 0), totals, squares]
    vectors.append(2 * labels * within * pair_weights(labels))
    return UnitVectors(np.stack(vectors, axis=1), np.bincount(place, minlength=len(rows)), place)


def _middle(values: Floats) -> float:
    """Return a value that occurs, so that equal values become zeros exactly."""
    return float(np.partition(values, values.size // 2)[values.size // 2]) if values.size else 0.0


def _interval_alpha(sums: Floats) -> Floats:
    labels, totals, squares, within = np.moveaxis(sums, -1, 0)
    terms = labels * squares
    spread = terms - np.square(totals)
    # Equal values away from the middle leave a rest of rounding, which is no spread.
    spread = np.where(spread > _ROUNDING * terms, 2 * spread, 0.0)
    return _ratio(within, spread, labels)


def _alpha_of_many(table: Ratings, level: Level) -> tuple[float, int]:
    """Compare labels within each unit, for so many of them that a table of pairs would not fit."""
    rows, place = kinds_of_units(table.codes)
    counts = np.bincount(place, minlength=len(rows)).astype(np.float64)
    labels = np.count_nonzero(rows >= 0, axis=1)
    kept = (rows >= 0) & (labels >= 2)[:, None]
    often = np.broadcast_to(counts[:, None], rows.shape)[kept]
    margins = np.bincount(rows[kept], often, minlength=len(table.names)).astype(np.float64)
    scale = table.scale() if level == "ratio" else np.empty(0)
    where = positions(level, scale, margins)
    if level == "ordinal":
        ranks = Ratings(table.codes, tuple(where.tolist()), has_order=True)
        return _alpha_of_moments(ranks)
    observed = 0.0
    for last in range(1, rows.shape[1]):
        held = rows[:, last] >= 0
        first, second = where[rows[held, :last]], where[rows[held, last, None]]
        apart = squared_distances(level, first, second).sum(axis=1)
        observed += 2 * float((pair_weights(labels) * counts)[held] @ apart)
    expected = _expected(level, where, margins)
    found = _ratio(np.array(observed), np.array(expected), margins.sum())
    return float(found), int(counts[labels >= 2].sum())


def _expected(level: Level, where: Floats, margins: Floats) -> float:
    if level == "nominal":
        return float(margins.sum() ** 2 - margins @ margins)
    step = max(1, _BLOCK // len(where))
    blocks = (slice(start, start + step) for start in range(0, len(where), step))
    return math.fsum(
        margins[block] @ squared_distances(level, where[block, None], where) @ margins
        for block in blocks
    )
