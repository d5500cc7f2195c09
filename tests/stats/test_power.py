from __future__ import annotations

import math
from typing import Any, get_args

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower, TTestIndPower, TTestPower
from statsmodels.stats.proportion import proportion_effectsize

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.components import variance_components
from evalhouse.stats.crossing import crossing
from evalhouse.stats.designs import (
    Design,
    PairedMeans,
    PairedShares,
    UnpairedMeans,
    UnpairedShares,
    design_effect,
    seeds_design,
)
from evalhouse.stats.power import detectable_difference, power, sample_size
from evalhouse.stats.results import ALTERNATIVES, Alternative, checked_alternative

THEIRS = {"two-sided": "two-sided", "greater": "larger", "less": "smaller"}


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_the_paired_t_test_has_statsmodels_power(alternative: Alternative) -> None:
    for effect, n in ((0.2, 10), (0.5, 34), (-0.3, 60), (1.5, 3)):
        expected = TTestPower().power(effect, n, 0.05, alternative=THEIRS[alternative])
        found = power(PairedMeans(2.0), 2 * effect, n, alternative=alternative).power
        assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_the_unpaired_t_test_has_statsmodels_power(alternative: Alternative) -> None:
    for effect, n, ratio in ((0.2, 50, 1.0), (0.5, 64, 2.0), (-0.4, 20, 0.5)):
        expected = TTestIndPower().power(effect, n, 0.05, ratio, alternative=THEIRS[alternative])
        found = power(UnpairedMeans(1.0, ratio), effect, n, alternative=alternative).power
        assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_unpaired_shares_have_statsmodels_power(alternative: Alternative) -> None:
    for first, second, n in ((0.6, 0.5, 200), (0.1, 0.05, 400), (0.3, 0.5, 80)):
        effect = proportion_effectsize(first, second)
        expected = NormalIndPower().power(effect, n, 0.05, alternative=THEIRS[alternative])
        found = power(UnpairedShares(second), first - second, n, alternative=alternative).power
        assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("d", "n"), [(0.2, 393), (0.5, 64), (0.8, 26)])
def test_sample_sizes_are_cohens(d: float, n: int) -> None:
    # Cohen (1992), doi:10.1037/0033-2909.112.1.155, table 2: a mean difference, power 0.80.
    assert sample_size(UnpairedMeans(1.0), d).n == pytest.approx(n, abs=1)


def test_discordant_pairs_need_what_is_printed() -> None:
    # Connor (1987), doi:10.2307/2531961, as powerandsamplesize.com works it out: shares of 0.45
    # and 0.05, one-sided 0.05, power 0.90.
    found = sample_size(PairedShares(0.5), 0.4, power=0.9, alternative="greater")
    assert found.n == 23


@pytest.mark.parametrize("n", [10, 50, 400])
@pytest.mark.parametrize("test", ["exact", "mid-p"])
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_mcnemars_exact_power_is_the_sum_over_all_tables(
    n: int, test: str, alternative: Alternative
) -> None:
    psi, delta = 0.3, 0.12
    total = 0.0
    for discordant in range(n + 1):
        count = np.arange(discordant + 1)
        half = 0.5 * stats.binom.pmf(count, discordant, 0.5) * (test == "mid-p")
        above = stats.binom.sf(count - 1, discordant, 0.5) - half
        below = stats.binom.cdf(count, discordant, 0.5) - half
        two = np.minimum(1, 2 * np.minimum(above, below))
        rejects = {"two-sided": two, "greater": above, "less": below}[alternative] <= 0.05
        chance = stats.binom.pmf(count, discordant, (1 + delta / psi) / 2)
        total += stats.binom.pmf(discordant, n, psi) * chance[rejects].sum()
    design = PairedShares(psi, test)  # type: ignore[arg-type]  # a parameter
    found = power(design, delta, n, alternative=alternative).power
    assert found == pytest.approx(total, abs=1e-10)


DESIGNS: tuple[Design, ...] = (
    PairedMeans(1.0),
    PairedMeans(1.0, cluster_size=10, icc=0.1),
    UnpairedMeans(1.0, ratio=0.5),
    UnpairedShares(0.4),
    PairedShares(0.3),
)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_sizes_and_differences_are_the_least_that_have_the_power(
    design: Design, alternative: Alternative
) -> None:
    sign = -1 if alternative == "less" else 1
    size = sample_size(design, sign * 0.2, alternative=alternative)
    assert size.power >= 0.8
    assert power(design, sign * 0.2, size.n - 1, alternative=alternative).power < 0.8
    smallest = detectable_difference(design, size.n, alternative=alternative)
    assert smallest.power == pytest.approx(0.8, abs=1e-9)
    assert 0 < sign * smallest.difference <= 0.2


def test_clusters_cost_their_design_effect() -> None:
    assert design_effect(1, 0.9) == 1
    plain = power(PairedMeans(1.0), 0.1, 1000).power
    clustered = power(PairedMeans(1.0, cluster_size=5, icc=0.25), 0.1, 2000).power
    assert clustered == pytest.approx(plain, abs=0.005)


def test_seeds_are_planned_from_components() -> None:
    found = variance_components(np.random.default_rng(0).standard_normal((50, 4)) + np.arange(4))
    design = seeds_design(found, items=50)
    assert design.deviation == pytest.approx(math.sqrt(found.seeds + found.residual / 50))
    assert sample_size(design, 2.0).n < sample_size(design, 1.0).n


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_units_have_no_power(n: int) -> None:
    found = power(PairedMeans(1.0), 0.5, n)
    assert math.isnan(found.power)
    assert "needs 2 units" in found.note
    assert math.isnan(detectable_difference(PairedMeans(1.0), n).difference)


def test_one_cluster_has_no_power() -> None:
    assert PairedMeans(1.0, cluster_size=10).chance(0.5, 10, 0.05, "greater") == 0


def test_what_can_never_be_seen_is_told() -> None:
    assert "no number of units" in sample_size(PairedMeans(1.0), 0.0).note
    assert math.isnan(detectable_difference(PairedShares(0.05), 20).difference)


def test_designs_and_differences_must_be_possible() -> None:
    for wrong in (
        lambda: PairedMeans(0.0),
        lambda: UnpairedMeans(1.0, ratio=0.0),
        lambda: UnpairedShares(1.2),
        lambda: PairedShares(0.0),
        lambda: design_effect(0.5, 0.1),
        lambda: power(PairedShares(0.2), 0.3, 100),
        lambda: power(UnpairedShares(0.2), -0.3, 100),
        lambda: power(PairedMeans(1.0), 0.3, 100, alpha=0.0),
        lambda: sample_size(PairedMeans(1.0), 0.3, power=0.01),
    ):
        with pytest.raises(UsageError):
            wrong()
    with pytest.raises(UnknownNameError, match="mid-p"):
        PairedShares(0.2, "midp")  # type: ignore[arg-type]  # on purpose


def test_plans_name_their_test() -> None:
    names = {power(design, 0.1, 50).method for design in DESIGNS}
    assert names >= {"paired t", "unpaired t", "McNemar asymptotic"}
    assert set(get_args(Alternative)) == set(THEIRS)


def test_a_crossing_is_found_also_at_the_ends() -> None:
    assert crossing(lambda x: x >= 0.3, 0.0, 1.0) == pytest.approx(0.3, abs=1e-15)
    assert crossing(lambda x: x >= -1, 0.0, 1.0) == pytest.approx(0.0, abs=1e-15)
    assert crossing(lambda x: x >= 2, 0.0, 1.0, sections=4) == pytest.approx(1.0, abs=1e-15)


@pytest.mark.parametrize("test", ["exact", "mid-p", "asymptotic"])
def test_no_number_of_units_shows_what_is_not_there(test: Any) -> None:
    plans = ((0.0, "two-sided"), (0.1, "less"), (-0.1, "greater"), (1e-9, "greater"))
    for difference, side in plans:
        design = PairedShares(0.2, test)
        found = sample_size(design, difference, alternative=checked_alternative(side))
        assert (found.n, bool(found.note)) == (0, True)


def test_exact_and_asymptotic_power_meet_for_a_million_units() -> None:
    exact, asymptotic = (
        power(PairedShares(0.2, test), 0.0012, 10**6).power for test in ("exact", "asymptotic")
    )
    assert exact == pytest.approx(asymptotic, abs=0.002)
