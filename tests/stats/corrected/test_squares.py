from __future__ import annotations

import numpy as np

from evalhouse.stats.corrected.squares import inverse, pseudo_inverse

ROWS = np.random.default_rng(0).normal(size=(30, 3))
SIZES = np.array([1e-7, 1.0, 1e8])


def test_columns_of_any_size_are_inverted() -> None:
    plain, sized = inverse(ROWS.T @ ROWS), inverse((ROWS * SIZES).T @ (ROWS * SIZES))
    assert plain is not None
    assert sized is not None
    np.testing.assert_allclose(plain, np.linalg.inv(ROWS.T @ ROWS), rtol=1e-10)
    np.testing.assert_allclose(sized * np.outer(SIZES, SIZES), plain, rtol=1e-9)


def test_a_column_that_follows_from_others_has_no_inverse() -> None:
    rows = np.column_stack([ROWS, ROWS[:, 0] - ROWS[:, 1]])
    assert inverse(rows.T @ rows) is None
    assert inverse(np.zeros((2, 2))) is None
    assert inverse(np.full((1, 1), np.nan)) is None


def test_a_pseudo_inverse_speaks_of_what_is_determined() -> None:
    rows = np.column_stack([ROWS * SIZES, np.zeros(30)])
    squares = rows.T @ rows
    leverage = ((rows @ pseudo_inverse(squares)) * rows).sum(axis=1)
    hat = ROWS @ np.linalg.inv(ROWS.T @ ROWS) @ ROWS.T
    np.testing.assert_allclose(leverage, np.diag(hat), rtol=1e-8)
