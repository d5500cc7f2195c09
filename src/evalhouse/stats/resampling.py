"""The bootstrap: resampled sums, and the intervals that follow from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.distributions import normal_cdf, normal_quantile, student_reach
from evalhouse.stats.jackknife import acceleration, left_out, of_sums
from evalhouse.stats.results import Interval, checked_level
from evalhouse.stats.sample import Floats, Kernel, Sample, sample_of_table
from evalhouse.stats.values import counts_of

Method = Literal["bca-t", "bca", "percentile", "basic"]
Key = TypeVar("Key")
REPLICATES = 10_000
FEW_UNITS = 200
FEW_CLUSTERS = 10
FEW_OF_A_CLASS = 10

_BLOCK = 64 * 2**20
"""Bytes of counts that are held at once."""
_ROUNDING = 1e-13
"""Spread below that share of an estimate is none."""
_DRAW = 12  # one unit drawn by its number costs as much as 1/12 of a cell drawn as a count


def resampled_sums(sample: Sample, count: int, seed: int) -> Iterator[Floats]:
    """Yield the sums of `count` resamples in pieces (piece, m).

    A resample of n units with replacement counts each distinct unit, and those counts are
    multinomial: a table of counts costs as many draws as it has cells, however many rows it
    counts. A `prior` changes the shares that are drawn from, and n stays. The same sample, count
    and seed give the same sums.

    Raises:
        UsageError: for a count below one.
    """
    _check(count)
    weights = np.asarray(sample.counts, np.float64)
    weights = weights if sample.prior is None else weights + sample.prior
    used = weights > 0
    weights, vectors = weights[used], sample.vectors[used]
    chance, n = np.random.default_rng(seed), sample.n
    by_number = len(weights) * (_DRAW if sample.prior is None else 1) > n
    row = max(len(weights), vectors.shape[1], n if by_number else 0)
    piece = max(1, _BLOCK // (8 * max(1, row)))
    places = np.repeat(np.arange(len(weights)), sample.counts[used]) if by_number else None
    prior = np.zeros(len(weights)) if sample.prior is None else sample.prior[used]
    for start in range(0, count, piece):
        size = min(piece, count - start)
        if places is None:
            drawn = chance.multinomial(n, weights / weights.sum(), size)
        else:
            drawn = _drawn(chance, places, prior, size)
        yield drawn.astype(np.float64) @ vectors


def _check(count: int) -> None:
    if count < 1:
        raise UsageError(f"the number of resamples is one or more; found {count}")


def _drawn(
    chance: np.random.Generator, places: NDArray[np.int64], prior: Floats, size: int
) -> NDArray[np.int64]:
    distinct, weight = len(prior), float(prior.sum())
    units = chance.integers(0, max(1, len(places)), (size, len(places)))
    if distinct < len(places) or weight:
        units = places[units]
    if weight:
        # Each draw is one of the prior's with the chance that its weight has.
        count = chance.binomial(units.size, weight / (len(places) + weight))
        held = chance.choice(units.size, count, replace=False, shuffle=False)
        units.flat[held] = chance.choice(distinct, count, p=prior / weight)
    units += np.arange(size)[:, None] * distinct
    return np.bincount(units.ravel(), minlength=size * distinct).reshape(size, distinct)


def replicates(sample: Sample, kernel: Kernel, count: int = REPLICATES, seed: int = 0) -> Floats:
    """Return the statistic of `count` resamples (count,), NaN where it is undefined.

    Example:
        >>> from evalhouse.stats.sample import sample_of_counts
        >>> def share(cells):
        ...     return cells[..., 0] / cells.sum(axis=-1)
        >>> found = replicates(sample_of_counts([70_000, 30_000]), share, 1000)
        >>> bool(abs(found.std() - (0.7 * 0.3 / 100_000) ** 0.5) < 1e-4)
        True
    """
    return _replicated(sample, [kernel], count, seed).ravel()


def _replicated(sample: Sample, kernels: Sequence[Kernel], count: int, seed: int) -> Floats:
    pieces = [
        np.array([np.asarray(kernel(sums), np.float64) for kernel in kernels])
        for sums in resampled_sums(sample, count, seed)
    ]
    return np.concatenate(pieces, axis=1)


def centre(sample: Sample, kernel: Kernel, estimate: float) -> float:
    """Return what the resamples of a statistic scatter about: its estimate, moved by a `prior`."""
    if sample.prior is None:
        return estimate
    weights = sample.counts + sample.prior
    found = of_sums(kernel, weights / weights.sum() * sample.n @ sample.vectors)
    return found if math.isfinite(found) else estimate


@dataclass(frozen=True)
class _Bootstrap:
    """What the bounds of a statistic are computed from."""

    sample: Sample
    kernel: Kernel
    drawn: Floats
    estimate: float

    @cached_property
    def values(self) -> Floats:
        return self.drawn[np.isfinite(self.drawn)]

    @cached_property
    def centre(self) -> float:
        return centre(self.sample, self.kernel, self.estimate)

    def bounded(
        self, bounds: Bounds, level: float, rarest: int | None
    ) -> tuple[float, float, float, str]:
        """Return low, high, standard error and note."""
        notes = [_lost(len(self.drawn) - len(self.values), len(self.drawn))]
        notes.append(_scarce(self.sample, rarest))
        low = high = stderr = math.nan
        if len(self.values):
            stderr = float(self.values.std())
        if stderr > _ROUNDING * abs(self.estimate):
            low, high = bounds(self, level)
        elif len(self.values):
            notes.append("all resamples give the same value, so there is no spread to judge by")
        return low, high, stderr, "; ".join(text for text in notes if text)

    def percentile(self, level: float) -> tuple[float, float]:
        return self._between(0.5 - level / 2, 0.5 + level / 2)

    def basic(self, level: float) -> tuple[float, float]:
        low, high = self.percentile(level)
        return 2 * self.estimate - high, 2 * self.estimate - low

    def bca(self, level: float) -> tuple[float, float]:
        return self._corrected(float(normal_quantile(0.5 + level / 2)))

    def bca_t(self, level: float) -> tuple[float, float]:
        n = self.sample.n
        reach = student_reach(level, n - 1) * math.sqrt(n / (n - 1))
        low, high = self._corrected(reach)
        return min(low, self.estimate), max(high, self.estimate)

    def _corrected(self, reach: float) -> tuple[float, float]:
        values, centre = self.values, self.centre
        share = (np.mean(values < centre) + np.mean(values <= centre)) / 2
        edge = 0.5 / len(values)
        bias = float(normal_quantile(np.clip(share, edge, 1 - edge)))
        skew = acceleration(self.sample, left_out(self.sample, self.kernel))
        return self._between(_level(bias, skew, -reach), _level(bias, skew, reach))

    def _between(self, low: float, high: float) -> tuple[float, float]:
        found = np.quantile(self.values, [low, high])
        return float(found[0]), float(found[1])


def _level(bias: float, skew: float, reach: float) -> float:
    moved = bias + reach
    slope = 1 - skew * moved
    # With few and very skewed units the correction may pass its pole: there the end is meant.
    return float(normal_cdf(bias + moved / slope if slope > 0 else math.copysign(math.inf, reach)))


Bounds = Callable[[_Bootstrap, float], tuple[float, float]]
_BOUNDS: dict[Method, tuple[str, Bounds]] = {
    "bca-t": ("BCa-t bootstrap", _Bootstrap.bca_t),
    "bca": ("BCa bootstrap", _Bootstrap.bca),
    "percentile": ("percentile bootstrap", _Bootstrap.percentile),
    "basic": ("basic bootstrap", _Bootstrap.basic),
}
METHODS: tuple[Method, ...] = tuple(_BOUNDS)


def bootstrap(
    sample: Sample,
    kernel: Kernel,
    *,
    level: float = 0.95,
    method: Method = "bca-t",
    count: int = REPLICATES,
    seed: int = 0,
    rarest: int | None = None,
) -> Interval:
    """Estimate a statistic of sums with a bootstrap interval.

    Bounds are quantiles of the statistic over resamples, at the levels
    `Phi(b + (b + z) / (1 - a (b + z)))` with the bias b and the acceleration a (`bca`), or with
    `t(n - 1) * sqrt(n / (n - 1))` in the place of z (`bca-t`, which few units need).

    Args:
        sample: the units. Where they come in clusters, whole clusters are resampled; for a paired
            difference the vectors of both sides stand side by side.
        kernel: the statistic as a function of sums over units.
        level: confidence between 0 and 1.
        method: `bca-t`, `bca`, `percentile` (which covers too little where the statistic is
            biased or skewed), or `basic`.
        count: resamples.
        seed: of the source of chance; it is kept in the result.
        rarest: units in the rarest class, if there are classes; only a note depends on it.

    `stderr` is the standard deviation over resamples. Resamples in which the statistic is
    undefined are left out and counted in the note; where all others are equal there are no
    bounds. Notes also tell of fewer than 200 units (10 clusters) and of fewer than 10 units of the
    rarest class: from there on 95% intervals cover 93 to 97% in simulations, of ten clusters 92.
    NaN with a note where the statistic itself is undefined, or below two units.

    Raises:
        UnknownNameError: for another method.
        UsageError: for a level that is none, or fewer than one resample.

    Efron (1987), doi:10.1080/01621459.1987.10478410; the widening follows Hesterberg (2015),
    doi:10.1080/00031305.2015.1089789, who applies it to percentiles.

    Example:
        >>> from evalhouse.stats.sample import sample_of_counts
        >>> def share(cells):
        ...     return cells[..., 0] / cells.sum(axis=-1)
        >>> found = bootstrap(sample_of_counts([160, 40]), share)
        >>> round(found.estimate, 3), round(found.low, 2), round(found.high, 2)
        (0.8, 0.74, 0.85)
    """
    found = bootstraps(
        sample, {"": kernel}, level=level, method=method, count=count, seed=seed, rarest=rarest
    )
    return found[""]


def bootstraps(
    sample: Sample,
    kernels: Mapping[Key, Kernel],
    *,
    level: float = 0.95,
    method: Method = "bca-t",
    count: int = REPLICATES,
    seed: int = 0,
    rarest: int | None = None,
) -> dict[Key, Interval]:
    """Estimate many statistics of one sample, each as `bootstrap` does, drawing but once.

    Args:
        sample: the units.
        kernels: the statistics by their names.
        level: and all the rest as in `bootstrap`.
        method: one of `METHODS`.
        count: resamples.
        seed: of the source of chance.
        rarest: units in the rarest class.
    """
    level = checked_level(level)
    if method not in _BOUNDS:
        raise UnknownNameError("bootstrap", method, METHODS)
    _check(count)
    words, bounds = _BOUNDS[method]
    n, found = sample.n, dict[Key, Interval]()
    estimates = {name: of_sums(kernel, sample.totals) for name, kernel in kernels.items()}
    used = [name for name, value in estimates.items() if n > 1 and math.isfinite(value)]
    drawn = _replicated(sample, [kernels[name] for name in used], count, seed) if used else ()
    values = dict(zip(used, drawn, strict=True))
    for name, estimate in estimates.items():
        if name in values:
            held = _Bootstrap(sample, kernels[name], values[name], estimate)
            low, high, stderr, note = held.bounded(bounds, level, rarest)
        else:
            low = high = stderr = math.nan
            note = "the statistic is undefined here" if n > 1 else f"too few units to resample: {n}"
        found[name] = Interval(estimate, low, high, level, words, n, stderr, seed, note)
    return found


def _lost(lost: int, count: int) -> str:
    return f"undefined in {lost} of {count} resamples, which are left out" if lost else ""


def _scarce(sample: Sample, rarest: int | None) -> str:
    if rarest is not None and rarest < FEW_OF_A_CLASS:
        return f"{rarest} units in the rarest class: coverage holds from {FEW_OF_A_CLASS} on"
    least, what = (FEW_CLUSTERS, "clusters") if sample.is_clustered else (FEW_UNITS, "units")
    return f"{sample.n} {what}: coverage holds from {least} on" if sample.n < least else ""


def rarest_class(table: ArrayLike) -> int:
    """Return how many units the rarest gold class has, of the classes that occur on any side.

    Args:
        table: counts, gold on the first axis and other sides on the rest, labels in the same
            places; further places of the other sides are no classes.
    """
    counts = counts_of(table)
    if not counts.ndim:
        raise UsageError("a table of counts has rows and columns; found a single number")
    sides = [
        counts.sum(axis=tuple(other for other in range(counts.ndim) if other != axis))
        for axis in range(counts.ndim)
    ]
    gold = sides[0]
    occurs = np.any([side[: len(gold)] > 0 for side in sides], axis=0)
    return int(gold[occurs].min(initial=counts.sum()))


def bootstrap_table(
    table: ArrayLike,
    kernel: Kernel,
    *,
    level: float = 0.95,
    method: Method = "bca-t",
    count: int = REPLICATES,
    seed: int = 0,
) -> Interval:
    """Estimate a metric of a table of counts with a bootstrap interval.

    `bootstrap` over the cells of `sample_of_table`, which lets errors occur that this sample
    happens not to hold: where a class has ten units and all are right, resampling nothing but
    these would find no doubt about it. The estimate itself is that of the table as it is.

    Args:
        table: (r, c) counts, gold in rows, or (r, c, c) for two models on the same units.
        kernel: the metric as a function of tables (..., r, c) or (..., r, c, c).
        level: confidence between 0 and 1.
        method: as in `bootstrap`; all but `bca-t` resample the table as it is.
        count: resamples.
        seed: of the source of chance; it is kept in the result.

    Undefined cases, errors, source and notes are those of `bootstrap`.

    Example:
        >>> def accuracy(cells):
        ...     return (cells[..., 0, 0] + cells[..., 1, 1]) / cells.sum(axis=(-2, -1))
        >>> found = bootstrap_table([[150, 10], [10, 30]], accuracy)
        >>> found.estimate, round(found.low, 2), round(found.high, 2)
        (0.9, 0.85, 0.94)
    """
    counts = counts_of(table)
    if counts.ndim < 2:
        raise UsageError(f"a table of counts has rows and columns; found shape {counts.shape}")

    def of_cells(sums: Floats) -> Floats:
        return kernel(sums.reshape(*sums.shape[:-1], *counts.shape))

    sample = sample_of_table(counts)
    if method != "bca-t":
        sample = Sample(sample.vectors, sample.counts)
    return bootstrap(
        sample,
        of_cells,
        level=level,
        method=method,
        count=count,
        seed=seed,
        rarest=rarest_class(counts),
    )
