from __future__ import annotations

import numpy as np
import pytest

from evalhouse.errors import UsageError
from evalhouse.stats.judgements import judgements, judgements_of_table, unconnected


def test_judgements_are_counted_by_pair_whoever_stands_first() -> None:
    found = judgements(["a", "b", "b", "c"], ["b", "a", "c", "a"], [1, 1, 0.5, 0])
    assert found.players == ("a", "b", "c")
    assert found.pairs.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert found.counts.tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert (found.n, found.ties) == (4, 1.0)


def test_counts_stand_for_rows() -> None:
    one = judgements(["a"], ["b"], [1], counts=[3])
    three = judgements(["a"] * 3, ["b"] * 3, [1] * 3)
    assert one.counts.tolist() == three.counts.tolist()


def test_a_table_gives_the_same_as_its_rows() -> None:
    table = judgements_of_table([[0, 2], [1, 0]], [[0, 1], [1, 0]], players=["a", "b"])
    rows = judgements(["a", "a", "b", "a"], ["b"] * 2 + ["a", "b"], [1, 1, 1, 0.5])
    assert table.counts.tolist() == rows.counts.tolist()
    assert table.pairs.tolist() == rows.pairs.tolist()


def test_pairs_that_never_met_are_not_there() -> None:
    assert judgements_of_table(np.diag([1.0], 1)).pairs.tolist() == [[0, 1]]


@pytest.mark.parametrize(
    ("wins", "told"),
    [
        ([[0, 1, 1], [1, 0, 1], [0, 0, 0]], "`2` never won against the others"),
        ([[0, 1, 0], [1, 0, 0], [1, 0, 0]], "`2` never lost to the others"),
        ([[0, 1, 0], [1, 0, 0], [0, 0, 0]], "`2` never met the others"),
        ([[0, 1, 0], [0, 0, 1], [1, 0, 0]], ""),
    ],
)
def test_players_without_a_chain_are_named(wins: list[list[int]], told: str) -> None:
    assert told in unconnected(judgements_of_table(wins))
    assert bool(told) == bool(unconnected(judgements_of_table(wins)))


def test_ties_connect_both_ways() -> None:
    found = judgements_of_table([[0, 0], [0, 0]], [[0, 1], [1, 0]])
    assert unconnected(found) == ""


def test_bad_judgements_are_refused() -> None:
    with pytest.raises(UsageError, match="outcomes are 1"):
        judgements(["a"], ["b"], [0.3])
    with pytest.raises(UsageError, match="`a` meets itself"):
        judgements(["a"], ["a"], [1])
    with pytest.raises(UsageError, match="judgements are rows"):
        judgements(["a"], ["b", "c"], [1])
    with pytest.raises(UsageError, match="give each unit one"):
        judgements(["a"], ["b"], [1], clusters=[1, 2])


def test_bad_tables_are_refused() -> None:
    with pytest.raises(UsageError, match="square tables"):
        judgements_of_table([[0, 1]])
    with pytest.raises(UsageError, match="ties the same in both places"):
        judgements_of_table([[0, 1], [1, 0]], [[0, 1], [0, 0]])
    with pytest.raises(UsageError, match="none meets itself"):
        judgements_of_table([[1, 1], [1, 0]])


def test_players_in_the_middle_of_an_order_are_not_blamed() -> None:
    told = unconnected(judgements(["a", "b", "c"], ["b", "c", "d"], [1, 1, 1]))
    assert told == "`d` never won against the others; `a` never lost to the others"
