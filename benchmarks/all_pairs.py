"""All pairs of 100 runs on 10,000 items, beside a loop over scipy and statsmodels.

python -m benchmarks.all_pairs

Each of 4,950 pairs gets its difference, a clustered standard error, a t test and McNemar's exact
test; both families are adjusted by Holm and by Benjamini and Hochberg; the runs are ranked with
simultaneous intervals and letters. The loop does pairs one by one, without the ranks, and only a
sample of them: its seconds for all are scaled from that, and labelled so.
"""

from __future__ import annotations

import itertools
import os
import platform
import statistics
import sys

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from benchmarks.peers import peak, timed, versions
from evalhouse.stats.pairwise import AllPairs, McNemarPairs, compare_all, mcnemar_all
from evalhouse.stats.ranks import Ranks, rank_runs

RUNS, ITEMS, CLUSTERS, SAMPLED, ROUNDS = 100, 10_000, 1_000, 50, 5
Floats = NDArray[np.float64]
HEAD = "| what | seconds | MB |\n|---|---|---|"


def answers() -> tuple[Floats, NDArray[np.int64]]:
    """Return which answers are right (runs, items), and the cluster of each item."""
    chance = np.random.default_rng(0)
    clusters = np.repeat(np.arange(CLUSTERS), ITEMS // CLUSTERS)
    hard = chance.normal(0, 0.15, CLUSTERS)[clusters] + chance.normal(0, 0.2, ITEMS)
    able = chance.uniform(0.5, 0.7, (RUNS, 1))
    return (chance.random((RUNS, ITEMS)) < able + hard).astype(np.float64), clusters


def ours(right: Floats, clusters: NDArray[np.int64] | None) -> tuple[AllPairs, McNemarPairs, Ranks]:
    """Compare all pairs and rank the runs."""
    pairs = compare_all(right, clusters=clusters)
    return pairs, mcnemar_all(right), rank_runs(pairs, higher_is_better=True)


def one_pair(
    first: Floats, second: Floats, clusters: NDArray[np.int64]
) -> tuple[float, float, float, float]:
    """Compare two runs with statsmodels."""
    options = {"groups": clusters}
    model = sm.OLS(first - second, np.ones(len(first)))
    fit = model.fit(cov_type="cluster", cov_kwds=options, use_t=True)
    table = np.bincount((2 * first + second).astype(np.int64), minlength=4).reshape(2, 2)
    exact = mcnemar(table, exact=True).pvalue
    return float(fit.params[0]), float(fit.bse[0]), float(fit.pvalues[0]), float(exact)


def loop(
    right: Floats, clusters: NDArray[np.int64], pairs: list[tuple[int, int]]
) -> list[tuple[float, float, float, float]]:
    """Compare pairs one by one, and adjust what came of them."""
    found = [one_pair(right[one], right[other], clusters) for one, other in pairs]
    for column in (2, 3):
        for method in ("holm", "fdr_bh"):
            multipletests([row[column] for row in found], method=method)
    return found


def farthest(found: tuple[AllPairs, McNemarPairs, Ranks], theirs: Floats, places: Floats) -> str:
    """Say how far the sampled pairs are apart."""
    rows, columns = places.astype(np.int64).T
    pairs, exact, _ = found
    held = (pairs.differences, pairs.stderrs, pairs.p_values, exact.p_values)
    apart = [
        np.max(np.abs(matrix[rows, columns] - theirs[:, place]))
        for place, matrix in enumerate(held)
    ]
    names = ("difference", "standard error", "t p-value", "McNemar p-value")
    return ", ".join(f"{name} {gap:.1e}" for name, gap in zip(names, apart, strict=True))


def _seconds(times: list[float]) -> str:
    return f"{statistics.median(times):.3g} ({min(times):.3g} to {max(times):.3g})"


def main() -> int:
    """Print the table."""
    right, clusters = answers()
    every = list(itertools.combinations(range(RUNS), 2))
    chosen = np.random.default_rng(1).choice(len(every), SAMPLED, replace=False)
    sampled = [every[place] for place in chosen]
    print(versions("numpy", "scipy", "statsmodels"), end=", ")
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, one process")
    print(HEAD)
    ours(right, clusters)
    mine, plain, other = [], [], []
    for _ in range(ROUNDS):
        mine.append(timed(lambda: ours(right, clusters))[0])
        plain.append(timed(lambda: ours(right, None))[0])
        other.append(timed(lambda: loop(right, clusters, sampled))[0])
    size = peak(lambda: ours(right, clusters)) / 1e6
    print(f"| all {len(every):,} pairs, {CLUSTERS:,} clusters | {_seconds(mine)} | {size:.0f} |")
    print(f"| all {len(every):,} pairs, no clusters | {_seconds(plain)} | |")
    print(f"| loop over {SAMPLED} of them | {_seconds(other)} | |")
    scaled = statistics.median(other) / SAMPLED * len(every)
    print(f"| the loop, scaled to all | {scaled:.3g} | |")
    print(f"ratio, scaled: {scaled / statistics.median(mine):.0f}")
    theirs = np.array(loop(right, clusters, sampled))
    print(f"farthest apart: {farthest(ours(right, clusters), theirs, np.array(sampled))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
