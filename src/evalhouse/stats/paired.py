"""Two runs on the same units: the difference of their means, or of any metric."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.clustered import estimate_mean
from evalhouse.stats.estimate import Estimate
from evalhouse.stats.results import Alternative, HypothesisTest, Interval
from evalhouse.stats.values import numbers

Floats = NDArray[np.float64]
_FEW = 10  # a t distribution says little of so few units that differ at all


def differences(first: ArrayLike, second: ArrayLike) -> Floats:
    """Subtract aligned values (n,); NaN on either side is missing.

    Raises:
        UsageError: for samples of different lengths or of more than one dimension.
    """
    one, other = numbers(first, "values of the first run"), numbers(second, "values of the second")
    if one.ndim != 1 or one.shape != other.shape:
        raise UsageError(
            f"paired samples are two arrays of one length; found {one.shape} and {other.shape}; "
            "align them by unit with `pair` first"
        )
    return one - other


def estimate_difference(
    first: ArrayLike, second: ArrayLike, *, clusters: ArrayLike | None = None
) -> Estimate:
    """Estimate the mean of `first - second` over aligned units.

    The mean of the differences with the standard error and degrees of freedom of
    `clustered_mean`; without clusters that is the paired t test's.

    Args:
        first: (n,) numbers of the first run; NaN is missing, and its pair is left out.
        second: (n,) numbers of the second run for the same units in the same order.
        clusters: (n,) names of the clusters that units come in (documents, seeds).

    NaN with a note for no pairs, one pair or one cluster, and differences that are all equal.

    Example:
        >>> found = estimate_difference([1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0])
        >>> found.value, round(found.stderr, 6), found.df
        (0.5, 0.288675, 3.0)
    """
    shift = differences(first, second)
    found = estimate_mean(shift, clusters)
    differing = int(np.count_nonzero(np.nan_to_num(shift)))
    return found.noted(
        f"only {differing} units differ; an exact test is safer" if 0 < differing < _FEW else ""
    )


def paired_difference(
    first: ArrayLike,
    second: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> Interval:
    """Return the mean of `first - second` over aligned units with its interval.

    `mean(d) ± t(df) * se` of `estimate_difference`, which says what the arguments are and when
    the bounds are NaN.

    Raises:
        UsageError: for samples of different lengths, or a level outside (0, 1).

    Student's sleep data (1908), doi:10.2307/2331554, hours gained with one drug over the other:

    Example:
        >>> found = paired_difference(
        ...     [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
        ...     [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        ... )
        >>> round(found.estimate, 2), round(found.low, 4), round(found.high, 4)
        (1.58, 0.7001, 2.4599)
    """
    return estimate_difference(first, second, clusters=clusters).interval(level)


def paired_t_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    null: float = 0.0,
    alternative: Alternative = "two-sided",
) -> HypothesisTest:
    """Test whether the mean of `first - second` over aligned units is `null`.

    `t = (mean(d) - null) / se` against Student's t, both of `estimate_difference`; `greater`
    says that the first run is above. NaN with a note where that has no standard error.

    Raises:
        UsageError: for samples of different lengths or an unknown alternative.

    Student's sleep data again; he printed odds of about 666 to 1, which is one side of this.

    Example:
        >>> found = paired_t_test(
        ...     [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
        ...     [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        ... )
        >>> round(found.statistic, 4), round(found.p_value, 6)
        (4.0621, 0.002833)
    """
    return estimate_difference(first, second, clusters=clusters).test(null, alternative)
