from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.text import exact_match, pair_texts, text_metrics
from evalhouse.metrics.text.pairs import OUTSIDE, GoldTexts, Texts

GOLD = ["a", "b", "", None, Absent.NOT_APPLICABLE, "c", "a"]
MODEL = ["a", None, "", "x", "y", Absent.FAILED, "a"]


def test_units_without_a_gold_text_never_enter() -> None:
    scores = exact_match(GOLD, MODEL).scores
    assert np.isnan(scores).tolist() == [False, False, False, True, True, False, False]


def test_an_answer_that_is_not_there_scores_zero() -> None:
    found = exact_match(GOLD, MODEL)
    assert found.scores[[1, 5]].tolist() == [0, 0]
    assert found.value.value == 3 / 5


def test_an_empty_answer_is_an_answer_and_none_is_not() -> None:
    assert exact_match(["", ""], ["", None]).scores.tolist() == [1, 0]


def test_the_share_of_valid_answers_says_of_what_kind_the_others_are() -> None:
    share = exact_match(GOLD, MODEL).share_valid
    assert (share.value, share.n) == (3 / 5, 5)
    assert share.note == "1 missing, 1 failed: these score 0"


def test_equal_pairs_are_held_once() -> None:
    pairs = pair_texts(GOLD, MODEL)
    assert pairs.answers == ("a", "", "", "")
    assert pairs.place.tolist() == [0, 1, 2, OUTSIDE, OUTSIDE, 3, 0]


def test_not_a_number_is_missing() -> None:
    assert pair_texts(np.array([math.nan, "a"], object), np.array(["b", math.nan], object)).n == 1


def test_paired_texts_can_be_used_again() -> None:
    pairs = pair_texts(GOLD, MODEL)
    assert exact_match(pairs).value == exact_match(GOLD, MODEL).value


@pytest.mark.parametrize(
    ("gold", "model", "message"),
    [
        (["a"], ["a", "b"], "gold has 1 texts and the model 2"),
        ([1], ["a"], "texts are strings; found `int`"),
        (["a"], [["a"]], "texts are strings; found `list`"),
        ([[]], ["a"], "found none"),
        ([["a", None]], ["a"], "found one of type `NoneType`"),
        ("a", ["a"], "found one `str`"),
    ],
)
def test_what_are_no_texts_is_said(gold: GoldTexts, model: Texts, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        pair_texts(gold, model)


@pytest.mark.parametrize("gold", [[], [None], [None, Absent.INVALID]])
def test_without_a_gold_text_every_metric_is_undefined_with_a_note(gold: GoldTexts) -> None:
    for score in text_metrics(gold, ["a"] * len(gold)).values():
        assert math.isnan(score.value.value)
        assert score.value.note
        assert math.isnan(score.share_valid.value)
        assert np.isnan(score.scores).all()
        assert len(score.rows) == 0


def test_of_several_gold_texts_the_best_counts() -> None:
    assert exact_match([["a", "b"], ("c",), "d"], ["b", "c", "e"]).scores.tolist() == [1, 1, 0]


def test_of_equal_values_the_first_is_the_best() -> None:
    pairs = pair_texts([["a", "b", "c"], "d", ["e", "f"]], ["x", "y", "z"])
    assert pairs.best(np.array([0.1, 0.5, 0.5, 0, 0.2, 0.2])).tolist() == [1, 3, 4]


@pytest.mark.parametrize("blank", [pd.NA, pd.NaT, float("nan"), None])
def test_blanks_of_any_library_are_missing(blank: Any) -> None:
    pairs = pair_texts(["a", blank, "b"], ["a", "b", blank])
    assert (pairs.n, pairs.absent[Absent.MISSING]) == (2, 1)


@pytest.mark.parametrize(
    "texts", [{"a": "b"}, pd.DataFrame({"a": ["b"]}), pl.DataFrame({"a": ["b"]})]
)
def test_the_names_of_columns_are_no_texts(texts: Any) -> None:
    with pytest.raises(UsageError, match="texts are"):
        pair_texts(texts, texts)
