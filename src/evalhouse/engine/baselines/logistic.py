"""Multinomial logistic regression with a penalty on the squares of its coefficients.

With classes `y_i` of rows `x_i`, coefficients `W` and intercepts `b` it minimises

    |W|^2 / 2 + C * sum_i -ln p_i(y_i),    p_i = softmax(x_i W + b)

where two classes share one column of coefficients, for the second class. This is what
scikit-learn's `LogisticRegression` minimises. The function is convex, and strictly so but for a
number added to all intercepts, which changes nothing. Newton's method finds the minimum: each step
is solved by conjugate gradients, which need products with the rows and no table of curvature, and
shortened until it leads down far enough, which makes it converge from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evalhouse.engine.baselines.folds import Integers
from evalhouse.engine.baselines.sparse import Floats, SparseRows

_STEPS = 100
_NEAR = 1e-6
"""The penalty alone curves by 1: coefficients are no farther off than the slope is long."""


@dataclass(frozen=True, eq=False)
class Logistic:
    """A fitted model: `weights` (width + 1, k), of which the last row are the intercepts.

    For two classes k is 1, else the number of classes.
    """

    weights: Floats

    def probabilities(self, rows: SparseRows) -> Floats:
        """Return how probable each class is for each row (n, classes)."""
        return _shares(_scores(rows, self.weights))


def fit(rows: SparseRows, codes: Integers, strength: float = 1.0) -> Logistic:
    """Fit a model to the classes of rows.

    Args:
        rows: (n, width) covariates.
        codes: (n,) classes from 0, each of which occurs; two or more.
        strength: how much the rows count beside the penalty, C.
    """
    is_class = np.eye(codes.max() + 1)[codes]
    prior = np.log(is_class.mean(axis=0))
    offsets = prior[1:] - prior[0] if len(prior) == 2 else prior - prior.mean()
    weights = np.zeros((rows.width + 1, len(offsets)))
    weights[-1] = offsets
    scores = _scores(rows, weights)
    for _ in range(_STEPS):
        shares = _shares(scores)
        slope = _pulled(rows, strength * _narrow(shares - is_class))
        slope[:-1] += weights[:-1]
        if np.linalg.norm(slope) <= _NEAR:
            break
        step, moved = _step(_Curve(rows, shares, strength), slope)
        scale = _scale(weights, step, slope, _Heights(scores, moved, is_class, strength))
        weights, scores = weights + scale * step, scores + scale * moved
    return Logistic(weights)
