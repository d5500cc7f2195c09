"""Whether confidence is accuracy: what is said with 80% is right in 80% of cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.forecasts import NOTHING, Forecasts, forecasts
from evalhouse.metrics.item_scores import Floats
from evalhouse.metrics.labels import Labels
from evalhouse.metrics.value import Kernel, Metric, Value, undefined

Binning = Literal["equal width", "equal mass"]
BINNINGS: tuple[Binning, ...] = ("equal width", "equal mass")


@dataclass(frozen=True, eq=False)
class Reliability:
    """Confidence beside accuracy, in bins of confidence.

    A bin holds what lies above its lower edge and up to its upper one; the first its lower edge
    too. `place` (n,) is the bin of each unit, `cases` what is known of them. `counts` (b,), and the
    means of `confidence` and `accuracy` (b,), NaN in empty bins. `note` names the binning.
    """

    edges: Floats
    place: NDArray[np.int64]
    cases: Forecasts
    note: str

    def units(self) -> Floats:
        """Return what the kernels take sums of (n, 3 b), for resampling.

        For each bin whether a unit is in it, and if so its confidence and its outcome.
        """
        inside = self.place[:, None] == np.arange(len(self.edges) - 1)
        return np.hstack([inside * side[:, None] for side in self._sides])

    @cached_property
    def sums(self) -> Floats:
        """Units, confidence and right outcomes of each bin (3 b,)."""
        bins = len(self.edges) - 1
        return np.hstack([np.bincount(self.place, side, bins) for side in self._sides])

    @property
    def _sides(self) -> tuple[Floats, ...]:
        ones = np.ones(len(self.place))
        return ones, self.cases.probabilities, self.cases.outcomes.astype(np.float64)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Units in each bin (b,)."""
        counts: NDArray[np.int64] = self.sums.reshape(3, -1)[0].astype(np.int64)
        return counts

    @property
    def confidence(self) -> Floats:
        """Mean confidence in each bin (b,)."""
        counts, confidence, _ = self.sums.reshape(3, -1)
        return _means(confidence, counts)

    @property
    def accuracy(self) -> Floats:
        """Share of right outcomes in each bin (b,)."""
        counts, _, right = self.sums.reshape(3, -1)
        return _means(right, counts)


def reliability(
    outcomes: ArrayLike | Labels,
    probabilities: ArrayLike,
    *,
    bins: int = 15,
    binning: Binning = "equal width",
) -> Reliability:
    """Sort units into bins of confidence.

    Args:
        outcomes: (n,) 0 or 1, or the number of the class from 0, or `Labels` over the classes.
            Units without one of both do not enter.
        probabilities: (n,) of an event, or (n, k) of classes adding up to 1, of which the largest
            is the confidence that its class is right.
        bins: how many.
        binning: bins of `equal width` from 0 to 1, or of `equal mass`, whose edges are quantiles
            of the confidence; equal confidences stay in one bin.

    Raises:
        UsageError: as `brier_score`, and for less than one bin.
        UnknownNameError: for another binning.

    Example:
        >>> reliability([0, 1, 0], [0.1, 0.6, 0.7], bins=2).accuracy
        array([0. , 0.5])
    """
    return _binned(forecasts(outcomes, probabilities).most_likely(), bins, binning)


def expected_calibration_error(
    outcomes: ArrayLike | Labels,
    probabilities: ArrayLike,
    *,
    bins: int = 15,
    binning: Binning = "equal width",
) -> Value:
    """Compute the expected calibration error (ECE) over bins of confidence.

    `sum over bins of (count / n) * abs(mean confidence - accuracy)`

    Args:
        outcomes: (n,) as in `reliability`.
        probabilities: (n,) or (n, k), as in `reliability`.
        bins: how many; the value depends on it, and the note says it.
        binning: `equal width` or `equal mass`.

    Returns:
        0 (confidence is accuracy in every bin) to 1. Smaller is better. It is above 0 by chance
        alone: with few units a bin, well calibrated forecasts do not reach 0. Undefined without
        units.

    Raises:
        UsageError: as `reliability`.

    References:
        Naeini et al. (2015), doi:10.1609/aaai.v29i1.9602; 15 bins of equal width on the largest
        probability: Guo et al. (2017), doi:10.48550/arXiv.1706.04599; equal mass: Nguyen and
        O'Connor (2015), doi:10.18653/v1/D15-1182.

    Example:
        >>> found = expected_calibration_error([0, 1, 0], [0.1, 0.6, 0.7], bins=2)
        >>> round(found.value, 6), found.note
        (0.133333, '2 bins of equal width')
    """
    return _error(probabilities, outcomes, bins, binning, kernel=calibration_error_kernel)


def maximum_calibration_error(
    outcomes: ArrayLike | Labels,
    probabilities: ArrayLike,
    *,
    bins: int = 15,
    binning: Binning = "equal width",
) -> Value:
    """Compute the maximum calibration error (MCE): the largest gap of all bins that hold units.

    `max over bins of abs(mean confidence - accuracy)`

    Args:
        outcomes: (n,) as in `reliability`.
        probabilities: (n,) or (n, k), as in `reliability`.
        bins: how many; the value depends on it, and the note says it.
        binning: `equal width` or `equal mass`.

    Returns:
        0 to 1; smaller is better. A bin of one unit counts as much as any. Undefined without
        units.

    Raises:
        UsageError: as `reliability`.

    References:
        Naeini et al. (2015), doi:10.1609/aaai.v29i1.9602.

    Example:
        >>> round(maximum_calibration_error([0, 1, 0], [0.1, 0.6, 0.7], bins=2).value, 6)
        0.15
    """
    return _error(probabilities, outcomes, bins, binning, kernel=largest_gap_kernel)


def calibration_error_kernel(sums: Floats) -> Floats:
    """Return the expected calibration error of sums of `Reliability.units()` (..., 3 b)."""
    counts, confidence, right = np.split(sums, 3, axis=-1)
    return _means(np.abs(confidence - right).sum(axis=-1), counts.sum(axis=-1))


def largest_gap_kernel(sums: Floats) -> Floats:
    """Return the maximum calibration error of sums of `Reliability.units()` (..., 3 b)."""
    counts, confidence, right = np.split(sums, 3, axis=-1)
    gaps = np.abs(confidence - right) / np.where(counts > 0, counts, 1.0)
    return np.where(counts.sum(axis=-1) > 0, gaps.max(axis=-1), np.nan)


def _binned(cases: Forecasts, bins: int, binning: Binning) -> Reliability:
    if binning not in BINNINGS:
        raise UnknownNameError("binning", binning, BINNINGS)
    if not isinstance(bins, int | np.integer) or bins < 1:
        raise UsageError(f"there is at least one bin, and a whole number of them; found {bins}")
    confidence = cases.probabilities
    edges = np.linspace(0.0, 1.0, bins + 1)
    if binning == "equal mass" and confidence.size:
        edges = np.quantile(confidence, edges)
    place = np.searchsorted(edges[1:-1], confidence)
    note = f"{bins} bins of {binning}" + (f"; {cases.note}" if cases.note else "")
    return Reliability(edges, place, cases, note)


def _error(
    probabilities: ArrayLike,
    outcomes: ArrayLike | Labels,
    bins: int,
    binning: Binning,
    *,
    kernel: Kernel,
) -> Value:
    table = reliability(outcomes, probabilities, bins=bins, binning=binning)
    n = len(table.place)
    return Value(float(kernel(table.sums)), n, table.note) if n else undefined(0, NOTHING)


def _means(totals: Floats, counts: Floats) -> Floats:
    return np.where(counts > 0, totals / np.where(counts > 0, counts, 1.0), np.nan)


def _metric(name: str, function: Callable[..., Any], reference: str) -> Metric:
    return Metric(name, "calibration", function, "proportion", 0.0, 1.0, False, False, reference)


METRICS: tuple[Metric, ...] = (
    _metric("ece_equal_width", expected_calibration_error, "scikit-learn calibration_curve"),
    _metric(
        "ece_equal_mass",
        partial(expected_calibration_error, binning="equal mass"),
        "scikit-learn calibration_curve",
    ),
    _metric("mce_equal_width", maximum_calibration_error, "scikit-learn calibration_curve"),
)
