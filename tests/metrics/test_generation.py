from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.generation import maj_at_k, pass_all_k, pass_at_k
from evalhouse.metrics.item_scores import ItemScores
from evalhouse.metrics.labels import Absent


def vote(drawn: tuple[Any, ...], gold: Any, ties: str) -> float:
    """Hold one vote."""
    counts = Counter(answer for answer in drawn if answer is not None)
    most = max(counts.values(), default=0)
    leading = [answer for answer, count in counts.items() if count == most]
    if gold not in leading or (ties == "wrong" and len(leading) > 1):
        return 0.0
    return 1 / len(leading)


def test_every_choice_of_samples_is_counted() -> None:
    for n in range(1, 8):
        for c in range(n + 1):
            right = [True] * c + [False] * (n - c)
            for k in range(1, n + 1):
                draws = list(combinations(right, k))
                found = pass_at_k([c], n, k).value.value
                assert found == pytest.approx(np.mean([any(draw) for draw in draws]), abs=1e-14)
                found = pass_all_k([c], n, k).value.value
                assert found == pytest.approx(np.mean([all(draw) for draw in draws]), abs=1e-14)


def test_the_estimator_is_the_published_one() -> None:
    # Chen et al. (2021), figure 3: 1 - prod(1 - k / arange(n - c + 1, n + 1)), or 1.
    rng = np.random.default_rng(1)
    n = rng.integers(100, 300, 200)
    c = rng.integers(0, n + 1)
    for k in (1, 10, 100):
        pairs = zip(n.tolist(), c.tolist(), strict=True)
        products = [1 - np.prod(1 - k / np.arange(m - d + 1, m + 1)) for m, d in pairs]
        expected = np.where(n - c < k, 1.0, products)
        np.testing.assert_allclose(pass_at_k(c, n, k).scores, expected, rtol=0, atol=1e-12)


def test_items_may_differ_in_their_samples() -> None:
    found = pass_at_k([1, 1], [2, 4], 2)
    assert found.scores.tolist() == [1.0, 0.5]
    assert (found.value.value, found.value.n) == (0.75, 2)


@pytest.mark.parametrize("function", [pass_at_k, pass_all_k])
def test_too_few_samples_of_an_item_leave_the_mean_undefined(
    function: Callable[..., ItemScores],
) -> None:
    found = function([1, 1], [2, 1], 2)
    assert not found.value.is_defined
    assert found.value.note == "1 of 2 items have fewer than 2 samples"
    assert np.isnan(found.scores).tolist() == [False, True]


@pytest.mark.parametrize("function", [pass_at_k, pass_all_k])
def test_no_items_have_no_mean(function: Callable[..., ItemScores]) -> None:
    found = function([], [], 1).value
    assert (found.is_defined, found.n, found.note) == (False, 0, "there are no items")


@pytest.mark.parametrize(("correct", "samples"), [([3], 2), ([-1], 2), ([0.5], 2), ([np.nan], 2)])
def test_impossible_counts_are_refused(correct: Any, samples: Any) -> None:
    with pytest.raises(UsageError, match="item 0 has"):
        pass_at_k(correct, samples, 1)


def test_counts_stand_beside_one_another() -> None:
    with pytest.raises(UsageError, match=r"found \(2,\) and \(3,\)"):
        pass_at_k([1, 1], [2, 2, 2], 1)


def test_nothing_is_drawn_with_k_of_zero() -> None:
    with pytest.raises(UsageError, match="found k = 0"):
        pass_at_k([1], 2, 0)


@pytest.mark.parametrize("ties", ["shared", "wrong"])
def test_votes_are_those_of_every_choice_of_samples(ties: Any) -> None:
    rng = np.random.default_rng(2)
    answers = np.array(["a", "b", "c", "d", "e", None], object)
    for _ in range(60):
        row = rng.choice(answers, rng.integers(1, 10), p=rng.dirichlet(np.ones(6))).tolist()
        for k in range(1, len(row) + 1):
            votes = [vote(draw, "a", ties) for draw in combinations(row, k)]
            found = maj_at_k(["a"], [row], k, ties=ties).value.value
            assert found == pytest.approx(np.mean(votes), abs=1e-13)


def test_hundreds_of_samples_overflow_nothing() -> None:
    row = [1] * 600 + [2] * 590 + list(range(3, 13))
    found = maj_at_k([1], [row], 5).value.value
    rng = np.random.default_rng(3)
    simulated = [vote(tuple(rng.choice(row, 5, replace=False)), 1, "shared") for _ in range(4000)]
    assert found == pytest.approx(np.mean(simulated), abs=0.03)
    assert 0.5 < found < 0.51


def test_all_samples_together_vote_once() -> None:
    table: list[list[Any]] = [["x", "y", "x"], ["x", "y", "y"], ["x", "y", None]]
    assert maj_at_k(["x", "x", "x"], table, 3).scores.tolist() == [1.0, 0.0, 0.5]


def test_samples_without_an_answer_do_not_win() -> None:
    answers: list[list[Any]] = [[None, Absent.INVALID, "x"], [None, None, None]]
    found = maj_at_k(["x", "x"], answers, 3)
    assert found.scores.tolist() == [1.0, 0.0]


def test_items_without_gold_do_not_enter() -> None:
    found = maj_at_k([1.0, None], np.array([[1.0, 1.0], [2.0, np.nan]]), 2)
    assert (found.value.value, found.value.n) == (1.0, 1)


def test_gold_that_nobody_answers_wins_nothing() -> None:
    assert maj_at_k(["z"], [["x", "y"]], 1).value.value == 0.0


def test_items_with_too_few_samples_leave_no_mean() -> None:
    found = maj_at_k(["x", "x"], [["x", "y"], ["x"]], 2)
    assert found.value.note == "1 of 2 items have fewer than 2 samples"
    assert np.isnan(found.scores).tolist() == [False, True]


@pytest.mark.parametrize(("answers", "gold"), [([], []), ([["x"]], [None])])
def test_no_gold_answer_leaves_no_mean(answers: Any, gold: Any) -> None:
    assert maj_at_k(gold, answers, 1).value.note == "no item has a gold answer"


def test_each_item_needs_its_gold_answer() -> None:
    with pytest.raises(UsageError, match="there are 2 items and 1 gold answers"):
        maj_at_k(["x"], [["x"], ["y"]], 1)


def test_an_unknown_rule_for_ties_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `shared`"):
        maj_at_k(["x"], [["x"]], 1, ties="share")  # type: ignore[arg-type] # the point


def test_text_is_no_vote_for_the_number_that_it_spells() -> None:
    with pytest.raises(UsageError, match="all text, all numbers"):
        maj_at_k([4], [["4", "4"]], 2)


@pytest.mark.parametrize("k", [2.5, "2", 0])
def test_k_is_a_whole_number(k: Any) -> None:
    with pytest.raises(UsageError, match="whole number; found k"):
        pass_at_k([1, 3], 5, k)


@pytest.mark.parametrize("right", [[1, None], [float("inf")], [1.5]])
def test_counts_of_samples_are_whole_numbers(right: Any) -> None:
    with pytest.raises(UsageError, match="right samples are a whole number"):
        pass_at_k(right, 5, 1)
