"""Special functions of arrays: what distributions are computed from, accurate in both tails."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_LARGE = 16.0
# Coefficients of the Stirling series in 1 / x², B(2j) / (2j (2j - 1)).
_STIRLING = (
    1 / 12,
    -1 / 360,
    1 / 1260,
    -1 / 1680,
    1 / 1188,
    -691 / 360360,
    1 / 156,
    -3617 / 122400,
)
_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
_TERMS = 20  # of the series of log1p(u) - u, whose ratio is at most 1/9
_EPSILON = 2.0**-53
_SPLITTER = 2.0**27 + 1.0
_FEW = 8
_LIMIT = 20_000  # terms; the longest fraction, at a = b = 1e9, needs half of them

log_gamma: Callable[[ArrayLike], Floats] = np.vectorize(math.lgamma, otypes=[np.float64])
"""The logarithm of the gamma function; positive arguments."""

complementary_error: Callable[[ArrayLike], Floats] = np.vectorize(math.erfc, otypes=[np.float64])
"""The complementary error function, accurate until it underflows."""


def log1p_minus(u: Floats) -> Floats:
    """Return `log(1 + u) - u` without cancellation; `u > -1`."""
    with np.errstate(all="ignore"):
        ratio = u / (2.0 + u)
        square = ratio * ratio
        series = np.zeros_like(u)
        for term in range(_TERMS, 0, -1):
            series = series * square + 1.0 / (2 * term + 1)
        near = ratio * (2.0 * square * series - u)
        return np.where(np.abs(u) < 0.5, near, np.log1p(u) - u)


def stirling_error(x: Floats) -> Floats:
    """Return `log(Γ(x + 1)) - log(√(2π x) (x / e)^x)` for `x > 0`, which goes as 1 / (12 x)."""
    with np.errstate(all="ignore"):
        inverse = 1.0 / x
        square = inverse * inverse
        found = np.zeros_like(x)
        for coefficient in reversed(_STIRLING):
            found = found * square + coefficient
        found = np.array(found * inverse)  # an array also where x is a scalar
        small = (x < _LARGE) & (x > 0)
        if small.any():
            held = x[small]
            direct = log_gamma(held + 1.0) - (held + 0.5) * np.log(held) + held - _HALF_LOG_TWO_PI
            found[small] = direct
    return found


def _deviance(x: Floats, expected: Floats, difference: Floats) -> Floats:
    # x log(x / expected) + expected - x, where difference = expected - x.
    with np.errstate(all="ignore"):
        relative = difference / x
        far = x * np.log(x / expected) + difference
        return np.where(np.abs(relative) < 0.5, -x * log1p_minus(relative), far)


def _product_minus(first: Floats, second: Floats, third: Floats) -> Floats:
    # first * second - third with the rounding error of the product added back (Dekker, 1971).
    product = first * second
    heads = [each * _SPLITTER - (each * _SPLITTER - each) for each in (first, second)]
    tails = first - heads[0], second - heads[1]
    lost = heads[0] * heads[1] - product + heads[0] * tails[1] + tails[0] * heads[1]
    error = lost + tails[0] * tails[1]
    return (product - third) + np.where(np.isfinite(error), error, 0.0)


def beta_kernel(x: Floats, y: Floats, a: Floats, b: Floats) -> Floats:
    """Return `x^a y^b / B(a, b)` for `y = 1 - x`, both given so that neither is rounded away.

    Loader's saddle-point form ("Fast and accurate computation of binomial probabilities", 2000):
    differences of log gamma functions would lose six digits at a + b = 1e7.
    """
    total = a + b
    with np.errstate(all="ignore"):
        # The smaller of x and y is the exact one: the other may be one minus it, rounded.
        excess = np.where(x <= y, _product_minus(total, x, a), -_product_minus(total, y, b))
        exponent = stirling_error(total) - stirling_error(a) - stirling_error(b)
        exponent -= _deviance(a, total * x, excess) + _deviance(b, total * y, -excess)
        found = np.sqrt(a / total * b / (2 * np.pi)) * np.exp(exponent)
    return np.where((x <= 0) | (y <= 0), 0.0, found)


def beta_tails(x: Floats, y: Floats, a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return the regularised incomplete beta function at x and its complement.

    Args:
        x: arguments from 0 to 1, of any shape.
        y: `1 - x`, of the same shape, given because the smaller one decides about the tail.
        a: positive shapes, of the same shape.
        b: the other shapes.

    The smaller tail comes from the continued fraction (Abramowitz and Stegun 26.5.8) by Lentz's
    method and so keeps its relative precision; the larger is one minus it.
    """
    is_low = x * (a + b + 2.0) <= a + 1.0
    u, v = np.where(is_low, x, y), np.where(is_low, y, x)
    c, d = np.where(is_low, a, b), np.where(is_low, b, a)
    with np.errstate(all="ignore"):
        tail = np.minimum(beta_kernel(u, v, c, d) / _beta_fraction(u, v, c, d), 1.0)
    tail = np.where(np.isnan(x + a + b) | (c <= 0) | (d <= 0), np.nan, tail)
    return np.where(is_low, tail, 1.0 - tail), np.where(is_low, 1.0 - tail, tail)


def _beta_fraction(x: Floats, y: Floats, a: Floats, b: Floats) -> Floats:
    # The even part of the fraction, in which x enters as a y - b x: near 1 no digits are lost.
    out = np.ones(x.shape)
    used = (x > 0) & np.isfinite(x * a * b) & (a > 0) & (b > 0)
    places = np.arange(x.size)[used.ravel()]
    x, a, b, excess = (each.ravel()[places] for each in (x, a, b, a * y - b * x))
    if places.size <= _FEW:
        each = zip(x.tolist(), a.tolist(), b.tolist(), excess.tolist(), strict=True)
        out.flat[places] = [_one_fraction(*numbers) for numbers in each]
        return out
    top = a * (excess + 1.0) / (a + 1.0)
    lead, back, value = top.copy(), np.zeros_like(x), top.copy()
    for step in range(1, _LIMIT):
        odd = a + (2 * step - 1)
        joint = step * (b - step) / odd * x
        numerator = (a + (step - 1)) / odd * (a + b + (step - 1)) * joint * x
        bottom = joint + step + (a + step) * ((excess + 1.0 + step * (2.0 - x)) / (odd + 2.0))
        back = 1.0 / (bottom + numerator * back)
        lead = bottom + numerator / lead
        change = back * lead
        value *= change
        settled = np.abs(change - 1.0) <= 2 * _EPSILON
        if settled.any():  # what has settled is kept and leaves the loop
            out.flat[places[settled]] = value[settled]
            kept = ~settled
            places = places[kept]
            x, a, b, excess = (each[kept] for each in (x, a, b, excess))
            lead, back, value = lead[kept], back[kept], value[kept]
        if not places.size:
            break
    out.flat[places] = value
    return out


def _one_fraction(x: float, a: float, b: float, excess: float) -> float:
    # The same steps on plain numbers: for a few of them arrays are twenty times slower.
    value = lead = a * (excess + 1.0) / (a + 1.0)
    back = 0.0
    for step in range(1, _LIMIT):
        odd = a + (2 * step - 1)
        joint = step * (b - step) / odd * x
        numerator = (a + (step - 1)) / odd * (a + b + (step - 1)) * joint * x
        bottom = joint + step + (a + step) * ((excess + 1.0 + step * (2.0 - x)) / (odd + 2.0))
        back = 1.0 / (bottom + numerator * back)
        lead = bottom + numerator / lead
        change = back * lead
        value *= change
        if abs(change - 1.0) <= 2 * _EPSILON:
            break
    return value


def gamma_tails(x: Floats, a: Floats) -> tuple[Floats, Floats]:
    """Return the regularised incomplete gamma function at `x >= 0` and its complement; `a > 0`.

    Below a + 1 by its series, above by Legendre's continued fraction (Abramowitz and Stegun
    6.5.29 and 6.5.31), so the smaller tail keeps its relative precision.
    """
    is_low = x < a + 1.0
    with np.errstate(all="ignore"):
        exponent = -stirling_error(a) - _deviance(a, x, x - a)
        power = np.sqrt(a / (2 * np.pi)) * np.exp(exponent)  # x^a e^-x / Γ(a)
        kernel = np.where((x > 0) & np.isfinite(x), power, 0.0)
        low = kernel * _gamma_series(np.where(is_low, x, 0.0), a)
        high = kernel * _gamma_fraction(np.where(is_low, np.inf, x), a)
    bad = np.isnan(x + a) | (a <= 0)
    lower, upper = np.where(is_low, low, 1.0 - high), np.where(is_low, 1.0 - low, high)
    return np.where(bad, np.nan, lower), np.where(bad, np.nan, upper)


def _gamma_series(x: Floats, a: Floats) -> Floats:
    term = 1.0 / a
    total = term
    for step in range(1, _LIMIT):
        term = term * (x / (a + step))
        total = total + term
        if not np.any(term > _EPSILON * total):
            break
    return total


def _gamma_fraction(x: Floats, a: Floats) -> Floats:
    used = np.isfinite(x) & (a > 0)
    out = np.zeros(x.shape)
    x, a = x[used], a[used]
    bottom = x + 1.0 - a
    back = 1.0 / bottom
    lead, value = np.full_like(x, np.inf), back.copy()
    settled = np.zeros(x.shape, np.bool_)
    for step in range(1, _LIMIT):
        numerator = -step * (step - a)
        bottom = bottom + 2.0
        back = 1.0 / (bottom + numerator * back)
        lead = bottom + numerator / lead
        # What has settled stays: thousands of further factors would round it off.
        value *= np.where(settled, 1.0, back * lead)
        settled |= np.abs(back * lead - 1.0) <= 2 * _EPSILON
        if settled.all():
            break
    out[used] = value
    return out


def beta_log_odds(lower: Floats, upper: Floats, a: Floats, b: Floats) -> Floats:
    """Return `log(x / (1 - x))` of the point that cuts tails `lower` and `upper = 1 - lower`.

    Newton's method on the logarithm of the smaller tail, which is concave in the log odds. A step
    out of what is known to hold the point, as where the tail is too small for a number, halves
    that instead.
    """
    is_low = lower <= upper
    tail = np.where(is_low, lower, upper)
    c, d = np.where(is_low, a, b), np.where(is_low, b, a)
    odds = np.log(c / d)
    left, right = np.full_like(odds, -np.inf), np.full_like(odds, np.inf)
    with np.errstate(all="ignore"):
        target = np.log(tail)
        for _ in range(200):
            x, y = 1.0 / (1.0 + np.exp(-odds)), 1.0 / (1.0 + np.exp(odds))
            found, _rest = beta_tails(x, y, c, d)
            is_left = found < tail
            left, right = np.where(is_left, odds, left), np.where(is_left, right, odds)
            step = (target - np.log(found)) * found / beta_kernel(x, y, c, d)
            is_inside = (odds + step >= left) & (odds + step <= right)
            step = np.where(is_inside, step, _towards(left, right, odds) - odds)
            odds = odds + np.where(tail > 0, step, 0.0)
            if not np.any((np.abs(step) > 1e-9 * (1.0 + np.abs(odds))) & (tail > 0)):
                break
    odds = np.where(tail > 0, odds, -np.inf)
    odds = np.where(tail >= 0, odds, np.nan)
    return np.where(is_low, odds, -odds)


def _towards(left: Floats, right: Floats, odds: Floats) -> Floats:
    """Return the middle of two bounds; where one is missing, a stride away from the other."""
    stride = 1.0 + np.abs(odds) / 2
    open_end = np.where(np.isfinite(left), odds + stride, odds - stride)
    return np.where(np.isfinite(left) & np.isfinite(right), (left + right) / 2, open_end)
