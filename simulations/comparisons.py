"""Comparisons of two runs: how often tests of no difference reject where there is none."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from evalhouse.stats.distributions import binomial_pmf
from evalhouse.stats.mcnemar import McNemarMethod, mcnemar_p_values, mcnemar_test
from evalhouse.stats.paired import paired_t_test
from evalhouse.stats.paired_bootstrap import (
    estimate_metric_difference,
    paired_bootstrap_test,
)
from evalhouse.stats.permutation import (
    paired_permutation_test,
    paired_randomisation_test,
    unpaired_permutation_test,
)
from evalhouse.stats.results import HypothesisTest
from evalhouse.stats.signed_rank import sign_test, signed_rank_test
from evalhouse.stats.unpaired import fisher_exact_test, mann_whitney_test, welch_t_test
from simulations.case import Case, Trials
from simulations.draws import (
    EVEN,
    EXACT,
    FIVE,
    MIXED,
    NAIVE,
    NOMINAL,
    UNEVEN,
    Floats,
    alike,
    clustered_pairs,
    clustered_samples,
    coded,
    f1,
    kappa,
    likert,
    normal_pairs,
    of_metric,
    rejections,
    right_or_wrong,
    two_samples,
    with_clusters,
    without_clusters,
)

_MANY = np.tile(UNEVEN, 3)
_MCNEMAR: tuple[tuple[McNemarMethod, tuple[float, float]], ...] = (
    ("exact", EXACT),
    ("mid-p", EXACT),
    ("corrected", EXACT),
    ("asymptotic", (0.0, 0.055)),
)
_BOOT: dict[str, int] = {"count": 1000}


def mcnemar_size(n: int, method: McNemarMethod, largest: float = 0.5) -> Trials:
    """Sum the worst chance of a false rejection, over shares of discordant units."""

    def trials(_chance: np.random.Generator, _repetitions: int) -> float:
        totals = np.arange(n + 1)[:, None]
        counts = np.arange(n + 1)[None, :]
        is_table = counts <= totals
        rest = np.where(is_table, totals - counts, 0)
        rejects = mcnemar_p_values(counts, rest, method=method) <= 0.05
        halves = np.where(is_table & rejects, binomial_pmf(counts, totals, 0.5), 0).sum(axis=1)
        shares = np.linspace(0.01, largest, 100)[:, None]
        return float((binomial_pmf(totals[:, 0], n, shares) @ halves).max())

    return trials


def fisher_size(first: int, second: int) -> Trials:
    """Sum the worst chance of a false rejection, over all shares that both may have."""

    def trials(_chance: np.random.Generator, _repetitions: int) -> float:
        tables = [(a, b) for a in range(first + 1) for b in range(second + 1)]
        found = [fisher_exact_test(table, (first, second)).p_value <= 0.05 for table in tables]
        a, b = np.array(tables)[np.array(found)].T
        shares = np.linspace(0.01, 0.5, 50)[:, None]
        rates = binomial_pmf(a, first, shares) * binomial_pmf(b, second, shares)
        return float(rates.sum(axis=1).max())

    return trials


def _jackknife(*runs: Any, clusters: Any) -> HypothesisTest:
    return estimate_metric_difference(*runs, clusters=clusters).test()


def _mcnemar(first: Floats, second: Floats, *_names: Any) -> HypothesisTest:
    return mcnemar_test(first, second).test


def _case(
    method: str,
    setting: str,
    promise: tuple[float, float] | None,
    trials: Trials,
    repetitions: int = 10_000,
    few: int = 100,
) -> Case:
    family = "Comparisons of two runs"
    return Case(family, method, setting, "type-I error", promise, trials, repetitions, few)


CASES: tuple[Case, ...] = (
    _case("paired t", "n = 200, normal", NOMINAL, rejections(normal_pairs(200), paired_t_test)),
    _case(
        "paired t",
        "n = 200, 0/1, 20% discordant",
        NOMINAL,
        rejections(right_or_wrong(200, 0.1, 0.1), paired_t_test),
    ),
    _case(
        "clustered t",
        FIVE,
        NOMINAL,
        rejections(clustered_pairs(EVEN), with_clusters(paired_t_test)),
    ),
    _case(
        "clustered t",
        MIXED,
        NOMINAL,
        rejections(clustered_pairs(UNEVEN), with_clusters(paired_t_test)),
    ),
    _case(
        "clustered t",
        "30 clusters of 10 to 32, 0/1",
        NOMINAL,
        rejections(clustered_pairs(_MANY), with_clusters(paired_t_test)),
    ),
    _case(
        "clustered t",
        "10 clusters of 4 to 90, 0/1",
        (0.0, 0.06),
        rejections(
            clustered_pairs(np.array([4, 5, 6, 8, 10, 12, 20, 30, 50, 90])),
            with_clusters(paired_t_test),
        ),
    ),
    _case(
        "paired t, blind to clusters",
        MIXED,
        NAIVE,
        rejections(clustered_pairs(UNEVEN), without_clusters(paired_t_test)),
    ),
    *(
        _case(
            f"McNemar {method}",
            f"n = {n}, worst share of discordant up to a half",
            promise,
            mcnemar_size(n, method),
            few=1,
        )
        for method, promise in _MCNEMAR
        for n in (20, 50, 200)
    ),
    _case(
        "McNemar exact",
        "n = 200, 20% discordant",
        EXACT,
        rejections(right_or_wrong(200, 0.1, 0.1), _mcnemar),
        2_000,
        few=20,
    ),
    _case(
        "McNemar exact, blind to clusters",
        MIXED,
        NAIVE,
        rejections(clustered_pairs(UNEVEN), _mcnemar),
        2_000,
        few=20,
    ),
    _case(
        "sign flips, exact",
        "n = 10, normal",
        EXACT,
        rejections(normal_pairs(10), paired_permutation_test),
    ),
    _case(
        "sign flips, Monte Carlo",
        "n = 200, normal",
        NOMINAL,
        rejections(normal_pairs(200), partial(paired_permutation_test, replicates=999)),
        few=40,
    ),
    _case(
        "sign flips of clusters",
        MIXED,
        EXACT,
        rejections(clustered_pairs(UNEVEN), with_clusters(paired_permutation_test)),
    ),
    _case(
        "sign flips, blind to clusters",
        MIXED,
        NAIVE,
        rejections(clustered_pairs(UNEVEN), without_clusters(paired_permutation_test)),
    ),
    _case(
        "swaps of units",
        "F1, n = 100",
        EXACT,
        rejections(
            coded(100), of_metric(paired_randomisation_test, f1, is_clustered=False, replicates=499)
        ),
        5_000,
        few=40,
    ),
    _case(
        "swaps of clusters",
        "F1, 10 clusters of 10 to 32",
        EXACT,
        rejections(
            coded(0, sizes=UNEVEN),
            of_metric(paired_randomisation_test, f1, is_clustered=True, replicates=499),
        ),
        5_000,
        few=40,
    ),
    _case(
        "paired BCa-t bootstrap",
        "kappa, n = 200",
        NOMINAL,
        rejections(
            coded(200), of_metric(paired_bootstrap_test, kappa, is_clustered=False, **_BOOT)
        ),
        5_000,
        few=20,
    ),
    _case(
        "paired BCa-t bootstrap",
        "F1, n = 200",
        NOMINAL,
        rejections(coded(200), of_metric(paired_bootstrap_test, f1, is_clustered=False, **_BOOT)),
        5_000,
        few=20,
    ),
    *(
        _case(
            "paired BCa-t bootstrap",
            f"{name}, n = 200, {rare:.0%} rare, {right:.0%} right, {same:.0%} alike",
            EXACT,
            rejections(
                alike(200, rare, right, same),
                of_metric(paired_bootstrap_test, kernel, is_clustered=False, **_BOOT),
            ),
            5_000,
            few=20,
        )
        for name, kernel in (("kappa", kappa), ("F1", f1))
        for rare, right, same in ((0.1, 0.97, 0.5), (0.5, 0.98, 0.0), (0.3, 0.87, 0.8))
    ),
    _case(
        "paired jackknife",
        "kappa, n = 200, 30% rare, 87% right, 80% alike",
        (0.0, 0.06),
        rejections(alike(200, 0.3, 0.87, 0.8), of_metric(_jackknife, kappa, is_clustered=False)),
        5_000,
        few=40,
    ),
    _case(
        "paired BCa-t bootstrap of clusters",
        "F1, 30 clusters of 10 to 32",
        NOMINAL,
        rejections(
            coded(0, sizes=_MANY), of_metric(paired_bootstrap_test, f1, is_clustered=True, **_BOOT)
        ),
        5_000,
        few=10,
    ),
    _case(
        "paired jackknife of clusters",
        "F1, 10 clusters of 10 to 32",
        NOMINAL,
        rejections(coded(0, sizes=UNEVEN), of_metric(_jackknife, f1, is_clustered=True)),
        few=40,
    ),
    _case(
        "paired bootstrap, blind to clusters",
        "F1, 10 clusters of 10 to 32",
        NAIVE,
        rejections(
            coded(0, sizes=UNEVEN),
            of_metric(paired_bootstrap_test, f1, is_clustered=False, **_BOOT),
        ),
        5_000,
        few=20,
    ),
    _case(
        "signed-rank exact", "n = 20, normal", EXACT, rejections(normal_pairs(20), signed_rank_test)
    ),
    _case(
        "signed-rank exact",
        "n = 40, five grades with ties",
        EXACT,
        rejections(likert(40, is_paired=True), signed_rank_test),
    ),
    _case(
        "signed-rank exact, zeros pratt",
        "n = 40, five grades with ties",
        EXACT,
        rejections(likert(40, is_paired=True), partial(signed_rank_test, zeros="pratt")),
    ),
    _case(
        "signed-rank normal",
        "n = 200, five grades with ties",
        NOMINAL,
        rejections(likert(200, is_paired=True), partial(signed_rank_test, method="normal")),
    ),
    _case(
        "signed-rank, blind to clusters",
        MIXED,
        NAIVE,
        rejections(clustered_pairs(UNEVEN), without_clusters(signed_rank_test)),
    ),
    _case("sign test", "n = 25, normal", EXACT, rejections(normal_pairs(25), sign_test)),
    _case(
        "Welch t",
        "n = 20 and 60, deviations 3 and 1",
        NOMINAL,
        rejections(two_samples((20, 3.0), (60, 1.0)), welch_t_test),
    ),
    _case(
        "clustered Welch t",
        "10 and 10 clusters of 10 to 32",
        NOMINAL,
        rejections(clustered_samples(UNEVEN), with_clusters(welch_t_test)),
    ),
    _case(
        "Welch t, blind to clusters",
        "10 and 10 clusters of 10 to 32",
        NAIVE,
        rejections(clustered_samples(UNEVEN), without_clusters(welch_t_test)),
    ),
    *(
        _case(
            "Fisher exact",
            f"n = {n} and {m}, worst of all shares",
            EXACT,
            fisher_size(n, m),
            few=0 if n > 20 else 1,
        )
        for n, m in ((12, 12), (50, 30))
    ),
    _case(
        "Mann-Whitney exact",
        "n = 8 and 12, normal",
        EXACT,
        rejections(two_samples((8, 1.0), (12, 1.0)), mann_whitney_test),
    ),
    _case(
        "Mann-Whitney exact",
        "n = 20 and 20, five grades with ties",
        EXACT,
        rejections(likert(20, is_paired=False), mann_whitney_test),
        few=40,
    ),
    _case(
        "Mann-Whitney normal",
        "n = 200 and 200, five grades with ties",
        NOMINAL,
        rejections(likert(200, is_paired=False), partial(mann_whitney_test, method="normal")),
    ),
    _case(
        "dealt anew, exact",
        "n = 5 and 6, normal",
        EXACT,
        rejections(two_samples((5, 1.0), (6, 1.0)), unpaired_permutation_test),
    ),
    _case(
        "dealt anew, Monte Carlo",
        "n = 100 and 100, normal",
        NOMINAL,
        rejections(
            two_samples((100, 1.0), (100, 1.0)), partial(unpaired_permutation_test, replicates=199)
        ),
        5_000,
        few=40,
    ),
    _case(
        "clusters dealt anew",
        "8 and 8 clusters of 10 to 26",
        EXACT,
        rejections(
            clustered_samples(UNEVEN[:8]),
            with_clusters(partial(unpaired_permutation_test, replicates=999)),
        ),
        2_000,
        few=10,
    ),
)
