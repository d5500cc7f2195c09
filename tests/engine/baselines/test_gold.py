from __future__ import annotations

import numpy as np
import pytest

from evalhouse.engine.baselines.gold import fallback, read_gold
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.cells import Cell
from evalhouse.scoring.field import Field

SIDE = Field("side", "dropdown", ("for", "against"))
TOPICS = Field("topics", "multiselect", ("b", "a"))


@pytest.mark.parametrize(
    ("field", "cells", "answers"),
    [
        (Field("tick", "checkbox"), ["yes", "0.0", "x", None], ["1", "0", None, None]),
        (SIDE, ["Against", "both", "", "for"], ["against", None, None, "for"]),
        (SIDE, [Absent.NOT_APPLICABLE, Absent.INVALID, "for"], [None, None, "for"]),
        (Field("force", "likert", scale=(1, 12)), ["10", "2.0", "13"], ["10", "2", None]),
        (TOPICS, ["a|b", "[]", "c", '["a"]'], ['["b", "a"]', "[]", None, '["a"]']),
        (Field("why", "textbox"), ["b ", "", "a"], ["b", None, "a"]),
    ],
)
def test_cells_are_read_as_the_answers_they_are(
    field: Field, cells: list[Cell], answers: list[str | None]
) -> None:
    gold = read_gold(field, cells)
    assert [gold.cell(code) if code >= 0 else None for code in gold.codes] == answers


def test_answers_are_in_the_order_of_the_codebook_or_their_own() -> None:
    assert read_gold(SIDE, ["against", "for"]).answers == ("for", "against")
    assert read_gold(Field("n", "likert"), ["10", "9", "-1"]).answers == ("-1", "9", "10")
    assert read_gold(Field("o", "dropdown"), ["b", "a"]).answers == ("a", "b")
    sets = read_gold(TOPICS, ["a", "b", "[]", "a|b"]).answers
    assert sets == (frozenset(), frozenset("b"), frozenset("ab"), frozenset("a"))


def test_answers_are_counted_in_some_rows() -> None:
    gold = read_gold(SIDE, ["for", "against", "for", ""])
    np.testing.assert_array_equal(gold.counts(np.array([0, 2, 3])), [2, 0])


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        (Field("f", "checkbox"), "0"),
        (SIDE, "for"),
        (Field("f", "dropdown"), ""),
        (Field("f", "likert", scale=(-3, 3)), "-3"),
        (Field("f", "likert"), ""),
        (TOPICS, "[]"),
        (Field("f", "textbox"), ""),
        (Field("f", "span", labels=("who",)), ""),
    ],
)
def test_every_field_has_a_cell_to_fall_back_on(field: Field, cell: str) -> None:
    assert fallback(field) == cell
