from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.spans import (
    METRICS,
    SPAN_METRICS,
    Span,
    SpanScores,
    span_metric,
    span_metrics,
)
from tests.metrics.spans import enumerated

CAT = ["The cat sat on the mat."]


def values(found: SpanScores) -> dict[str, float]:
    return {name: score.value.value for name, score in found.overall.items()}


def value(name: str, *arguments: Any, **options: Any) -> float:
    return values(span_metrics(*arguments, **options))[name]


@pytest.mark.parametrize("seed", range(60))
def test_every_score_is_what_counting_one_by_one_gives(seed: int) -> None:
    gold, model, texts = enumerated.corpus(seed)
    found = values(span_metrics(gold, model, texts, labels=enumerated.LABELS))
    expected = enumerated.scores(gold, model, texts)
    assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)
    assert tuple(found) == SPAN_METRICS


@pytest.mark.parametrize("seed", range(20))
def test_scores_of_tokens_are_those_of_scikit_learn_on_indicators(seed: int) -> None:
    gold, model, texts = enumerated.corpus(seed, units=30)
    sides = [
        [
            [
                (start, label) in enumerated.touched(enumerated.clipped(spans, text)[0], text)
                for label in enumerated.LABELS
            ]
            for spans, text in zip(side, texts, strict=True)
            for start, _ in enumerated.tokens(text)
        ]
        for side in (gold, model)
    ]
    truth, answers = (np.array(side) for side in sides)
    used = np.flatnonzero((truth | answers).any(axis=0))
    found = span_metrics(gold, model, texts, labels=enumerated.LABELS)
    for average in ("micro", "macro"):
        expected = f1_score(truth[:, used], answers[:, used], average=average, zero_division=0)
        assert found.overall[f"token_f1_{average}"].value.value == pytest.approx(
            expected, abs=1e-12
        )
    by_label = f1_score(truth, answers, average=None, zero_division=np.nan)
    ours = [found.by_label[label]["token_f1"].value.value for label in enumerated.LABELS]
    assert ours == pytest.approx(by_label.tolist(), abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("seed", range(20))
def test_one_label_scores_as_if_there_were_no_others(seed: int) -> None:
    gold, model, texts = enumerated.corpus(seed)
    found = span_metrics(gold, model, texts, labels=enumerated.LABELS).by_label["A"]
    first, second = [
        [[span for span in spans if span.label == "A"] for spans in side] for side in (gold, model)
    ]
    alone = values(span_metrics(first, second, texts, labels=["A"]))
    for name, score in found.items():
        same = alone["token_f1_micro" if name == "token_f1" else name]
        assert score.value.value == pytest.approx(same, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", SPAN_METRICS)
def test_a_kernel_makes_the_value_of_the_sum_of_rows(name: str) -> None:
    gold, model, texts = enumerated.corpus(3, units=40)
    score = span_metrics(gold, model, texts, labels=enumerated.LABELS).overall[name]
    assert float(score.kernel(score.rows.sum(axis=0))) == pytest.approx(
        score.value.value, abs=1e-12
    )


@pytest.mark.parametrize("name", SPAN_METRICS)
def test_a_kernel_takes_any_number_of_resamples_at_once(name: str) -> None:
    gold, model, texts = enumerated.corpus(4, units=9)
    score = span_metrics(gold, model, texts, labels=enumerated.LABELS).overall[name]
    drawn = np.random.default_rng(0).integers(0, 9, (2, 5, 9))
    together = score.kernel(score.rows[drawn].sum(axis=-2))
    assert together.shape == (2, 5)
    for place in np.ndindex(2, 5):
        again = [[side[unit] for unit in drawn[place]] for side in (gold, model, texts)]
        expected = value(name, *again, labels=enumerated.LABELS)
        assert together[place] == pytest.approx(expected, abs=1e-12, nan_ok=True)


# Batista 2018, https://www.davidsbatista.net/blog/2018/05/09/Named_Entity_Evaluation: what is gold,
# what was found, and the scores of both, as the documentation of nervaluate has them too.
SCENARIOS = (
    ("tikosyn", "BRAND", "", ""),
    ("", "", "healthy", "BRAND"),
    ("warfarin", "DRUG", "of warfarin", "DRUG"),
    ("propranolol", "DRUG", "propranolol", "BRAND"),
    ("phenytoin", "DRUG", "phenytoin", "DRUG"),
    ("theophylline", "DRUG", "theophylline", "DRUG"),
    ("contraceptives", "GROUP", "oral contraceptives", "DRUG"),
)
PUBLISHED = {"type": 3 / 6, "partial": 4 / 6, "exact": 3 / 6, "strict": 2 / 6}


def test_the_published_scenarios_score_as_published() -> None:
    text = "tikosyn healthy of warfarin propranolol phenytoin theophylline oral contraceptives"
    gold, model = (
        [
            Span(text.index(row[place]), text.index(row[place]) + len(row[place]), row[place + 1])
            for row in SCENARIOS
            if row[place]
        ]
        for place in (0, 2)
    )
    found = values(span_metrics([gold], [model], [text]))
    for scheme, expected in PUBLISHED.items():
        for part in ("precision", "recall", "f1"):
            assert found[f"{scheme}_{part}"] == pytest.approx(expected)


def test_units_without_a_gold_list_never_enter() -> None:
    found = span_metrics([None, Absent.FAILED, [Span(4, 7)]], [[Span(0, 1)], [], [Span(4, 7)]])
    assert found.overall["strict_f1"].value.value == 1.0
    assert found.overall["strict_f1"].value.n == found.share_valid.n == 1


def test_an_absent_answer_finds_nothing_and_is_told() -> None:
    gold = [[Span(4, 7)], [], [Span(0, 2)]]
    found = span_metrics(gold, [None, Absent.INVALID, [Span(0, 2)]])
    assert found.overall["strict_recall"].value.value == 0.5
    assert found.overall["char_iou"].value.value == pytest.approx(1 / 3)
    assert found.share_valid.value == pytest.approx(1 / 3)
    assert found.share_valid.note == "1 missing, 1 invalid"


def test_absent_answers_can_be_left_out() -> None:
    found = span_metrics([[Span(4, 7)], [Span(0, 2)]], [None, [Span(0, 2)]], absent="exclude")
    assert found.overall["char_iou"].value.value == 1.0
    assert found.overall["char_iou"].value.n == 1
    assert found.share_valid.value == 0.5


def test_statistics_stand_where_their_units_were() -> None:
    score = span_metrics([None, [Span(4, 7)]], [[], [Span(4, 8)]]).overall["char_iou"]
    assert np.isnan(score.statistics[0]).all()
    assert score.statistics[1].tolist() == [0.75, 1.0]


def test_few_spans_are_scored_over_all_units_and_over_those_with_any() -> None:
    gold, model = [[Span(4, 7)], [], []], [[Span(4, 6)], [], []]
    found = values(span_metrics(gold, model, CAT * 3))
    assert found["char_iou"] == pytest.approx((2 / 3 + 2) / 3)
    assert found["char_iou_any"] == found["char_iou_pooled"] == pytest.approx(2 / 3)


def test_offsets_are_clipped_to_the_text() -> None:
    found = values(span_metrics([[Span(19, 23)]], [[Span(19, 900)]], CAT))
    assert found["strict_f1"] == found["token_f1_micro"] == found["char_iou"] == 1.0


def test_offsets_beyond_all_numbers_are_clipped_too() -> None:
    assert value("strict_f1", [[Span(0, 23)]], [[Span(-(10**30), 10**30)]], CAT) == 1.0


@pytest.mark.parametrize("span", [Span(4, 4), Span(7, 4), Span(23, 30), Span(-5, 0)])
def test_a_span_that_marks_nothing_is_wrong_for_a_model_and_left_out_of_gold(span: Span) -> None:
    gold, model = [[Span(4, 7), span]], [[Span(4, 7), span]]
    found = span_metrics(gold, model, CAT)
    assert found.overall["strict_precision"].value.value == 0.5
    assert found.overall["strict_recall"].value.value == 1.0
    assert found.overall["token_f1_micro"].value.value == 1.0
    note = "spans that mark no character: 1 of gold (left out), 1 of the model (wrong)"
    assert found.overall["char_iou"].value.note == note


def test_equal_spans_of_a_unit_count_once() -> None:
    gold, model = [[Span(4, 7, "A")] * 3], [[Span(4, 7, "A")] * 2]
    assert set(values(span_metrics(gold, model, CAT)).values()) == {1.0}


def test_overlapping_spans_of_a_label_cover_once_and_of_two_labels_twice() -> None:
    model = [[Span(0, 7, "A")]]
    one = span_metrics([[Span(0, 7, "A"), Span(4, 7, "A")]], model, CAT).overall
    two = span_metrics([[Span(0, 7, "A"), Span(4, 7, "B")]], model, CAT).overall
    assert one["token_f1_micro"].value.value == one["char_iou"].value.value == 1.0
    assert two["token_recall"].value.value == pytest.approx(2 / 3)
    assert two["char_iou"].value.value == pytest.approx(7 / 10)


def test_no_span_answers_two_others() -> None:
    found = values(span_metrics([[Span(0, 11)]], [[Span(0, 3), Span(4, 11)]], CAT))
    assert found["type_precision"] == 0.5
    assert found["type_recall"] == 1.0
    assert found["partial_f1"] == pytest.approx(2 * 0.5 / 3)


def test_identical_spans_are_paired_before_longer_overlaps() -> None:
    gold, model = [[Span(0, 3), Span(0, 11)]], [[Span(0, 3), Span(1, 11)]]
    assert value("partial_recall", gold, model, CAT) == 0.75


def test_tokens_that_are_touched_or_only_those_inside() -> None:
    gold, model = [[Span(4, 7)]], [[Span(5, 8)]]
    assert value("token_f1_micro", gold, model, CAT) == 1.0
    assert value("token_f1_micro", gold, model, CAT, alignment="contract") == 0.0


def test_a_label_that_is_not_allowed_is_wrong_and_no_class() -> None:
    gold, model = [[Span(4, 7, "A")]], [[Span(4, 7, "A"), Span(8, 11, "Z"), Span(15, 18)]]
    found = values(span_metrics(gold, model, CAT, labels=["A", "B"]))
    assert found["token_f1_macro"] == 1.0
    assert found["token_precision"] == found["strict_precision"] == pytest.approx(1 / 3)


def test_without_labels_those_that_occur_are_classes() -> None:
    found = span_metrics([[Span(4, 7, "A")]], [[Span(4, 7, "A"), Span(8, 11)]], CAT)
    assert tuple(found.by_label) == (None, "A")
    assert found.overall["token_f1_macro"].value.value == 0.5


def test_labels_that_do_not_matter_are_ignored() -> None:
    found = span_metrics([[Span(4, 7, "A")]], [[Span(4, 7, "B")]], CAT, labels=[])
    assert tuple(found.by_label) == (None,)
    assert found.overall["strict_f1"].value.value == 1.0


def test_a_gold_label_that_is_not_allowed_is_an_error() -> None:
    with pytest.raises(UsageError, match=r"a gold span has the label `Z`, .* 2 labels"):
        span_metrics([[Span(4, 7, "Z")]], [[]], labels=["A", "B"])


def test_without_texts_there_are_no_tokens() -> None:
    found = span_metrics([[Span(4, 7)]], [[Span(4, 7)]]).overall
    assert math.isnan(found["token_f1_micro"].value.value)
    assert found["token_f1_micro"].value.note == "needs the texts"
    assert found["strict_f1"].value.value == 1.0


@pytest.mark.parametrize("texts", [["", ""], None])
def test_without_any_span_only_the_mean_over_all_units_is_defined(texts: list[str] | None) -> None:
    found = span_metrics([[], []], [[], []], texts).overall
    assert found["char_iou"].value.value == 1.0
    others = [score.value for name, score in found.items() if name != "char_iou"]
    assert all(math.isnan(other.value) and other.note for other in others)


def test_without_units_nothing_is_defined() -> None:
    found = span_metrics([], [], [])
    assert all(math.isnan(score.value.value) for score in found.overall.values())
    assert {score.value.n for score in found.overall.values()} == {0}
    assert found.overall["char_iou"].value.note == "no unit has a gold list of spans"
    assert math.isnan(found.share_valid.value)


def test_a_model_that_marks_nothing_has_no_precision() -> None:
    found = span_metrics([[Span(4, 7)]], [[]], CAT).overall
    assert found["strict_f1"].value.value == found["strict_recall"].value.value == 0.0
    assert found["strict_precision"].value.note == "the model marks nothing"
    assert span_metrics([[]], [[Span(4, 7)]], CAT).overall["type_recall"].value.note == (
        "there is no gold span"
    )


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (([[]], [[], []]), "gold has 1 lists of spans and the model 2"),
        (([[]], [[]], ["a", "b"]), "there are 1 lists of spans and 2 texts"),
        (([[Span(0.5, 2)]], [[]]), "offsets of spans are whole numbers .* found `float64`"),  # type: ignore[arg-type] # what is tested
    ],
)
def test_sides_that_do_not_fit_are_refused(arguments: Any, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        span_metrics(*arguments)


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ({"absent": "class"}, "rule for absent spans"),
        ({"alignment": "half"}, "alignment of tokens"),
    ],
)
def test_an_unknown_option_is_refused(option: Any, reason: str) -> None:
    with pytest.raises(UnknownNameError, match=reason):
        span_metrics([[]], [[]], **option)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_offered_by_name(metric: Any) -> None:
    gold, model, texts = enumerated.corpus(7, units=40)
    gold, model = (
        [enumerated.clipped(spans, text)[0] for spans, text in zip(side, texts, strict=True)]
        for side in (gold, model)
    )
    found = metric.function(gold, model, texts)
    assert metric.low < found.value < metric.high
    swapped = metric.function(model, gold, texts).value
    assert not metric.is_symmetric or found.value == pytest.approx(swapped, abs=1e-12)


def test_a_metric_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `strict_f1`"):
        span_metric([[]], [[]], name="strict_f2")


def test_units_with_any_span_are_counted() -> None:
    found = span_metrics([[Span(0, 3)], [], []], [[], [Span(0, 3)], []], ["abc"] * 3)
    assert found.overall["char_iou_any"].value.n == 2
    assert found.overall["char_iou"].value.n == 3
