"""Scores of probabilities that nobody can better by saying something else than they think."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from evalhouse.errors import UsageError
from evalhouse.metrics.forecasts import NOTHING, forecasts
from evalhouse.metrics.item_scores import ItemScores, mean_of_items
from evalhouse.metrics.labels import Labels
from evalhouse.metrics.value import Metric


def brier_score(outcomes: ArrayLike | Labels, probabilities: ArrayLike) -> ItemScores:
    """Compute the Brier score, the mean squared error of probabilities.

    Of one event `mean (p - y)**2`; of k classes `mean sum over classes (p[c] - y[c])**2`, which
    for two classes is twice the former.

    Args:
        outcomes: (n,) 0 or 1 (or booleans) whether the event happened, or the number of the class
            from 0, or `Labels` over the classes. Units without an outcome (NaN, or a negative
            number) or without probabilities (NaN) do not enter; the note counts the latter.
        probabilities: (n,) of the event, or (n, k) of each class, adding up to 1.

    Returns:
        0 (certain and right) to 1, or for classes 2 (certain and wrong). Smaller is better.
        Undefined without units.

    Raises:
        UsageError: for probabilities outside 0 to 1 or not adding up to 1, other outcomes, or
            sides of different lengths.

    References:
        Brier (1950), doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2, which sums over classes.

    Example:
        >>> round(brier_score([1, 0], [0.7, 0.2]).value.value, 6)
        0.065
    """
    cases = forecasts(outcomes, probabilities)
    losses = np.square(cases.errors).sum(axis=1)
    return mean_of_items(cases.spread(losses), NOTHING, cases.note)


def log_loss(
    outcomes: ArrayLike | Labels, probabilities: ArrayLike, *, clip: float = 0.0
) -> ItemScores:
    """Compute the mean negative logarithm of the probability of what happened, in nats.

    Args:
        outcomes: (n,) as in `brier_score`.
        probabilities: (n,) of the event, or (n, k) of each class, as in `brier_score`.
        clip: what probabilities of what happened are raised to at least. Without it one outcome
            that was given 0 makes the loss infinite.

    Returns:
        0 (certain and right) to infinity (something impossible happened). Smaller is better.
        Undefined without units.

    Raises:
        UsageError: as `brier_score`, and for a clip outside 0 to 0.5.

    References:
        Good (1952), doi:10.1111/j.2517-6161.1952.tb00104.x. Libraries clip at 2.2e-16 unasked.

    Example:
        >>> round(log_loss([1, 0], [0.5, 0.25]).value.value, 6)
        0.490415
    """
    if not 0 <= clip < 0.5:
        raise UsageError(f"probabilities are clipped between 0 and 0.5; found {clip}")
    cases = forecasts(outcomes, probabilities)
    truth = np.clip(cases.of_truth, clip, 1 - clip)
    impossible = int(np.count_nonzero(truth == 0))
    with np.errstate(divide="ignore"):  # the logarithm of zero is meant
        losses = -np.log(truth) + 0.0
    notes = [cases.note] if cases.note else []
    notes += [f"{impossible} outcomes had probability 0"] if impossible else []
    return mean_of_items(cases.spread(losses), NOTHING, "; ".join(notes))


METRICS: tuple[Metric, ...] = (
    Metric(
        name="brier_score",
        family="calibration",
        function=brier_score,
        unit="scale",
        low=0.0,
        high=2.0,
        higher_is_better=False,
        is_symmetric=False,
        reference="scikit-learn",
    ),
    Metric(
        name="log_loss",
        family="calibration",
        function=log_loss,
        unit="nat",
        low=0.0,
        high=math.inf,
        higher_is_better=False,
        is_symmetric=False,
        reference="scikit-learn",
    ),
)
