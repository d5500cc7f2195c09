from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import krippendorff
import pytest
from sklearn.metrics import cohen_kappa_score

from evalhouse.assessment import Human, assess
from evalhouse.assessment.agreement import METRICS
from evalhouse.assessment.humans import compare_humans
from evalhouse.metrics.labels import Absent
from evalhouse.scoring import Field, Scoring
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import KINDS
from tests.assessment.made import answers_to, field_rows, make_task

QUICK = Scoring(has_intervals=False)
STANCE = Field("stance", "dropdown", ("for", "against", "both"))


def drawn(seed: int, rows: int = 50) -> list[Cell]:
    return list(random.Random(seed).choices(["for", "against", "both", ""], k=rows))


def pair(found: tuple[Human, ...], first: str, second: str) -> dict[str, Any]:
    held = next(each for each in found if (each.first, each.second) == (first, second))
    return {score.metric: (score.value, score.n) for score in held.scores}


def test_each_two_sides_agree_as_other_libraries_say_over_rows_that_both_have() -> None:
    gold, model = drawn(0), drawn(1)
    coders = {"a": drawn(2), "b": drawn(3)}
    rows = field_rows(STANCE, gold, model, coders=coders)
    found = compare_humans(rows, QUICK)
    sides = {"model": model, "gold": gold, **coders}
    for each in found:
        both = [
            (one, other)
            for one, other in zip(sides[each.first], sides[each.second], strict=True)
            if one and other
        ]
        first, second = zip(*both, strict=True)
        codes = [[STANCE.options.index(str(one)) for one in side] for side in (first, second)]
        scores = pair(found, each.first, each.second)
        assert scores["cohen_kappa"] == (
            pytest.approx(cohen_kappa_score(first, second), abs=1e-12),
            len(both),
        )
        assert scores["krippendorff_alpha"][0] == pytest.approx(
            krippendorff.alpha(codes, level_of_measurement="nominal"), abs=1e-12
        )


def test_the_model_stands_first_and_gold_last() -> None:
    coders = {"a": drawn(2), "gold": drawn(3)}
    found = compare_humans(field_rows(STANCE, drawn(0), drawn(1), coders=coders), QUICK)
    assert [(each.first, each.second) for each in found] == [
        ("model", "a"),
        ("model", "coder gold"),
        ("model", "gold"),
        ("a", "coder gold"),
        ("a", "gold"),
        ("coder gold", "gold"),
    ]


def test_without_coders_nobody_is_compared() -> None:
    assert compare_humans(field_rows(STANCE, drawn(0), drawn(1)), QUICK) == ()


def test_scales_are_compared_by_their_distance_on_the_declared_scale() -> None:
    field = Field("force", "likert", scale=(1, 9))
    one: list[Cell] = ["1", "2", "9", "9", "1"]
    other: list[Cell] = ["1", "9", "9", "2", "1"]
    found = compare_humans(field_rows(field, one, one, coders={"a": other}), QUICK)
    kappa = cohen_kappa_score(one, other, labels=list("123456789"), weights="quadratic")
    assert pair(found, "model", "a")["quadratic_kappa"] == (pytest.approx(kappa), 5)


def test_an_empty_list_of_spans_is_an_answer_and_a_row_not_read_is_none() -> None:
    field = Field("names", "span", labels=("who",))
    span = '[{"start": 0, "end": 4, "label": "who"}]'
    model: list[Cell] = [span, "", span, "no list"]
    coder: list[Cell] = [span, "", Absent.MISSING, span]
    found = compare_humans(field_rows(field, model, model, coders={"a": coder}), QUICK)
    assert pair(found, "model", "a") == {"token_f1": (1.0, 2), "exact_match_f1": (1.0, 2)}


def test_spans_with_a_label_that_is_none_are_no_answer() -> None:
    field = Field("names", "span", labels=("who",))
    wrong: list[Cell] = ['[{"start": 0, "end": 4, "label": "whom"}]', ""]
    found = compare_humans(field_rows(field, ["", ""], wrong, coders={"a": wrong}), QUICK)
    assert pair(found, "model", "a")["exact_match_f1"] == (None, 1)


def test_options_and_texts_are_compared_too() -> None:
    topics = Field("topics", "multiselect", ("a", "b"))
    one: list[Cell] = ["a", "a|b", "[]", ""]
    other: list[Cell] = ["a", "a", "[]", "b"]
    found = compare_humans(field_rows(topics, one, one, coders={"x": other}), QUICK)
    assert pair(found, "model", "x") == {
        "jaccard_samples": (pytest.approx(2.5 / 3), 3),
        "subset_accuracy": (pytest.approx(2 / 3), 3),
    }
    why = Field("why", "textbox")
    found = compare_humans(field_rows(why, ["ab"], ["ab"], coders={"x": ["ac"]}), QUICK)
    assert pair(found, "model", "x") == {"levenshtein": (0.5, 1)}


def test_all_types_have_lines_with_intervals_and_clusters(tmp_path: Path) -> None:
    task = make_task(tmp_path, coders=2, document=[f"d{row // 2}" for row in range(40)])
    found = assess(task, answers_to(task), Scoring(resamples=200), clusters="document")
    assert {each.kind for each in found.fields} == {*KINDS}
    for each in found.fields:
        assert [(one.first, one.second) for one in each.humans] == [
            ("model", "c0"),
            ("model", "c1"),
            ("model", "gold"),
            ("c0", "c1"),
            ("c0", "gold"),
            ("c1", "gold"),
        ]
        for human in each.humans:
            assert tuple(score.metric for score in human.scores) == tuple(METRICS[each.kind])
            for score in human.scores:
                assert score.value is not None
                assert score.low is not None
                assert score.high is not None
                assert score.low <= score.value <= score.high
