"""Repeats: the scores of one run under several seeds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.clustered import estimate_mean
from evalhouse.stats.crossing import crossing
from evalhouse.stats.distributions import beta_quantile, chi_squared_cdf
from evalhouse.stats.results import Interval, checked_level
from evalhouse.stats.values import numbers

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Scores of k seeds: mean, scatter, the worst, and how often they pass.

    `deviation` divides by k - 1; its interval, like the mean's, takes the scores of seeds for
    normal. `worst_seed` is the position of the worst score. `pass_rate` is the share of seeds that
    reach a threshold with Clopper and Pearson's interval; None without a threshold.
    """

    n: int
    mean: Interval
    deviation: Interval
    worst: float
    worst_seed: int | None
    best: float
    pass_rate: Interval | None
    note: str = ""


def summarise_repeats(
    scores: ArrayLike,
    *,
    higher_is_better: bool,
    threshold: float | None = None,
    level: float = 0.95,
) -> Repeats:
    """Summarise the scores of one run under several seeds.

    `mean ± t(k - 1) s / sqrt(k)`; `s^2 = sum((x - mean)^2) / (k - 1)` between
    `(k - 1) s^2 / chi^2` at both tails; the pass rate is the share of scores at or beyond the
    threshold.

    Args:
        scores: (k,) one a seed; NaN is a seed that gave none: it is left out and counted.
        higher_is_better: the direction: the worst is the lowest, and passing is from above.
        threshold: what passes, itself included.
        level: of all intervals.

    NaN with a note without scores; no deviation or bounds below two.

    Raises:
        UsageError: for scores of more than one dimension, or a level outside (0, 1).

    Example:
        >>> found = summarise_repeats([0.71, 0.74, 0.69, 0.72], higher_is_better=True,
        ...                           threshold=0.7)
        >>> round(found.mean.estimate, 3), round(found.deviation.estimate, 4)
        (0.715, 0.0208)
        >>> found.worst, found.worst_seed, found.pass_rate.estimate
        (0.69, 2, 0.75)
    """
    level = checked_level(level)
    array = numbers(scores, "scores of seeds")
    if array.ndim != 1:
        raise UsageError(f"scores of seeds are one array; found shape {array.shape}")
    mean = estimate_mean(array)
    if not mean.n:
        nothing = Interval(math.nan, math.nan, math.nan, level, "none", 0, note=mean.note)
        return Repeats(0, nothing, nothing, math.nan, None, math.nan, None, mean.note)
    sign = 1.0 if higher_is_better else -1.0
    # Positions are those of the caller, so seeds without a score keep their places.
    worst = int(np.nanargmin(sign * array))
    best = float(array[np.nanargmax(sign * array)])
    held = array[~np.isnan(array)]
    passed = None
    if threshold is not None:
        passed = _share(int(np.count_nonzero(sign * held >= sign * threshold)), mean.n, level)
    deviation = _deviation(mean.stderr * math.sqrt(mean.n), mean.n, level)
    return Repeats(
        mean.n,
        mean.interval(level),
        deviation,
        float(array[worst]),
        worst,
        best,
        passed,
        mean.note,
    )


def _share(hits: int, n: int, level: float) -> Interval:
    tail = (1 - level) / 2
    low = float(beta_quantile(tail, hits, n - hits + 1)) if hits else 0.0
    high = float(beta_quantile(1 - tail, hits + 1, n - hits)) if hits < n else 1.0
    return Interval(hits / n, low, high, level, "Clopper-Pearson", n)


def _deviation(deviation: float, n: int, level: float) -> Interval:
    method, df, tail = "chi-squared", n - 1, (1 - level) / 2
    if not deviation > 0:
        note = "a deviation needs two scores" if n < 2 else "all scores are equal"
        return Interval(deviation, math.nan, math.nan, level, method, n, note=note)
    low, high = (
        deviation * math.sqrt(df / _chi_squared_quantile(share, df)) for share in (1 - tail, tail)
    )
    return Interval(deviation, low, high, level, method, n)


def _chi_squared_quantile(share: float, df: float) -> float:
    return crossing(lambda x: chi_squared_cdf(x, df) >= share, 0.0, 10 * df + 100.0)
