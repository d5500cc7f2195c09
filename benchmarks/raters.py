"""How fast agreement of many coders is: a hundred thousand units of five, beside `krippendorff`.

`python -m benchmarks.raters` prints a table. A fifth of the labels is missing, but for Fleiss'
kappa, which is computed beside statsmodels.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import krippendorff
import numpy as np
from numpy.typing import NDArray
from statsmodels.stats import inter_rater

from benchmarks.measure import machine
from benchmarks.peers import Contest, table, versions
from evalhouse.metrics.raters import LEVELS, Level, fleiss_kappa, krippendorff_alpha, rate

UNITS, CODERS, LABELS = 100_000, 5, 5
WORDS = np.array(["very low", "low", "mid", "high", "very high"])


def ratings(missing: float) -> NDArray[np.float64]:
    """Uneven labels, each coder right in seven of ten units."""
    chance = np.random.default_rng(0)
    truth = chance.choice(LABELS, (UNITS, 1), p=(0.4, 0.25, 0.2, 0.1, 0.05))
    guesses = chance.integers(0, LABELS, (UNITS, CODERS))
    found = np.where(chance.random(guesses.shape) < 0.7, truth, guesses) + 1.0
    found[chance.random(guesses.shape) < missing] = np.nan
    return found


def ours(values: Any, level: Level) -> float:
    """Compute alpha."""
    return krippendorff_alpha(values, level).value


def theirs(values: Any, level: Level) -> float:
    """Compute alpha with the package of that name, which takes coders by units."""
    return float(krippendorff.alpha(values.T, level_of_measurement=level))


def ours_at_every_level(values: Any) -> float:
    """Read the table once, then compute alpha at all four levels; return their sum."""
    table = rate(values)
    return sum(krippendorff_alpha(table, level).value for level in LEVELS)


def theirs_at_every_level(values: Any) -> float:
    """Compute the same sum with the package, which reads the table each time."""
    return sum(theirs(values, level) for level in LEVELS)


def fleiss_of_statsmodels(values: NDArray[np.float64]) -> float:
    """Count the labels of each unit, then compute Fleiss' kappa."""
    return float(inter_rater.fleiss_kappa(inter_rater.aggregate_raters(values)[0]))


def equality(ours: object, theirs: object) -> str:
    """Say how far apart two numbers lie."""
    assert isinstance(ours, float)
    assert isinstance(theirs, float)
    return f"within {abs(ours - theirs):.0e}"


def main() -> int:
    """Print the table."""
    numbers, complete = ratings(0.2), ratings(0.0)
    codes = np.where(np.isnan(numbers), 0, numbers).astype(int) - 1
    texts = np.where(np.isnan(numbers), "nan", WORDS[codes])
    words = np.where(np.isnan(numbers), None, WORDS[codes])
    contests = [
        Contest(f"alpha, {level}", partial(ours, numbers, level),
                partial(theirs, numbers, level), equality)
        for level in LEVELS
    ]  # fmt: skip
    contests += [
        Contest("alpha, all four levels", lambda: ours_at_every_level(numbers),
                lambda: theirs_at_every_level(numbers), equality),
        Contest("alpha, nominal, text", partial(ours, words, "nominal"),
                partial(theirs, texts, "nominal"), equality),
        Contest("Fleiss' kappa, complete", lambda: fleiss_kappa(complete).value,
                lambda: fleiss_of_statsmodels(complete), equality),
    ]  # fmt: skip
    print(f"{UNITS:,} units, {CODERS} coders, {LABELS} labels; {machine()}; "
          f"{versions('numpy', 'krippendorff', 'statsmodels')}\n")  # fmt: skip
    for line in table(contests):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
