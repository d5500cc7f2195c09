from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.anova import anova_lm

from evalhouse.errors import UsageError
from evalhouse.stats.components import variance_components
from evalhouse.stats.repeats import summarise_repeats

Floats = NDArray[np.float64]
# Shrout and Fleiss (1979), doi:10.1037/0033-2909.86.2.420, table 2: six targets, four judges.
RATINGS = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


def _matrix(seed: int, items: int = 12, seeds: int = 6) -> Floats:
    chance = np.random.default_rng(seed)
    matrix = 2 * chance.standard_normal((items, 1)) + chance.standard_normal(seeds)
    return matrix + chance.standard_normal((items, seeds))


def test_the_mean_has_its_t_interval() -> None:
    scores = [0.61, 0.64, 0.58, 0.66, 0.6]
    expected = stats.ttest_1samp(scores, 0).confidence_interval(0.95)
    found = summarise_repeats(scores, higher_is_better=True)
    assert (found.mean.low, found.mean.high) == pytest.approx(tuple(expected), rel=1e-11)
    assert found.pass_rate is None


def test_the_deviation_divides_by_one_less_and_has_the_chi_squared_interval() -> None:
    scores = np.array([0.61, 0.64, 0.58, 0.66, 0.6])
    found = summarise_repeats(scores, higher_is_better=True).deviation
    assert found.estimate == pytest.approx(scores.std(ddof=1), rel=1e-12)
    expected = scores.std(ddof=1) * np.sqrt(4 / stats.chi2.ppf([0.975, 0.025], 4))
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-10)


@pytest.mark.parametrize(("higher_is_better", "worst"), [(True, 0.2), (False, 0.9)])
def test_the_worst_seed_depends_on_the_direction(higher_is_better: bool, worst: float) -> None:  # noqa: FBT001 - a parameter
    scores = [0.5, 0.9, math.nan, 0.2]
    found = summarise_repeats(scores, higher_is_better=higher_is_better)
    assert found.worst == worst
    assert found.worst_seed is not None
    assert scores[found.worst_seed] == worst
    assert {found.worst, found.best} == {0.2, 0.9}
    assert "1 units with a missing value" in found.note


@pytest.mark.parametrize(("higher_is_better", "share"), [(True, 0.75), (False, 0.5)])
def test_the_pass_rate_is_exact_and_counts_the_threshold(
    higher_is_better: bool,  # noqa: FBT001 - a parameter
    share: float,
) -> None:
    found = summarise_repeats(
        [0.5, 0.9, 0.6, 0.7], higher_is_better=higher_is_better, threshold=0.6
    ).pass_rate
    assert found is not None
    assert found.estimate == share
    expected = stats.binomtest(int(4 * share), 4).proportion_ci()
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-10)


def test_seeds_that_all_pass_have_a_bound_at_one() -> None:
    found = summarise_repeats([0.8, 0.9], higher_is_better=True, threshold=0.1).pass_rate
    assert found is not None
    assert (found.estimate, found.high) == (1, 1)


@pytest.mark.parametrize("scores", [[], [math.nan], [0.5], [0.5, 0.5]])
def test_too_few_seeds_leave_bounds_open(scores: list[float]) -> None:
    found = summarise_repeats(scores, higher_is_better=True)
    assert math.isnan(found.mean.low)
    assert math.isnan(found.deviation.low)
    assert found.mean.note


def test_scores_of_seeds_have_one_dimension() -> None:
    with pytest.raises(UsageError, match="one array"):
        summarise_repeats(np.eye(2), higher_is_better=True)


def test_the_judges_of_shrout_and_fleiss_have_the_components_of_their_table() -> None:
    # Their mean squares are 11.24, 32.49 and 1.02; ICC(2, 1) is 0.29.
    found = variance_components(RATINGS)
    assert found.residual == pytest.approx(1.02, abs=0.005)
    assert found.items == pytest.approx((11.24 - 1.02) / 4, abs=0.005)
    assert found.seeds == pytest.approx((32.49 - 1.02) / 6, abs=0.005)
    assert found.shares()["items"] == pytest.approx(0.29, abs=0.005)


def test_components_are_those_of_the_anova_table() -> None:
    matrix = _matrix(0)
    frame = pd.DataFrame(
        [(row, column, value) for (row, column), value in np.ndenumerate(matrix)],
        columns=["item", "seed", "score"],
    )
    table = anova_lm(smf.ols("score ~ C(item) + C(seed)", frame).fit())
    items, seeds, residual = table["mean_sq"]
    found = variance_components(matrix)
    assert found.residual == pytest.approx(residual, rel=1e-9)
    assert found.items == pytest.approx((items - residual) / 6, rel=1e-9)
    assert found.seeds == pytest.approx((seeds - residual) / 12, rel=1e-9)


def test_missing_cells_take_a_method_that_agrees_on_full_tables() -> None:
    matrix = _matrix(1, 40, 10)
    full = variance_components(matrix)
    holed = matrix.copy()
    holed[np.random.default_rng(2).random(matrix.shape) < 0.05] = np.nan
    found = variance_components(holed)
    assert (found.items, found.seeds) == pytest.approx((full.items, full.seeds), rel=0.15)
    holed = matrix.copy()
    holed[0, 0] = np.nan
    assert variance_components(holed).items == pytest.approx(full.items, rel=0.02)


def test_missing_cells_leave_components_unbiased() -> None:
    chance = np.random.default_rng(3)
    parts = []
    for _ in range(300):
        matrix = chance.standard_normal((15, 1)) + 0.5 * chance.standard_normal(6)
        matrix = matrix + chance.standard_normal((15, 6))
        matrix[chance.random(matrix.shape) < 0.3] = np.nan
        found = variance_components(matrix)
        parts.append((found.items, found.seeds, found.residual))
    assert np.mean(parts, axis=0) == pytest.approx([1.0, 0.25, 1.0], abs=0.08)


def test_a_future_run_is_planned_from_the_components() -> None:
    found = variance_components(_matrix(4))
    assert found.stderr(items=12, seeds=6) == pytest.approx(found.mean.stderr)
    expected = math.sqrt(found.items / 100 + found.seeds / 3 + found.residual / 300)
    assert found.stderr(items=100, seeds=3) == pytest.approx(expected)
    with pytest.raises(UsageError, match="one item and one seed"):
        found.stderr(items=0, seeds=3)


def test_few_seeds_are_on_the_safe_side() -> None:
    found = variance_components(_matrix(5, 30, 3)).mean
    assert found.df == 2
    assert "only 3 seeds" in found.note


def test_components_below_zero_are_zero_and_told() -> None:
    chance = np.random.default_rng(6)
    found = variance_components(chance.standard_normal((30, 1)) + chance.random((30, 4)))
    assert found.seeds >= 0
    flat = variance_components([[1.0, 0.0], [0.0, 1.0]])
    assert (flat.items, flat.seeds) == (0, 0)
    assert flat.note == "estimated below zero and set to 0: items, seeds"


@pytest.mark.parametrize("shape", [(0, 0), (1, 5), (5, 1), (2, 0)])
def test_one_seed_or_item_has_no_components(shape: tuple[int, int]) -> None:
    found = variance_components(np.ones(shape))
    assert math.isnan(found.items)
    assert found.note
    assert math.isnan(found.mean.interval().low)


def test_constant_scores_have_no_shares() -> None:
    found = variance_components(np.ones((4, 3)))
    assert found.total == 0
    assert math.isnan(found.shares()["items"])
    assert "no spread" in found.mean.note


def test_scores_are_a_matrix() -> None:
    with pytest.raises(UsageError, match="items by seeds"):
        variance_components([1, 2])
