from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import special, stats

from evalhouse.stats import distributions
from evalhouse.stats.distributions import (
    beta_cdf,
    beta_quantile,
    beta_sf,
    binomial_cdf,
    binomial_pmf,
    binomial_sf,
    chi_squared_cdf,
    chi_squared_sf,
    f_cdf,
    f_sf,
    hypergeometric_pmf,
    log_binomial,
    noncentral_student_cdf,
    normal_cdf,
    normal_quantile,
    normal_sf,
    student_cdf,
    student_quantile,
    student_reach,
    student_sf,
)

CHANCE = np.random.default_rng(7)
SHAPES = 10.0 ** CHANCE.uniform(-0.5, 4, (2, 2000))
POINTS = CHANCE.beta(*SHAPES)
TAILS = np.concatenate([10.0 ** CHANCE.uniform(-100, 0, 1000), CHANCE.uniform(0, 1, 1000)])
DEGREES = 10.0 ** CHANCE.uniform(0, 5, 2000)
TRIALS = np.floor(10.0 ** CHANCE.uniform(0, 5, 2000))
RATES = CHANCE.uniform(0.01, 0.99, 2000)
HITS = CHANCE.binomial(
    TRIALS.astype(np.int64), np.clip(RATES * CHANCE.uniform(0.8, 1.2, 2000), 0, 1)
)


def close(ours: Any, theirs: Any, digits: float = 1e-12) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=digits, atol=1e-150)


def test_normal_probabilities_equal_scipy_into_both_tails() -> None:
    x = np.linspace(-37, 37, 2001)
    close(normal_cdf(x), special.ndtr(x))
    close(normal_sf(x), special.ndtr(-x))


def test_normal_quantiles_equal_scipy_down_to_the_smallest_probability() -> None:
    close(normal_quantile(TAILS), special.ndtri(TAILS))
    close(normal_quantile([1e-308, 0.5]), special.ndtri([1e-308, 0.5]))


def test_student_probabilities_equal_scipy() -> None:
    t = CHANCE.standard_t(2, 2000) * 3
    close(student_cdf(t, DEGREES), stats.t.cdf(t, DEGREES))
    close(student_sf(t, DEGREES), stats.t.sf(t, DEGREES))


def test_student_quantiles_equal_scipy() -> None:
    close(student_quantile(TAILS, DEGREES), stats.t.ppf(TAILS, DEGREES))


def test_infinite_degrees_of_freedom_are_normal() -> None:
    close(student_quantile(0.975, math.inf), special.ndtri(0.975))
    close(student_cdf(-3.0, math.inf), special.ndtr(-3.0))
    close(noncentral_student_cdf(1.0, math.inf, 0.5), special.ndtr(0.5))


def test_chi_squared_equals_scipy_in_both_tails() -> None:  # which loses digits far out
    x = DEGREES * CHANCE.chisquare(5, 2000) / 5
    close(chi_squared_cdf(x, DEGREES), stats.chi2.cdf(x, DEGREES), 1e-11)
    close(chi_squared_sf(x, DEGREES), stats.chi2.sf(x, DEGREES), 1e-11)


def test_f_equals_scipy_in_both_tails() -> None:
    x, others = CHANCE.f(5, 8, 2000), DEGREES[::-1]
    close(f_cdf(x, DEGREES, others), special.fdtr(DEGREES, others, x), 2e-12)
    close(f_sf(x, DEGREES, others), special.fdtrc(DEGREES, others, x), 2e-12)


def test_beta_probabilities_equal_scipy() -> None:
    close(beta_cdf(POINTS, *SHAPES), special.betainc(*SHAPES, POINTS))
    close(beta_sf(POINTS, *SHAPES), special.betaincc(*SHAPES, POINTS), 2e-12)


def test_beta_quantiles_equal_scipy() -> None:
    p = np.linspace(0.001, 0.999, 2000)
    close(beta_quantile(p, *SHAPES), special.betaincinv(*SHAPES, p))


def test_binomial_probabilities_equal_scipy() -> None:
    close(binomial_pmf(HITS, TRIALS, RATES), stats.binom.pmf(HITS, TRIALS, RATES), 2e-12)
    close(binomial_cdf(HITS, TRIALS, RATES), stats.binom.cdf(HITS, TRIALS, RATES), 2e-12)
    close(binomial_sf(HITS, TRIALS, RATES), stats.binom.sf(HITS, TRIALS, RATES), 2e-12)


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        (binomial_pmf, (2163060, 4654816, 0.4625069715110067), 1.39523950244681243e-23),
        (binomial_cdf, (24, 6025893, 7.439962145753887e-06), 0.000487461361334295282),
        (binomial_sf, (7, 1057413, 7.92419662907425e-06), 0.598598916453338561),
        (student_cdf, (-44.3, 1357.25), 3.47110911152655088e-266),
        (student_cdf, (-2.25, 8371822.5), 0.0122244855837932773),
        (student_cdf, (-1e6, 3.0), 1.10265779083961453e-18),
        (chi_squared_cdf, (972479.0, 978836.0), 2.64670796587699194e-06),
        (chi_squared_sf, (2225.0, 1540.0), 6.49692826113051073e-28),
        (normal_cdf, (-37.5,), 4.60535300958195484e-308),
        (noncentral_student_cdf, (2.0, 10, 1.0), 0.807611562530375262),
        (noncentral_student_cdf, (40.0, 8, 45.0), 0.257425266392709537),
        (noncentral_student_cdf, (-1.0, 3, 2.5), 0.000633710345398050671),
        (noncentral_student_cdf, (1.0, 1, 0.5), 0.592747736440029356),
    ],
)
def test_hard_points_equal_values_computed_in_fifty_digits(
    function: Callable[..., Any], arguments: tuple[float, ...], expected: float
) -> None:
    # By mpmath 1.3, from sums and integrals; scipy loses up to seven digits at some of them.
    close(function(*arguments), expected, 1e-13)


def test_probabilities_of_ten_million_trials_add_up() -> None:
    counts = np.arange(4_990_000, 5_010_001)
    close(binomial_pmf(counts, 10**7, 0.5).sum(), 1 - 2 * binomial_cdf(4_989_999, 10**7, 0.5))


def test_hypergeometric_probabilities_equal_scipy() -> None:
    total = TRIALS[:500] + 4
    marked, drawn = np.floor(total * RATES[:500]), np.floor(total * RATES[500:1000])
    k = np.round(marked * drawn / total)
    expected = stats.hypergeom.pmf(k, total, marked, drawn)
    close(hypergeometric_pmf(k, total, marked, drawn), expected, 1e-9)


def test_noncentral_t_equals_scipy() -> None:
    shift, df = CHANCE.normal(0, 4, 200), DEGREES[:200]
    t = shift + CHANCE.normal(0, 3, 200)
    expected = stats.nct.cdf(t, df, shift)
    np.testing.assert_allclose(noncentral_student_cdf(t, df, shift), expected, rtol=0, atol=1e-11)


def test_noncentral_t_without_shift_is_central() -> None:
    t = np.linspace(-5, 5, 21)
    close(noncentral_student_cdf(t, 3.5, 0.0), student_cdf(t, 3.5), 1e-11)


def test_binomial_coefficients_count() -> None:
    close(log_binomial(50, 7), math.log(math.comb(50, 7)))


@example(1e-12, 333709.0, 162.0)  # the first step of Newton's method leaves all numbers
@given(st.floats(1e-12, 1 - 1e-12), st.floats(0.1, 1e6), st.floats(0.1, 1e6))
def test_a_quantile_of_beta_cuts_off_its_probability(p: float, a: float, b: float) -> None:
    x = beta_quantile(p, a, b)
    # What a point can say about its tail ends where its neighbours in floating point do.
    near = np.abs(beta_cdf(np.nextafter(x, 1), a, b) - beta_cdf(np.nextafter(x, 0), a, b))
    assert abs(float(beta_cdf(x, a, b)) - p) <= 1e-11 * p + 2 * float(near)


@given(st.floats(1e-100, 1 - 1e-12), st.floats(0.8, 1e7))
def test_a_quantile_of_student_cuts_off_its_probability(p: float, df: float) -> None:
    assert float(student_cdf(student_quantile(p, df), df)) == pytest.approx(p, rel=2e-12)


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0, 1))
def test_binomial_tails_are_sums_of_probabilities(k: int, extra: int, p: float) -> None:
    n = k + extra
    pieces = binomial_pmf(np.arange(n + 1), n, p)
    assert float(pieces.sum()) == pytest.approx(1.0, rel=1e-12)
    assert float(binomial_cdf(k, n, p)) == pytest.approx(float(pieces[: k + 1].sum()), rel=1e-11)
    assert float(binomial_sf(k, n, p)) == pytest.approx(float(pieces[k + 1 :].sum()), rel=1e-11)


@pytest.mark.parametrize(
    ("function", "arguments", "expected"),
    [
        (normal_cdf, ([-math.inf, math.inf, math.nan],), [0, 1, math.nan]),
        (normal_quantile, ([0, 1, -0.1, math.nan],), [-math.inf, math.inf, math.nan, math.nan]),
        (student_cdf, ([-math.inf, math.inf, 0, math.nan], 5), [0, 1, 0.5, math.nan]),
        (student_quantile, ([0, 1, 0.5, 2], 5), [-math.inf, math.inf, 0, math.nan]),
        (student_quantile, (0.9, [0, -1, math.nan]), [math.nan] * 3),
        (chi_squared_sf, ([0, -1, math.inf, math.nan], 3), [1, 1, 0, math.nan]),
        (chi_squared_cdf, (1.0, [0, -2]), [math.nan] * 2),
        (f_cdf, ([0, math.inf, -1], 2, 3), [0, 1, 0]),
        (beta_cdf, ([-1, 0, 1, 2, math.nan], 2, 3), [0, 0, 1, 1, math.nan]),
        (beta_quantile, ([0, 1, 1.1], 2, 3), [0, 1, math.nan]),
        (beta_quantile, (0.5, [0, -1], 1), [math.nan] * 2),
        (binomial_cdf, ([-1, 5, 9, 2.5], 5, 0.5), [0, 1, 1, 0.5]),
        (binomial_sf, (2, 5, [0, 1, -0.1]), [0, 1, math.nan]),
        (binomial_pmf, ([0, 5, -1, 6, 2.5], 5, 0.5), [1 / 32, 1 / 32, 0, 0, 0]),
        (binomial_pmf, ([0, 5, 1], 5, [0, 1, 0]), [1, 1, 0]),
        (binomial_pmf, (0, 0, 0.3), 1),
        (hypergeometric_pmf, (1, 2, 3, 1), math.nan),
        (noncentral_student_cdf, (1.0, [0, -1, math.nan], 0.0), [math.nan] * 3),
    ],
)
def test_ends_of_a_domain_have_their_limits_and_beyond_is_nan(
    function: Callable[..., Any], arguments: tuple[Any, ...], expected: Any
) -> None:
    np.testing.assert_allclose(function(*arguments), expected, rtol=1e-14)


@pytest.mark.parametrize(
    ("name", "others"),
    [("normal_cdf", 0), ("student_quantile", 1), ("beta_cdf", 2), ("chi_squared_cdf", 1)],
)
def test_no_numbers_give_no_numbers(name: str, others: int) -> None:
    assert getattr(distributions, name)([], *[1.0] * others).shape == (0,)


def test_arguments_broadcast() -> None:
    assert beta_cdf(np.full((4, 1), 0.3), 2.0, np.arange(1, 4)).shape == (4, 3)


def test_a_sum_that_has_not_settled_at_the_limit_of_its_terms_is_given_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = np.linspace(0.3, 0.5, 20)
    settled = [beta_cdf(points, 40, 60), beta_cdf(0.4, 40, 60), chi_squared_cdf([8, 14], 11)]
    monkeypatch.setattr("evalhouse.stats.special._LIMIT", 8)
    found = [beta_cdf(points, 40, 60), beta_cdf(0.4, 40, 60), chi_squared_cdf([8, 14], 11)]
    for ours, expected in zip(found, settled, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0.2)
        assert not np.array_equal(ours, expected)


def test_a_t_interval_reaches_to_its_quantile() -> None:
    assert student_reach(0.9, 7) == float(student_quantile(0.95, 7))
