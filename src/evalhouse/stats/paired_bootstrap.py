"""Any metric of two runs on the same units: how far they differ, by bootstrap and jackknife."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.stats.distributions import normal_quantile, student_sf
from evalhouse.stats.estimate import Estimate
from evalhouse.stats.jackknife import acceleration, jackknife, left_out, of_sums
from evalhouse.stats.permutation import stacked
from evalhouse.stats.resampling import REPLICATES, bootstrap, centre, replicates
from evalhouse.stats.results import Alternative, HypothesisTest, Interval, checked_alternative
from evalhouse.stats.sample import Floats, Kernel, Sample, sample_of_rows

FEW_CLUSTERS = 30
"""Clusters in which the runs differ that the bootstrap's p-values need."""
_FEW = 200  # units that differ; of more, one that is swapped changes nothing


def estimate_metric_difference(
    first: ArrayLike, second: ArrayLike, kernel: Kernel, *, clusters: ArrayLike | None = None
) -> Estimate:
    """Estimate how a metric of two runs on the same units differs, with a jackknife error.

    `kernel(sum(a)) - kernel(sum(b))` with the standard error of `jackknife.jackknife`, which
    leaves out units (or whole clusters) one by one, and n - 1 degrees of freedom. From ten
    clusters on its test and interval hold where the bootstrap's need thirty, and
    `equivalence.certify` takes it.

    Args:
        first: (n, m) vectors of the first run, whose sum the metric is a function of.
        second: (n, m) vectors of the second run for the same units in the same order.
        kernel: the metric, `(..., m)` sums to `(...)` values.
        clusters: (n,) names of the clusters that units come in.

    NaN with a note where the metric is undefined for either run, or becomes so when a unit is
    left out, and below two units.

    Raises:
        UsageError: for vectors of different shapes.

    Efron and Stein (1981), doi:10.1214/aos/1176345462.

    Example:
        >>> share = lambda sums: sums[..., 0] / sums[..., 1]
        >>> right, wrong = [1.0, 1.0], [0.0, 1.0]
        >>> found = estimate_metric_difference([right] * 4, [wrong, wrong, right, wrong], share)
        >>> found.value, round(found.stderr, 6)
        (0.75, 0.25)
    """
    sample, difference = _paired(first, second, kernel, clusters)
    found = jackknife(sample, difference)
    note = found.note or ("" if found.stderr else "leaving out units changes nothing")
    df = sample.n - 1.0
    return Estimate(found.estimate, found.stderr, df, sample.n, "paired jackknife", note)


def paired_bootstrap(
    first: ArrayLike,
    second: ArrayLike,
    kernel: Kernel,
    *,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
    count: int = REPLICATES,
    seed: int = 0,
) -> Interval:
    """Estimate how a metric of two runs on the same units differs, with a bootstrap interval.

    `kernel(sum(a)) - kernel(sum(b))`, units (or whole clusters) resampled with both runs'
    vectors together; the bounds are those of `resampling.bootstrap` with `bca-t`. Where fewer than
    200 units differ, and there are no clusters, one unit more can be drawn, in which the runs have
    changed places: resampling five units that all favour one run would find no doubt about it.

    Args:
        first: (n, m) vectors of the first run, whose sum the metric is a function of.
        second: (n, m) vectors of the second run for the same units in the same order.
        kernel: the metric, `(..., m)` sums to `(...)` values.
        clusters: (n,) names of the clusters that units come in.
        level: confidence between 0 and 1.
        count: resamples.
        seed: of the source of chance; it is kept in the result.

    NaN with a note where the metric is undefined for either run, or below two units; no bounds
    where the runs differ in no resample.

    Raises:
        UsageError: for vectors of different shapes, and as `bootstrap` does.

    Efron (1987), doi:10.1080/01621459.1987.10478410; Koehn (2004), Proceedings of EMNLP 388-395,
    for BLEU with percentiles, which cover too little where the metric is skewed.

    Example:
        >>> share = lambda sums: sums[..., 0] / sums[..., 1]
        >>> right, wrong = [1.0, 1.0], [0.0, 1.0]
        >>> found = paired_bootstrap([right] * 200, [wrong] * 40 + [right] * 160, share)
        >>> round(found.estimate, 2), round(found.low, 2), round(found.high, 2)
        (0.2, 0.14, 0.25)
    """
    sample, difference = _paired(first, second, kernel, clusters)
    sample = _swapping(sample, difference.width)
    return bootstrap(sample, difference, level=level, count=count, seed=seed)


def paired_bootstrap_test(
    first: ArrayLike,
    second: ArrayLike,
    kernel: Kernel,
    *,
    clusters: ArrayLike | None = None,
    alternative: Alternative = "two-sided",
    count: int = REPLICATES,
    seed: int = 0,
) -> HypothesisTest:
    """Test whether a metric of two runs on the same units differs.

    The p-value is one minus the level at which the `bca-t` interval of `paired_bootstrap` just
    reaches zero: with q the share of resamples below it, `w = z(q) - b` and
    `t = (b - w / (1 + a w)) / sqrt(n / (n - 1))` against Student's t (n - 1), b the bias and a
    the acceleration. At n = 200 it rejects true hypotheses in 1 to 6% of cases, least often where
    few units differ.

    Args:
        first: (n, m) vectors of the first run, whose sum the metric is a function of.
        second: (n, m) vectors of the second run for the same units in the same order.
        kernel: the metric, `(..., m)` sums to `(...)` values.
        clusters: (n,) names of the clusters that units come in.
        alternative: `greater` says that the first run's metric is higher.
        count: resamples; no p-value is below about one in that number.
        seed: of the source of chance; it is kept in the result.

    NaN with a note where the metric is undefined for either run, below two units, and where the
    runs differ in no resample. Where they differ in fewer than thirty clusters a note says that it
    rejects 7% of true hypotheses or more; `estimate_metric_difference` and
    `paired_randomisation_test` do not.

    Raises:
        UsageError: for vectors of different shapes or unknown options.

    Efron and Tibshirani (1993), An Introduction to the Bootstrap, sections 14.3 and 15.3.

    Example:
        >>> share = lambda sums: sums[..., 0] / sums[..., 1]
        >>> right, wrong = [1.0, 1.0], [0.0, 1.0]
        >>> one, other = [right] * 150 + [wrong] * 50, [wrong] * 20 + [right] * 180
        >>> found = paired_bootstrap_test(one, other, share)
        >>> round(found.estimate, 2), 0.0001 < found.p_value < 0.001
        (-0.15, True)
    """
    alternative = checked_alternative(alternative)
    sample, difference = _paired(first, second, kernel, clusters)
    sample = _swapping(sample, difference.width)
    n, estimate, name = sample.n, of_sums(difference, sample.totals), "paired BCa-t bootstrap"
    if n < 2 or not math.isfinite(estimate):
        note = "the metric is undefined here" if n > 1 else f"too few units to resample: {n}"
        return HypothesisTest(math.nan, math.nan, name, n, alternative, estimate, seed, note)
    values = replicates(sample, difference, count, seed)
    finite = values[np.isfinite(values)]
    lost = len(values) - len(finite)
    notes = [f"undefined in {lost} of {count} resamples, which are left out"] * bool(lost)
    differing = int(np.count_nonzero(_differs(sample, difference.width)))
    if sample.is_clustered and differing < FEW_CLUSTERS:
        notes.append(f"runs differ in {differing} clusters: the level holds from {FEW_CLUSTERS} on")
    note = "; ".join(notes)
    if not len(finite) or finite.min() == finite.max():
        note = "the difference is the same in all resamples"
        return HypothesisTest(math.nan, math.nan, name, n, alternative, estimate, seed, note)
    skew = acceleration(sample, left_out(sample, difference))
    middle = centre(sample, difference, estimate)
    t = _pivot(finite, middle, skew) / math.sqrt(n / (n - 1))
    if alternative == "two-sided":
        p_value = min(1.0, 2 * float(student_sf(abs(t), n - 1)))
    else:
        p_value = float(student_sf(t if alternative == "greater" else -t, n - 1))
    return HypothesisTest(t, p_value, name, n, alternative, estimate, seed, note)


def _pivot(values: Floats, middle: float, skew: float) -> float:
    """Return how many standard normal steps the middle is above zero, bias and skew apart."""
    bias, place = (_quantile_at(values, point) for point in (middle, 0.0))
    away = place - bias
    slope = 1 + skew * away
    # Beyond the pole of the correction the null is as far out as can be.
    return bias - away / slope if slope > 0 else math.copysign(math.inf, -away)


def _quantile_at(values: Floats, point: float) -> float:
    share = (np.mean(values < point) + np.mean(values <= point)) / 2
    edge = 0.5 / len(values)
    return float(normal_quantile(np.clip(share, edge, 1 - edge)))


@dataclass(frozen=True, slots=True)
class _Difference:
    """A metric of the first half of the sums less that of the second."""

    kernel: Kernel
    width: int

    def __call__(self, sums: Floats) -> Floats:
        return self.kernel(sums[..., : self.width]) - self.kernel(sums[..., self.width :])


def _paired(
    first: ArrayLike, second: ArrayLike, kernel: Kernel, clusters: ArrayLike | None
) -> tuple[Sample, _Difference]:
    one, other = stacked(first, second, clusters)
    rows = np.hstack([one, other])
    return sample_of_rows(rows, None if clusters is None else np.arange(len(rows))), _Difference(
        kernel, one.shape[1]
    )


def _differs(sample: Sample, width: int) -> NDArray[np.bool_]:
    """Return in which of the distinct units the runs differ (u,)."""
    found: NDArray[np.bool_] = (sample.vectors[:, :width] != sample.vectors[:, width:]).any(axis=1)
    return found


def _swapping(sample: Sample, width: int) -> Sample:
    """Let one unit more be drawn in which the runs have changed places, where few units differ.

    If five units differ and all in favour of one run, resampling nothing but these would find no
    doubt about it, though a coin falls like that in one of sixteen cases.
    """
    one, other = sample.vectors[:, :width], sample.vectors[:, width:]
    differs = _differs(sample, width)
    count = int(sample.counts[differs].sum())
    if sample.is_clustered or not 0 < count < _FEW:
        return sample
    swapped = np.hstack([other[differs], one[differs]])
    return Sample(
        np.vstack([sample.vectors, swapped]),
        np.append(sample.counts, np.zeros(len(swapped), np.int64)),
        np.append(np.zeros(len(sample.vectors)), sample.counts[differs] / count),
    )
