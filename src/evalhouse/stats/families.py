"""Families of tests: p-values that allow for how many were looked at."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.values import numbers

Floats = NDArray[np.float64]
Adjustment = Literal["holm", "benjamini-hochberg", "benjamini-yekutieli", "bonferroni"]
ADJUSTMENTS: tuple[Adjustment, ...] = (
    "holm",
    "benjamini-hochberg",
    "benjamini-yekutieli",
    "bonferroni",
)


def adjusted(p_values: ArrayLike, method: Adjustment = "holm") -> Floats:
    """Adjust the p-values of a family, so that each can be compared with the level itself.

    With p(1) <= ... <= p(m): `holm`: the largest of `(m - j + 1) p(j)` over j <= i, which bounds
    the chance of any false rejection whatever the dependence; `bonferroni`: `m p`, the same and
    weaker; `benjamini-hochberg`: the smallest of `m p(j) / j` over j >= i, which bounds the
    expected share of false ones among the rejections for independent or positively dependent
    tests; `benjamini-yekutieli`: that times `sum(1 / j)`, for any dependence. At most 1.

    Args:
        p_values: any shape, all in one family; NaN is no test: it stays and is not counted.
        method: one of `ADJUSTMENTS`.

    Raises:
        UsageError: for p-values outside 0 to 1, or an unknown method.

    Holm (1979), Scandinavian Journal of Statistics 6:65-70; Benjamini and Hochberg (1995),
    doi:10.1111/j.2517-6161.1995.tb02031.x, whose example this is: they reject four hypotheses
    at 0.05, Bonferroni three; Benjamini and Yekutieli (2001), doi:10.1214/aos/1013699998.

    Example:
        >>> p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459,
        ...      0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
        >>> int((adjusted(p, "benjamini-hochberg") <= 0.05).sum()), int((adjusted(p) <= 0.05).sum())
        (4, 3)
    """
    if method not in ADJUSTMENTS:
        raise UnknownNameError("adjustment", method, ADJUSTMENTS)
    array = numbers(p_values, "p-values")
    is_test = ~np.isnan(array)
    held = array[is_test]
    if len(held) and not (held.min() >= 0 and held.max() <= 1):
        raise UsageError(f"p-values lie between 0 and 1; found {held.min():g} to {held.max():g}")
    found = np.full(array.shape, np.nan)
    found[is_test] = _adjusted(held, method) if len(held) else held
    return found


def _adjusted(held: Floats, method: Adjustment) -> Floats:
    count = len(held)
    order = np.argsort(held, kind="stable")
    places = np.arange(1, count + 1)
    if method == "bonferroni":
        return np.minimum(1.0, held * count)
    # Steps must not cross: a p-value is never adjusted to below that of a smaller one.
    if method == "holm":
        stepped = np.maximum.accumulate(held[order] * (count + 1 - places))
    else:
        factor = (1 / places).sum() if method == "benjamini-yekutieli" else 1.0
        scaled = held[order] * (count * factor) / places
        stepped = np.minimum.accumulate(scaled[::-1])[::-1]
    found = np.empty(count)
    found[order] = np.minimum(1.0, stepped)
    return found
