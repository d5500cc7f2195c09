from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from evalhouse.engine.answers import Answer
from evalhouse.engine.asking import Asking
from evalhouse.engine.interview import UNKNOWN, Answers, settled
from evalhouse.engine.prompts import Prompts
from evalhouse.engine.respondents import compose
from evalhouse.providers import Reply, Sampling
from evalhouse.tasks.rows import Row
from evalhouse.tasks.task import Task
from tests.engine.desks import DOWN, TOO_LONG, Desk, asked, interviewed, scripted
from tests.engine.runs import made_task, prompts_of

TWO = """\
text_column: text
sections:
  - name: S
    annotations:
      - {name: A, type: checkbox}
      - {name: B, type: dropdown, options: [x, y]}
"""
FAMILY = """\
text_column: text
sections:
  - name: S
    annotations:
      - {name: A, type: checkbox}
      - {name: B, type: dropdown, options: [x, y]}
      - name: Both
        type: checkbox
        condition: {all: [{field: A, value: yes}, {field: B, value: x}]}
      - name: Any
        type: checkbox
        condition: {any: [{field: A, value: yes}, {field: B, value: x}]}
      - name: Not
        type: checkbox
        condition: {field: B, not: x}
      - {name: Why, type: textbox}
      - {name: Deep, type: checkbox, condition: {field: Both, value: yes}}
"""
ROWS = [Row(f"r{number}", f"Text {number}.", {}) for number in range(1, 5)]
A, B = "S_A", "S_B"
GOOD = {A: True, B: "x"}
YES, X = Answer("ok", "1"), Answer("ok", "x")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return made_task(tmp_path_factory.mktemp("two"), 1, TWO)


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return made_task(tmp_path_factory.mktemp("family"), 1, FAMILY)


def contents(desk: Desk) -> list[list[str]]:
    """Return what was sent: a letter for who, and the words."""
    return [[f"{m.role[0]}:{m.content}" for m in request.messages] for request in desk.requests]


def prompt(prompts: Prompts, row: Row, column: str = "") -> str:
    columns = (column,) if column else prompts.columns
    return f"u:{prompts.text(prompts.form(columns), [row])}"


def answered(value: Any) -> str:
    return f"a:{json.dumps(value)}"


TRUE, AN_X = {"response": True}, {"response": "x"}
a, b = answered(TRUE), answered(AN_X)


@pytest.mark.parametrize(
    ("mode", "window", "turns"),
    [
        ("per_query", 9, [["1A"], ["1B"], ["2A"], ["2B"]]),
        ("per_text", 9, [["1A"], ["1A", a, "1B"], ["2A"], ["2A", a, "2B"]]),
        ("per_text", 0, [["1A"], ["1B"], ["2A"], ["2B"]]),
        ("continuous", 9, [["1A"], ["1A", a, "1B"], ["1A", a, "1B", b, "2A"],
                           ["1A", a, "1B", b, "2A", a, "2B"]]),
        ("continuous", 2, [["1A"], ["1A", a, "1B"], ["1A", a, "1B", b, "2A"],
                           ["1B", b, "2A", a, "2B"]]),
        ("continuous", 1, [["1A"], ["1A", a, "1B"], ["1B", b, "2A"], ["2A", a, "2B"]]),
        ("continuous", 0, [["1A"], ["1B"], ["2A"], ["2B"]]),
    ],
)  # fmt: skip
def test_a_request_for_a_field_brings_the_history_of_its_chat_mode(
    mode: Any, window: int, turns: list[list[str]], two: Task
) -> None:
    prompts = prompts_of(two, Asking("field", mode, window))
    desk, _ = interviewed(prompts, ROWS[:2], scripted(*[TRUE, AN_X] * 2))
    words = {f"{n}{c[-1]}": prompt(prompts, ROWS[n - 1], c) for n in (1, 2) for c in (A, B)}
    assert contents(desk) == [[words.get(turn, turn) for turn in request] for request in turns]
    assert desk.keys == ["1/1/0/1", "1/2/0/1", "2/1/0/1", "2/2/0/1"]


@pytest.mark.parametrize(
    ("mode", "turns"),
    [
        ("per_query", [["1"], ["2"], ["3"]]),
        ("per_text", [["1"], ["2"], ["3"]]),
        ("continuous", [["1"], ["1", "a", "2"], ["2", "a", "3"]]),
    ],
)
def test_a_request_for_a_text_brings_other_texts_in_one_chat_alone(
    mode: Any, turns: list[list[str]], two: Task
) -> None:
    prompts = prompts_of(two, Asking("text", mode, 1))
    desk, found = interviewed(prompts, ROWS[:3], lambda _: GOOD)
    words = {str(n): prompt(prompts, ROWS[n - 1]) for n in (1, 2, 3)} | {"a": answered(GOOD)}
    assert contents(desk) == [[words[turn] for turn in request] for request in turns]
    assert desk.keys == ["1/all/0/1", "2/all/0/1", "3/all/0/1"]
    assert found == [{A: YES, B: X}] * 3


@pytest.mark.parametrize("mode", ["per_query", "per_text", "continuous"])
def test_a_request_for_several_texts_has_all_of_them(mode: Any, two: Task) -> None:
    prompts = prompts_of(two, Asking("batch", mode, batch_size=3))
    replies = {str(n): GOOD for n in (1, 2, 3)}, {"1": GOOD}
    desk, found = interviewed(prompts, ROWS, scripted(*replies))
    first, last = (
        f"u:{prompts.text(prompts.form(prompts.columns), rows)}" for rows in (ROWS[:3], ROWS[3:])
    )
    before = [first, answered(replies[0])] if mode == "continuous" else []
    assert contents(desk) == [[first], [*before, last]]
    assert desk.keys == ["1-2-3/all/0/1", "4/all/0/1"]
    assert found == [{A: YES, B: X}] * 4


def test_a_field_that_cannot_be_used_is_asked_again_with_what_was_wrong(two: Task) -> None:
    prompts = prompts_of(two, Asking("field", retries=2))
    replies = scripted({"response": "maybe"}, "Yes!", {"response": "yes"}, AN_X)
    desk, found = interviewed(prompts, ROWS[:1], replies)
    first, form = (
        prompt(prompts, ROWS[0], A),
        'Reply with a JSON object of the form {"response": ...}.',
    )
    again = [
        f"u:That cannot be used: `maybe` is not allowed. {form}",
        f"u:That cannot be used: the reply holds no JSON object: `Yes!`. {form}",
    ]
    assert contents(desk) == [
        [first],
        [first, 'a:{"response": "maybe"}', again[0]],
        [first, 'a:{"response": "maybe"}', again[0], "a:Yes!", again[1]],
        # What could not be used is no part of what comes after it.
        [first, 'a:{"response": "yes"}', prompt(prompts, ROWS[0], B)],
    ]
    assert desk.keys == ["1/1/0/1", "1/1/0/2", "1/1/0/3", "1/2/0/1"]
    assert found == [{A: YES, B: X}]


def test_of_a_text_only_what_cannot_be_used_is_asked_again(two: Task) -> None:
    prompts = prompts_of(two, Asking())
    desk, found = interviewed(prompts, ROWS[:1], scripted({A: True, B: "z"}, {B: "x", A: False}))
    first = prompt(prompts, ROWS[0])
    told = "u:That cannot be used: S_B: `z` is not allowed. Reply with one JSON object that has"
    assert contents(desk)[1][:2] == [first, answered({A: True, B: "z"})]
    assert contents(desk)[1][2].startswith(f'{told} exactly these keys: "{B}".')
    schema = desk.requests[1].schema
    assert schema is not None
    assert list(schema["properties"]) == [B]
    assert found == [{A: YES, B: X}]  # what was good stays, whatever is said now


def test_of_several_texts_only_those_are_asked_again_that_need_it(two: Task) -> None:
    prompts = prompts_of(two, Asking("batch", batch_size=4, retries=1))
    first = {"1": GOOD, "2": {A: True, B: "z"}, "4": {A: 7, B: "x"}}
    second = {"2": {A: False, B: "y"}, "3": GOOD, "4": {A: True, B: "z"}, "1": {A: 9, B: 9}}
    desk, found = interviewed(prompts, ROWS, scripted(first, second))
    told = contents(desk)[1][2]
    assert told.startswith(
        f"u:That cannot be used: text 2, {B}: `z` is not allowed; text 3, {A}: the reply has no "
        f"answers to 3; text 3, {B}: the reply has no answers to 3; text 4, {A}: `7` is not "
        "allowed. Reply with one JSON object that has a key for each text, its number "
        '("2", "3", "4"), and'
    )
    schema = desk.requests[1].schema
    assert schema is not None
    assert list(schema["properties"]) == ["2", "3", "4"]
    assert desk.keys == ["1-2-3-4/all/0/1", "2-3-4/all/0/2"]
    invalid = Answer("invalid", reason="`z` is not allowed")
    assert found == [{A: YES, B: X}, {A: Answer("ok", "0"), B: Answer("ok", "y")},
                     {A: YES, B: X}, {A: YES, B: invalid}]  # fmt: skip


def test_an_empty_reply_is_no_turn_of_a_chat(two: Task) -> None:
    prompts = prompts_of(two, Asking())
    desk, found = interviewed(prompts, ROWS[:1], scripted("", GOOD))
    (again,) = contents(desk)[1]
    assert again.startswith(prompt(prompts, ROWS[0]))
    assert "That cannot be used: " in again
    assert found == [{A: YES, B: X}]


def test_a_chat_remembers_all_that_was_needed_for_an_answer(two: Task) -> None:
    prompts = prompts_of(two, Asking(chat_mode="continuous"))
    replies = scripted({A: True, B: "z"}, {B: "x"}, GOOD)
    desk, _ = interviewed(prompts, ROWS[:2], replies)
    assert contents(desk)[2][:-1] == [*contents(desk)[1], answered({B: "x"})]


@pytest.mark.parametrize(
    ("strategy", "temperatures"), [("identical", [0.0, 0.0]), ("temperature", [0.0, 0.9])]
)
def test_an_answer_that_is_not_allowed_may_be_asked_for_in_the_same_words(
    strategy: Any, temperatures: list[float], two: Task
) -> None:
    asking = Asking(retry_strategy=strategy, retry_temperature=0.9)
    desk, found = interviewed(prompts_of(two, asking), ROWS[:1], scripted({A: 7, B: "x"}, GOOD))
    assert contents(desk)[0] == contents(desk)[1]
    assert [request.sampling.temperature for request in desk.requests] == temperatures
    assert desk.requests[0].repeat != desk.requests[1].repeat  # or a kept reply would come again
    assert found == [{A: YES, B: X}]


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_nothing_is_asked_more_often_than_is_allowed(retries: int, two: Task) -> None:
    prompts = prompts_of(two, Asking(retries=retries))
    desk, found = interviewed(prompts, ROWS[:1], lambda _: {A: 7, B: "x"})
    assert len(desk.requests) == 1 + retries
    assert found[0][A] == Answer("invalid", reason="`7` is not allowed")


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply("", "length"), "truncated"),
        (Reply("{", "length"), "truncated"),
        (Reply("", "content_filter", refusal="no"), "refused"),
        ("I'm sorry, but I can't help with that.", "refused"),
        (DOWN, "failed"),
    ],
)
def test_what_is_cut_refused_or_failed_is_not_asked_again(
    reply: Any, status: str, two: Task
) -> None:
    desk, found = interviewed(prompts_of(two), ROWS[:1], lambda _: reply)
    assert len(desk.requests) == 1
    assert {answer.status for answer in found[0].values()} == {status}


def test_each_repeat_has_a_seed_of_its_own(two: Task) -> None:
    seeded = prompts_of(two, Asking(sampling=Sampling(seed=7), repeats=3, logprobs=2))
    unseeded = prompts_of(two, Asking(repeats=3))
    for prompts, seeds in ((seeded, [7, 8, 9]), (unseeded, [None] * 3)):
        question = asked(prompts, "So.")
        requests = [compose(replace(question, repeat=repeat), "m") for repeat in range(3)]
        assert [request.sampling.seed for request in requests] == seeds
        assert [request.repeat for request in requests] == [0, 1, 2]
        assert {request.logprobs for request in requests} == {prompts.asking.logprobs}


N_A = Answer("not_applicable")


def statuses(found: Mapping[str, Answer]) -> str:
    """Return the answers in the order of the columns: `+`, `-` for not applicable, or a letter."""
    return "".join(
        {"ok": "+", "not_applicable": "-"}.get(a.status, a.status[0]) for a in found.values()
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # A B Both Any Not Why Deep
        ({A: True, B: "x"}, "++++-++"),
        ({A: True, B: "y"}, "++-+++-"),
        ({A: False, B: "x"}, "++-+-+-"),
        ({A: False, B: "y"}, "++--++-"),
        # Kleene: what is known decides as far as it can.
        ({A: "?", B: "x"}, "i+i+-+i"),
        ({A: "?", B: "y"}, "i+-i++-"),
        ({A: True, B: "?"}, "+ii+i+i"),
        ({A: False, B: "?"}, "+i-ii+-"),
        ({A: "?", B: "?"}, "iiiii+i"),
    ],
)
@pytest.mark.parametrize("unit", ["text", "field"])
def test_questions_arise_by_the_answers_before_them(
    given: dict[str, Any], expected: str, unit: Any, family: Task
) -> None:
    rest: dict[str, Any] = dict.fromkeys(["S_Both", "S_Any", "S_Not", "S_Deep"], True) | {
        "S_Why": "so"
    }
    prompts = prompts_of(family, Asking(unit, "per_query", retries=0))
    if unit == "text":
        desk, (found,) = interviewed(prompts, ROWS[:1], lambda _: {**given, **rest})
        assert len(desk.requests) == 1
    else:

        def respond(request: Any) -> Any:
            name = request.messages[-1].content.partition("Question: ")[2].split("\n")[0]
            return {"response": {**given, **rest}[f"S_{name}"]}

        desk, (found,) = interviewed(prompts, ROWS[:1], respond)
        asked = [prompts.columns[int(key.split("/")[1]) - 1] for key in desk.keys]
        own = [c for c, answer in found.items() if answer.status == "ok" or c in (A, B)]
        assert asked == own
    assert statuses(found) == expected
    assert {a.reason for c, a in found.items() if a.status == "invalid" and c not in (A, B)} <= {
        UNKNOWN
    }


def test_what_hangs_on_an_answer_is_asked_again_with_it_and_not_blamed(family: Task) -> None:
    prompts = prompts_of(family, Asking())
    good = {
        A: True,
        B: "x",
        "S_Both": True,
        "S_Any": True,
        "S_Not": None,
        "S_Why": "so",
        "S_Deep": True,
    }
    desk, (found,) = interviewed(prompts, ROWS[:1], scripted({**good, A: "?"}, good))
    told = contents(desk)[1][-1]
    assert told.startswith("u:That cannot be used: S_A: `?` is not allowed. Reply")
    assert told.endswith('exactly these keys: "S_A", "S_Both", "S_Deep".')
    assert statuses(found) == "++++-++"


@pytest.mark.parametrize("status", ["invalid", "refused", "truncated", "failed"])
def test_what_hangs_on_an_answer_that_is_not_there_shares_its_fate(
    status: Any, family: Task
) -> None:
    given = {A: Answer(status, reason="so"), B: X, "S_Both": YES, "S_Why": Answer("ok", "so")}
    found = settled(family.codebook, prompts_of(family).columns, given)
    shared = Answer(status, reason=UNKNOWN)
    assert found == {
        A: Answer(status, reason="so"), B: X, "S_Both": shared, "S_Not": N_A, "S_Deep": shared,
        "S_Any": Answer("invalid", reason="there is no answer"), "S_Why": Answer("ok", "so"),
    }  # fmt: skip


def test_what_hangs_on_a_field_that_is_not_asked_does_not_arise(tmp_path: Path) -> None:
    codebook = TWO.replace("{name: A, type: checkbox}", "{name: A, type: textbox}") + (
        "      - {name: C, type: checkbox, condition: {field: A, value: so}}\n"
    )
    task = made_task(tmp_path, 1, codebook)
    for unit in ("text", "field"):
        prompts = prompts_of(task, Asking(unit, process_textbox=False))
        replies = scripted({B: "x", "S_C": True}, AN_X) if unit == "text" else scripted(AN_X)
        desk, (found,) = interviewed(prompts, ROWS[:1], replies)
        assert found == {B: X, "S_C": N_A}
        assert len(desk.requests) == 1


@pytest.mark.parametrize(
    ("mode", "failure", "keys", "found"),
    [
        # An answer that would have followed one that is to be asked again waits for it.
        ("per_text", DOWN, ["1/1", "2/1", "2/2"], ["ff", "++"]),
        ("continuous", DOWN, ["1/1"], ["ff", "ff"]),
        ("per_query", DOWN, ["1/1", "1/2", "2/1", "2/2"], ["f+", "++"]),
        # One that will never come keeps nothing from being asked.
        ("per_text", TOO_LONG, ["1/1", "1/2", "2/1", "2/2"], ["f+", "++"]),
        ("continuous", TOO_LONG, ["1/1", "1/2", "2/1", "2/2"], ["f+", "++"]),
    ],
)
def test_after_a_failure_nothing_is_asked_that_would_miss_it_in_its_history(
    mode: Any, failure: Any, keys: list[str], found: list[str], two: Task
) -> None:
    prompts = prompts_of(two, Asking("field", mode))
    desk, answers = interviewed(prompts, ROWS[:2], scripted(failure, *replies_to(keys)))
    assert desk.keys == [f"{key}/0/1" for key in keys]
    assert [statuses(each) for each in answers] == found


def replies_to(keys: list[str]) -> list[Any]:
    return [TRUE if key.endswith("1") else AN_X for key in keys[1:]]


def test_settling_twice_changes_nothing(family: Task) -> None:
    columns = prompts_of(family).columns
    for first in (YES, Answer("ok", "0"), Answer("invalid"), Answer("refused"), N_A):
        for second in (X, Answer("ok", "y"), Answer("truncated")):
            given: Answers = dict.fromkeys(columns, YES) | {A: first, B: second}
            once = settled(family.codebook, columns, given)
            assert settled(family.codebook, columns, once) == once
