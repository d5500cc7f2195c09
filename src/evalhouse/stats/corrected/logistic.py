"""Logistic regression as the balance of two sums, which all its corrected forms share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from evalhouse.stats.corrected.squares import inverse

Floats = NDArray[np.float64]
_SHORTEST = 1e-9
_NEAR = 1e-13
_NOTHING = 1e-24
_FAR = 30.0
"""A linear predictor so far from zero means that the labels are separated."""


def expit(eta: Floats) -> Floats:
    """Return `1 / (1 + exp(-eta))` without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * eta))


def slope(eta: Floats) -> Floats:
    """Return the slope of `expit`, above zero as long as there is any."""
    mean = expit(eta)
    return mean * (1.0 - mean)


def balanced(rows: Floats, weights: Floats, target: Floats, steps: int = 100) -> Floats | None:
    """Solve `sum_i w_i x_i expit(x_i b) = target` for b (d,), or give None without a solution.

    This is the minimum of the convex `sum_i w_i log(1 + exp(x_i b)) - target b`, found by Newton's
    method with halved steps. Ordinary logistic regression has the target `sum_i w_i x_i y_i`.

    Args:
        rows: (n, d) covariates.
        weights: (n,) weights, zero or more.
        target: (d,) what the weighted sum must equal.
        steps: Newton steps at most.
    """
    found, before = np.zeros(rows.shape[1]), np.inf
    for _ in range(steps):
        eta = rows @ found
        curve = inverse((rows * (weights * slope(eta))[:, None]).T @ rows)
        if curve is None or np.abs(eta).max(initial=0.0) > _FAR:
            return None
        gradient = rows.T @ (weights * expit(eta)) - target
        step = curve @ gradient
        # The decrease that is left, free of the covariates' units. Where many rows or far means
        # round more off, it stops falling before it is nothing.
        decrease = float(gradient @ step)
        if decrease < _NOTHING or (decrease < _NEAR and decrease > before / 4):
            return found - step
        # So near, heights differ by rounding alone, and full steps lead down.
        is_near, before = decrease < _NEAR, decrease
        found = found - step if is_near else _descended(rows, weights, target, found, step)
    return None


def _descended(
    rows: Floats, weights: Floats, target: Floats, found: Floats, step: Floats
) -> Floats:
    """Go down by the longest of a step, half a step, ... that does not lead up."""

    def height(at: Floats) -> float:
        return float(weights @ np.logaddexp(0.0, rows @ at) - target @ at)

    # Full steps may leap over the minimum where means are near 0 or 1.
    limit, scale = height(found), 1.0
    while height(found - scale * step) > limit + 1e-15 * abs(limit) and scale > _SHORTEST:
        scale /= 2
    return found - scale * step
