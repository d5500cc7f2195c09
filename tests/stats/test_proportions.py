from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.proportions import (
    DIFFERENCE_METHODS,
    METHODS,
    exact_bounds,
    jeffreys_bounds,
    miettinen_nurminen_statistic,
    newcombe_bounds,
    proportion,
    proportion_difference,
    wilson_bounds,
    wilson_modified_bounds,
)

# Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I:
# methods 3 (Wilson), 4 (with continuity correction) and 5 (exact).
PUBLISHED = {
    (81, 263): [(0.2553, 0.3662), (0.2535, 0.3682), (0.2527, 0.3676)],
    (15, 148): [(0.0624, 0.1605), (0.0598, 0.1644), (0.0578, 0.1617)],
    (0, 20): [(0.0, 0.1611), (0.0, 0.2005), (0.0, 0.1684)],
    (1, 29): [(0.0061, 0.1718), (0.0018, 0.1963), (0.0009, 0.1776)],
}
# Newcombe (1998), doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, table II:
# methods 10 (hybrid score) and 6 (Miettinen and Nurminen).
PUBLISHED_DIFFERENCES = {
    ((56, 70), (48, 80)): [(0.0524, 0.3339), (0.0528, 0.3382)],
    ((9, 10), (3, 10)): [(0.1705, 0.8090), (0.1700, 0.8406)],
}
Pair = tuple[tuple[int, int], tuple[int, int]]
PAIRS: list[Pair] = [
    ((56, 70), (48, 80)),
    ((3, 10), (9, 10)),
    ((1, 50), (4, 60)),
    ((500, 900), (7, 20)),
]
COUNTS = [(0, 1), (1, 1), (0, 7), (7, 7), (3, 7), (250, 1000), (999_990, 1_000_000)]


@pytest.mark.parametrize(("counts", "expected"), PUBLISHED.items())
def test_intervals_equal_the_published_table(
    counts: tuple[int, int], expected: list[tuple[float, float]]
) -> None:
    for method, bounds in zip(("wilson", "wilson-corrected", "exact"), expected, strict=True):
        found = proportion(*counts, method=method)  # type: ignore[arg-type]  # of literals
        assert (round(found.low, 4), round(found.high, 4)) == bounds


@pytest.mark.parametrize("counts", COUNTS)
@pytest.mark.parametrize(("method", "theirs"), [("wilson", "wilson"), ("exact", "beta")])
def test_intervals_equal_statsmodels(method: str, theirs: str, counts: tuple[int, int]) -> None:
    found = proportion(*counts, method=method, level=0.9)  # type: ignore[arg-type]  # of literals
    low, high = proportion_confint(*counts, alpha=0.1, method=theirs)
    assert found.low == pytest.approx(max(low, 0.0), rel=1e-11, abs=1e-15)
    assert found.high == pytest.approx(min(high, 1.0), rel=1e-12)


@pytest.mark.parametrize("counts", [(3, 7), (250, 1000)])
def test_jeffreys_intervals_equal_statsmodels(counts: tuple[int, int]) -> None:
    expected = proportion_confint(*counts, method="jeffreys")
    np.testing.assert_allclose(jeffreys_bounds(*counts), expected, rtol=1e-12)


def test_a_corrected_wilson_interval_equals_scipy() -> None:
    for x, n in COUNTS[2:6]:
        expected = stats.binomtest(x, n).proportion_ci(method="wilsoncc")
        found = proportion(x, n, method="wilson-corrected")
        assert found.low == pytest.approx(expected.low, rel=1e-12, abs=1e-15)
        assert found.high == pytest.approx(expected.high, rel=1e-12)


@given(st.integers(0, 200), st.integers(0, 200), st.sampled_from(METHODS))
def test_successes_and_failures_are_mirrors(x: int, rest: int, method: str) -> None:
    n = x + rest
    found = proportion(x, n, method=method)  # type: ignore[arg-type]  # of literals
    mirror = proportion(rest, n, method=method)  # type: ignore[arg-type]  # of literals
    np.testing.assert_allclose([found.low, found.high], [1 - mirror.high, 1 - mirror.low], 1e-12)
    assert not n or 0 <= found.low <= found.estimate <= found.high <= 1


@given(st.integers(1, 300), st.floats(0.001, 0.999))
def test_exact_bounds_leave_their_tails(n: int, share: float) -> None:
    x = round(n * share)
    low, high = exact_bounds(x, n)
    if x:
        assert stats.binom.sf(x - 1, n, low) == pytest.approx(0.025, rel=1e-9)
    if x < n:
        assert stats.binom.cdf(x, n, high) == pytest.approx(0.025, rel=1e-9)


def test_a_modified_wilson_interval_differs_where_successes_or_failures_are_few() -> None:
    x = np.arange(51)
    (low, high), (mended_low, mended_high) = wilson_bounds(x, 50), wilson_modified_bounds(x, 50)
    assert np.flatnonzero(mended_low != low).tolist() == [1, 2, 3]
    assert np.flatnonzero(mended_high != high).tolist() == [47, 48, 49]
    # The least share of which one success or more is no surprise: 1 - (1 - p)^50 = 5%.
    assert mended_low[1] == pytest.approx(1 - 0.95 ** (1 / 50), rel=1e-12)


def test_no_units_have_no_proportion_and_a_note() -> None:
    for method in METHODS:
        found = proportion(0, 0, method=method)
        assert math.isnan(found.estimate) and math.isnan(found.low) and found.note  # noqa: PT018 - one idea


@pytest.mark.parametrize(("counts", "expected"), PUBLISHED_DIFFERENCES.items())
def test_differences_equal_the_published_table(
    counts: Pair, expected: list[tuple[float, float]]
) -> None:
    for method, bounds in zip(DIFFERENCE_METHODS, expected, strict=True):
        found = proportion_difference(*counts, method=method)
        assert (round(found.low, 4), round(found.high, 4)) == bounds


@pytest.mark.parametrize("counts", PAIRS)
def test_hybrid_score_differences_equal_statsmodels(counts: Pair) -> None:
    (x1, n1), (x2, n2) = counts
    expected = confint_proportions_2indep(x1, n1, x2, n2, method="newcomb")
    found = proportion_difference(*counts)
    np.testing.assert_allclose([found.low, found.high], expected, rtol=1e-12)


def score(counts: Pair, null: float) -> float:
    """Miettinen and Nurminen's statistic with the likelihood maximised by search.

    The score interval of statsmodels 0.14 is no reference: it is not the published one.
    """
    (x1, n1), (x2, n2) = counts

    def unlikelihood(q: float) -> float:
        parts = [(x1, q + null), (n1 - x1, 1 - q - null), (x2, q), (n2 - x2, 1 - q)]
        return -sum(count * math.log(share) for count, share in parts if count)

    inside = max(0.0, -null) + 1e-12, min(1.0, 1 - null) - 1e-12
    q = optimize.minimize_scalar(
        unlikelihood, bounds=inside, method="bounded", options={"xatol": 1e-12}
    ).x
    variance = (q + null) * (1 - q - null) / n1 + q * (1 - q) / n2
    return float((x1 / n1 - x2 / n2 - null) / math.sqrt(variance * (n1 + n2) / (n1 + n2 - 1)))


@pytest.mark.parametrize("counts", [*PAIRS, ((0, 9), (0, 12)), ((5, 5), (0, 7))])
@pytest.mark.parametrize("null", [-0.7, -0.2, -0.01, 0.0, 0.05, 0.4, 0.9])
def test_the_score_statistic_is_that_of_the_greatest_likelihood(counts: Pair, null: float) -> None:
    found = float(miettinen_nurminen_statistic(*counts, null))
    assert found == pytest.approx(score(counts, null), rel=1e-6, abs=1e-6)


def test_the_score_statistic_is_that_of_two_pooled_samples_at_zero() -> None:
    z = float(miettinen_nurminen_statistic((56, 70), (48, 80), 0.0))
    pooled = 104 / 150
    expected = (56 / 70 - 48 / 80) / math.sqrt(
        pooled * (1 - pooled) * (1 / 70 + 1 / 80) * 150 / 149
    )
    assert z == pytest.approx(expected, rel=1e-12)


@settings(max_examples=25)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_a_difference_turned_round_is_its_mirror(a: int, b: int, c: int, d: int) -> None:
    first, second = (a, a + b), (c, c + d)
    for method in DIFFERENCE_METHODS:
        found = proportion_difference(first, second, method=method)
        mirror = proportion_difference(second, first, method=method)
        np.testing.assert_allclose(
            [found.low, found.high], [-mirror.high, -mirror.low], rtol=0, atol=1e-9
        )
        assert math.isnan(found.estimate) or -1 <= found.low <= found.estimate <= found.high <= 1


def test_bounds_of_many_counts_come_at_once() -> None:
    x = np.arange(11)
    low, high = wilson_bounds(x, 10)
    found = proportion(3, 10, method="wilson")
    assert (low[3], high[3]) == (found.low, found.high)
    assert newcombe_bounds((x, 10), (x[:, None], 10))[0].shape == (11, 11)


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(UsageError, match="successes are a count within the 3 units; found 4"):
        proportion(4, 3)
    with pytest.raises(UsageError, match="found -1"):
        proportion_difference((1, 2), (-1, 2))
    with pytest.raises(UnknownNameError, match="did you mean `wilson`"):
        proportion(1, 2, method="willson")  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(UnknownNameError, match="no interval of a difference is called `wald`"):
        proportion_difference((1, 2), (1, 2), method="wald")  # type: ignore[arg-type]  # same
    with pytest.raises(UsageError, match="between 0 and 1"):
        proportion_difference((1, 2), (1, 0), level=95)
