"""Intraclass correlation: how much of the variance of ratings lies between the units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.raters.ratings import Floats, Table, UnitVectors, rate
from evalhouse.metrics.value import Kernel, Value, undefined

Form = Literal["1,1", "2,1", "3,1", "1,k", "2,k", "3,k"]
FORMS: tuple[Form, ...] = ("1,1", "2,1", "3,1", "1,k", "2,k", "3,k")
_ROUNDING = 1e-13  # what is left of a sum of squares that is zero, relative to its terms


@dataclass(frozen=True)
class MeanSquares:
    """The two-way analysis of variance of n units by k coders, one number or many.

    `units` has n - 1 degrees of freedom, `coders` k - 1, `error` (n - 1) * (k - 1), and `within`,
    which is the coders and the error together, n * (k - 1).
    """

    units: Floats
    coders: Floats
    error: Floats
    within: Floats
    n: Floats
    k: int


def intraclass_correlation(ratings: Table, form: Form) -> Value:
    """Compute an intraclass correlation of a table in which every coder rated every unit.

    With the mean squares of units U, coders C, error E, and within units W:

    | form | McGraw and Wong | formula |
    |---|---|---|
    | 1,1 | ICC(1) | (U - W) / (U + (k - 1) W) |
    | 2,1 | ICC(A,1) | (U - E) / (U + (k - 1) E + k (C - E) / n) |
    | 3,1 | ICC(C,1) | (U - E) / (U + (k - 1) E) |
    | 1,k | ICC(k) | (U - W) / U |
    | 2,k | ICC(A,k) | (U - E) / (U + (C - E) / n) |
    | 3,k | ICC(C,k) | (U - E) / U |

    Args:
        ratings: (units, coders) numbers. Units in which a coder is missing do not enter, and the
            note counts them.
        form: first who rates: other coders for each unit (1), coders drawn from many (2, absolute
            agreement), these coders and no others (3, consistency). Then what is used: one rating
            (1) or the mean of k coders (k).

    Returns:
        At most 1 (coders never differ, in form 3: but for a constant). 0 or less: units differ no
        more than chance has it. Undefined with fewer than two units or coders, and where the
        denominator, an estimate of the variance of a rating or of a mean, is not above zero.

    Raises:
        UsageError: for labels that are text, or another form.

    References:
        Shrout and Fleiss (1979), doi:10.1037/0033-2909.86.2.420; McGraw and Wong (1996),
        doi:10.1037/1082-989X.1.1.30.

    Example:
        Table 2 of Shrout and Fleiss, six targets and four judges: 0.29.

        >>> six = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8]]
        >>> six += [[7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
        >>> round(intraclass_correlation(six, "2,1").value, 2)
        0.29
    """
    kernel = intraclass_kernel(form)
    units = intraclass_units(ratings)
    sums = units.sums
    n, coders = int(sums[0]), len(sums) - 3
    if n < 2 or coders < 2:
        return undefined(n, f"it needs two units and two coders; there are {n} and {coders}")
    found = float(kernel(sums))
    left = len(units.place) - n
    notes = ["the variance is not above zero"] if math.isnan(found) else []
    notes += [f"{left} units without a rating of every coder are left out"] if left else []
    return Value(found, n, "; ".join(notes))


def intraclass_units(ratings: Table) -> UnitVectors:
    """Return the vector of each unit whose sums `intraclass_kernel` takes (units, 3 + k).

    Whether it is complete, the square of the sum of its ratings, the sum of their squares, and the
    ratings; all around the middle rating. Nothing where a coder is missing.
    """
    numbers = rate(ratings).numbers()
    kept: NDArray[np.bool_] = ~np.any(np.isnan(numbers), axis=1)
    held = numbers[kept].ravel()
    # The middle is a value that occurs, so that equal ratings become zeros exactly.
    middle = np.partition(held, held.size // 2)[held.size // 2] if held.size else 0.0
    around = np.where(kept[:, None], numbers - middle, 0.0)
    totals, squares = np.square(around.sum(axis=1)), np.square(around).sum(axis=1)
    vectors = np.column_stack([kept, totals, squares, around])
    return UnitVectors(vectors, np.ones(len(kept), np.int64), np.arange(len(kept)))


def intraclass_kernel(form: Form) -> Kernel:
    """Return a form as a function of sums of the vectors that `intraclass_units` gives."""
    if form not in FORMS:
        raise UnknownNameError("form of the intraclass correlation", form, FORMS)

    def kernel(sums: Floats) -> Floats:
        above, below = _parts(mean_squares(sums), form)
        is_defined = below > 0
        return np.where(is_defined, above / np.where(is_defined, below, 1.0), np.nan)

    return kernel


def mean_squares(sums: Floats) -> MeanSquares:
    """Return the mean squares of sums (..., 3 + k); NaN with fewer than two units or coders."""
    n, totals, squares, ratings = sums[..., 0], sums[..., 1], sums[..., 2], sums[..., 3:]
    k = ratings.shape[-1]
    if k < 2:
        nothing = np.full(n.shape, np.nan)
        return MeanSquares(nothing, nothing, nothing, nothing, n, k)
    rows = np.where(n >= 2, n, np.nan)
    grand = np.square(ratings.sum(axis=-1)) / (rows * k)
    units = _cleared(totals / k - grand, squares)
    coders = _cleared(np.square(ratings).sum(axis=-1) / rows - grand, squares)
    within = _cleared(squares - totals / k, squares)
    error = _cleared(within - coders, squares)
    degrees = rows - 1
    return MeanSquares(
        units / degrees,
        coders / (k - 1),
        error / (degrees * (k - 1)),
        within / (rows * (k - 1)),
        n,
        k,
    )


def _cleared(spread: Floats, terms: Floats) -> Floats:
    """Take a sum of squares for zero where it is no more than rounding leaves."""
    return np.where(spread > _ROUNDING * terms, spread, np.where(np.isnan(spread), np.nan, 0.0))


def _parts(squares: MeanSquares, form: Form) -> tuple[Floats, Floats]:
    units, k = squares.units, squares.k
    other = squares.within if form[0] == "1" else squares.error
    # Under form 2 coders are drawn from many, and what divides them counts against the units.
    between = (squares.coders - squares.error) / squares.n if form[0] == "2" else np.zeros(())
    if form[-1] == "k":
        return units - other, units + between
    return units - other, units + (k - 1) * other + k * between
