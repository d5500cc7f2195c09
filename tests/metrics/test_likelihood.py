from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from evalhouse.errors import UsageError
from evalhouse.metrics.likelihood import (
    bits_kernel,
    bits_per_byte,
    likelihood_accuracy,
    likelihood_choice,
    perplexity,
    perplexity_kernel,
)
from evalhouse.metrics.value import Value

NAN, INF = math.nan, math.inf


def test_each_normalisation_compares_what_it_says() -> None:
    log_likelihoods = [[-6.0, -4.0, -9.0]]
    lengths = [[12.0, 4.0, 9.0]]
    without = [[-20.0, -4.5, -9.0]]
    np.testing.assert_array_equal(likelihood_choice(log_likelihoods).scores, log_likelihoods)
    for unit in ("token", "character", "byte"):
        found = likelihood_choice(log_likelihoods, unit, by=lengths)
        np.testing.assert_array_equal(found.scores, [[-0.5, -1.0, -1.0]])
    found = likelihood_choice(log_likelihoods, "unconditional", by=without)
    np.testing.assert_array_equal(found.scores, [[14.0, 0.5, 0.0]])


def test_random_choices_are_the_largest_scores() -> None:
    rng = np.random.default_rng(1)
    table, lengths = -rng.gamma(3.0, 4.0, (500, 5)), rng.integers(1, 40, (500, 5))
    found = likelihood_choice(table, "byte", by=lengths)
    np.testing.assert_array_equal(found.codes, np.argmax(table / lengths, axis=1))
    gold = rng.integers(0, 5, 500)
    assert likelihood_accuracy(gold, found).value.value == np.mean(found.codes == gold)


def test_items_may_have_fewer_options_or_none() -> None:
    found = likelihood_choice([[-2.0, NAN], [NAN, -1.0], [NAN, NAN]])
    assert found.codes.tolist() == [0, 1, -1]
    accuracy = likelihood_accuracy([0, 0, 0], found).value
    assert (accuracy.value, accuracy.n) == (1 / 3, 3)
    assert accuracy.note == "1 of 3 items have no log-likelihood"


def test_ties_are_found_and_share_or_go_by_the_rule() -> None:
    found = likelihood_choice([[-1.0, -1.0, -3.0], [-1.0, -1.0, -3.0], [-INF, -INF, -INF]])
    assert found.is_tied.tolist() == [True, True, True]
    gold = [0, 1, 2]
    assert likelihood_accuracy(gold, found).scores.tolist() == [1 / 2, 1 / 2, 1 / 3]
    assert likelihood_accuracy(gold, found, ties="first").scores.tolist() == [1.0, 0.0, 0.0]
    assert likelihood_accuracy(gold, found, ties="wrong").scores.tolist() == [0.0, 0.0, 0.0]


def test_an_option_of_length_zero_counts_as_one() -> None:
    found = likelihood_choice([[0.0, -4.0]], "token", by=[[0, 2]])
    assert found.scores.tolist() == [[0.0, -2.0]]


def test_what_is_impossible_with_and_without_the_question_has_no_score() -> None:
    found = likelihood_choice([[-INF, -3.0]], "unconditional", by=[[-INF, -2.0]])
    assert found.codes.tolist() == [1]
    assert np.isnan(found.scores[0, 0])


def test_items_without_gold_do_not_enter() -> None:
    found = likelihood_accuracy([0, -1, NAN], likelihood_choice([[-1.0, -2.0]] * 3))
    assert (found.value.value, found.value.n) == (1.0, 1)
    assert np.isnan(found.scores).tolist() == [False, True, True]


@pytest.mark.parametrize("table", [np.empty((0, 0)), np.empty((0, 4))])
def test_no_items_have_no_accuracy(table: Any) -> None:
    found = likelihood_accuracy([], likelihood_choice(table))
    assert found.value.note == "no item has a gold option"


def test_items_without_options_are_wrong() -> None:
    assert likelihood_choice(np.empty((2, 0))).codes.tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"normalisation": "sentence"}, "no normalisation is called `sentence`"),
        ({"normalisation": "token"}, "`token` needs `by`"),
        ({"by": [[1, 2]]}, "`raw` needs none"),
        ({"normalisation": "byte", "by": [[1]]}, r"shape \(1, 2\) and `by` \(1, 1\)"),
        ({"normalisation": "byte", "by": [[1, -2]]}, "found -2"),
        ({"log_likelihoods": [-1.0]}, "found 1 dimensions"),
    ],
)
def test_choices_that_make_no_sense_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        likelihood_choice(**{"log_likelihoods": [[-1.0, -2.0]], **options})


@pytest.mark.parametrize(
    ("gold", "ties", "message"),
    [
        ([0, 1], "shared", "there are 1 items and 2 gold options"),
        ([2], "shared", "numbered from 0 to 1; found 2"),
        ([0], "last", "no rule for tied options"),
    ],
)
def test_gold_that_makes_no_sense_is_refused(gold: Any, ties: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        likelihood_accuracy(gold, likelihood_choice([[-1.0, -2.0]]), ties=ties)


def test_a_uniform_guess_of_bytes_costs_eight_bits() -> None:
    log_likelihoods = [-3 * math.log(256), -5 * math.log(256)]
    assert bits_per_byte(log_likelihoods, [3, 5]).value == pytest.approx(8, abs=1e-14)
    assert perplexity(log_likelihoods, [3, 5]).value == pytest.approx(256, abs=1e-11)


def test_a_corpus_weighs_items_by_their_bytes_and_items_weigh_alike() -> None:
    log_likelihoods, sizes = [-math.log(2), -math.log(2) * 9], [1, 3]
    assert bits_per_byte(log_likelihoods, sizes).value == pytest.approx(10 / 4, abs=1e-14)
    found = bits_per_byte(log_likelihoods, sizes, average="item").value
    assert found == pytest.approx((1 + 3) / 2, abs=1e-14)


def test_bits_and_perplexity_are_one_number_twice() -> None:
    rng = np.random.default_rng(2)
    log_likelihoods, sizes = -rng.gamma(2.0, 30.0, 200), rng.integers(1, 200, 200)
    bits = bits_per_byte(log_likelihoods, sizes).value
    assert perplexity(log_likelihoods, sizes).value == pytest.approx(2**bits, rel=1e-13)


def test_kernels_take_many_sums_at_once() -> None:
    sums = np.array([[[-math.log(2), 1.0], [-1.0, 0.0]]])
    np.testing.assert_allclose(bits_kernel(sums), [[1.0, NAN]], rtol=1e-15)
    np.testing.assert_allclose(perplexity_kernel(sums), [[2.0, NAN]], rtol=1e-15)


@pytest.mark.parametrize("function", [bits_per_byte, perplexity])
def test_impossible_text_costs_without_bound(function: Callable[..., Value]) -> None:
    assert function([-1.0, -INF], [1, 1]).value == INF
    assert perplexity([-1e6], [1]).value == INF


@pytest.mark.parametrize("function", [bits_per_byte, perplexity])
def test_nothing_to_predict_has_no_value(function: Callable[..., Value]) -> None:
    for log_likelihoods, sizes in (([], []), ([0.0], [0]), ([NAN], [1])):
        found = function(log_likelihoods, sizes)
        assert not found.is_defined
        assert found.note.startswith("there are no")
    assert bits_per_byte([0.0], [0], average="item").note == "no item has bytes"


def test_certain_text_costs_nothing() -> None:
    assert str(bits_per_byte([0.0], [4]).value) == "0.0"


def test_items_without_a_number_are_left_out_and_counted() -> None:
    found = bits_per_byte([-math.log(2), NAN, -1.0], [1, 1, NAN])
    assert (found.value, found.n) == (1.0, 1)
    assert found.note == "2 of 3 items have no log-likelihood or no size"


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (([-1.0], [1, 2]), {}, r"found \(1,\) and \(2,\)"),
        (([1.0], [1]), {}, "log-likelihoods are zero or less"),
        (([-1.0], [-1]), {}, "sizes finite and zero or more"),
        (([-1.0], [1]), {"average": "micro"}, "no average over items"),
    ],
)
def test_bits_that_make_no_sense_are_refused(values: Any, options: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        bits_per_byte(*values, **options)


@pytest.mark.parametrize("gold", [0.7, -0.5, float("inf")])
def test_an_option_is_a_whole_number(gold: float) -> None:
    with pytest.raises(UsageError, match="options are numbered"):
        likelihood_accuracy([gold], likelihood_choice([[-1, -2]]))
