from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate

from evalhouse.stats.betting import FRACTIONS, log_capital, lower_bound, pooled

SEEDS = range(5)


def capital(values: list[float], mean: float) -> float:
    return math.exp(float(log_capital(np.array(values), np.ones(len(values)), np.array([mean]))[0]))


@pytest.mark.parametrize("seed", SEEDS)
def test_capital_is_the_mean_of_products_over_stakes(seed: int) -> None:
    values = np.random.default_rng(seed).random(40)
    products = [np.prod(1 + stake * (values / 0.4 - 1)) for stake in FRACTIONS]
    assert capital(values.tolist(), 0.4) == pytest.approx(np.mean(products), rel=1e-12)


@pytest.mark.parametrize(("ones", "zeros"), [(5, 0), (0, 30), (12, 9), (40, 20)])
def test_capital_is_the_arcsine_mixture_up_to_63_items(ones: int, zeros: int) -> None:
    # Gauss-Chebyshev quadrature with 32 nodes is exact for polynomials of degree 63.
    mean = 0.3

    def gain(angle: float) -> float:
        stake = math.sin(angle) ** 2
        return float((1 + stake * (1 / mean - 1)) ** ones * (1 - stake) ** zeros)

    expected = integrate.quad(gain, 0, math.pi / 2, epsabs=0, epsrel=1e-12)[0] * 2 / math.pi
    assert capital([1.0] * ones + [0.0] * zeros, mean) == pytest.approx(expected, rel=1e-10)


def test_capital_is_worth_one_on_average_under_the_hypothesis() -> None:
    mean, n = 0.3, 12
    chances = [math.comb(n, k) * mean**k * (1 - mean) ** (n - k) for k in range(n + 1)]
    found = [capital([1.0] * k + [0.0] * (n - k), mean) for k in range(n + 1)]
    assert np.dot(chances, found) == pytest.approx(1.0, rel=1e-12)


def test_capital_falls_as_the_mean_rises() -> None:
    values = np.random.default_rng(1).random(50)
    found = log_capital(values, np.ones(50), np.linspace(0.01, 0.99, 99))
    assert (np.diff(found) < 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_lower_bound_is_where_capital_reaches_what_is_needed(seed: int) -> None:
    values = np.random.default_rng(seed).random(200)
    bound = lower_bound(values, np.ones(200), math.log(40))
    at = log_capital(values, np.ones(200), np.array([bound, bound + 1e-9]))
    assert at[0] >= math.log(40) - 1e-6 >= at[1] - 1e-5
    assert 0 < bound < values.mean()


def test_nothing_is_refuted_without_gains() -> None:
    assert lower_bound(np.array([0.0]), np.array([50.0]), 3.0) == 0.0
    assert lower_bound(np.zeros(0), np.zeros(0), 3.0) == 0.0
    assert lower_bound(np.array([0.5]), np.array([1.0]), 30.0) < 1e-6


def test_pooling_stands_great_numbers() -> None:
    assert float(pooled(np.array([1e5, -1e5]))) == pytest.approx(1e5 - math.log(2))
