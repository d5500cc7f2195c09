from __future__ import annotations

from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field
from evalhouse.views.annotation.examples import Rows, examples, marks

STANCE = Field("stance", "dropdown", ("for", "against"))


def test_only_rows_with_another_answer_are_shown() -> None:
    gold: list[Cell] = ["for", "against", None, "for"]
    model: list[Cell] = ["For", Absent.INVALID, "for", "against"]
    rows = Rows(STANCE, ["a", "b", "c", "d"], ["t"] * 4, gold, model, ["ok", "invalid", "ok", "ok"])
    found = examples(rows, 5)
    assert [(each.row_id, each.answer, each.status) for each in found] == [
        ("b", "", "invalid"),
        ("d", "against", "ok"),
    ]
    assert len(examples(rows, 1)) == 1


def test_spans_are_the_same_in_any_order() -> None:
    one = '[{"start": 0, "end": 2, "label": "A"}, {"start": 4, "end": 6}]'
    other = '[{"start": 4, "end": 6, "text": "xy"}, {"start": 0, "end": 2, "label": "A"}]'
    field = Field("spans", "span")
    assert marks(field, [one, one, ""], [other, "", Absent.FAILED]) == [True, False, False]


def test_a_question_that_does_not_arise_has_no_mark() -> None:
    assert marks(STANCE, [Absent.NOT_APPLICABLE], ["for"]) == [None]
