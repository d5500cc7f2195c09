from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from evalhouse.errors import UnknownNameError
from evalhouse.stats.results import ALTERNATIVES, Alternative
from evalhouse.stats.signed_rank import Zeros, midranks, sign_test, signed_rank_test


def _counted(shift: NDArray[np.float64], zeros: Zeros, alternative: Alternative) -> float:
    held = shift[shift != 0] if zeros == "drop" else shift
    ranks = stats.rankdata(np.abs(held))[held != 0]
    signs = np.array(list(itertools.product([0, 1], repeat=len(ranks))))
    sums, seen = signs @ ranks, ranks[held[held != 0] > 0].sum()
    above, below = np.mean(sums >= seen), np.mean(sums <= seen)
    tails = {"greater": above, "less": below, "two-sided": min(1.0, 2 * min(above, below))}
    return float(tails[alternative])


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_without_ties_the_exact_test_is_scipys(alternative: Alternative) -> None:
    chance = np.random.default_rng(0)
    for n in (1, 3, 10, 40):
        first, second = chance.standard_normal((2, n))
        expected = stats.wilcoxon(first, second, alternative=alternative, method="exact")
        found = signed_rank_test(first, second, alternative=alternative)
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-12)


@pytest.mark.parametrize("zeros", ["drop", "pratt"])
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_with_ties_every_pattern_of_signs_counts(zeros: Zeros, alternative: Alternative) -> None:
    chance = np.random.default_rng(1)
    for _ in range(5):
        shift = chance.integers(-3, 4, 11).astype(float)
        found = signed_rank_test(shift, np.zeros(11), zeros=zeros, alternative=alternative)
        assert found.p_value == pytest.approx(_counted(shift, zeros, alternative), rel=1e-12)


@pytest.mark.parametrize(("zeros", "theirs"), [("drop", "wilcox"), ("pratt", "pratt")])
@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_the_normal_approximation_is_scipys_with_ties(
    zeros: Zeros, theirs: str, alternative: Alternative
) -> None:
    shift = np.random.default_rng(2).integers(-4, 6, 120).astype(float)
    options: dict[str, Any] = {"method": "approx", "correction": True}
    expected = stats.wilcoxon(shift, zero_method=theirs, alternative=alternative, **options)
    found = signed_rank_test(
        shift, np.zeros(120), zeros=zeros, method="normal", alternative=alternative
    )
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-11)


def test_the_estimate_is_the_rank_biserial_correlation() -> None:
    shift = np.array([1.0, -2.0, 3.0, 4.0])
    assert signed_rank_test(shift, np.zeros(4)).estimate == pytest.approx((8 - 2) / 10)
    assert signed_rank_test(np.ones(4), np.zeros(4)).estimate == 1


def test_midranks_are_scipys() -> None:
    values = np.random.default_rng(3).integers(0, 5, 50).astype(float)
    assert midranks(values).tolist() == stats.rankdata(values).tolist()


@pytest.mark.parametrize("alternative", ALTERNATIVES)
def test_the_sign_test_is_binomial(alternative: Alternative) -> None:
    shift = np.array([1.0] * 9 + [-0.5] * 4 + [0.0] * 3)
    expected = stats.binomtest(9, 13, alternative=alternative).pvalue
    found = sign_test(shift, np.zeros(16), alternative=alternative)
    assert found.p_value == pytest.approx(expected, rel=1e-12)
    assert found.note == "3 differences are zero"


@pytest.mark.parametrize("n", [0, 4])
def test_without_differences_nothing_is_tested(n: int) -> None:
    for found in (signed_rank_test(np.ones(n), np.ones(n)), sign_test(np.ones(n), np.ones(n))):
        assert math.isnan(found.p_value)
        assert found.note


def test_missing_values_are_left_out() -> None:
    one, other = [1.0, 2.0, math.nan, 5.0], [0.0, 4.0, 1.0, 1.0]
    assert signed_rank_test(one, other).n == 3


def test_unknown_options_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="pratt"):
        signed_rank_test([1], [0], zeros="prat")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(UnknownNameError, match="exact"):
        signed_rank_test([1], [0], method="exakt")  # type: ignore[arg-type]  # on purpose
