from __future__ import annotations

import pytest

from evalhouse.assessment.cautions import cautions, rare_labels
from evalhouse.assessment.lines import line
from evalhouse.assessment.tables import Counts
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.value import undefined
from evalhouse.scoring import Field
from evalhouse.scoring.cells import Cell
from tests.assessment.made import field_rows

STANCE = Field("stance", "dropdown", ("for", "against", "none"))
AGREED: list[Cell] = [*["for"] * 100, *["against"] * 100, *["none"] * 100]


def warned(gold: list[Cell], model: list[Cell], field: Field = STANCE) -> list[str]:
    return cautions(Counts(field_rows(field, gold, model), gold, model), (), ())


def test_many_rows_of_every_label_answered_well_warn_of_nothing() -> None:
    assert warned(AGREED, AGREED) == []


@pytest.mark.parametrize(
    ("gold", "model", "words"),
    [
        (AGREED[50:-60], AGREED[50:-60], "only 190 rows have a gold answer"),
        ([*AGREED, ""] * 1 + [""] * 20, [*AGREED, *["for"] * 21], "21 of 321 rows that it applies"),
        (AGREED, [*[""] * 20, *AGREED[20:]], "20 of 300 rows with a gold answer have no valid one"),
        (["for"] * 300, ["for"] * 300, "gold is constant: every answer is `for`"),
        (["for"] * 300, ["for"] * 300, "never in gold, so not tested: `against`, `none`"),
        (AGREED[:204], AGREED[:204], "rare in gold: `none` (4); read precision and recall"),
        (
            AGREED,
            [*["for"] * 200, *AGREED[200:]],
            "never answered by the model, though in gold: `against`",
        ),
        ([Absent.NOT_APPLICABLE] * 3, ["for"] * 3, "the field applies to no row"),
    ],
)
def test_what_a_reader_must_know_is_said(gold: list[Cell], model: list[Cell], words: str) -> None:
    assert any(words in warning for warning in warned(gold, model))


def test_a_label_is_rare_by_number_or_by_share() -> None:
    few: list[Cell] = [*["for"] * 30, *["against"] * 9]
    small_share: list[Cell] = [*["for"] * 300, *["against"] * 20]
    for gold in (few, small_share):
        assert rare_labels(Counts(field_rows(STANCE, gold, gold), gold, gold)) == ["against"]
    even: list[Cell] = [*["for"] * 30, *["against"] * 10]
    assert rare_labels(Counts(field_rows(STANCE, even, even), even, even)) == []


def test_rare_options_and_rare_labels_of_spans_are_counted_too() -> None:
    topics = Field("topics", "multiselect", ("a", "b"))
    gold: list[Cell] = [*["a"] * 20, *["a|b"] * 3]
    assert rare_labels(Counts(field_rows(topics, gold, gold), gold, gold)) == ["b"]
    names = Field("names", "span", labels=("who", "what"))
    two = '[{"start": 0, "end": 2, "label": "who"}, {"start": 3, "end": 5, "label": "what"}]'
    spans: list[Cell] = [two, *['[{"start": 0, "end": 2, "label": "who"}]'] * 20]
    assert rare_labels(Counts(field_rows(names, spans, spans), spans, spans)) == ["what"]


def test_a_headline_that_is_undefined_is_named_with_its_reason() -> None:
    scores = [line("f1_macro", undefined(3, "why")), line("accuracy", undefined(3, "other"))]
    counts = Counts(field_rows(STANCE, AGREED, AGREED), AGREED, AGREED)
    assert cautions(counts, scores, ("f1_macro",)) == ["`f1_macro` is undefined: why"]
