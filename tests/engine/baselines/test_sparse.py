from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.engine.baselines import sparse
from evalhouse.engine.baselines.sparse import SparseRows
from tests.engine.baselines.made import full


def drawn(seed: int, n: int, width: int) -> SparseRows:
    chance = np.random.default_rng(seed)
    table = chance.standard_normal((n, width)) * (chance.random((n, width)) < 0.3)
    rows, places = np.nonzero(table)
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))])
    return SparseRows(table[rows, places], places.astype(np.int32), starts, width)


SIZES = st.tuples(st.integers(0, 999), st.integers(0, 9), st.integers(0, 9))


@given(SIZES, st.integers(1, 3), st.sampled_from([1, 4, 1 << 16]))
def test_products_are_those_of_full_tables(
    size: tuple[int, int, int], columns: int, block: int
) -> None:
    rows = drawn(*size)
    table = np.random.default_rng(0).standard_normal((rows.width, columns))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparse, "_BLOCK", block)
        np.testing.assert_allclose(rows.times(table), full(rows) @ table, atol=1e-12)


@given(SIZES)
def test_rows_and_columns_are_exchanged(size: tuple[int, int, int]) -> None:
    rows = drawn(*size)
    np.testing.assert_array_equal(full(rows.turned), full(rows).T)


@given(SIZES, st.lists(st.integers(0, 8)))
def test_rows_and_columns_are_taken(size: tuple[int, int, int], chosen: list[int]) -> None:
    rows = drawn(*size)
    places = np.array([each for each in chosen if each < len(rows)], np.int64)
    np.testing.assert_array_equal(full(rows.taken(places)), full(rows)[places])
    columns = np.array(sorted({each for each in chosen if each < rows.width}), np.int64)
    table, rest = rows.parted(columns)
    np.testing.assert_array_equal(table, full(rows)[:, columns])
    without = full(rows)
    without[:, columns] = 0
    np.testing.assert_array_equal(full(rest), without)
