from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.scoring.field import Field
from evalhouse.tasks.examples import (
    Example,
    FewShot,
    choose,
    parse_examples,
    response,
    write_examples,
)

TEN = [Example(f"text {number}", "a" if number < 8 else "b") for number in range(10)]


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        (Field("x", "checkbox"), "yes", True),
        (Field("x", "dropdown", ("A",)), "a", "A"),
        (Field("x", "multiselect", ("A", "B")), "b|a", ["A", "B"]),
        (Field("x", "likert", scale=(1, 5)), "4.0", 4),
        (Field("x", "textbox"), "true", "true"),
        (Field("x", "span"), "", []),
        (Field("x", "span"), '[{"start": 0, "end": 1}]', [{"start": 0, "end": 1}]),
        (Field("x", "likert", scale=(1, 5)), "9", "9"),
    ],
)
def test_a_cell_is_shown_as_the_json_a_model_answers_with(
    field: Field, cell: str, value: object
) -> None:
    assert response(field, cell) == value


@given(
    st.lists(
        st.builds(Example, st.text("abc \n"), st.text("xyz")).filter(
            lambda e: e.text.strip() == e.text != ""
        )
    )
)
def test_examples_are_read_as_they_were_written(examples: list[Example]) -> None:
    assert parse_examples(write_examples(Field("x", "textbox"), examples)) == examples


@pytest.mark.parametrize(
    "block", ["Text:", "Text: a", "Text: a Response: 1", "Text: a Response: {}"]
)
def test_a_block_that_cannot_be_read_is_told(block: str) -> None:
    assert parse_examples(block) == [None]


def test_all_examples_are_shown_unless_something_else_is_said() -> None:
    assert choose(FewShot(), TEN) == tuple(TEN)


def test_the_first_are_those_that_come_first() -> None:
    assert choose(FewShot(selection="first", count=2), TEN) == tuple(TEN[:2])


def test_a_draw_depends_on_the_seed_and_not_on_the_order() -> None:
    draws = {choose(FewShot(selection="random", count=4, seed=seed), TEN) for seed in range(20)}
    again = choose(FewShot(selection="random", count=4, seed=3), TEN[::-1])
    assert len(draws) > 10
    assert again in draws


def test_a_draw_is_the_same_on_every_machine() -> None:
    drawn = choose(FewShot(selection="random", count=3, seed=1), TEN)
    assert [each.text for each in drawn] == ["text 1", "text 2", "text 8"]


def test_a_balanced_draw_has_each_answer_as_often() -> None:
    drawn = choose(FewShot(selection="balanced", count=4), TEN)
    assert sorted(each.answer for each in drawn) == ["a", "a", "b", "b"]
