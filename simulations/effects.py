"""Differences and effect sizes: how often their intervals cover."""

from __future__ import annotations

import numpy as np

from evalhouse.stats.effects import (
    cliff_delta,
    cohen_d,
    cohen_dz,
    cohen_h,
    probability_of_superiority,
)
from evalhouse.stats.mcnemar import discordance
from evalhouse.stats.paired import paired_difference
from evalhouse.stats.paired_bootstrap import paired_bootstrap
from evalhouse.stats.tango import tango_interval
from evalhouse.stats.unpaired import unpaired_difference
from simulations.case import Case, Trials
from simulations.draws import (
    CONSERVATIVE,
    COVERS,
    MIXED,
    UNEVEN,
    Floats,
    clustered_pairs,
    coded,
    coverage,
    kappa,
    normal_pairs,
    of_metric,
    right_or_wrong,
    two_samples,
    with_clusters,
    without_clusters,
)


def _odds(chance: np.random.Generator) -> tuple[int, int]:
    first = int(chance.binomial(40, 0.7))
    return first, 40 - first


def _tango_counts(chance: np.random.Generator) -> tuple[int, int, int]:
    first, second, _ = chance.multinomial(60, (0.25, 0.1, 0.65))
    return int(first), int(second), 60


def _shares(chance: np.random.Generator) -> tuple[float, float, tuple[int, int]]:
    return chance.binomial(200, 0.7) / 200, chance.binomial(200, 0.6) / 200, (200, 200)


def _likert_shift(chance: np.random.Generator) -> tuple[Floats, Floats]:
    one = chance.choice(np.arange(1.0, 6.0), 60, p=(0.05, 0.15, 0.2, 0.3, 0.3))
    return one, chance.choice(np.arange(1.0, 6.0), 60, p=(0.2, 0.3, 0.2, 0.2, 0.1))


def _likert_delta() -> float:
    one, other = np.array([0.05, 0.15, 0.2, 0.3, 0.3]), np.array([0.2, 0.3, 0.2, 0.2, 0.1])
    both = one[:, None] * other
    return float(np.tril(both, -1).sum() - np.triu(both, 1).sum())


def _cover(
    method: str,
    setting: str,
    promise: tuple[float, float],
    trials: Trials,
    repetitions: int = 10_000,
) -> Case:
    family = "Differences and effect sizes"
    return Case(
        family, method, setting, "coverage", promise, trials, repetitions, repetitions // 200
    )


CASES: tuple[Case, ...] = (
    _cover(
        "paired t",
        "n = 30, normal",
        COVERS,
        coverage(normal_pairs(30, 0.4), paired_difference, 0.4),
    ),
    _cover(
        "paired t",
        "n = 200, 0/1, 25% against 10%",
        COVERS,
        coverage(right_or_wrong(200, 0.25, 0.1), paired_difference, 0.15),
    ),
    _cover(
        "clustered t",
        MIXED,
        COVERS,
        coverage(clustered_pairs(UNEVEN), with_clusters(paired_difference), 0.0),
    ),
    _cover(
        "paired t, blind to clusters",
        MIXED,
        (0.0, 0.9),
        coverage(clustered_pairs(UNEVEN), without_clusters(paired_difference), 0.0),
    ),
    _cover(
        "Tango score",
        "n = 60, 25% against 10%",
        COVERS,
        coverage(_tango_counts, tango_interval, 0.15),
    ),
    _cover(
        "paired BCa-t bootstrap",
        "kappa, n = 200",
        (0.93, 0.97),
        coverage(
            coded(200), of_metric(paired_bootstrap, kappa, is_clustered=False, count=1000), 0.0
        ),
        3_000,
    ),
    _cover(
        "Welch t",
        "n = 20 and 60, deviations 3 and 1",
        COVERS,
        coverage(two_samples((20, 3.0), (60, 1.0)), unpaired_difference, 0.0),
    ),
    _cover(
        "exact conditional odds ratio",
        "40 discordant units, odds 7 to 3",
        CONSERVATIVE,
        coverage(_odds, lambda b, c: discordance(b, c)[0], 7 / 3),
    ),
    _cover(
        "Cohen's dz",
        "n = 20, normal",
        COVERS,
        coverage(normal_pairs(20, 0.6), cohen_dz, 0.6 / (0.6 * 2**0.5)),
        1_000,
    ),
    _cover(
        "Cohen's d",
        "n = 15 and 25, normal",
        COVERS,
        coverage(two_samples((15, 1.0), (25, 1.0)), cohen_d, 0.0),
        1_000,
    ),
    _cover(
        "Cohen's h",
        "n = 200 and 200, 70% against 60%",
        COVERS,
        coverage(_shares, cohen_h, cohen_h(0.7, 0.6, (1, 1)).estimate),
    ),
    _cover(
        "Cliff's delta",
        "n = 60 and 60, five grades with ties",
        (0.93, 0.97),
        coverage(_likert_shift, cliff_delta, _likert_delta()),
    ),
    _cover(
        "probability of superiority",
        "n = 60, five grades with ties",
        (0.93, 0.97),
        coverage(_likert_shift, probability_of_superiority, (_likert_delta() + 1) / 2),
    ),
)
