"""Capital that bets against a mean: what a test that may be looked at at any time counts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NODES = 32
FRACTIONS: Floats = np.sin(np.pi * (2 * np.arange(NODES) + 1) / (4 * NODES)) ** 2
"""Shares of the capital that are staked: a mixture that stands for the arcsine distribution.

Half of them are small or near all, so that both a slight difference and a rate of zero grow about
as fast as if the best share had been known.
"""
_SECTIONS = 17
_ROUNDS = 13


def log_gains(values: Floats, mean: Floats) -> Floats:
    """Return the log of what each stake becomes for a value: (...,) values to (..., NODES).

    `log(1 + c (x / m - 1))` for values x in [0, 1] and a mean m in (0, 1): a fair bet, or worse,
    for whoever says that the mean is above m, if it is m or less.
    """
    # One plus a little is what slight differences give, and sums of them decide.
    return np.log1p(FRACTIONS * (values / mean - 1.0)[..., None])


def pooled(logs: Floats) -> Floats:
    """Return the log of the mean capital over all stakes (..., NODES) to (...)."""
    top = logs.max(axis=-1)
    return np.asarray(top + np.log(np.exp(logs - top[..., None]).mean(axis=-1)))


def log_capital(values: Floats, counts: Floats, means: Floats) -> Floats:
    """Return log capital against `mean <= m` for each m (k,), from counted values (d,)."""
    gains = log_gains(values[None, :], means[:, None])
    return pooled(np.einsum("d,kdj->kj", counts, gains))


def lower_bound(values: Floats, counts: Floats, needed: float) -> float:
    """Return the largest mean that the capital has refuted: log capital at least `needed`.

    Capital falls as the mean rises, so all smaller means are refuted too; 0 where none is.
    """
    if not counts.sum() or not (values * counts).any():
        return 0.0
    # Against the mean of the values, or more, no stake gains.
    low, high = 0.0, float(values @ counts / counts.sum())
    for _ in range(_ROUNDS):
        means = low + (high - low) * np.arange(1, _SECTIONS) / _SECTIONS
        refuted = log_capital(values, counts, np.maximum(means, math.ulp(0.0) * 1e10)) >= needed
        passed = int(np.count_nonzero(refuted))
        step = (high - low) / _SECTIONS
        low, high = low + passed * step, low + (passed + 1) * step
    return low
