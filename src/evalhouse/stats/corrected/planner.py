"""How many more human labels buy how narrow an interval."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evalhouse.errors import UsageError
from evalhouse.stats.corrected.result import Corrected, Floats, few, noted
from evalhouse.stats.distributions import student_quantile
from evalhouse.stats.results import checked_level

_SECTIONS = 65
_MOST = 10**9


@dataclass(frozen=True, slots=True)
class LabelPlan:
    """How many human labels an interval of a `width` takes, in all and `more` than there are.

    `width_now` is what the pilot has, `narrowest` what human labels for all units would give.
    `human_alone` is how many labels it would take without the model's. NaN is out of reach.
    """

    width: float
    labels: float
    more: float
    width_now: float
    narrowest: float
    human_alone: float
    level: float
    note: str = ""


def plan_labels(pilot: Corrected, width: float, *, level: float = 0.95) -> LabelPlan:
    """Find the fewest human labels that an interval of a given width is expected to take.

    The least n with `2 t(n - 1) sqrt(V(n)) <= width`, where V is what the pilot says of the
    variance with n human labels among the same units: for tuned estimates
    `(Vh - 2 w C + w^2 Vm) / n + w^2 Vm / (M - n)` with the best weight w for that n, for designed
    ones all probabilities raised alike.

    Args:
        pilot: a corrected or designed estimate of the same thing from some human labels.
        width: of the whole interval, in the unit of the estimate, above zero.
        level: confidence of the interval to come.

    Labels are NaN where even all units do not suffice, and everything is where the pilot is too
    small. The plan is as uncertain as the pilot's variances: with 50 labels, by about a third.

    Angelopoulos, Duchi and Zrnic (2023), arXiv:2311.01453, section 6; Egami, Hinck, Stewart and
    Wei (2023), arXiv:2306.04746.

    Example:
        >>> from evalhouse.stats.corrected.means import corrected_mean
        >>> pilot = corrected_mean([3, 4, 2, 5], [3, 5, 2, 4], [3, 4, 2, 5, 3] * 40)
        >>> plan = plan_labels(pilot, 0.5)
        >>> plan.labels, plan.more, plan.human_alone
        (58.0, 54.0, 105.0)
    """
    if not width > 0:
        raise UsageError(f"a width is above zero; found {width}")
    level, spread = checked_level(level), pilot.spread
    now = pilot.interval.high - pilot.interval.low
    if spread is None:
        note = noted(pilot.interval.note, "the pilot is too small to plan from")
        nan = math.nan
        return LabelPlan(width, nan, nan, now, nan, nan, level, note)
    labels = _least(lambda counts: planned_widths(pilot, counts, level=level), spread.most, width)
    narrowest = float(planned_widths(pilot, spread.most, level=level))
    return LabelPlan(
        width=width,
        labels=labels,
        more=max(labels - pilot.n_human, 0.0) if labels > 0 else math.nan,
        width_now=now,
        narrowest=narrowest,
        human_alone=_alone(pilot, width, level),
        level=level,
        note=noted(
            few(pilot.n_human),
            "" if labels > 0 else "not even human labels for all units give that width",
        ),
    )


def planned_widths(pilot: Corrected, labels: ArrayLike, *, level: float = 0.95) -> Floats:
    """Return the expected width of the interval (...) for numbers of human labels (...).

    `2 t(n - 1) sqrt(V(n))`, as in `plan_labels`; NaN below two labels, above the units that there
    are, and where the pilot is too small.

    Args:
        pilot: a corrected or designed estimate of the same thing from some human labels.
        labels: (...) numbers of human labels, the pilot's among them.
        level: confidence of the interval to come.

    The source is `plan_labels`'s.

    Example:
        >>> from evalhouse.stats.corrected.means import corrected_mean
        >>> pilot = corrected_mean([3, 4, 2, 5], [3, 5, 2, 4], [3, 4, 2, 5, 3] * 40)
        >>> [round(width, 3) for width in planned_widths(pilot, [50, 100, 200]).tolist()]
        [0.528, 0.421, 0.358]
    """
    # A width for one label, or for more than all units, is nothing to plan with.
    counts, level = np.asarray(labels, np.float64), checked_level(level)
    spread = pilot.spread
    if spread is None:
        return np.full(counts.shape, np.nan)
    fits = (counts >= 2) & (counts <= spread.most)
    used = np.where(fits, counts, 2.0)
    reach = student_quantile(0.5 + level / 2, used - 1) * np.sqrt(spread.variance(used))
    return np.where(fits, 2 * reach, np.nan)


def _alone(pilot: Corrected, width: float, level: float) -> float:
    """The human labels that it takes without the model's, whatever units there are."""
    spread = pilot.human.stderr**2 * pilot.n_human
    if not spread >= 0:
        return math.nan

    def widths(counts: Floats) -> Floats:
        return 2 * student_quantile(0.5 + level / 2, counts - 1) * np.sqrt(spread / counts)

    return _least(widths, _MOST, width)


def _least(widths: Callable[[Floats], Floats], most: int, width: float) -> float:
    """Return the least count, from 2 to `most`, whose width is enough; NaN if none is."""
    low, high = 2.0, float(most)
    while True:
        # Widths fall with counts, so the first of these that suffices bounds the answer.
        counts = np.unique(np.linspace(low, high, _SECTIONS).round())
        enough = np.flatnonzero(widths(counts) <= width)
        if not len(enough):
            return math.nan
        first = int(enough[0])
        if first == 0 or counts[first] - counts[first - 1] == 1:
            return float(counts[first])
        low, high = counts[first - 1] + 1, counts[first]
