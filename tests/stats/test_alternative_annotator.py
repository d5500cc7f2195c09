from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.alternative_annotator import (
    AlternativeAnnotator,
    alternative_annotator_test,
    exact_p_value,
)


def drawn(seed: int, n: int = 60, missing: float = 0.0) -> tuple[list[list[Any]], list[Any]]:
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, 4, n)
    rows = [np.where(chance.random(n) < 0.7, truth, chance.integers(0, 4, n)) for _ in range(4)]
    people: list[list[Any]] = [row.tolist() for row in rows]
    for row in people:
        for unit in np.flatnonzero(chance.random(n) < missing):
            row[unit] = None
    model = np.where(chance.random(n) < 0.75, truth, chance.integers(0, 4, n))
    return people, model.tolist()


def published(people: list[list[Any]], model: list[Any], epsilon: float, score: Any) -> Any:
    """The paper's procedure, annotator by annotator."""
    p_values, advantages = [], []
    for left, row in enumerate(people):
        gaps, wins = [], []
        for unit, answer in enumerate(row):
            others = [
                one[unit] for j, one in enumerate(people) if j != left and one[unit] is not None
            ]
            if answer is None or not others:
                continue
            human, own = score(answer, others), score(model[unit], others)
            gaps.append(int(human >= own) - int(own >= human))
            wins.append(own >= human)
        p_values.append(stats.ttest_1samp(gaps, epsilon, alternative="less").pvalue)
        advantages.append(np.mean(wins))
    beaten = multipletests(p_values, 0.05, method="fdr_by")[0]
    return p_values, float(np.mean(beaten)), float(np.mean(advantages))


def accuracy(answer: Any, others: list[Any]) -> float:
    return float(np.mean([answer == one for one in others]))


def negative_rmse(answer: Any, others: list[Any]) -> float:
    return -float(np.sqrt(np.mean([(answer - one) ** 2 for one in others])))


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize(("similarity", "score"), [("accuracy", accuracy), ("rmse", negative_rmse)])
@pytest.mark.parametrize("seed", range(3))
def test_the_published_method_equals_its_procedure(
    seed: int, similarity: str, score: Any, missing: float
) -> None:
    people, model = drawn(seed, missing=missing)
    found = alternative_annotator_test(
        people, model, similarity=similarity, epsilon=0.15, method="published"
    )
    p_values, winning, advantage = published(people, model, 0.15, score)
    np.testing.assert_allclose([one.test.p_value for one in found.annotators], p_values, rtol=1e-9)
    assert found.winning_rate == winning
    assert found.advantage == pytest.approx(advantage, rel=1e-12)


def test_a_function_of_two_answers_is_averaged() -> None:
    people, model = drawn(1)
    by_name = alternative_annotator_test(people, model)
    by_function = alternative_annotator_test(
        people, model, similarity=lambda one, two: float(one == two)
    )
    assert by_name.annotators == by_function.annotators


def test_a_model_like_the_truth_passes_and_one_of_chance_fails() -> None:
    people, _ = drawn(2, 150)
    truth = np.random.default_rng(2).integers(0, 4, 150).tolist()
    assert alternative_annotator_test(people, truth).is_passed
    chance = np.random.default_rng(9).integers(0, 4, 150).tolist()
    failed = alternative_annotator_test(people, chance)
    assert not failed.is_passed
    assert failed.winning_rate == 0.0


def test_a_greater_epsilon_passes_more() -> None:
    people, model = drawn(3)
    rates = [
        alternative_annotator_test(people, model, epsilon=epsilon).winning_rate
        for epsilon in (0.0, 0.1, 0.2, 0.4)
    ]
    assert rates == sorted(rates)


def test_below_thirty_units_the_exact_test_is_taken_and_told() -> None:
    people, model = drawn(4, 20)
    found = alternative_annotator_test(people, model, names=["w", "x", "y", "z"])
    assert found.annotators[0].test.method == "Tango score, exact"
    assert "fewer than 30 units of `w`, `x`, `y` and others" in found.note
    ranked = alternative_annotator_test(people, model, method="published")
    assert ranked.annotators[0].test.method == "signed-rank"


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.2])
@pytest.mark.parametrize("n", [5, 12])
def test_the_exact_test_holds_its_level_for_any_share_of_differing_units(
    n: int, epsilon: float
) -> None:
    table = [(up, down) for up in range(n + 1) for down in range(n + 1 - up)]
    p_values = np.array([exact_p_value(up, down, n, epsilon) for up, down in table])
    counts = np.array([(up, down, n - up - down) for up, down in table])
    for differing in np.linspace(max(epsilon, 0.01), 1.0, 40):
        shares = [(differing + epsilon) / 2, (differing - epsilon) / 2]
        chances = stats.multinomial.pmf(counts, n, [*shares, 1 - sum(shares)])
        assert np.nansum(chances[p_values <= 0.05]) <= 0.05 + 1e-4


def test_missing_answers_are_left_out_unit_by_unit() -> None:
    people: list[list[Any]] = [["a", None, "a"], ["a", "b", math.nan], ["a", "b", None]]
    found = alternative_annotator_test(people, ["a", "b", "a"])
    assert [one.n for one in found.annotators] == [1, 2, 2]
    assert found.n == 2


def test_an_annotator_alone_on_all_units_is_left_out() -> None:
    people = [["a", "b", None], ["a", "b", None], [None, None, "c"]]
    found = alternative_annotator_test(people, ["a", "b", "c"])
    assert found.annotators[2].n == 0
    assert math.isnan(found.annotators[2].test.p_value)
    assert "left out, for want of shared units: `2`" in found.note
    assert "only 2 annotators" in found.note


@pytest.mark.parametrize("people", [[], [["a", "b"]], [[None, None], [None, None]]])
def test_without_shared_units_nothing_is_known(people: list[list[Any]]) -> None:
    found: AlternativeAnnotator = alternative_annotator_test(people, ["a", "b"])
    assert math.isnan(found.winning_rate)
    assert not found.is_passed
    assert "no unit has answers" in found.note


def test_equal_answers_everywhere_pass_if_something_is_granted() -> None:
    people = [["a"] * 40] * 3
    assert alternative_annotator_test(people, ["a"] * 40).is_passed
    strict = alternative_annotator_test(people, ["a"] * 40, epsilon=0.0)
    assert not strict.is_passed
    flat = alternative_annotator_test(people, ["a"] * 40, method="published")
    assert flat.annotators[0].test.p_value == 0.0
    assert "the t-test says nothing more" in flat.annotators[0].test.note


def test_arrays_are_taken_as_lists_are() -> None:
    people, model = drawn(5)
    listed = alternative_annotator_test(people, model)
    assert alternative_annotator_test(np.array(people), np.array(model)) == listed


def test_bad_input_is_refused() -> None:
    with pytest.raises(UsageError, match="an annotator has 1 answers and the model 2"):
        alternative_annotator_test([["a"]], ["a", "b"])
    with pytest.raises(UsageError, match="2 annotators and 1 names"):
        alternative_annotator_test([["a"], ["b"]], ["a"], names=["x"])
    with pytest.raises(UnknownNameError, match="similarity"):
        alternative_annotator_test([["a"], ["b"]], ["a"], similarity="f1")
    with pytest.raises(UnknownNameError, match="test of an annotator"):
        alternative_annotator_test(
            [["a"], ["b"]],
            ["a"],
            method="wald",  # type: ignore[arg-type]  # wrong on purpose
        )
    wrongs: list[dict[str, Any]] = [{"epsilon": 1.0}, {"error_rate": 0.0}]
    for wrong in wrongs:
        with pytest.raises(UsageError, match="between 0 and 1"):
            alternative_annotator_test([["a"], ["b"]], ["a"], **wrong)
