from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from statsmodels.stats.weightstats import ttost_ind, ttost_paired

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.equivalence import certify, equivalence_test, noninferiority_test
from evalhouse.stats.mcnemar import mcnemar_p_values
from evalhouse.stats.tango import tango_interval, tango_statistic, tango_test
from evalhouse.stats.unpaired import estimate_unpaired_difference

Floats = NDArray[np.float64]


def _runs(seed: int, shift: float, n: int = 80) -> tuple[Floats, Floats]:
    chance = np.random.default_rng(seed)
    reference = chance.random(n)
    return reference + shift + 0.1 * chance.standard_normal(n), reference


@pytest.mark.parametrize("shift", [0.0, 0.03, -0.06])
def test_both_one_sided_tests_are_statsmodels(shift: float) -> None:
    new, reference = _runs(0, shift)
    p_value, above, below = ttost_paired(new, reference, -0.04, 0.04)
    found = equivalence_test(new, reference, 0.04)
    assert found.p_value == pytest.approx(p_value, rel=1e-11)
    assert found.above.p_value == pytest.approx(above[1], rel=1e-11)
    assert found.below.p_value == pytest.approx(below[1], rel=1e-11)
    assert found.is_certified == (p_value <= 0.05)


def test_unpaired_runs_are_certified_by_their_estimate() -> None:
    chance = np.random.default_rng(1)
    first, second = chance.standard_normal(200), chance.standard_normal(150)
    expected = ttost_ind(first, second, -0.4, 0.4, usevar="unequal")[0]
    difference = estimate_unpaired_difference(first, second)
    found = certify(difference, 0.4, claim="equivalent", higher_is_better=True)
    assert found.p_value == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("shift", [-0.03, -0.015, 0.1])
@pytest.mark.parametrize("higher_is_better", [True, False])
def test_the_claim_can_be_read_off_the_interval(shift: float, higher_is_better: bool) -> None:  # noqa: FBT001 - a parameter
    found = noninferiority_test(*_runs(2, shift), 0.02, higher_is_better=higher_is_better)
    beyond = found.interval.low > -0.02 if higher_is_better else found.interval.high < 0.02
    assert found.is_certified == beyond
    assert found.interval.level == pytest.approx(0.9)


def test_the_direction_decides_which_loss_counts() -> None:
    new, reference = _runs(3, 0.2)
    assert noninferiority_test(new, reference, 0.05, higher_is_better=True).is_certified
    assert not noninferiority_test(new, reference, 0.05, higher_is_better=False).is_certified


def test_clusters_make_a_certificate_harder() -> None:
    chance = np.random.default_rng(4)
    names = np.repeat(np.arange(8), 50)
    shift = 0.1 * chance.standard_normal(8)[names] + 0.1 * chance.standard_normal(400)
    blind = noninferiority_test(shift, np.zeros(400), 0.03, higher_is_better=True)
    seeing = noninferiority_test(shift, np.zeros(400), 0.03, higher_is_better=True, clusters=names)
    assert seeing.p_value > blind.p_value
    assert seeing.interval.n == 8


@pytest.mark.parametrize("margin", [0.0, -0.02, math.nan])
def test_a_margin_is_above_zero(margin: float) -> None:
    with pytest.raises(UsageError, match="margin is above zero"):
        noninferiority_test([1, 2], [1, 2], margin, higher_is_better=True)
    with pytest.raises(UsageError, match="margin is above zero"):
        equivalence_test([1, 2], [1, 2], margin)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_without_a_spread_nothing_is_certified(n: int) -> None:
    found = equivalence_test(np.ones(n), np.ones(n), 0.1, method="t")
    assert not found.is_certified
    assert math.isnan(found.p_value)
    assert found.note


def test_the_score_is_defined_for_runs_that_agree() -> None:
    found = equivalence_test(np.ones(200), np.ones(200), 0.05, method="score")
    assert found.is_certified
    assert found.interval.low < 0 < found.interval.high


def test_the_score_is_tangos() -> None:
    new, reference = np.repeat([1, 0, 1], [3, 6, 91]), np.repeat([0, 1, 1], [3, 6, 91])
    found = noninferiority_test(new, reference, 0.1, higher_is_better=True, method="score")
    expected = tango_test(3, 6, 100, null=-0.1, alternative="greater")
    assert found.p_value == expected.p_value
    assert found.is_certified == (found.interval.low > -0.1)


def test_the_score_takes_no_clusters_and_no_margin_of_one() -> None:
    with pytest.raises(UsageError, match="knows no clusters"):
        equivalence_test([1], [0], 0.1, method="score", clusters=["a"])
    with pytest.raises(UsageError, match="below 1"):
        equivalence_test([1], [0], 1.0, method="score")


def test_unknown_options_are_refused() -> None:
    new, reference = _runs(5, 0.0)
    with pytest.raises(UnknownNameError, match="score"):
        equivalence_test(new, reference, 0.1, method="scores")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(UsageError, match="`alpha` lies"):
        equivalence_test(new, reference, 0.1, alpha=0.5)
    with pytest.raises(UnknownNameError, match="non-inferior"):
        certify(
            estimate_unpaired_difference(new, reference),
            0.1,
            claim="noninferior",  # type: ignore[arg-type]  # on purpose
            higher_is_better=True,
        )


def test_the_score_at_no_difference_is_mcnemars() -> None:
    assert tango_statistic(14, 6, 90, 0.0) == pytest.approx(8 / math.sqrt(20))
    expected = mcnemar_p_values(14, 6, method="asymptotic")
    assert tango_test(14, 6, 90).p_value == pytest.approx(float(expected), rel=1e-12)


def test_the_score_maximises_the_likelihood() -> None:
    # The variance must be that at the most likely share under the hypothesis, found on a grid.
    b, c, n, null = 5, 9, 60, 0.1
    share = np.linspace(1e-6, (1 - null) / 2 - 1e-6, 2_000_001)
    rest = 1 - 2 * share - null
    likelihood = b * np.log(share + null) + c * np.log(share) + (n - b - c) * np.log(rest)
    best = share[likelihood.argmax()]
    expected = (b - c - n * null) / math.sqrt(n * (2 * best + null * (1 - null)))
    assert tango_statistic(b, c, n, null) == pytest.approx(expected, rel=1e-5)


def test_airways_have_the_interval_that_is_printed() -> None:
    # Fagerland, Lydersen and Laake (2014), doi:10.1002/sim.6148: b = 1, c = 7 of 21.
    found = tango_interval(1, 7, 21)
    assert (round(found.low, 3), round(found.high, 3)) == (-0.517, -0.026)


@pytest.mark.parametrize(("b", "c", "n"), [(0, 0, 10), (10, 0, 10), (0, 10, 10), (3, 4, 50)])
def test_the_bounds_are_just_not_refuted(b: int, c: int, n: int) -> None:
    found = tango_interval(b, c, n)
    assert -1 <= found.low <= found.estimate <= found.high <= 1
    for bound in (found.low, found.high):
        if abs(bound) < 1:
            z = float(tango_statistic(b, c, n, bound))
            assert abs(z) == pytest.approx(1.959964, abs=1e-4)


def test_without_pairs_there_is_no_score() -> None:
    assert math.isnan(tango_test(0, 0, 0).p_value)
    assert math.isnan(tango_interval(0, 0, 0).low)


def test_scores_take_counts_and_differences_that_can_be() -> None:
    with pytest.raises(UsageError, match="discordant units"):
        tango_interval(6, 5, 10)
    with pytest.raises(UsageError, match="between -1 and 1"):
        tango_test(1, 2, 10, null=1.0)


def test_right_and_wrong_answers_are_judged_by_their_score_unless_they_come_in_clusters() -> None:
    new, reference = np.ones(50), np.ones(50)
    new[:4] = 0
    found = noninferiority_test(new, reference, 0.1, higher_is_better=True)
    clustered = equivalence_test(new, reference, 0.1, clusters=np.arange(50) // 2)
    assert found.above.method == "Tango score"
    assert clustered.above.method == "clustered t (CR2)"
    assert equivalence_test(new / 2, reference, 0.1).above.method == "t"
