"""Distribution functions: probabilities and quantiles of arrays that broadcast.

Every function takes arrays or numbers, keeps about 13 digits also far out in the tails, and gives
NaN outside the domain of its parameters. A `*_sf` is the upper tail, P(X > x), computed as such
and not as one minus the lower.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from evalhouse.stats.special import (
    Floats,
    beta_kernel,
    beta_log_odds,
    beta_tails,
    complementary_error,
    gamma_tails,
    log_gamma,
)

# Wichura's coefficients: the centre, the tails to e^-25, and beyond, lowest power first.
_CENTRE = (
    (
        3.3871328727963666080,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ),
    (
        1.0,
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ),
)
_TAIL = (
    (
        1.42343711074968357734,
        4.63033784615654529590,
        5.76949722146069140550,
        3.64784832476320460504,
        1.27045825245236838258,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ),
    (
        1.0,
        2.05319162663775882187,
        1.67638483018380384940,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ),
)
_FAR = (
    (
        6.65790464350110377720,
        5.46378491116411436990,
        1.78482653991729133580,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ),
    (
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ),
)
_NODES = 1024


def _broadcast(*arrays: ArrayLike) -> list[Floats]:
    return [
        np.array(array, np.float64)
        for array in np.broadcast_arrays(*(np.asarray(item, np.float64) for item in arrays))
    ]


def normal_cdf(x: ArrayLike) -> Floats:
    """Return the standard normal distribution function.

    Example:
        >>> round(float(normal_cdf(1.96)), 6)
        0.975002
    """
    return 0.5 * complementary_error(np.asarray(x, np.float64) * -math.sqrt(0.5))


def normal_sf(x: ArrayLike) -> Floats:
    """Return the upper tail of the standard normal distribution."""
    return 0.5 * complementary_error(np.asarray(x, np.float64) * math.sqrt(0.5))


def normal_quantile(p: ArrayLike) -> Floats:
    """Return standard normal quantiles by Wichura's AS 241 (1988), doi:10.2307/2347330.

    Example:
        >>> round(float(normal_quantile(0.975)), 6)
        1.959964
    """
    (p,) = _broadcast(p)
    centred = p - 0.5
    with np.errstate(all="ignore"):
        root = np.sqrt(-np.log(np.minimum(p, 1.0 - p)))
        inner = centred * _ratio(0.180625 - centred * centred, *_CENTRE)
        outer = np.where(root <= 5.0, _ratio(root - 1.6, *_TAIL), _ratio(root - 5.0, *_FAR))
        found = np.where(np.abs(centred) <= 0.425, inner, np.copysign(outer, centred))
        found = np.where(np.isinf(root), np.copysign(np.inf, centred), found)
    return np.where((p >= 0) & (p <= 1), found, np.nan)


def _ratio(x: Floats, top: tuple[float, ...], bottom: tuple[float, ...]) -> Floats:
    above, below = np.zeros_like(x), np.zeros_like(x)
    for first, second in zip(reversed(top), reversed(bottom), strict=True):
        above, below = above * x + first, below * x + second
    return above / below


def student_cdf(t: ArrayLike, df: ArrayLike) -> Floats:
    """Return the distribution function of Student's t; `df` may be a fraction or infinite.

    Example:
        >>> round(float(student_cdf(2.228, 10)), 4)
        0.975
    """
    t, df = _broadcast(t, df)
    square = t * t
    with np.errstate(all="ignore"):
        whole = df + square
        x = np.where(np.isinf(square), 0.0, df / whole)
        y = np.where(np.isinf(square), 1.0, square / whole)
        half = 0.5 * beta_tails(x, y, df / 2, np.full_like(df, 0.5))[0]
    found = np.where(t <= 0, half, 1.0 - half)
    found = np.where(np.isposinf(df), normal_cdf(t), found)
    return np.where((df > 0) & ~np.isnan(t), found, np.nan)


def student_sf(t: ArrayLike, df: ArrayLike) -> Floats:
    """Return the upper tail of Student's t."""
    return student_cdf(-np.asarray(t, np.float64), df)


def student_quantile(p: ArrayLike, df: ArrayLike) -> Floats:
    """Return quantiles of Student's t; `df` may be a fraction or infinite.

    Example:
        >>> round(float(student_quantile(0.975, 9)), 4)
        2.2622
    """
    p, df = _broadcast(p, df)
    tail = np.minimum(p, 1.0 - p)
    finite = np.isfinite(df) & (df > 0)
    shape = np.where(finite, df / 2, 1.0)
    odds = beta_log_odds(2 * tail, 2 * np.abs(p - 0.5), shape, np.full_like(df, 0.5))
    with np.errstate(all="ignore"):
        found = np.copysign(np.sqrt(df) * np.exp(-odds / 2), p - 0.5)
    found = np.where(np.isposinf(df), normal_quantile(p), np.where(p == 0.5, 0.0, found))
    return np.where((df > 0) & (p >= 0) & (p <= 1), found, np.nan)


@lru_cache(maxsize=1024)
def student_reach(level: float, df: float) -> float:
    """Return how many standard errors a two-sided t interval reaches to each side, remembered.

    Example:
        >>> round(student_reach(0.95, 9), 4)
        2.2622
    """
    return float(student_quantile(0.5 + level / 2, df))


def chi_squared_cdf(x: ArrayLike, df: ArrayLike) -> Floats:
    """Return the distribution function of chi-squared."""
    x, df = _broadcast(x, df)
    return gamma_tails(np.maximum(x, 0.0) / 2, df / 2)[0]


def chi_squared_sf(x: ArrayLike, df: ArrayLike) -> Floats:
    """Return the upper tail of chi-squared.

    Example:
        >>> round(float(chi_squared_sf(3.841, 1)), 4)
        0.05
    """
    x, df = _broadcast(x, df)
    return gamma_tails(np.maximum(x, 0.0) / 2, df / 2)[1]


def f_cdf(x: ArrayLike, d1: ArrayLike, d2: ArrayLike) -> Floats:
    """Return the distribution function of F with `d1` and `d2` degrees of freedom."""
    return _f_tails(x, d1, d2)[0]


def f_sf(x: ArrayLike, d1: ArrayLike, d2: ArrayLike) -> Floats:
    """Return the upper tail of F with `d1` and `d2` degrees of freedom."""
    return _f_tails(x, d1, d2)[1]


def _f_tails(x: ArrayLike, d1: ArrayLike, d2: ArrayLike) -> tuple[Floats, Floats]:
    x, d1, d2 = _broadcast(x, d1, d2)
    x = np.maximum(x, 0.0)
    with np.errstate(all="ignore"):
        whole = d1 * x + d2
        above = np.where(np.isinf(x), 1.0, d1 * x / whole)
        return beta_tails(above, np.where(np.isinf(x), 0.0, d2 / whole), d1 / 2, d2 / 2)


def beta_cdf(x: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the distribution function of beta, the regularised incomplete beta function."""
    x, a, b = _broadcast(x, a, b)
    x = np.clip(x, 0.0, 1.0)
    return beta_tails(x, 1.0 - x, a, b)[0]


def beta_sf(x: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the upper tail of beta."""
    x, a, b = _broadcast(x, a, b)
    x = np.clip(x, 0.0, 1.0)
    return beta_tails(x, 1.0 - x, a, b)[1]


def beta_quantile(p: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Return quantiles of beta.

    Example:
        >>> round(float(beta_quantile(0.975, 6, 5)), 4)
        0.8129
    """
    p, a, b = _broadcast(p, a, b)
    good = (a > 0) & (b > 0) & np.isfinite(a * b) & (p >= 0) & (p <= 1)
    safe = [np.where(good, array, 0.5) for array in (p, a, b)]
    with np.errstate(all="ignore"):
        odds = beta_log_odds(safe[0], 1.0 - safe[0], safe[1], safe[2])
        return np.where(good, 1.0 / (1.0 + np.exp(-odds)), np.nan)


def binomial_pmf(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Floats:
    """Return the probability of exactly `k` successes in `n` trials.

    Example:
        >>> float(binomial_pmf(2, 4, 0.5))
        0.375
    """
    k, n, p = _broadcast(k, n, p)
    left, q = n - k, 1.0 - p
    inside = (k > 0) & (left > 0)
    safe_k, safe_left = np.where(inside, k, 1.0), np.where(inside, left, 1.0)
    with np.errstate(all="ignore"):
        middle = beta_kernel(p, q, safe_k, safe_left) * n / safe_k / safe_left
        ends = np.where(k == 0, np.exp(n * np.log1p(-p)), np.exp(n * np.log(p)))
        found = np.where(inside, middle, np.where((k == 0) | (left == 0), ends, 0.0))
    found = np.where((n == 0) & (k == 0), 1.0, np.where(k == np.floor(k), found, 0.0))
    return np.where((n >= 0) & (p >= 0) & (p <= 1), found, np.nan)


def binomial_cdf(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Floats:
    """Return the probability of at most `k` successes in `n` trials."""
    return _binomial_tails(k, n, p)[0]


def binomial_sf(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> Floats:
    """Return the probability of more than `k` successes in `n` trials."""
    return _binomial_tails(k, n, p)[1]


def _binomial_tails(k: ArrayLike, n: ArrayLike, p: ArrayLike) -> tuple[Floats, Floats]:
    k, n, p = _broadcast(k, n, p)
    k = np.floor(k)
    inside = (k >= 0) & (k < n)
    first, second = np.where(inside, k + 1.0, 1.0), np.where(inside, n - k, 1.0)
    upper, lower = beta_tails(p, 1.0 - p, first, second)
    good = (n >= 0) & (p >= 0) & (p <= 1) & ~np.isnan(k)
    at_end = np.where(k < 0, 0.0, 1.0)
    lower, upper = np.where(inside, lower, at_end), np.where(inside, upper, 1.0 - at_end)
    return np.where(good, lower, np.nan), np.where(good, upper, np.nan)


def hypergeometric_pmf(
    k: ArrayLike, total: ArrayLike, marked: ArrayLike, drawn: ArrayLike
) -> Floats:
    """Return the probability of `k` marked ones among `drawn` of `total`, `marked` of them marked.

    A ratio of binomial probabilities (Loader, 2000), so large tables lose no digits.

    Example:
        >>> round(float(hypergeometric_pmf(3, 8, 4, 4)), 6)
        0.228571
    """
    k, total, marked, drawn = _broadcast(k, total, marked, drawn)
    with np.errstate(all="ignore"):
        rate = np.where(total > 0, drawn / total, 0.0)
        first, second = binomial_pmf(k, marked, rate), binomial_pmf(drawn - k, total - marked, rate)
        found = first * (second / binomial_pmf(drawn, total, rate))
    good = (marked >= 0) & (marked <= total) & (drawn >= 0) & (drawn <= total)
    return np.where(good, found, np.nan)


def noncentral_student_cdf(t: ArrayLike, df: ArrayLike, shift: ArrayLike) -> Floats:
    """Return the distribution function of noncentral t, `(Z + shift) / √(chi-squared / df)`.

    The mean of `normal_cdf(t s - shift)` over the scale s by the trapezoidal rule in log s, which
    converges geometrically; accurate to 1e-12 absolute for `df >= 1`, and in contrast to the
    series of AS 243 for shifts of any size.

    Example:
        >>> round(float(noncentral_student_cdf(2.0, 10, 1.0)), 6)
        0.807612
    """
    t, df, shift = _broadcast(t, df, shift)
    finite = np.isfinite(df) & (df > 0)
    known = np.where(finite, df, 1.0)
    # The density of log s is proportional to exp(df (v - e^2v / 2)); it falls below 1e-18 there.
    width = np.sqrt(1.0 / known)
    low, high = -45.0 / known - 9.0 * width, np.minimum(9.0 * width, 2.5 + np.log1p(1.0 / known))
    grid = np.linspace(0.0, 1.0, _NODES)
    v = low[..., None] + (high - low)[..., None] * grid
    square = np.expm1(2 * v)
    weights = np.exp(0.5 * known[..., None] * (2 * v - square))
    values = normal_cdf(t[..., None] * np.exp(v) - shift[..., None])
    found = (weights * values).sum(axis=-1) / weights.sum(axis=-1)
    found = np.where(np.isposinf(df), normal_cdf(t - shift), found)
    return np.where((df > 0) & ~np.isnan(t + shift), found, np.nan)


def log_binomial(n: ArrayLike, k: ArrayLike) -> Floats:
    """Return the logarithm of the binomial coefficient, for `0 <= k <= n`."""
    n, k = _broadcast(n, k)
    return log_gamma(n + 1) - log_gamma(k + 1) - log_gamma(n - k + 1)
