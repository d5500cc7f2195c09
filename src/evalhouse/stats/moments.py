"""Mean and standard error of values that arrive piece by piece."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass
class Moments:
    """Count, sum and centred second moment of the values so far.

    Pieces are merged by Chan, Golub and LeVeque (1983), doi:10.1080/00031305.1983.10483115, so
    the variance does not suffer from cancellation.

    Example:
        >>> values = Moments()
        >>> values.add([1.0, 2.0])
        >>> values.add([3.0, 4.0])
        >>> values.mean, round(values.stderr, 6)
        (2.5, 0.645497)
    """

    n: int = 0
    total: float = 0.0
    _mean: float = 0.0
    _m2: float = 0.0

    def add(self, values: ArrayLike) -> None:
        """Take in numbers of any shape."""
        array = np.asarray(values, np.float64)
        count = array.size
        if not count:
            return
        with np.errstate(invalid="ignore", over="ignore"):  # not finite in, not finite out
            total = float(np.sum(array))
            mean = total / count
            spread = float(np.sum((array - mean) ** 2))
        delta, both = mean - self._mean, self.n + count
        self._m2 += spread + delta * delta * self.n * count / both
        self._mean += delta * count / both
        self.n, self.total = both, self.total + total

    @property
    def mean(self) -> float:
        """Return the mean; NaN without values."""
        return self.total / self.n if self.n else math.nan

    @property
    def stderr(self) -> float:
        """Return the standard error of the mean, s / sqrt(n) with n - 1; NaN below two values."""
        if self.n < 2:
            return math.nan
        return math.sqrt(self._m2 / (self.n - 1) / self.n)


def combined_stderr(stderrs: Sequence[float], weights: Sequence[float]) -> float:
    """Return the standard error of a weighted mean of independent means.

    `sqrt(sum((w / sum(w) * se) ** 2))`; NaN without weight or where a part is NaN.

    Example:
        >>> round(combined_stderr([0.3, 0.4], [1, 1]), 6)
        0.25
    """
    total = math.fsum(weights)
    if not total:
        return math.nan
    parts = ((weight / total * part) ** 2 for weight, part in zip(weights, stderrs, strict=True))
    return math.sqrt(math.fsum(parts))
