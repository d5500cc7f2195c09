from __future__ import annotations

import numpy as np
import pytest

from evalhouse.errors import UsageError
from evalhouse.stats.sample import sample_of_counts, sample_of_rows, sample_of_table


def test_rows_are_units_of_which_each_occurs_once() -> None:
    sample = sample_of_rows([1.0, 2.0, 4.0])
    assert (sample.n, sample.vectors.shape, sample.totals.tolist()) == (3, (3, 1), [7.0])
    assert not sample.is_clustered


def test_clusters_are_units_with_the_sums_of_their_rows() -> None:
    sample = sample_of_rows([[1, 2], [3, 4], [5, 6]], ["b", "a", "b"])
    assert sample.vectors.tolist() == [[3.0, 4.0], [6.0, 8.0]]
    assert sample.n == 2
    assert sample.is_clustered


def test_cells_of_a_table_are_units_as_often_as_they_count() -> None:
    sample = sample_of_counts([[3, 0], [1, 2]])
    assert (sample.n, sample.totals.tolist()) == (6, [3.0, 0.0, 1.0, 2.0])


def test_the_prior_of_a_table_follows_the_roots_of_its_margins() -> None:
    sample = sample_of_table([[9, 0], [0, 1]])
    assert sample.prior is not None
    np.testing.assert_allclose(sample.prior, np.array([9, 3, 3, 1]) / 16)


def test_no_rows_are_no_units() -> None:
    assert sample_of_rows(np.empty((0, 3))).n == 0
    assert sample_of_table(np.zeros((2, 3))).n == 0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="3 units and clusters of shape"):
        sample_of_rows([1.0, 2.0, 3.0], ["a", "b"])
    with pytest.raises(UsageError, match="zero or more; found -1"):
        sample_of_counts([[1, -1]])


def test_equal_rows_are_counted_together_where_many_are() -> None:
    rows = np.repeat([[1.0, 2.0], [3.0, 4.0]], [5, 3], axis=0)
    sample = sample_of_rows(rows)
    assert (len(sample.vectors), sample.n, sample.totals.tolist()) == (2, 8, [14.0, 22.0])
