"""Multinomial logistic regression with a penalty on the squares of its coefficients.

With classes `y_i` of rows `x_i`, coefficients `W` and intercepts `b` it minimises

    |W|^2 / 2 + C * sum_i -ln p_i(y_i),    p_i = softmax(x_i W + b)

where of two classes the first has the score 0, so that one column of coefficients is enough. This
is what scikit-learn's `LogisticRegression` minimises. It is convex, and strictly so but for a
number added to all intercepts, which changes no probability. Newton's method finds the minimum:
each step is solved by conjugate gradients, which take products with the rows and need no table of
curvature, and is halved until it leads down far enough, so that it converges from anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evalhouse.engine.baselines.folds import Integers
from evalhouse.engine.baselines.sparse import Floats, SparseRows

_STEPS = 100
_PRODUCTS = 500
_NEAR = 1e-5
"""The penalty alone curves by 1: coefficients are hardly farther off than the slope is long."""
_ROUGH = 0.1  # how much of the slope a step may leave
_DECREASE = 1e-4  # how much of the decrease that its slope promises a step must bring
_ROUNDING = 1e-13
_SHORTEST = 1e-9


@dataclass(frozen=True, eq=False)
class Logistic:
    """A fitted model: `weights` (width + 1, k), whose last row are the intercepts.

    For two classes k is 1, else it is their number.
    """

    weights: Floats

    def probabilities(self, rows: SparseRows) -> Floats:
        """Return how probable each class is for each row (n, classes)."""
        return _softmax(_scores(rows, self.weights))


def fit(rows: SparseRows, codes: Integers, strength: float = 1.0) -> Logistic:
    """Fit a model to rows and their classes.

    Args:
        rows: (n, width) covariates.
        codes: (n,) classes from 0, two or more, of which each occurs.
        strength: C, how much the rows count beside the penalty.
    """
    problem = _Problem(rows, codes, strength)
    weights = problem.start()
    scores = _scores(rows, weights)
    for _ in range(_STEPS):
        shares = _softmax(scores)
        slope = problem.slope(weights, shares)
        if np.linalg.norm(slope) <= _NEAR:
            break
        step, moved = problem.step(shares, slope)
        scale = problem.scale((weights, scores), (step, moved), float(np.sum(slope * step)))
        weights, scores = weights + scale * step, scores + scale * moved
    return Logistic(weights)


class _Problem:
    """What is minimised, with its first and second derivatives."""

    def __init__(self, rows: SparseRows, codes: Integers, strength: float) -> None:
        self._rows, self._codes, self._strength = rows, codes, strength
        self._is_class = np.eye(int(codes.max()) + 1)[codes]

    def start(self) -> Floats:
        """Return what is best without covariates."""
        prior = np.log(self._is_class.mean(axis=0))
        offsets = prior[1:] - prior[0] if len(prior) == 2 else prior - prior.mean()
        return np.concatenate([np.zeros((self._rows.width, len(offsets))), offsets[None]])

    def height(self, weights: Floats, scores: Floats) -> float:
        full = _full(scores)
        highest = full.max(axis=1)
        totals = np.log(np.exp(full - highest[:, None]).sum(axis=1)) + highest
        own = full[np.arange(len(full)), self._codes]
        penalty = 0.5 * np.sum(weights[:-1] ** 2)
        return float(penalty + self._strength * np.sum(totals - own))

    def slope(self, weights: Floats, shares: Floats) -> Floats:
        return self._pulled(weights, shares - self._is_class)

    def _pulled(self, weights: Floats, by_row: Floats) -> Floats:
        by_row = self._strength * (by_row[:, 1:] if by_row.shape[1] == 2 else by_row)
        pulled = np.concatenate([self._rows.turned.times(by_row), by_row.sum(axis=0)[None]])
        pulled[:-1] += weights[:-1]
        return pulled

    def step(self, shares: Floats, slope: Floats) -> tuple[Floats, Floats]:
        """Return a step towards the minimum, and by how much it moves the scores."""
        left = direction = -slope
        step, moved = np.zeros_like(slope), np.zeros((len(shares), slope.shape[1]))
        size = float(np.sum(left**2))
        goal = max(size * min(_ROUGH, np.sqrt(size)) ** 2, (0.1 * _NEAR) ** 2)
        for _ in range(_PRODUCTS):
            ahead = _scores(self._rows, direction)
            full = shares * _full(ahead)
            bent = self._pulled(direction, full - shares * full.sum(axis=1, keepdims=True))
            length = size / float(np.sum(direction * bent))
            step, moved = step + length * direction, moved + length * ahead
            left = left - length * bent
            before, size = size, float(np.sum(left**2))
            if size <= goal:
                break
            direction = left + size / before * direction
        return step, moved

    def scale(
        self, at: tuple[Floats, Floats], step: tuple[Floats, Floats], promised: float
    ) -> float:
        """Return the longest of a step, half a step, ... that leads down far enough."""
        limit, scale = self.height(*at), 1.0
        limit += _ROUNDING * abs(limit)

        def height() -> float:
            return self.height(at[0] + scale * step[0], at[1] + scale * step[1])

        while height() > limit + _DECREASE * scale * promised and scale > _SHORTEST:
            scale /= 2
        return scale


def _scores(rows: SparseRows, weights: Floats) -> Floats:
    scores: Floats = rows.times(weights[:-1]) + weights[-1]
    return scores


def _full(scores: Floats) -> Floats:
    """Return a column for each class: with one column alone, the first class has zeros."""
    return np.hstack([np.zeros_like(scores), scores]) if scores.shape[1] == 1 else scores


def _softmax(scores: Floats) -> Floats:
    full = _full(scores)
    powers = np.exp(full - full.max(axis=1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares
