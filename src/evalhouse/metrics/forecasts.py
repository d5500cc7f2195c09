"""Probabilities beside what happened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.metrics.item_scores import Floats
from evalhouse.metrics.labels import Labels
from evalhouse.metrics.numbers import as_numbers

NOTHING = "no unit has a probability and an outcome"
_SUM = 1e-4  # how far from 1 probabilities may add up to: half precision has three digits


@dataclass(frozen=True, eq=False)
class Forecasts:
    """The units that have both sides.

    `probabilities` is (m,) of one event or (m, k) of classes; `outcomes` (m,) is 0 or 1, or the
    number of the class. `kept` (n,) says which of all units they are, and `note` how many with an
    outcome have no probability.
    """

    probabilities: Floats
    outcomes: NDArray[np.int64]
    kept: NDArray[np.bool_]
    note: str

    @property
    def of_truth(self) -> Floats:
        """The probability that was given to what happened (m,)."""
        if self.probabilities.ndim == 1:
            return np.where(self.outcomes == 1, self.probabilities, 1 - self.probabilities)
        return self.probabilities[np.arange(len(self.outcomes)), self.outcomes]

    @property
    def errors(self) -> Floats:
        """Probability less outcome, (m, 1) or (m, k)."""
        if self.probabilities.ndim == 1:
            return (self.probabilities - self.outcomes)[:, None]
        return self.probabilities - np.eye(self.probabilities.shape[1])[self.outcomes]

    def most_likely(self) -> Forecasts:
        """Take the most likely class for the event, and its being right for the outcome."""
        if self.probabilities.ndim == 1:
            return self
        best = self.probabilities.argmax(axis=1) if self.probabilities.size else self.outcomes
        is_right = (best == self.outcomes).astype(np.int64)
        return Forecasts(
            self.probabilities.max(axis=1, initial=0.0), is_right, self.kept, self.note
        )

    def spread(self, values: Floats) -> Floats:
        """Give every unit (n,) its value, NaN where it has none."""
        spread = np.full(len(self.kept), np.nan)
        spread[self.kept] = values
        return spread


def forecasts(outcomes: ArrayLike | Labels, probabilities: ArrayLike) -> Forecasts:
    """Put probabilities and outcomes beside one another.

    Args:
        outcomes: (n,) 0 or 1, or the number of the class from 0; NaN is missing, a negative number
            too, as the codes of `Labels` have them.
        probabilities: (n,) of an event, or (n, k) of each class, adding up to 1; NaN is missing.

    Raises:
        UsageError: for probabilities outside 0 to 1 or not adding up to 1, other outcomes, or
            sides of different lengths.
    """
    given = as_numbers(probabilities, "probabilities")
    known = outcomes.codes if isinstance(outcomes, Labels) else outcomes
    happened = as_numbers(known, "outcomes")
    if given.ndim not in {1, 2} or happened.shape != given.shape[:1]:
        raise UsageError(
            "probabilities are (units,) or (units, classes) with one outcome for each unit; found "
            f"{given.shape} and {happened.shape}"
        )
    has_outcome = happened >= 0
    is_missing = np.isnan(given) if given.ndim == 1 else np.isnan(given).any(axis=1)
    has_both = has_outcome & ~is_missing
    left = int(np.count_nonzero(has_outcome & ~has_both))
    note = f"{left} of {np.count_nonzero(has_outcome)} units have no probability" if left else ""
    kept, truth = given[has_both], happened[has_both]
    _check_probabilities(kept)
    _check_outcomes(truth, 2 if given.ndim == 1 else given.shape[1])
    return Forecasts(kept, truth.astype(np.int64), has_both, note)


def _check_probabilities(given: Floats) -> None:
    outside = given[(given < 0) | (given > 1)]
    if outside.size:
        raise UsageError(f"probabilities lie between 0 and 1; found {outside.flat[0]:g}")
    if given.ndim == 2 and len(given):
        totals = given.sum(axis=1)
        worst = totals[np.argmax(np.abs(totals - 1))]
        if abs(worst - 1) > _SUM:
            raise UsageError(f"probabilities of the classes add up to 1; found {worst:g}")


def _check_outcomes(truth: Floats, classes: int) -> None:
    outside = truth[(truth >= classes) | (truth != np.rint(truth))]
    if outside.size:
        raise UsageError(
            f"outcomes are whole numbers from 0 to {classes - 1}; found {outside[0]:g}"
        )
