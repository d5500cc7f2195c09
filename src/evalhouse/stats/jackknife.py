"""The jackknife: what a statistic becomes when units are left out one by one."""

from __future__ import annotations

import math

import numpy as np

from evalhouse.stats.distributions import student_reach
from evalhouse.stats.results import Interval, checked_level
from evalhouse.stats.sample import Floats, Kernel, Sample

_BLOCK = 64 * 2**20
"""Bytes of sums that are held at once."""
_ROUNDING = 1e-28  # below that share differences are rounding, and their skewness is noise


def of_sums(kernel: Kernel, sums: Floats) -> float:
    """Return the statistic of one vector of sums, computed as for many of them, to the last bit."""
    return float(kernel(sums[None])[0])


def left_out(sample: Sample, kernel: Kernel) -> Floats:
    """Return the statistic without each of the distinct units (u,), NaN for those not there.

    With a `prior` the weights are fractions, of which no whole unit can be left out: there it is
    the statistic with each of the units added once more, turned to the other side of the whole.
    """
    if sample.prior is None:
        found = _moved(sample.totals, sample.vectors, kernel, -1.0)
        return np.where(sample.counts > 0, found, np.nan)
    weights = sample.counts + sample.prior
    totals = weights @ sample.vectors
    found = 2 * of_sums(kernel, totals) - _moved(totals, sample.vectors, kernel, 1.0)
    return np.where(weights > 0, found, np.nan)


def _moved(totals: Floats, vectors: Floats, kernel: Kernel, sign: float) -> Floats:
    block = max(1, _BLOCK // (8 * max(1, vectors.shape[1])))
    starts = range(0, len(vectors), block)
    pieces = [kernel(totals + sign * vectors[start : start + block]) for start in starts]
    return np.concatenate([np.empty(0), *(np.asarray(piece, np.float64) for piece in pieces)])


def _weighted(sample: Sample, values: Floats) -> tuple[Floats, Floats]:
    weights = sample.counts if sample.prior is None else sample.counts + sample.prior
    used = np.isfinite(values) & (weights > 0)
    weights, values = weights[used].astype(np.float64), values[used]
    if not len(values):
        return weights, values
    return weights, weights @ values / weights.sum() - values


def acceleration(sample: Sample, values: Floats) -> float:
    """Return the skewness that BCa corrects, from the values of `left_out`.

    `sum(d^3) / (6 sum(d^2)^1.5)`, where d is the mean less each value; 0 where none differs.

    Efron (1987), doi:10.1080/01621459.1987.10478410.
    """
    weights, away = _weighted(sample, values)
    squares = float(weights @ away**2)
    size = float(np.nanmax(np.abs(values), initial=1.0))
    if squares <= _ROUNDING * size**2:
        return 0.0
    return float(weights @ away**3) / (6.0 * math.pow(squares, 1.5))


def jackknife(sample: Sample, kernel: Kernel, *, level: float = 0.95) -> Interval:
    """Estimate a statistic of sums with the jackknife's standard error.

    `stderr^2 = (n - 1) / n * sum((t_i - mean)^2)`, where t_i is the statistic without unit i, and
    the interval `t ± t(n - 1) * stderr`. Equal units are computed once, and where there are
    clusters a whole cluster is left out.

    Args:
        sample: the units; a `prior` is not used.
        kernel: the statistic as a function of sums over units.
        level: confidence between 0 and 1.

    Made for smooth statistics that are far from the end of their range; elsewhere `bootstrap` is
    better. NaN with a note below two units, where the statistic is undefined, and where leaving
    out a unit makes it so.

    Efron and Stein (1981), doi:10.1214/aos/1176345462.

    Example:
        The jackknife of a mean is s / sqrt(n).

        >>> from evalhouse.stats.sample import sample_of_rows
        >>> rows = [[1.0, 2.0], [1.0, 4.0], [1.0, 9.0]]  # one and the value: n and the sum
        >>> def mean(sums):
        ...     return sums[..., 1] / sums[..., 0]
        >>> round(jackknife(sample_of_rows(rows), mean).stderr, 6)
        2.081666
    """
    level = checked_level(level)
    plain = Sample(sample.vectors, sample.counts)
    n, estimate = plain.n, of_sums(kernel, plain.totals)
    stderr, note = math.nan, ""
    if math.isnan(estimate):
        note = "the statistic is undefined here"
    elif n < 2:
        note = f"a jackknife needs two units; found {n}"
    else:
        values = left_out(plain, kernel)
        if np.isnan(values[plain.counts > 0]).any():
            note = "without one of the units the statistic is undefined"
        else:
            weights, away = _weighted(plain, values)
            stderr = math.sqrt((n - 1) / n * float(weights @ away**2))
    reach = student_reach(level, n - 1) * stderr if n > 1 else math.nan
    low, high = estimate - reach, estimate + reach
    return Interval(estimate, low, high, level, "jackknife", n, stderr, note=note)
