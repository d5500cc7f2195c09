from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from evalhouse.errors import UsageError
from evalhouse.metrics.raters import pairwise
from tests.metrics.raters.tables import FOUR_OBSERVERS, random_table


def test_random_tables_have_the_kappas_of_the_reference() -> None:
    rng = np.random.default_rng(8)
    for _ in range(40):
        table = random_table(rng)
        found = pairwise(table)
        for first, second in combinations(range(table.shape[1]), 2):
            both = ~np.isnan(table[:, first]) & ~np.isnan(table[:, second])
            one, two = table[both, first], table[both, second]
            assert found.n[first, second] == found.n[second, first] == both.sum()
            if np.unique([one, two]).size > 1:
                expected = [
                    np.mean(one == two),
                    cohen_kappa_score(one.astype(str), two.astype(str)),
                ]
                ours = [found.agreement[first, second], found.kappa[second, first]]
                np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-12)
            else:
                assert np.isnan(found.kappa[first, second])


def test_many_coders_of_few_units_each_are_paired_where_they_met() -> None:
    rng = np.random.default_rng(9)
    table = np.full((60, 40), np.nan)
    for row in table:
        row[rng.choice(40, 3, replace=False)] = rng.integers(0, 2, 3)
    met = (~np.isnan(table)).astype(int)
    np.testing.assert_array_equal(pairwise(table).n, met.T @ met)


def test_the_diagonal_holds_each_coder_with_itself() -> None:
    found = pairwise(FOUR_OBSERVERS)
    assert found.n.diagonal().tolist() == [9, 11, 10, 11]
    assert found.agreement.diagonal().tolist() == [1.0] * 4


def test_pairs_are_named_and_say_why_they_have_no_number() -> None:
    pairs = list(pairwise([["a", "a", None], ["a", "a", None]], coders="xyz").pairs())
    assert [(pair.first, pair.second) for pair in pairs] == [("x", "y"), ("x", "z"), ("y", "z")]
    assert (pairs[0].agreement.value, pairs[0].kappa.note) == (
        1.0,
        "both gave one and the same label",
    )
    assert (pairs[1].agreement.n, pairs[1].agreement.note) == (0, "no unit has labels of both")


def test_means_count_the_pairs_that_have_a_number() -> None:
    found = pairwise([["a", "a", None], ["b", "a", None], ["b", "b", None]])
    assert (found.mean_agreement.value, found.mean_agreement.n) == (2 / 3, 1)
    assert found.mean_kappa.note == "2 of 3 pairs have none"


@pytest.mark.parametrize("table", [[], [[]], [["a"]], [[None, None]]])
def test_nothing_to_pair_has_no_mean(table: Any) -> None:
    found = pairwise(table)
    assert found.mean_kappa.note == "no pair of coders has one"
    assert not found.mean_agreement.is_defined


def test_each_coder_needs_a_name() -> None:
    with pytest.raises(UsageError, match="there are 4 coders and 1 names"):
        pairwise(FOUR_OBSERVERS, coders=["x"])


def test_more_cells_than_memory_are_refused() -> None:
    with pytest.raises(UsageError, match="compare fewer coders"):
        pairwise(np.arange(20_000).reshape(1, -1))
