from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from evalhouse.engine.asking import Asking
from evalhouse.engine.desk import Desk, GivingUpError
from evalhouse.engine.interview import Numbered, Question
from evalhouse.engine.progress import Tally
from evalhouse.engine.record import Record, read_record
from evalhouse.engine.respondents import Asked, Baseline
from evalhouse.engine.slots import Limits, Slots, StoppedError
from evalhouse.engine.transport import Persistence, Transport
from evalhouse.errors import EvalhouseError
from evalhouse.journal import Journal
from evalhouse.providers import Reply, TokenLogprob, Usage
from evalhouse.providers.failures import (
    ContentRefusedError,
    ContextTooLongError,
    RejectedRequestError,
    ServerFaultError,
    UnsupportedParameterError,
)
from evalhouse.tasks.rows import Row
from evalhouse.tasks.task import Task
from tests.engine.desks import asked
from tests.engine.providers import Told, in_a_row, reply
from tests.engine.runs import entries_of, made_task, open_journal, prompts_of

PLACE = "http://127.0.0.1:1/v1"
GOOD = '{"response": true}'
REJECTED = RejectedRequestError(PLACE, 400, "no")
TOO_LONG = ContextTooLongError(PLACE, 400, "too long")
DOWN = ServerFaultError(PLACE, 500, "down").observed(b'{"asked":2}', b"<html>", 0.5, 500)


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return made_task(tmp_path_factory.mktemp("task"), 3)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


def desk_of(provider: Any, journal: Journal, retries: int = 0) -> Desk:
    slots = Slots(Limits(4))
    transport = Transport(provider, slots, Persistence(retries, first_wait=0.001))
    return Desk(Asked(transport, "the-model"), journal, Tally(1))


def exchanged(path: Path, provider: Any, *questions: Question, retries: int = 0) -> list[Any]:
    """Ask, and return the records, or what was raised."""

    async def work(desk: Desk) -> list[Any]:
        return [await _caught(desk, question) for question in questions]

    with open_journal(path) as journal:
        return asyncio.run(work(desk_of(provider, journal, retries)))


async def _caught(desk: Desk, question: Question) -> Any:
    try:
        return await desk.exchange(question)
    except EvalhouseError as failure:
        return failure


def questions(task: Task, count: int, **others: Any) -> list[Question]:
    prompts = prompts_of(task, Asking("field", **others))
    rows = [Numbered(n, Row(f"r{n}", f"Text {n}.", {})) for n in range(1, count + 1)]
    return [Question(prompts, (row,), ("1",), prompts.columns[:1], 0) for row in rows]


def test_a_record_holds_all_that_is_known_of_an_exchange(task: Task, path: Path) -> None:
    said = reply(
        "<b>" + GOOD, reasoning="hm", finish_word="eos", model="served", seconds=1.5,
        seconds_to_first_token=0.25, usage=Usage(11, 7, 3, 2),
    )  # fmt: skip
    (question,) = questions(task, 1)
    (record,) = exchanged(path, Told(said), question)
    ((key, entry),) = entries_of(path)[0].items()
    assert key == "1/1/0/1"
    assert entry.request == {"asked": 1}
    assert entry.started is not None
    assert entry.finished is not None
    assert 0 <= entry.finished - entry.started < 60
    assert read_record(entry) == record
    assert entry.payload == {
        "rows": [1], "ids": ["r1"], "repeat": 0, "unit": "field", "column": "S_About",
        "answers": [{"row": 1, "column": "S_About", "status": "ok", "cell": "1"}],
        "text": "<b>" + GOOD, "reasoning": "hm", "finish": "stop", "finish_word": "eos",
        "model": "served", "usage": {"input": 11, "output": 7, "reasoning": 3, "cached": 2},
        "seconds": 1.5, "seconds_to_first_token": 0.25, "prompt_chars": question.characters,
        "raw_reply": '{"said":1}',
    }  # fmt: skip


def test_what_was_answered_is_not_asked_again(task: Task, path: Path) -> None:
    first, second = Told(), Told()
    (record,) = exchanged(path, first, *questions(task, 1))
    again = exchanged(path, second, *questions(task, 2))
    assert again[0] == record
    assert (len(first.begun), len(second.begun)) == (1, 1)


def test_a_try_without_a_reply_is_recorded_apart_with_its_evidence(task: Task, path: Path) -> None:
    (question,) = questions(task, 1)
    (record,) = exchanged(path, in_a_row([DOWN, DOWN]), question, retries=2)
    replied, failed = entries_of(path)
    assert record.answers[0].status == "ok"
    assert list(replied) == ["1/1/0/1"]
    assert [key.rpartition("/")[0] for key in failed] == ["failed/1/1/0/1"] * 2
    for entry in failed.values():
        assert entry.request == {"asked": 2}
        assert entry.payload == {
            "rows": [1], "ids": ["r1"], "repeat": 0, "unit": "field", "column": "S_About",
            "seconds": 0.5, "raw_reply": "<html>", "prompt_chars": question.characters,
            "failure": {"kind": "ServerFault", "message": str(DOWN), "status": 500},
        }  # fmt: skip


def test_a_question_without_a_reply_has_no_answer_recorded(task: Task, path: Path) -> None:
    (record,) = exchanged(path, Told(DOWN), *questions(task, 1), retries=1)
    assert record.failure is not None
    assert not record.failure.is_lasting
    replied, failed = entries_of(path)
    assert (len(replied), len(failed)) == (0, 2)


def test_a_refusal_by_a_filter_is_an_answer(task: Task, path: Path) -> None:
    refused = ContentRefusedError(PLACE, 400, "flagged").observed(b'{"asked":3}', b"{}", 0.5, 400)
    (question,) = questions(task, 1)
    (record,) = exchanged(path, Told(refused), question)
    (again,) = exchanged(path, Told(), question)
    assert again == record
    assert (record.answers[0].status, record.refusal) == ("refused", str(refused))
    assert (record.prompt_chars, record.seconds) == (question.characters, 0.5)
    replied, failed = entries_of(path)
    assert (replied["1/1/0/1"].request, failed) == ({"asked": 3}, {})


def test_a_parameter_that_the_server_does_not_take_ends_the_run(task: Task, path: Path) -> None:
    failure = UnsupportedParameterError(PLACE, 400, ("a", "a"), "no")
    assert exchanged(path, Told(failure), *questions(task, 1)) == [failure]


def test_some_rejected_requests_before_any_reply_end_the_run(task: Task, path: Path) -> None:
    found = exchanged(path, Told(REJECTED), *questions(task, 3))
    assert [type(each) for each in found] == [Record, Record, RejectedRequestError]


def test_a_request_that_is_rejected_among_others_concerns_its_row_alone(
    task: Task, path: Path
) -> None:
    provider = Told(reply(GOOD), *[REJECTED] * 5, reply(GOOD))
    found = exchanged(path, provider, *questions(task, 7))
    assert [each.failure is None for each in found] == [True, *[False] * 5, True]
    assert all(each.failure.is_lasting for each in found[1:-1])
    # In a later session, too, where they come first.
    again = exchanged(path, Told(REJECTED), *questions(task, 7))
    assert [each.failure is None for each in again] == [True, *[False] * 5, True]


def test_texts_that_are_too_long_say_nothing_about_others(task: Task, path: Path) -> None:
    found = exchanged(path, Told(TOO_LONG), *questions(task, 30))
    assert {each.failure.kind for each in found} == {"ContextTooLong"}


def test_after_many_failures_in_a_row_the_run_gives_up(task: Task, path: Path) -> None:
    found = exchanged(path, Told(DOWN), *questions(task, 20))
    assert [type(each) for each in found] == [Record] * 19 + [GivingUpError]
    assert str(found[-1]).startswith("20 requests failed one after the other, the last because")
    provider = Told(*[DOWN] * 19, reply(GOOD), *[DOWN] * 19, reply(GOOD))
    found = exchanged(path, provider, *questions(task, 40))
    assert all(isinstance(each, Record) for each in found)


def test_a_closed_desk_tells_what_is_recorded_and_asks_nothing(task: Task, path: Path) -> None:
    exchanged(path, Told(), *questions(task, 1))

    async def work(desk: Desk) -> list[Any]:
        desk.is_closed = True
        return [await _caught(desk, question) for question in questions(task, 2)]

    with open_journal(path) as journal:
        known, unknown = asyncio.run(work(desk_of(provider := Told(), journal)))
    assert known.answers[0].cell == "1"
    assert isinstance(unknown, StoppedError)
    assert provider.begun == []


def test_a_secret_in_an_answer_is_nowhere_and_the_answer_the_same_in_a_later_session(
    tmp_path: Path, path: Path
) -> None:
    secret = "sk-" + "aB3" + "xY7" * 10
    codebook = "text_column: text\nsections: [{name: S, annotations: [{name: A, type: textbox}]}]\n"
    task = made_task(tmp_path / "task", 1, codebook)
    told = Told(reply(json.dumps({"response": f"the key is {secret}"})))
    (record,) = exchanged(path, told, *questions(task, 1))
    (again,) = exchanged(path, Told(), *questions(task, 1))
    assert record == again
    assert record.answers[0].cell.startswith("the key is ⟦redacted:openai:")
    assert secret not in path.read_text("utf-8")


def test_thoughts_before_an_answer_are_its_reasoning(task: Task, path: Path) -> None:
    said = Told(reply('I {think} so.\n\n{"response": true}'))
    (record,) = exchanged(path, said, *questions(task, 1, prompt_type="CoT"))
    assert (record.reasoning, record.answers[0].cell) == ("I {think} so.", "1")


def test_how_likely_options_were_is_kept_with_the_answer(task: Task, path: Path) -> None:
    tokens = tuple(
        TokenLogprob(t, -0.5, ((" false", -1.0),)) for t in ('{"response":', " true", "}")
    )
    said = Told(reply('{"response": true}', logprobs=tokens))
    (record,) = exchanged(path, said, *questions(task, 1, logprobs=1))
    assert record.answers[0].logprobs == pytest.approx({"1": -0.5, "0": -1.0})
    assert read_record(entries_of(path)[0]["1/1/0/1"]) == record


CELLS = {
    "S_About": "1",
    "S_Side": "for",
    "S_Force": "4",
    "T_Topics": '["money"]',
    "T_Parts": '[{"start": 0, "end": 4, "text": "Long", "label": "who"}]',
    "T_Why": "so",
}


@pytest.mark.parametrize("unit", ["text", "field"])
def test_a_baseline_answers_as_a_model_would(unit: Any, task: Task, path: Path) -> None:
    prompts = prompts_of(task, Asking(unit))
    columns = [prompts.columns] if unit == "text" else [(column,) for column in prompts.columns]
    # The second row of the second repeat.
    baseline = Baseline("guess", task.codebook, [{}, {c: ["", CELLS[c]] for c in CELLS}])

    async def work(desk: Desk) -> list[Record]:
        some = [asked(prompts, "", "Long text.", columns=each) for each in columns]
        return [
            await desk.exchange(replace(each, rows=each.rows[1:], labels=("1",), repeat=1))
            for each in some
        ]

    with open_journal(path) as journal:
        records = asyncio.run(work(Desk(baseline, journal, Tally(1))))
    answers = [each for record in records for each in record.answers]
    assert {each.column: each.cell for each in answers} == CELLS
    assert {each.status for each in answers} == {"ok"}
    assert {(record.model, record.raw_reply) for record in records} == {("guess", "")}


def test_a_reply_in_which_fields_are_missing_says_which(task: Task, path: Path) -> None:
    prompts = prompts_of(task)
    said = Told(Reply('{"S_About": false, "T_Topics": [], "T_Parts": 3}', "stop"))
    (record,) = exchanged(path, said, asked(prompts, "A text."))
    assert [(each.column, each.status, each.reason) for each in record.answers] == [
        ("S_About", "ok", ""),
        ("S_Side", "not_applicable", ""),
        ("S_Force", "not_applicable", ""),
        ("T_Topics", "ok", ""),
        ("T_Parts", "invalid", "the answer is no list of spans"),
        ("T_Why", "not_applicable", ""),
    ]
