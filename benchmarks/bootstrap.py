"""Ten thousand resamples of 100,000 answers: counts of cells beside rows.

python -m benchmarks.bootstrap

Both give accuracy, macro F1 and Cohen's kappa of each resample, starting from two arrays of
labels. The rows are resampled as well as numpy can, joint codes drawn by number and counted in
pieces, and by `scipy.stats.bootstrap`, vectorised.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers import Contest, table, versions
from evalhouse.metrics.choices import KERNELS
from evalhouse.metrics.table import confusion
from evalhouse.stats.resampling import bootstraps, resampled_sums
from evalhouse.stats.sample import sample_of_counts

ROWS, CLASSES, RESAMPLES = 100_000, 5, 10_000
METRICS = ("accuracy", "f1_macro", "cohen_kappa")
Floats = NDArray[np.float64]


def answers() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return gold labels of unequal classes, and a model's that are right in 80%."""
    chance = np.random.default_rng(0)
    gold = chance.choice(CLASSES, ROWS, p=[0.5, 0.25, 0.15, 0.07, 0.03])
    other = chance.integers(0, CLASSES, ROWS)
    return gold, np.where(chance.random(ROWS) < 0.75, gold, other)


def metrics(tables: Floats) -> Floats:
    """Compute the three metrics of tables (..., k, k + 1)."""
    return np.array([KERNELS[name](tables) for name in METRICS])


def of_cells(gold: NDArray[np.int64], model: NDArray[np.int64]) -> Floats:
    """Count the answers, and resample the counts."""
    cells = confusion(gold, model).cells()
    drawn = np.concatenate(list(resampled_sums(sample_of_counts(cells), RESAMPLES, 1)))
    return metrics(drawn.reshape(-1, *cells.shape))


def of_rows(gold: NDArray[np.int64], model: NDArray[np.int64]) -> Floats:
    """Resample rows by number, a few at a time, and count each resample's cells."""
    chance, size = np.random.default_rng(2), CLASSES * (CLASSES + 1)
    codes = (gold * (CLASSES + 1) + model).astype(np.int32)
    drawn = np.empty((RESAMPLES, size))
    for start in range(0, RESAMPLES, 50):
        rows = codes[chance.integers(0, ROWS, (50, ROWS), dtype=np.int32)]
        rows += np.arange(50, dtype=np.int32)[:, None] * size
        drawn[start : start + 50] = np.bincount(rows.ravel(), minlength=50 * size).reshape(50, size)
    return metrics(drawn.reshape(-1, CLASSES, CLASSES + 1))


def of_scipy(gold: NDArray[np.int64], model: NDArray[np.int64]) -> Floats:
    """Let scipy resample the rows; the metrics are computed from their counts."""
    from scipy import stats

    def statistic(one: Any, other: Any, axis: int = -1) -> Floats:
        codes = np.moveaxis(one * (CLASSES + 1) + other, axis, -1).astype(np.int64)
        flat, size = codes.reshape(-1, codes.shape[-1]), CLASSES * (CLASSES + 1)
        flat = flat + np.arange(len(flat))[:, None] * size
        counts = np.bincount(flat.ravel(), minlength=len(flat) * size).astype(np.float64)
        return metrics(counts.reshape(*codes.shape[:-1], CLASSES, CLASSES + 1))

    found = stats.bootstrap(
        (gold, model),
        statistic,
        n_resamples=RESAMPLES,
        batch=20,
        paired=True,
        vectorized=True,
        method="percentile",
        rng=3,
    )
    return np.asarray(found.bootstrap_distribution)


def equal(ours: object, theirs: object) -> str:
    """Say how far apart two distributions of each metric are."""
    from scipy import stats

    words = []
    for name, one, other in zip(METRICS, np.asarray(ours), np.asarray(theirs), strict=True):
        distance = stats.ks_2samp(one, other)
        ends = np.quantile(one, [0.025, 0.975]) - np.quantile(other, [0.025, 0.975])
        far = float(np.abs(ends).max() / np.std(other))
        words.append(
            f"{name}: KS {distance.statistic:.4f} (p {distance.pvalue:.2f}), "
            f"ends {far:.3f} sd apart"
        )
    return "; ".join(words)


def main() -> int:
    """Print the table, and the time of the intervals."""
    gold, model = answers()
    words = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    print(f"{words}; {versions('numpy', 'scipy')}; one process")
    print(f"{RESAMPLES:,} resamples of {ROWS:,} rows, {CLASSES} classes: {', '.join(METRICS)}\n")
    contests = [
        Contest(
            f"counts against rows, {words}",
            lambda: of_cells(gold, model),
            partial(theirs, gold, model),
            equal,
            rounds_of_theirs=1,
        )
        for words, theirs in (("numpy", of_rows), ("scipy", of_scipy))
    ]
    for line in table(contests):
        print(line, flush=True)
    sample = sample_of_counts(confusion(gold, model).cells())
    started = time.perf_counter()
    flat = {
        name: lambda sums, name=name: KERNELS[name](sums.reshape(-1, CLASSES, CLASSES + 1))
        for name in METRICS
    }
    found = bootstraps(sample, flat, count=RESAMPLES)
    took = time.perf_counter() - started
    ends = ", ".join(f"{name} {each.low:.4f} to {each.high:.4f}" for name, each in found.items())
    print(f"\nBCa-t intervals of all three: {took:.3f} s; {ends}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
