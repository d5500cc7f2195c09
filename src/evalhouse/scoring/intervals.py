"""The interval of each score of a field: the method that fits what the score is."""

from __future__ import annotations

from evalhouse.scoring.basis import Basis, Key
from evalhouse.scoring.score import Scoring
from evalhouse.stats.jackknife import jackknife
from evalhouse.stats.proportions import proportion
from evalhouse.stats.resampling import bootstraps
from evalhouse.stats.results import Interval

_MANY = 100_000_000
"""Draws beyond which resampling takes seconds; a jackknife of so many units is as good."""
_WIDE = 20_000_000
"""Sums of all resamples together beyond which it does too: of tables of more than 40 labels."""


def intervals_of(basis: Basis, options: Scoring) -> dict[Key, Interval]:
    """Return the intervals of the scores that have one.

    A share of independent units has Wilson's, any other metric a bootstrap of its units, drawn
    once for all of them; where there are many units and few of them equal, or very many labels, a
    jackknife.
    """
    defined = {(each.metric, each.label) for each in basis.scores if each.value.is_defined}
    found = {
        key: proportion(*share, level=options.level)
        for key, share in basis.shares.items()
        if key in defined
    }
    kernels = {
        key: kernel
        for key, kernel in basis.kernels.items()
        if key in defined and key not in basis.shares
    }
    units, sums = basis.sample.vectors.shape
    if units * options.resamples > _MANY or sums * options.resamples > _WIDE:
        return found | {
            key: jackknife(basis.sample, kernel, level=options.level)
            for key, kernel in kernels.items()
        }
    return found | bootstraps(
        basis.sample,
        kernels,
        level=options.level,
        count=options.resamples,
        seed=options.seed,
        rarest=basis.rarest,
    )
