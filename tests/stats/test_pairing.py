from __future__ import annotations

import numpy as np
import pytest

from evalhouse.errors import NotPairedError, RepeatedUnitError, UsageError
from evalhouse.stats.pairing import pair


def test_units_are_matched_by_id_in_the_order_of_the_first() -> None:
    first, second = np.array(["c", "a", "b"]), np.array(["b", "c", "a"])
    pairing = pair(first, second)
    assert first[pairing.first].tolist() == second[pairing.second].tolist() == ["c", "a", "b"]
    assert pairing.note == ""


def test_what_is_not_shared_is_left_out_and_told() -> None:
    pairing = pair(np.arange(100), np.arange(2, 102))
    assert pairing.n == 98
    assert (pairing.share_of_first, pairing.share_of_second) == (0.98, 0.98)
    assert "98 shared units" in pairing.note


def test_samples_that_share_too_little_are_refused_with_both_shares() -> None:
    with pytest.raises(NotPairedError, match=r"90 units, 90\.0% of the first's 100 and 100\.0%"):
        pair(range(100), range(90))


def test_how_much_must_be_shared_can_be_chosen() -> None:
    assert pair(range(100), range(90), needed=0.9).n == 90


def test_a_share_of_nothing_cannot_be_needed() -> None:
    with pytest.raises(UsageError, match="above 0"):
        pair([1], [1], needed=0)


@pytest.mark.parametrize(("first", "second"), [(["a", "b", "a"], ["a", "b"]), (["a"], ["a", "a"])])
def test_an_id_that_is_there_twice_is_refused_by_name(first: list[str], second: list[str]) -> None:
    with pytest.raises(RepeatedUnitError, match="`a` 2 times"):
        pair(first, second)


def test_text_and_numbers_do_not_match() -> None:
    with pytest.raises(UsageError, match="text on one side"):
        pair(["1", "2"], [1, 2])


def test_ids_have_one_dimension() -> None:
    with pytest.raises(UsageError, match="one dimension"):
        pair(np.eye(2), np.eye(2))


def test_an_empty_sample_is_paired_with_an_empty_one_alone() -> None:
    assert pair([], []).n == 0
    with pytest.raises(NotPairedError, match="the second is empty"):
        pair(["a"], [])
