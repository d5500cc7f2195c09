from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from evalhouse.scoring.fields import HEADLINES, score_field
from evalhouse.scoring.score import FieldScore, Scoring

STANCE = Field("stance", "dropdown", ("for", "against", "mixed"))
TICK = Field("tick", "checkbox")
SCALE = Field("strength", "likert", scale=(1, 5))
TOPICS = Field("topics", "multiselect", ("tax", "school"))
REMARK = Field("remark", "textbox")
MARKS = Field("marks", "span", labels=("A", "B"))
FIELDS = [STANCE, TICK, SCALE, TOPICS, REMARK, MARKS]
TEXT = "The cat sat on the mat."
QUICK = Scoring(resamples=200)


def _sides(field: Field, n: int = 300, seed: int = 1) -> tuple[list[Cell], list[Cell]]:
    chance = np.random.default_rng(seed)
    cells = {
        "dropdown": list(field.options),
        "checkbox": ["0", "1"],
        "likert": ["1", "2", "3", "4", "5"],
        "multiselect": ["tax", "school", "tax|school", "[]"],
        "textbox": ["the tax is high", "the school is small", "no remark"],
        "span": [_marks(4, 7, "A"), _marks(4, 11, "A"), _marks(19, 22, "B"), ""],
    }[field.kind]
    gold: list[Cell] = [str(cell) for cell in chance.choice(cells, n)]
    keeps = chance.random(n) < 0.7
    other = [str(cell) for cell in chance.choice(cells, n)]
    return gold, [one if kept else two for one, two, kept in zip(gold, other, keeps, strict=True)]


def _marks(start: int, end: int, label: str) -> str:
    return f'[{{"start": {start}, "end": {end}, "label": "{label}"}}]'


def _one(scores: tuple[FieldScore, ...], metric: str, label: object = None) -> FieldScore:
    (found,) = (each for each in scores if (each.metric, each.label) == (metric, label))
    return found


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: f.kind)
def test_every_defined_score_lies_in_its_interval(field: Field) -> None:
    for score in score_field(field, *_sides(field), texts=[TEXT] * 300, options=QUICK):
        if score.value.is_defined and score.metric != "valid_share":
            assert score.interval is not None, score.metric
            low, high = score.interval.low, score.interval.high
            is_judged = not math.isnan(low) or score.interval.note
            assert is_judged, score.metric
            if not math.isnan(low):
                assert low <= score.value.value <= high
            assert score.interval.estimate == pytest.approx(score.value.value, abs=1e-12)


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: f.kind)
def test_the_headlines_of_a_type_stand_first(field: Field) -> None:
    scores = score_field(field, *_sides(field), texts=[TEXT] * 300, options=QUICK)
    headlines = HEADLINES[field.kind]
    assert [score.metric for score in scores[: len(headlines)]] == list(headlines)


@pytest.mark.parametrize("absent", ["wrong", "exclude", "class"])
@pytest.mark.parametrize("field", [STANCE, SCALE, TOPICS, MARKS], ids=lambda f: f.kind)
def test_clusters_give_the_same_scores_with_wider_intervals_where_units_repeat(
    field: Field, absent: str
) -> None:
    gold, model = _sides(field, 120)
    model[:7] = [Absent.FAILED] * 7
    options = Scoring(resamples=400, absent=absent)  # type: ignore[arg-type]  # from the list above
    alone = score_field(field, gold, model, texts=[TEXT] * 120, options=options)
    gold, model, clusters = gold * 4, model * 4, list(range(120)) * 4
    texts = [TEXT] * 480
    fourfold = score_field(field, gold, model, texts=texts, clusters=clusters, options=options)
    for one, four in zip(alone, fourfold, strict=True):
        assert four.value.value == pytest.approx(one.value.value, abs=0.005, nan_ok=True)
        if one.interval and four.interval and four.interval.stderr:
            widths = [each.high - each.low for each in (one.interval, four.interval)]
            assert widths[1] == pytest.approx(widths[0], rel=0.35, abs=0.02), one.metric


def test_scores_are_those_of_scikit_learn() -> None:
    gold, model = _sides(STANCE)
    scores = score_field(STANCE, gold, model, options=QUICK)
    assert _one(scores, "f1_macro").value.value == pytest.approx(
        f1_score(gold, model, average="macro"), abs=1e-12
    )
    assert _one(scores, "cohen_kappa").value.value == pytest.approx(
        cohen_kappa_score(gold, model), abs=1e-12
    )


def test_an_answer_that_is_not_there_is_an_error_or_left_out_as_asked() -> None:
    gold = ["for", "for", "against", "against"]
    model: list[Cell] = ["for", "", "against", Absent.FAILED]
    wrong = score_field(STANCE, gold, model, options=QUICK)
    excluded = score_field(STANCE, gold, model, options=Scoring(resamples=200, absent="exclude"))
    assert _one(wrong, "accuracy").value.value == 0.5
    assert _one(excluded, "accuracy").value.value == 1.0
    assert {_one(each, "valid_share").value.value for each in (wrong, excluded)} == {0.5}


def test_units_without_a_gold_answer_do_not_enter() -> None:
    gold: list[Cell] = ["for", "", Absent.NOT_APPLICABLE, "against"]
    scores = score_field(STANCE, gold, ["for", "for", "for", "for"], options=QUICK)
    assert _one(scores, "accuracy").value.n == 2


def test_a_declared_scale_keeps_its_gaps() -> None:
    scores = score_field(SCALE, ["1", "1", "5", "5"], ["1", "2", "5", "5"], options=QUICK)
    found = _one(scores, "weighted_kappa_quadratic").value.value
    reference = cohen_kappa_score(
        [1, 1, 5, 5], [1, 2, 5, 5], weights="quadratic", labels=range(1, 6)
    )
    assert found == pytest.approx(reference, abs=1e-12)


def test_the_same_seed_gives_the_same_intervals() -> None:
    gold, model = _sides(STANCE)
    runs = [score_field(STANCE, gold, model, options=QUICK) for _ in range(2)]
    other = score_field(STANCE, gold, model, options=Scoring(resamples=200, seed=7))
    assert runs[0] == runs[1]
    assert _one(runs[0], "f1_macro").interval != _one(other, "f1_macro").interval


def test_without_intervals_the_scores_are_the_same() -> None:
    gold, model = _sides(SCALE)
    with_them, without = (
        score_field(SCALE, gold, model, options=Scoring(resamples=200, has_intervals=has))
        for has in (True, False)
    )
    assert all(score.interval is None for score in without)
    assert [each.value for each in with_them] == [each.value for each in without]


def test_no_gold_answer_leaves_every_score_undefined_with_a_note() -> None:
    scores = score_field(STANCE, ["", ""], ["for", "for"])
    assert all(math.isnan(each.value.value) and each.value.note for each in scores)
    assert not any(each.interval for each in scores)


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: f.kind)
def test_nothing_to_score_is_no_error(field: Field) -> None:
    assert all(math.isnan(each.value.value) for each in score_field(field, [], [], texts=[]))


def test_a_gold_answer_that_is_not_allowed_is_named() -> None:
    with pytest.raises(UsageError, match=r"gold answer 2 of `stance` is `fore`; expected `for`"):
        score_field(STANCE, ["for", "fore"], ["for", "for"])


def test_sides_of_different_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="2 gold answers and 1 of the model"):
        score_field(STANCE, ["for", "for"], ["for"])


@pytest.mark.parametrize(
    "options",
    [{"definition": "mine"}, {"absent": "zero"}],
)
def test_an_unknown_way_to_score_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(UnknownNameError):
        Scoring(**options)  # type: ignore[arg-type]  # that is the point


def test_more_resamples_do_not_move_an_interval_far() -> None:
    gold, model = _sides(STANCE)
    found = [
        score_field(STANCE, gold, model, options=Scoring(resamples=count)) for count in (2000, 4000)
    ]
    bounds = [_one(scores, "cohen_kappa").interval for scores in found]
    assert all(bounds)
    for one, other in pairwise(bounds):
        assert one is not None
        assert other is not None
        assert one.low == pytest.approx(other.low, abs=0.01)


def test_spans_need_the_texts_they_lie_in() -> None:
    with pytest.raises(UsageError, match="`marks` is a field of spans; give `texts`"):
        score_field(MARKS, [""], [""])


def test_gold_spans_that_cannot_be_read_are_named() -> None:
    with pytest.raises(UsageError, match="gold answer 1 of `marks` is `none`; expected a span"):
        score_field(MARKS, ["none"], [""], texts=[TEXT])


def test_old_numbers_can_be_had_under_their_own_names() -> None:
    options = Scoring(definition="codebook-lab")
    scores = score_field(TICK, ["1", "1", "1", "0"], ["1", "1", "", "0"], options=options)
    assert {score.definition for score in scores} == {"codebook-lab"}
    assert _one(scores, "accuracy").value.value == 0.25  # the empty cell ruins the column
    right = score_field(TICK, ["1", "1", "1", "0"], ["1", "1", "", "0"], options=QUICK)
    assert _one(right, "accuracy").value.value == 0.75


def test_codebook_lab_knows_no_multiselect() -> None:
    with pytest.raises(UsageError, match="`topics` is a multiselect, which codebook-lab does not"):
        score_field(TOPICS, ["tax"], ["tax"], options=Scoring(definition="codebook-lab"))


@pytest.mark.parametrize("field", FIELDS, ids=lambda f: f.kind)
@pytest.mark.parametrize("blank", [float("nan"), pd.NA])
def test_blanks_of_a_data_frame_are_missing(field: Field, blank: Any) -> None:
    gold, model = _sides(field, 30)
    holed = [blank if row < 5 else cell for row, cell in enumerate(model)]
    plain: list[Cell] = [None if row < 5 else cell for row, cell in enumerate(model)]
    options = Scoring(has_intervals=False)
    found = score_field(
        field, gold, pd.Series(holed, range(30, 0, -1)), texts=[TEXT] * 30, options=options
    )
    expected = score_field(field, gold, plain, texts=[TEXT] * 30, options=options)
    assert repr(found) == repr(expected)


def test_any_values_that_can_be_told_apart_name_clusters() -> None:
    gold, model = _sides(STANCE, 60)
    rows = [row // 5 for row in range(60)]
    found = [
        score_field(STANCE, gold, model, clusters=names, options=QUICK)
        for names in (rows, [("text", row) for row in rows], [f"text {row:02}" for row in rows])
    ]
    assert repr(found[0]) == repr(found[1]) == repr(found[2])


@pytest.mark.parametrize("clusters", ["ab", [1, None], [1, float("nan")], [[1], [2]]])
def test_a_unit_without_a_cluster_is_named(clusters: Any) -> None:
    with pytest.raises(UsageError, match="cluster"):
        score_field(TICK, ["1", "0"], ["1", "1"], clusters=clusters)


def test_a_scale_of_many_points_is_scored_with_intervals() -> None:
    field = Field("warmth", "likert", scale=(0, 100))
    chance = np.random.default_rng(1)
    gold = chance.integers(0, 101, 40)
    model = np.clip(gold + chance.integers(-9, 10, 40), 0, 100)
    found = score_field(field, list(map(str, gold)), list(map(str, model)))
    for score in found:
        if score.label is None and score.value.is_defined:
            assert score.interval is not None
            assert score.interval.low <= score.value.value <= score.interval.high


@pytest.mark.parametrize("options", [{"resamples": 0}, {"resamples": 10.5}, {"seed": -1}])
def test_resamples_and_seeds_are_whole_numbers(options: Any) -> None:
    with pytest.raises(UsageError, match="is a whole number from"):
        Scoring(**options)
