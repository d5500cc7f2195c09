"""The interval of each score of a field: the method that fits what the score is."""

from __future__ import annotations

from evalhouse.scoring.basis import Basis, Key
from evalhouse.scoring.score import Scoring
from evalhouse.stats.jackknife import jackknife
from evalhouse.stats.proportions import proportion
from evalhouse.stats.resampling import bootstrap
from evalhouse.stats.results import Interval

_MANY = 50_000_000
"""Draws beyond which resampling takes seconds; a jackknife of so many units is as good."""


def interval_of(basis: Basis, key: Key, options: Scoring) -> Interval | None:
    """Return the interval of one score; none where it has nothing to be computed from.

    A share of independent units has Wilson's, any other metric a bootstrap of its units.
    """
    if key in basis.shares:
        return proportion(*basis.shares[key], level=options.level)
    kernel = basis.kernels.get(key)
    if kernel is None:
        return None
    if len(basis.sample.counts) * options.resamples > _MANY:
        return jackknife(basis.sample, kernel, level=options.level)
    return bootstrap(
        basis.sample,
        kernel,
        level=options.level,
        count=options.resamples,
        seed=options.seed,
        rarest=basis.rarest,
    )
