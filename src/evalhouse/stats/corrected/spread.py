"""How the variance of an estimate depends on how many human labels there are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Spread(Protocol):
    """How the variance of an estimate depends on the number of human labels."""

    @property
    def most(self) -> int:
        """The most human labels that there can be."""
        ...

    def variance(self, labels: Floats) -> Floats:
        """Return the variance of the estimate for numbers of human labels."""
        ...


@dataclass(frozen=True, slots=True)
class Tuned:
    """How the variance of a tuned estimate depends on the number of human labels.

    With M units, n of them labelled: `(Vh - 2 w C + w^2 Vm) / n + w^2 Vm / (M - n)`, where w is
    the best weight for that n, Vh and Vm the variances of human and model labels, and
    `C = r sqrt(Vh Vm)` with their correlation r.
    """

    human: float
    model: float
    correlation: float
    total: int

    @property
    def most(self) -> int:
        """All units."""
        return self.total

    def variance(self, labels: Floats) -> Floats:
        """Return the variance (...) for numbers of human labels (...)."""
        shared = self.correlation * math.sqrt(self.human * self.model)
        share = np.clip((self.total - labels) / self.total, 0.0, 1.0)
        weight = np.clip(share * (shared / self.model if self.model > 0 else 0.0), 0.0, 1.0)
        rest = np.maximum(self.total - labels, 1.0)
        near = self.human - 2 * weight * shared + weight**2 * self.model
        return np.asarray(near / labels + weight**2 * self.model / rest)


def tuned_spread(human: Floats, model: Floats, every: Floats, total: int) -> Tuned:
    """Describe labels (n,), the model's (n,) beside them, and all of the model's (M,)."""
    spreads = float(human.std()), float(model.std())
    shared = float(((human - human.mean()) * (model - model.mean())).mean())
    correlation = shared / (spreads[0] * spreads[1]) if min(spreads) > 0 else 0.0
    correlation = min(max(correlation, -1.0), 1.0)
    return Tuned(float(human.var(ddof=1)), float(every.var(ddof=1)), correlation, total)


@dataclass(frozen=True, slots=True)
class Designed:
    """How a designed estimate's variance depends on the number of human labels.

    More labels raise all probabilities alike: `V(n) = V + (n0/n - 1) B`, B being what the drawing
    of the `labels` n0 at hand adds; no probability can pass 1, which gives `most`.
    """

    whole: float
    drawing: float
    labels: int
    most: int

    def variance(self, labels: Floats) -> Floats:
        """Return the variance (...) for numbers of human labels (...)."""
        found = self.whole + (self.labels / labels - 1) * self.drawing
        return np.maximum(found, 0.0)
