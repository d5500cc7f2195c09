"""Logistic regression as the balance of two sums, which all its corrected forms share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_STEPS = 100
_FAR = 30.0
"""A linear predictor so far from zero means that the labels are separated."""


def expit(eta: Floats) -> Floats:
    """Return `1 / (1 + exp(-eta))` without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * eta))


def balanced(rows: Floats, weights: Floats, target: Floats) -> Floats | None:
    """Solve `sum_i w_i x_i expit(x_i b) = target` for b (d,), or give None without a solution.

    This is the minimum of the convex `sum_i w_i log(1 + exp(x_i b)) - target b`, found by Newton's
    method with halved steps. Ordinary logistic regression has the target `sum_i w_i x_i y_i`.

    Args:
        rows: (n, d) covariates.
        weights: (n,) weights, zero or more.
        target: (d,) what the weighted sum must equal.
    """
    found = np.zeros(rows.shape[1])
    value = _objective(rows, weights, target, found)
    for _ in range(_STEPS):
        mean = expit(rows @ found)
        gradient = rows.T @ (weights * mean) - target
        hessian = (rows * (weights * mean * (1 - mean))[:, None]).T @ rows
        step = _solved(hessian, gradient)
        if step is None or np.abs(rows @ found).max() > _FAR:
            return None
        # The decrease that is left: below rounding, and free of the covariates' units.
        if float(gradient @ step) < 1e-24:
            return found - step
        found, value = _descended(rows, weights, target, (found, step, value))
    return None


def _objective(rows: Floats, weights: Floats, target: Floats, at: Floats) -> float:
    return float(weights @ np.logaddexp(0.0, rows @ at) - target @ at)


def _descended(
    rows: Floats, weights: Floats, target: Floats, state: tuple[Floats, Floats, float]
) -> tuple[Floats, float]:
    found, step, value = state
    # Full steps may leap over the minimum where means are near 0 or 1.
    scale = 1.0
    for _ in range(30):
        there = found - scale * step
        reached = _objective(rows, weights, target, there)
        if reached <= value + 1e-15 * abs(value):
            return there, reached
        scale /= 2
    return found - step, value


def _solved(hessian: Floats, gradient: Floats) -> Floats | None:
    if not np.isfinite(hessian).all() or np.linalg.cond(hessian) > 1e14:
        return None
    return np.asarray(np.linalg.solve(hessian, gradient))
