from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from evalhouse.assessment.results import ScoreLine
from evalhouse.assessment.substitution import ADVANTAGE, RATE, substitution_lines
from evalhouse.scoring import Field
from evalhouse.scoring.cells import Cell
from evalhouse.stats.alternative_annotator import alternative_annotator_test
from tests.assessment.made import field_rows

STANCE = Field("stance", "dropdown", ("for", "against"))


def noisy(seed: int, truth: list[Cell], share: float) -> list[Cell]:
    chance = random.Random(seed)
    return [one if chance.random() < share else chance.choice(["for", "against"]) for one in truth]


TRUTH: list[Cell] = list(random.Random(0).choices(["for", "against"], k=80))
CODERS = {name: noisy(seed, TRUTH, 0.8) for seed, name in enumerate("abc", 1)}


def lines(
    field: Field, model: list[Cell], coders: Mapping[str, list[Cell]]
) -> dict[str, ScoreLine]:
    found = substitution_lines(field_rows(field, model, model, coders=coders))
    return {each.metric: each for each in found}


@pytest.mark.parametrize(("share", "words"), [(1.0, "may stand in"), (0.0, "may not stand in")])
def test_a_model_as_good_as_coders_may_stand_in_for_one(share: float, words: str) -> None:
    model = noisy(9, TRUTH, share)
    found = lines(STANCE, model, CODERS)
    expected = alternative_annotator_test(list(CODERS.values()), model)
    assert (found[RATE].value, found[RATE].n) == (expected.winning_rate, 80)
    assert found[ADVANTAGE].value == pytest.approx(expected.advantage)
    assert words in found[RATE].note
    assert (found[RATE].unit, found[RATE].higher_is_better) == ("proportion", True)


def test_one_coder_is_no_group_and_texts_are_not_compared() -> None:
    assert lines(STANCE, TRUTH, {"a": CODERS["a"]}) == {}
    assert lines(Field("why", "textbox"), TRUTH, CODERS) == {}


def test_two_coders_are_compared_and_that_there_are_only_two_is_said() -> None:
    found = lines(STANCE, TRUTH, {name: CODERS[name] for name in "ab"})
    assert "only 2 annotators" in found[ADVANTAGE].note


def test_points_of_a_scale_are_near_or_far() -> None:
    field = Field("force", "likert", scale=(1, 5))
    coders: dict[str, list[Cell]] = {name: ["1", "5"] * 20 for name in "abc"}
    near, far = lines(field, ["2", "4"] * 20, coders), lines(field, ["1", "5"] * 20, coders)
    assert (near[RATE].value, far[RATE].value) == (0.0, 1.0)
    coders["a"] = ["3", "3"] * 20
    # Of the points by themselves the model has none right: by their distance it is the nearest.
    assert lines(field, ["2", "4"] * 20, coders)[ADVANTAGE].value == 1.0


def test_spans_and_options_are_compared_by_what_they_share() -> None:
    span = '[{"start": 0, "end": 8}]'
    coders: dict[str, list[Cell]] = {name: [span, ""] * 20 for name in "abc"}
    assert lines(Field("x", "span"), [span, ""] * 20, coders)[RATE].value == 1.0
    assert lines(Field("x", "span"), ["", span] * 20, coders)[RATE].value == 0.0
    topics = Field("x", "multiselect", ("a", "b"))
    chosen: dict[str, list[Cell]] = {name: ["a|b", "a"] * 20 for name in "abc"}
    assert lines(topics, ["a|b", "a"] * 20, chosen)[RATE].value == 1.0


def test_rows_without_a_valid_answer_do_not_count() -> None:
    model = ["both", *TRUTH[1:]]
    assert lines(STANCE, model, CODERS)[RATE].n == 79
