from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from evalhouse.engine.answers import read_value
from evalhouse.engine.questions import (
    answer_form,
    answers_schema,
    condition_words,
    questions_of,
    schema_of,
)
from evalhouse.scoring.field import Field
from evalhouse.tasks.codebook import Annotation, Codebook, Section, Settings
from evalhouse.tasks.conditions import AllOf, AnyOf, Is
from tests.engine.runs import COLUMNS, made_task

TICK = Field("tick", "checkbox")
SIDE = Field("side", "dropdown", ("for", 'so "so"', "né"))
TOPICS = Field("topics", "multiselect", ("a", "b"))
FORCE = Field("force", "likert", scale=(1, 5))
WIDE = Field("wide", "likert", scale=(0, 100))
WHY = Field("why", "textbox")
PARTS = Field("parts", "span", labels=("who", "what"))
PLAIN_PARTS = Field("plain", "span")
FIELDS = (
    *(TICK, SIDE, TOPICS, FORCE, WIDE, WHY, PARTS, PLAIN_PARTS),
    *(Field("open", "dropdown"), Field("open", "multiselect"), Field("open", "likert")),
)
SPAN = {"text": "cat", "start": 4, "end": 7}
VALUES: list[Any] = [
    *(None, True, False, 0, 1, 3, 5, 6, 12, 4.5, 100, 101, -1, "", "for", "For", 'so "so"', "né"),
    *("a", "support", "3", [], ["a"], ["a", "b"], ["c"], [1], "cat", {}, {"response": 1}),
    *([SPAN], [{**SPAN, "label": "who"}], [{**SPAN, "label": "where"}], [{"start": 4}], [[]]),
    *([{**SPAN, "more": 1}], [{**SPAN, "start": "4"}]),
]


def annotation(field: Field, **others: Any) -> Annotation:
    return Annotation(field.name, "S", field.name, field, **others)


def book(*annotations: Annotation) -> Codebook:
    return Codebook(Settings("text"), (Section("section_1", "S", "Read.", annotations),))


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field.name} {field.kind}")
def test_a_schema_is_one_and_allows_what_is_read_as_an_answer(field: Field) -> None:
    schema = schema_of(field)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for value in VALUES:
        is_read = read_value(annotation(field), value, "The cat sat.").is_given
        if validator.is_valid(value):
            assert is_read or value == "", (field, value)  # that a text has letters is not said


@pytest.mark.parametrize(
    ("field", "allowed", "forbidden"),
    [
        (TICK, [True, False], ["true", 1, None]),
        (SIDE, ["for", 'so "so"', "né"], ["For", "", None, ["for"]]),
        (TOPICS, [[], ["a"], ["b", "a"]], ["a", ["c"], None, [None]]),
        (FORCE, [1, 2, 3, 4, 5], [0, 6, "1", 1.5, None, True]),
        (WIDE, [0, 50, 100], [-1, 101, "5", 0.5]),
        (WHY, ["a", "{"], [1, None, ["a"]]),
        (PARTS, [[], [{**SPAN, "label": "who"}]], [[SPAN], [{**SPAN, "label": "x"}], SPAN, None]),
        (PLAIN_PARTS, [[], [SPAN], [SPAN, SPAN]], [[{**SPAN, "label": "who"}], ["cat"]]),
    ],
)
def test_a_schema_has_the_real_options_points_and_labels(
    field: Field, allowed: list[Any], forbidden: list[Any]
) -> None:
    validator = Draft202012Validator(schema_of(field))
    assert [value for value in allowed if not validator.is_valid(value)] == []
    assert [value for value in forbidden if validator.is_valid(value)] == []


def test_the_schema_of_several_answers_wants_each_and_takes_null_where_there_is_a_condition() -> (
    None
):
    schema = answers_schema([annotation(TICK), annotation(SIDE, condition=Is("tick", ("1",)))])
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for tick, side in product([True, None], ["for", None, "none"]):
        is_allowed = tick is True and side != "none"
        assert validator.is_valid({"tick": tick, "side": side}) is is_allowed
    assert not validator.is_valid({"tick": True})
    assert not validator.is_valid({"tick": True, "side": None, "more": 1})
    assert list(schema["properties"]) == ["tick", "side"]


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        (TICK, "Answer true or false."),
        (SIDE, 'Answer with exactly one of: "for", "so "so"", "né".'),
        (Field("x", "dropdown"), "Answer with a short name."),
        (FORCE, "Answer with a whole number from 1 (lowest) to 5 (highest)."),
        (Field("x", "likert", scale=(-2, 2)), "whole number from -2 (lowest) to 2 (highest)."),
        (Field("x", "likert"), "Answer with a whole number."),
        (WHY, "Answer with a short text."),
        (TOPICS, 'which may be empty, out of: "a", "b".'),
        (PARTS, '`label`, one of: "who", "what"; the list is empty where there is none.'),
        (PLAIN_PARTS, "`end` (`start` plus its length); the list is empty where there is none."),
    ],
)
def test_a_question_says_how_it_is_answered(field: Field, sentence: str) -> None:
    assert answer_form(field).endswith(sentence)


IS_TICKED, IS_STRONG = Is("tick", ("1",)), Is("force", ("4", "5"))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (IS_TICKED, '"tick" is true'),
        (Is("tick", ("0",), is_negated=True), '"tick" is not false'),
        (IS_STRONG, '"force" is 4 or 5'),
        (Is("topics", ("a",)), '"topics" has a'),
        (AllOf((IS_TICKED, IS_STRONG)), '"tick" is true and ("force" is 4 or 5)'),
        (AnyOf((IS_TICKED, AllOf((IS_TICKED, IS_STRONG)))),
         '"tick" is true or ("tick" is true and ("force" is 4 or 5))'),
    ],
)  # fmt: skip
def test_a_condition_is_said_in_the_words_of_answers(condition: Any, words: str) -> None:
    assert condition_words(book(*map(annotation, (TICK, FORCE, TOPICS))), condition) == words


def test_sections_stand_above_the_questions_that_are_asked_of_them(tmp_path: Path) -> None:
    codebook = made_task(tmp_path, 1).codebook
    some = [each for each in codebook.annotations if each.column in ("S_About", "T_Why")]
    condition = 'Only where "S_About" is true; otherwise null.'
    assert list(questions_of(codebook, some, is_keyed=True)) == [
        "# S\nRead the comment.",
        "Question `S_About`: About\nWhether it is about the plan.\nAnswer true or false.",
        "# T",
        f"Question `T_Why`: Why\nAnswer with a short text. {condition}",
    ]
    both = list(questions_of(codebook, codebook.annotations, is_keyed=True))
    assert len(both) == len(COLUMNS) + len(codebook.sections)
    assert list(questions_of(codebook, some[1:], is_keyed=False)) == [
        "# T",
        "Question: Why\nAnswer with a short text.",
    ]


def test_notes_are_part_of_a_question_and_examples_are_not() -> None:
    note = annotation(WHY, example="Use the midpoint.")
    example = annotation(TICK, example='Text: \n"Late."\n\nResponse: \n{"response": true}')
    (_, first, second) = questions_of(book(note, example), [note, example], is_keyed=False)
    assert first == "Question: why\nAnswer with a short text.\nNote: Use the midpoint."
    assert second == "Question: tick\nAnswer true or false."
