from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.mcnemar import (
    METHODS,
    McNemarMethod,
    Outcomes,
    discordance,
    mcnemar_p_values,
    mcnemar_test,
)

Bools = NDArray[np.bool_]


def _runs(both: int, only_first: int, only_second: int, neither: int) -> tuple[Bools, Bools]:
    counts = (both, only_first, only_second, neither)
    first = np.repeat([True, True, False, False], counts)
    return first, np.repeat([True, False, True, False], counts)


def test_every_method_is_statsmodels() -> None:
    chance = np.random.default_rng(0)
    for _ in range(30):
        b, c = map(int, chance.integers(0, 60, 2))
        if b == c:
            continue
        table = [[10, b], [c, 20]]
        exact = mcnemar(table, exact=True).pvalue
        assert mcnemar_p_values(b, c) == pytest.approx(exact, rel=1e-12)
        plain = mcnemar(table, exact=False, correction=False).pvalue
        assert mcnemar_p_values(b, c, method="asymptotic") == pytest.approx(plain, rel=1e-11)
        corrected = mcnemar(table, exact=False, correction=True).pvalue
        assert mcnemar_p_values(b, c, method="corrected") == pytest.approx(corrected, rel=1e-11)


@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_one_side_is_a_binomial_test(alternative: str) -> None:
    for b, c in ((3, 9), (9, 3), (0, 4), (5, 5)):
        expected = stats.binomtest(b, b + c, alternative=alternative).pvalue
        found = mcnemar_p_values(b, c, alternative=alternative)  # type: ignore[arg-type]  # a parameter
        assert found == pytest.approx(expected, rel=1e-12)


def test_mid_p_takes_half_of_what_was_seen() -> None:
    b, c = np.arange(20), 23 - np.arange(20)
    exact = np.array([stats.binomtest(int(count), 23).pvalue for count in b])
    half = stats.binom.pmf(b, b + c, 0.5)
    found = mcnemar_p_values(b, c, method="mid-p")
    assert found == pytest.approx(np.minimum(1, exact - half), rel=1e-11, abs=1e-15)


def test_approval_ratings_change_as_agresti_prints() -> None:
    # Agresti (1990), Categorical Data Analysis, table 10.1: z = -4.30 for 1,600 voters.
    found = mcnemar_test(*_runs(794, 150, 86, 570), method="asymptotic")
    assert found.test.statistic == pytest.approx((150 - 86) / math.sqrt(236), rel=1e-12)
    assert found.test.statistic**2 == pytest.approx(17.36, abs=0.005)
    assert found.test.estimate == pytest.approx(0.04)


def test_airways_react_as_fagerland_prints() -> None:
    # Fagerland, Lydersen and Laake (2013), table 1 and results: b = 1, c = 7 of 21 children.
    counts = (1, 7)
    printed = {"asymptotic": 0.034, "corrected": 0.077, "exact": 0.070, "mid-p": 0.039}
    for method in METHODS:
        assert mcnemar_p_values(*counts, method=method) == pytest.approx(printed[method], abs=5e-4)


def test_cultures_differ_as_armitage_and_berry_print() -> None:
    # Armitage and Berry (1994), Statistical Methods in Medical Research, page 127: 12 against 2.
    found = mcnemar_test(*_runs(20, 12, 2, 16))
    assert mcnemar_p_values(12, 2, method="corrected") == pytest.approx(0.0162, abs=5e-5)
    assert found.test.p_value == pytest.approx(0.0129, abs=5e-5)
    ratio = found.odds_ratio
    expected = (6.0, 1.335744, 55.197091)
    assert (ratio.estimate, ratio.low, ratio.high) == pytest.approx(expected, abs=1e-6)


def test_counts_of_all_four_kinds_are_given() -> None:
    found = mcnemar_test(*_runs(5, 4, 3, 2))
    assert found.outcomes == Outcomes(5, 4, 3, 2)
    assert found.test.n == 14
    assert found.g == pytest.approx(4 / 7 - 0.5)


def test_the_odds_ratio_has_the_exact_interval() -> None:
    share = stats.binomtest(14, 20).proportion_ci(method="exact")
    ratio, _ = discordance(14, 6)
    assert ratio.low == pytest.approx(share.low / (1 - share.low), rel=1e-11)
    assert ratio.high == pytest.approx(share.high / (1 - share.high), rel=1e-11)


def test_one_sided_discordance_has_an_end_at_infinity() -> None:
    ratio, g = discordance(5, 0)
    assert (ratio.estimate, ratio.high, g) == (math.inf, math.inf, 0.5)
    assert discordance(0, 5)[0].low == 0


@pytest.mark.parametrize("method", get_args(McNemarMethod))
def test_runs_that_agree_are_not_told_apart(method: McNemarMethod) -> None:
    found = mcnemar_test([1, 0, 1], [1, 0, 1], method=method)
    assert found.test.p_value == 1
    assert found.test.note == "no unit is discordant"
    assert math.isnan(found.odds_ratio.estimate)


def test_without_pairs_there_is_no_p_value() -> None:
    found = mcnemar_test([], [])
    assert math.isnan(found.test.p_value)
    assert found.test.note == "there are no pairs"


def test_missing_answers_are_left_out_and_counted() -> None:
    found = mcnemar_test([1, math.nan, 0], [0, 1, 0])
    assert found.test.n == 2
    assert "1 units with a missing value" in found.test.note


def test_only_right_and_wrong_are_counted() -> None:
    with pytest.raises(UsageError, match="takes 0 and 1"):
        mcnemar_test([0.5, 1], [1, 0])


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="mid-p"):
        mcnemar_test([1], [0], method="midp")  # type: ignore[arg-type]  # on purpose


def test_large_counts_keep_their_digits() -> None:
    expected = stats.binomtest(50_500, 100_000).pvalue
    assert mcnemar_p_values(50_500, 49_500) == pytest.approx(expected, rel=1e-9)


def test_one_sided_normal_tests_are_halves_of_the_two_sided() -> None:
    for method in ("asymptotic", "corrected"):
        known: McNemarMethod = "asymptotic" if method == "asymptotic" else "corrected"
        both = mcnemar_p_values(20, 9, method=known)
        assert mcnemar_p_values(20, 9, method=known, alternative="greater") * 2 == both
        assert mcnemar_p_values(9, 20, method=known, alternative="less") * 2 == both
