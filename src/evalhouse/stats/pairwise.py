"""All pairs of many runs at once, by products of matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError
from evalhouse.stats.clustered import (
    clustered_mean,
    degrees_of_freedom,
    inflation,
    sums_by_cluster,
)
from evalhouse.stats.distributions import student_sf
from evalhouse.stats.families import adjusted
from evalhouse.stats.mcnemar import McNemarMethod, mcnemar_p_values
from evalhouse.stats.values import numbers, places

Floats = NDArray[np.float64]
_ROUNDING = 1e-12  # a variance below this share of those it is the difference of is rounding


@dataclass(frozen=True)
class AllPairs:
    """Each of R runs against each other: (R, R) matrices of row less column, NaN on the diagonal.

    `means` (R,) are over the units that a run has. `covariance` (R, R) is that of the means, up
    to what all runs share; it is None where units are missing, and every pair then stands on the
    `shared` units that both runs have. `holm` and `benjamini_hochberg` adjust over all pairs.
    `n` counts the clusters, or the units where there are none.
    """

    means: Floats
    differences: Floats
    stderrs: Floats
    df: Floats
    p_values: Floats
    holm: Floats
    benjamini_hochberg: Floats
    shared: NDArray[np.int64]
    covariance: Floats | None
    n: int
    note: str = ""


@dataclass(frozen=True)
class McNemarPairs:
    """McNemar's test of each of R runs against each other, as (R, R) matrices.

    `only_first` counts what the run of the row alone got right; NaN is on the diagonals of
    p-values, raw and adjusted over all pairs.
    """

    only_first: NDArray[np.int64]
    shared: NDArray[np.int64]
    p_values: Floats
    holm: Floats
    benjamini_hochberg: Floats


@dataclass(frozen=True)
class _Spread:
    """Differences with their variances and degrees of freedom, each (R, R)."""

    differences: Floats
    variances: Floats
    df: Floats
    covariance: Floats | None


def compare_all(scores: ArrayLike, *, clusters: ArrayLike | None = None) -> AllPairs:
    """Compare the means of every two of R runs on the same units.

    For each pair what `paired_t_test` gives: the mean difference, its (clustered, CR2) standard
    error and degrees of freedom, and the two-sided p-value, raw and adjusted. All come from one
    covariance matrix of the runs' sums: `var(r - s) = C[r, r] + C[s, s] - 2 C[r, s]`.

    Args:
        scores: (R, n) one row a run, one column a unit; NaN is missing.
        clusters: (n,) names of the clusters that units come in.

    A pair without a standard error (fewer than two shared units or clusters, or differences that
    are all equal, as for runs that agree everywhere) has NaN p-values, which no family counts.

    Raises:
        UsageError: for scores that are no matrix, or clusters that do not fit.

    Example:
        >>> found = compare_all([[1, 1, 1, 0, 1, 1], [0, 1, 0, 0, 1, 0], [0, 1, 0, 0, 1, 1]])
        >>> found.differences[0].round(3).tolist(), found.p_values[0].round(3).tolist()
        ([0.0, 0.5, 0.333], [nan, 0.076, 0.175])
    """
    array = _matrix(scores)
    names = np.arange(array.shape[1]) if clusters is None else clusters
    place, count = places(names, array.shape[1])
    is_present = ~np.isnan(array)
    whole = bool(is_present.all())
    shared = _shared(is_present)
    spread = _complete(array, place, count) if whole else _partial(array, is_present, place, count)
    own = is_present.sum(axis=1)
    totals = np.where(is_present, array, 0.0).sum(axis=1)
    means = np.divide(totals, own, out=np.full(len(own), np.nan), where=own > 0)
    stderrs = np.sqrt(spread.variances)
    p_values = _p_values(spread.differences, stderrs, spread.df)
    families = (_family(p_values, "holm"), _family(p_values, "benjamini-hochberg"))
    note = "" if whole else "units are missing, and each pair is compared on those both have"
    return AllPairs(
        means,
        spread.differences,
        stderrs,
        spread.df,
        p_values,
        *families,
        shared,
        spread.covariance,
        count,
        note,
    )


def mcnemar_all(correct: ArrayLike, *, method: McNemarMethod = "exact") -> McNemarPairs:
    """Do McNemar's test for every two of R runs that are right or wrong on the same units.

    Discordant counts come from one product of 0/1 matrices; formulas and methods are those of
    `mcnemar_test`.

    Args:
        correct: (R, n) of 0 and 1, one row a run; NaN is missing, and each pair stands on the
            units that both runs have.
        method: one of `mcnemar.METHODS`.

    Raises:
        UsageError: for other numbers than 0 and 1, or an unknown method.

    Example:
        >>> found = mcnemar_all([[1] * 9 + [0], [0] * 7 + [1] * 3])
        >>> found.only_first.tolist(), found.p_values[0, 1].round(6).tolist()
        ([[0, 7], [1, 0]], 0.070312)
    """
    array = _matrix(correct)
    is_present = ~np.isnan(array)
    right = np.where(is_present, array, 0.0)
    if not np.all((right == 0) | (right == 1)):
        raise UsageError("McNemar's test takes 0 and 1; use `compare_all` for other scores")
    only_first = np.rint(right @ (is_present - right).T).astype(np.int64)
    shared = _shared(is_present)
    upper = np.triu_indices(len(array), 1)
    p_values = np.full(only_first.shape, np.nan)
    found = mcnemar_p_values(only_first[upper], only_first.T[upper], method=method)
    p_values[upper] = np.where(shared[upper] > 0, found, np.nan)
    p_values.T[upper] = p_values[upper]
    families = (_family(p_values, "holm"), _family(p_values, "benjamini-hochberg"))
    return McNemarPairs(only_first, shared, p_values, *families)


def _matrix(scores: ArrayLike) -> Floats:
    array = numbers(scores, "scores")
    if array.ndim != 2:
        raise UsageError(
            f"all pairs need a matrix, a row a run and a column a unit; found shape {array.shape}"
        )
    return array


def _shared(is_present: NDArray[np.bool_]) -> NDArray[np.int64]:
    # Products of floats go through BLAS, those of whole numbers do not.
    flags = is_present.astype(np.float64)
    return np.rint(flags @ flags.T).astype(np.int64)


def _complete(array: Floats, place: NDArray[np.int64], count: int) -> _Spread:
    runs, units = array.shape
    if not units or not runs:
        nothing = np.full((runs, runs), np.nan)
        return _Spread(nothing, nothing, nothing, None)
    # Only differences matter: against the first run, what all runs share does not cost digits.
    sums = sums_by_cluster(array - array[0], place, count)
    sizes = np.bincount(place, minlength=count).astype(np.float64)
    shifts = sums.sum(axis=1) / units
    differences = shifts[:, None] - shifts
    if count < 2:
        nothing = np.full((runs, runs), np.nan)
        return _Spread(differences, nothing, nothing, None)
    residuals = sums - shifts[:, None] * sizes
    covariance = (residuals * inflation(sizes)) @ residuals.T / units**2
    variances = variances_of_differences(covariance)
    df = np.full((runs, runs), degrees_of_freedom(sizes))
    return _Spread(differences, variances, df, covariance)


def variances_of_differences(covariance: Floats) -> Floats:
    """Return the variance of every difference (R, R); what is only rounding is zero."""
    own = np.diag(covariance)
    scale = own[:, None] + own
    found = scale - covariance - covariance.T
    return np.where(found > _ROUNDING * scale, found, 0.0)


def _partial(
    array: Floats, is_present: NDArray[np.bool_], place: NDArray[np.int64], count: int
) -> _Spread:
    flags = is_present.astype(np.float64)
    # The mean of a unit over the runs that have it cancels in every difference.
    middles = np.where(is_present, array, 0.0).sum(axis=0) / np.maximum(flags.sum(axis=0), 1)
    values = np.where(is_present, array - middles, 0.0)
    if count == array.shape[1]:
        return _partial_units(values, flags)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(count))
    return _partial_clusters(values[:, order], flags[:, order], starts)


def _partial_units(values: Floats, flags: Floats) -> _Spread:
    shared = flags @ flags.T
    mixed = values @ flags.T
    squares = values**2 @ flags.T
    with np.errstate(divide="ignore", invalid="ignore"):
        differences = (mixed - mixed.T) / shared
        scale = squares + squares.T
        spread = scale - 2 * values @ values.T - shared * differences**2
        spread = np.where(spread > _ROUNDING * scale, spread, 0.0)
        variances = np.where(shared > 1, spread / (shared - 1) / shared, np.nan)
    return _Spread(differences, variances, np.where(shared > 1, shared - 1, np.nan), None)


def _partial_clusters(values: Floats, flags: Floats, starts: NDArray[np.int64]) -> _Spread:
    """Compare each run with all others; units of a cluster stand together, from `starts` on."""
    found = []
    for own, has in zip(values, flags, strict=True):
        shared = flags * has
        sums = np.add.reduceat((own - values) * shared, starts, axis=1)
        found.append(clustered_mean(sums, np.add.reduceat(shared, starts, axis=1)))
    differences, stderrs, df = (
        np.array([getattr(row, name) for row in found]) for name in ("value", "stderr", "df")
    )
    return _Spread(differences, stderrs**2, df, None)


def _p_values(differences: Floats, stderrs: Floats, df: Floats) -> Floats:
    upper = np.triu_indices(len(differences), 1)
    shift, stderr, freedom = (array[upper] for array in (differences, stderrs, df))
    statistic = np.divide(shift, stderr, out=np.full(len(shift), np.nan), where=stderr > 0)
    found = np.full(differences.shape, np.nan)
    found[upper] = np.minimum(1.0, 2 * student_sf(np.abs(statistic), freedom))
    found.T[upper] = found[upper]
    return found


def _family(p_values: Floats, method: str) -> Floats:
    # Each pair is one hypothesis, though it stands in two cells.
    upper = np.triu_indices(len(p_values), 1)
    found = np.full(p_values.shape, np.nan)
    found[upper] = adjusted(p_values[upper], "holm" if method == "holm" else "benjamini-hochberg")
    found.T[upper] = found[upper]
    return found
