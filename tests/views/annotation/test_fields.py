from __future__ import annotations

from evalhouse.assessment.results import Confusion, FieldResult
from evalhouse.views.annotation.fields import field_report, row_shares
from tests.views.annotation.runs import all_kinds, dropdown, humans, score


def test_a_number_under_two_names_stands_once() -> None:
    found = field_report(dropdown("D"))
    assert [line.metric for line in found.headline] == ["f1_macro", "percentage_agreement"]
    assert [line.metric for line in found.others] == ["accuracy", "cohen_kappa", "valid_share"]


def test_scores_about_repeats_stand_apart() -> None:
    likert = field_report(all_kinds()[3])
    assert [line.metric for line in likert.stability] == [
        "stability",
        "repeat_agreement",
        "quadratic_kappa_repeat_mean",
    ]
    assert not likert.others


def test_text_has_no_score_that_stands_for_it() -> None:
    text = field_report(all_kinds()[5])
    assert text.first is None
    assert [line.metric for line in text.others] == ["exact_match", "rougeL_f"]


def test_people_come_before_the_gold_and_after_the_model() -> None:
    found = field_report(dropdown("D", humans=humans()))
    assert [pair.sides for pair in found.pairs] == [
        "model and person",
        "model and person",
        "people",
        "with the gold",
        "with the gold",
        "with the gold",
    ]


def test_confusions_are_listed_by_how_often_they_occur() -> None:
    counts = ((5, 2, 0), (0, 0, 0))
    found = field_report(dropdown("D", confusion=Confusion(("a", "b"), ("invalid",), counts)))
    assert [(each.gold, each.answer, each.count) for each in found.mistaken] == [("a", "b", 2)]
    assert row_shares(Confusion(("a", "b"), ("invalid",), counts))[1] == (None, None, None)


def test_labels_have_their_support_and_a_gap_where_a_score_lacks() -> None:
    lines = (score("precision", 0.5, label="support"), score("recall", 0.5, label="oppose"))
    table = field_report(dropdown("D", classes=lines)).labels
    assert table is not None
    assert table.metrics == ("precision", "recall")
    assert [(row.label, row.support is None) for row in table.rows] == [
        ("support", False),
        ("oppose", False),
    ]
    assert table.rows[0].scores[1] is None


def test_a_field_without_anything_is_still_shown() -> None:
    empty = FieldResult(column="E", kind="span", rows=0, applicable=0, headline=(), scores=())
    found = field_report(empty)
    assert (found.headline, found.labels, found.mistaken, found.pairs) == ((), None, (), ())
