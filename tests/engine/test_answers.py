from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.engine.answers import Answer, Reader, find_object, is_refusal, read_value
from evalhouse.engine.record import Given, Record, as_payload
from evalhouse.providers import Reply
from evalhouse.scoring.field import Field
from evalhouse.tasks.codebook import Annotation
from evalhouse.tasks.statuses import STATUSES

TICK = Field("f", "checkbox")
SIDE = Field("f", "dropdown", ("support", "oppose", "3", "`so`"))
OPEN = Field("f", "dropdown")
TOPICS = Field("f", "multiselect", ("a", "b", "c|d"))
FORCE = Field("f", "likert", scale=(1, 5))
COLD = Field("f", "likert", scale=(-2, 2))
ANY_NUMBER = Field("f", "likert")
WHY = Field("f", "textbox")
PARTS = Field("f", "span", labels=("who", "what"))
FIELDS = (TICK, SIDE, OPEN, TOPICS, FORCE, COLD, ANY_NUMBER, WHY, PARTS, Field("f", "span"))
TEXT = "The cat sat on the mat."


def read(field: Field, value: Any, text: str = TEXT) -> Answer:
    return read_value(Annotation("k", "S", "f", field), value, text)


def found(text: str, *keys: str, may_think: bool = False, **others: Any) -> Any:
    """Return the object of a reply, or the answer that says why there is none."""
    reply = Reply(text, others.pop("finish", "stop"), **others)
    seen = find_object(reply, keys or ("response",), may_think=may_think)
    return seen.fault or seen.value


ALLOWED: list[tuple[Field, Any, str]] = [
    (TICK, True, "1"),
    (TICK, False, "0"),
    (TICK, 1, "1"),
    (TICK, 0, "0"),
    (TICK, 1.0, "1"),
    (TICK, "1.0", "1"),
    (TICK, " yes", "1"),
    (TICK, "No", "0"),
    (TICK, "`true`", "1"),
    (SIDE, "support", "support"),
    (SIDE, " Oppose ", "oppose"),
    (SIDE, "`oppose`", "oppose"),
    (SIDE, "`so`", "`so`"),
    (SIDE, 3, "3"),
    (OPEN, "whatever", "whatever"),
    (TOPICS, ["b", "a"], '["a", "b"]'),
    (TOPICS, ["A", "a"], '["a"]'),
    (TOPICS, "b", '["b"]'),
    (TOPICS, [], "[]"),
    (TOPICS, ["c|d"], '["c|d"]'),
    (FORCE, 4, "4"),
    (FORCE, 4.0, "4"),
    (FORCE, "4", "4"),
    (FORCE, "4.0", "4"),
    (COLD, -1, "-1"),
    (COLD, "-1", "-1"),
    (ANY_NUMBER, 1e17, "100000000000000000"),
    (ANY_NUMBER, -12, "-12"),
    (WHY, "  two words \n", "two words"),
    (WHY, 'a {brace} and "quotes"', 'a {brace} and "quotes"'),
    (WHY, '{"response": "nested"}', '{"response": "nested"}'),
    (WHY, "None", "None"),
    (PARTS, [], ""),
]
FORBIDDEN: list[tuple[Field, Any, str]] = [
    (TICK, "yesterday", "`yesterday` is not allowed"),
    (TICK, "I do not know", "`I do not know` is not allowed"),
    (TICK, "Yes.", "`Yes.` is not allowed"),
    (TICK, 2, "`2` is not allowed"),
    (TICK, 0.5, "`0.5` is not allowed"),
    (TICK, None, "there is no answer"),
    (TICK, "", "there is no answer"),
    (TICK, [True], "`[true]` is not allowed"),
    (SIDE, "both", "`both` is not allowed"),
    (SIDE, ["support", "oppose"], '`["support", "oppose"]` is not allowed'),
    (SIDE, "support, oppose", "`support, oppose` is not allowed"),
    (SIDE, True, "`true` is not allowed"),
    (SIDE, 3.0, "`3.0` is not allowed"),
    (OPEN, " `` ", "there is no answer"),
    (TOPICS, ["a", "z"], '`["a", "z"]` is not allowed'),
    (TOPICS, ["a", 1], '`["a", 1]` is no list of options'),
    (TOPICS, None, "there is no answer"),
    (TOPICS, [None], "`[null]` is no list of options"),
    (TOPICS, [""], '`[""]` is not allowed'),
    (TOPICS, {"a": True}, '`{"a": true}` is no list of options'),
    (FORCE, 12, "`12` is not allowed"),
    (FORCE, 0, "`0` is not allowed"),
    (FORCE, "4.9", "`4.9` is not allowed"),
    (FORCE, 4.9, "`4.9` is not allowed"),
    (FORCE, "inf", "`inf` is not allowed"),
    (FORCE, float("inf"), "`Infinity` is not allowed"),
    (FORCE, float("nan"), "`NaN` is not allowed"),
    (FORCE, 1e300, f"`{int(1e300)}"[:121] + "…` is not allowed"),
    (FORCE, True, "`true` is not allowed"),
    (FORCE, "On a 1 to 7 scale this is a 2", "`On a 1 to 7 scale this is a 2` is not allowed"),
    (FORCE, "4/5", "`4/5` is not allowed"),
    (FORCE, "four", "`four` is not allowed"),
    (FORCE, [4], "`[4]` is not allowed"),
    (WHY, None, "there is no answer"),
    (WHY, " \n", "there is no answer"),
    (WHY, 12, "`12` is no text"),
    (WHY, ["a"], '`["a"]` is no text'),
    (PARTS, None, "there is no answer"),
    (PARTS, "cat", "the answer is no list of spans"),
    (PARTS, [1], "the answer is no list of spans"),
    (PARTS, {"text": "cat"}, "the answer is no list of spans"),
]
shown = pytest.mark.parametrize


@shown(("field", "value", "cell"), ALLOWED)
def test_an_allowed_answer_is_a_cell(field: Field, value: Any, cell: str) -> None:
    assert read(field, value) == Answer("ok", cell)


@shown(("field", "value", "reason"), FORBIDDEN)
def test_what_is_not_allowed_is_invalid_and_says_why(field: Field, value: Any, reason: str) -> None:
    assert read(field, value) == Answer("invalid", reason=reason)


@shown("field", [WHY, OPEN])
def test_half_of_a_character_is_no_answer(field: Field) -> None:
    value = json.loads('"so \\ud83d it is"')
    assert read(field, value).reason == "the answer holds half of a character, which no text can"
    assert read(SIDE, value).reason == "`so ? it is` is not allowed"


@shown(
    ("text", "expected"),
    [
        ('{"response": 1}', {"response": 1}),
        (' \n{"response": 1}\n ', {"response": 1}),
        ('```json\n{"response": 1}\n```', {"response": 1}),
        ('```\n{"response": 1}```', {"response": 1}),
        ('Here it is: {"response": 1}. Hope it helps!', {"response": 1}),
        ('{"response": 1} No, wait: {"response": 2}', {"response": 2}),
        ('{"other": 1} {"response": 2} {"third": 3}', {"response": 2}),
        ('{so} {"response": {"response": 2}}', {"response": {"response": 2}}),
        ('[1] and [2]: {"response": []}', {"response": []}),
        ('{"response": NaN}', None),  # of which only the key is looked at below
        ('{"response": "a } brace { in it"}', {"response": "a } brace { in it"}),
    ],
)
def test_the_object_of_a_reply_is_found(text: str, expected: Any) -> None:
    assert found(text).keys() == {"response"}
    assert expected is None or found(text) == expected


@shown(
    ("text", "status", "reason"),
    [
        ("", "invalid", "the reply is empty"),
        (" \n", "invalid", "the reply is empty"),
        ("yes", "invalid", "the reply holds no JSON object: `yes`"),
        ("1", "invalid", "the reply holds no JSON object: `1`"),
        ('["support"]', "invalid", 'the reply holds no JSON object: `["support"]`'),
        ('{"answer": 1}', "invalid", "the reply has none of the keys `response`"),
        ('{"answer": {"response": 1}}', "invalid", "the reply has none of the keys `response`"),
        ('{"response": ', "invalid", 'the reply holds no JSON object: `{"response":`'),
        ("I’m sorry, but I can’t do that.", "refused", "I’m sorry, but I can’t do that."),
        ("I cannot help with this. {}", "refused", "I cannot help with this. {}"),
        ('{"response": ' * 9999, "invalid", None),
        ("{" * 99999, "invalid", None),
        ('{"response": ' + "9" * 9999 + "}", "invalid", None),
    ],
)
def test_a_reply_without_its_object_says_why(text: str, status: str, reason: str | None) -> None:
    answer = found(text)
    assert answer.status == status
    assert reason is None or answer.reason == reason
    assert len(answer.reason) < 200


def test_what_is_thought_before_an_answer_is_no_answer() -> None:
    text = 'I think {"response": "decoy"}, or {"x": [1]}.\n\n{"response": "real"}'
    assert found(text, may_think=True) == {"response": "real"}
    assert found('{"response": "real"}', may_think=True) == {"response": "real"}


def test_a_reply_that_was_cut_is_truncated_whatever_it_had_considered() -> None:
    cut = 'Maybe {"response": "decoy"}, but then again {"response": "re'
    truncated = Answer("truncated", reason="the reply was cut before the answer ended")
    for text in (cut, cut[:30], "I think", "", '{"response": "su'):
        assert found(text, finish="length", may_think=True) == truncated
        assert found(text, finish="length") == truncated


def test_an_answer_that_ends_where_the_reply_was_cut_is_whole() -> None:
    for text in ('{"response": 1}', 'So: {"response": 1}', '```json\n{"response": 1}\n```'):
        assert found(text, finish="length", may_think=True) == {"response": 1}


@shown(
    ("others", "reason"),
    [
        ({"refusal": "I will not."}, "I will not."),
        ({"finish": "content_filter"}, '{"response": 1}'),
    ],
)
def test_a_refusal_that_is_marked_is_one_even_beside_an_answer(
    others: dict[str, Any], reason: str
) -> None:
    assert found('{"response": 1}', **others) == Answer("refused", reason=reason)


@shown(
    ("text", "expected"),
    [
        ("I'm sorry, but I can't assist with that request.", True),
        ("\n I cannot help with that.", True),
        ("As an AI, I have no opinion.", True),
        ("Sorry for the delay: yes.", False),
        ("He said: I can't assist with that.", False),
        ("", False),
    ],
)
def test_refusals_are_known_by_how_they_begin(text: str, *, expected: bool) -> None:
    assert is_refusal(text) is expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.sampled_from(["\ud800", "support", "cat", "who", "1", "4.0", "text", "start"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["text", "start", "end", "label", "response"]), inner),
    max_leaves=12,
)  # fmt: skip


@given(st.sampled_from(FIELDS), JSON)
def test_any_json_is_an_answer_or_says_why_not_and_can_be_recorded(
    field: Field, value: Any
) -> None:
    answer = read(field, value)
    assert answer.status in ("ok", "repaired", "invalid")
    assert answer.is_given != bool(answer.reason)
    assert answer.is_given or not answer.cell
    given_answer = Given(1, "f", answer.status, answer.cell, answer.reason)
    as_payload(Record(rows=(1,), ids=("a",), repeat=0, unit="text", answers=(given_answer,)))


@given(st.sampled_from(FIELDS), JSON)
def test_what_is_read_can_be_read_again_as_a_table_holds_it(field: Field, value: Any) -> None:
    answer = read(field, value)
    if answer.is_given and field.kind not in ("span", "multiselect"):
        assert read(field, answer.cell) == answer
    if answer.is_given and field.kind in ("span", "multiselect") and answer.cell:
        assert read(field, json.loads(answer.cell)) == Answer("ok", answer.cell)


REPLIES = st.text(alphabet=st.characters(codec="utf-8")) | st.lists(
    st.sampled_from(['{"response": ', "}", "{", '"a"', "[1]", "```", "\n", "json", "1", " ", "\\"])
).map("".join)


@given(REPLIES, st.booleans(), st.sampled_from(["stop", "length", "error", "content_filter"]))
def test_any_reply_has_an_object_or_says_why_not(text: str, may_think: bool, finish: Any) -> None:  # noqa: FBT001 - drawn
    seen = find_object(Reply(text, finish), ["response"], may_think=may_think)
    assert (seen.value is None) == (seen.fault is not None)
    if seen.fault:
        assert seen.fault.status in STATUSES
    else:
        assert text[seen.start] == "{"


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 6)
    | st.floats()
    | st.sampled_from(["a", "3", "so"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("text"), inner),
    max_leaves=4,
)


@given(st.sampled_from(FIELDS), st.lists(_VALUES, max_size=8))
def test_a_reader_that_remembers_reads_as_one_that_does_not(
    field: Field, values: list[Any]
) -> None:
    annotation = Annotation("k", "S", "f", field)
    reader = Reader(annotation)
    for value in [*values, *values]:
        assert reader(value, TEXT) == read_value(annotation, value, TEXT)


def test_true_one_and_one_point_nought_are_not_the_same_answer() -> None:
    reader = Reader(Annotation("k", "S", "f", SIDE))
    assert [reader(value, TEXT).status for value in (3, True, 3.0, "3")] == [
        "ok",
        "invalid",
        "invalid",
        "ok",
    ]
