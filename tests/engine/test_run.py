from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evalhouse.engine.asking import Asking
from evalhouse.engine.budget import Budget, BudgetError
from evalhouse.engine.desk import GivingUpError
from evalhouse.engine.progress import Progress
from evalhouse.engine.respondents import Replied
from evalhouse.engine.run import Job, Outcome, run
from evalhouse.engine.slots import Limits
from evalhouse.engine.transport import Persistence
from evalhouse.errors import UnwritableJournalError, UsageError
from evalhouse.journal import ResponseCache, line_file
from evalhouse.providers.failures import (
    AuthenticationError,
    OutOfCreditError,
    ProviderError,
    UnknownModelError,
    UnsupportedParameterError,
    WrongAddressError,
)
from evalhouse.redact import Redactor
from evalhouse.tasks.task import Task
from tests.engine.model import Model, Troubles
from tests.engine.providers import reply
from tests.engine.runs import (
    Setting,
    annotated,
    entries_of,
    essence,
    made_task,
    open_journal,
    prompts_of,
    table_of,
)
from tests.providers.server import Answer, Seen, Server, serving

ROWS = 30
WIDTH = 4


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Task:
    return made_task(tmp_path_factory.mktemp("task"), ROWS)


@pytest.fixture(scope="module")
def whole(task: Task, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """What a run ends with that nothing disturbs."""
    path = tmp_path_factory.mktemp("whole") / "a.jsonl"
    with serving(Model(Troubles(not_allowed=0.1))) as server:
        outcome = annotated(task, path, Setting(server.url))
    return table_of(outcome), essence(entries_of(path)[0])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "answers.jsonl"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Model(Troubles(not_allowed=0.1), 0.02)) as started:
        yield started


def at_request(server: Server, number: int, act: Callable[[], None]) -> None:
    """Do something when the server has got so many requests; it is slow from then on."""
    respond = server.respond

    def also(seen: Seen) -> Answer | None:
        if len(server.requests) == number:
            act()
        answer = respond(seen)
        assert answer is not None
        return replace(answer, wait=0.5) if len(server.requests) >= number else answer

    server.respond = also


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def completes(task: Task, path: Path, server: Server, whole: tuple[Any, Any]) -> Outcome:
    """Check that going on ends as if nothing had happened."""
    outcome = annotated(task, path, Setting(server.url))
    assert outcome.is_complete
    replied, failed = entries_of(path)
    assert (table_of(outcome), essence(replied), failed) == (*whole, {})
    return outcome


def test_ctrl_c_lets_requests_come_back_and_begins_no_other(
    task: Task, path: Path, server: Server, whole: tuple[Any, Any]
) -> None:
    at_request(server, 10, interrupt)
    outcome = annotated(task, path, Setting(server.url, limits=Limits(WIDTH), timeout=9.0))
    assert outcome.is_stopped
    assert not outcome.is_complete
    assert 10 <= len(server.requests) < 10 + WIDTH
    assert len(entries_of(path)[0]) == len(server.requests) == outcome.tally.exchanges
    server.respond = Model(Troubles(not_allowed=0.1))
    again = completes(task, path, server, whole)
    assert again.tally.replayed_exchanges == outcome.tally.exchanges
    assert len(server.requests) == len(whole[1])


def test_ctrl_c_twice_gives_requests_up_and_loses_no_answer(
    task: Task, path: Path, server: Server, whole: tuple[Any, Any]
) -> None:
    respond = server.respond

    def hang(seen: Seen) -> Answer | None:
        if len(server.requests) == 12:
            interrupt()
            threading.Timer(0.1, interrupt).start()
        answer = respond(seen)
        assert answer is not None
        return replace(answer, wait=60.0) if len(server.requests) > 10 else answer

    server.respond = hang
    started = time.monotonic()
    setting = Setting(server.url, limits=Limits(WIDTH), timeout=60.0)
    outcome = annotated(task, path, setting)
    assert time.monotonic() - started < 30
    assert outcome.is_stopped
    assert len(entries_of(path)[0]) == 10
    server.respond = respond
    completes(task, path, server, whole)
    assert len(server.requests) <= len(whole[1]) + WIDTH


def test_a_run_that_is_done_when_it_is_interrupted_is_complete(
    task: Task, path: Path, server: Server
) -> None:
    at_request(server, 3, interrupt)
    setting = Setting(server.url, limits=Limits(3), timeout=9.0)
    outcome = annotated(task, path, setting, Asking(retries=0), rows=3)
    assert outcome.is_complete
    assert not outcome.is_stopped


def test_a_spent_budget_loses_nothing_that_was_paid_for_and_can_be_raised(
    task: Task, path: Path, server: Server, whole: tuple[Any, Any]
) -> None:
    setting = Setting(server.url, budget=Budget(max_requests=11))
    with pytest.raises(BudgetError, match="the run has spent 11 of 11 requests, and stops"):
        annotated(task, path, setting)
    assert len(server.requests) == len(entries_of(path)[0]) == 11
    completes(task, path, server, whole)
    assert len(server.requests) == len(whole[1])


def test_spent_tokens_stop_a_run_with_no_more_than_those_under_way(
    task: Task, path: Path, server: Server
) -> None:
    setting = Setting(server.url, limits=Limits(WIDTH), budget=Budget(max_tokens=10 * 18))
    with pytest.raises(BudgetError, match=r"the run has spent \d+ of 180 tokens, and stops"):
        annotated(task, path, setting)
    assert 10 <= len(server.requests) < 10 + WIDTH
    assert len(entries_of(path)[0]) == len(server.requests)


FATAL: list[tuple[int, Any, type[ProviderError], str]] = [
    (401, {"error": {"message": "bad key"}}, AuthenticationError, "does not accept a request with"),
    (402, {"error": {"message": "pay"}}, OutOfCreditError, "has nothing left"),
    (404, {"error": {"message": "model not found"}}, UnknownModelError, "has no model `the-model`"),
    (404, {"detail": "Not Found"}, WrongAddressError, "check `base_url`"),
    (
        400,
        {"error": {"message": "temperature is not supported"}},
        UnsupportedParameterError,
        "omit",
    ),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), FATAL)
@pytest.mark.parametrize("provider", ["openai", "ollama"])
def test_what_no_waiting_mends_stops_a_run_at_once_with_one_sentence(
    status: int, body: Any, kind: Any, words: str, provider: str, task: Task, path: Path
) -> None:
    with serving(lambda _: Answer(status, body)) as server:
        with pytest.raises(kind) as failure:
            annotated(task, path, Setting(server.url, provider, limits=Limits(WIDTH)))
        assert words in str(failure.value)
        assert "\n" not in str(failure.value)
        assert len(server.requests) <= 2 * WIDTH


def test_a_server_that_is_down_makes_a_run_give_up(task: Task, path: Path) -> None:
    with serving(lambda _: Answer(500, {"error": "down"})) as server:
        once = Persistence(retries=0)
        with pytest.raises(GivingUpError, match="20 requests failed one after the other, the last"):
            annotated(task, path, Setting(server.url, persistence=once))


def test_no_row_is_read_long_before_it_is_asked_about(task: Task, path: Path) -> None:
    ahead = []

    class Counted:
        """Rows that know how many were read."""

        def __init__(self) -> None:
            self.read = 0

        def rows(self) -> Iterator[Any]:
            for row in task.rows():
                self.read += 1
                yield row

    counted = Counted()

    class Respondent:
        asked = 0

        async def ask(self, *_: Any) -> Replied:
            self.asked += 1
            ahead.append(counted.read - self.asked)
            return Replied(reply('{"S_About": false, "T_Topics": [], "T_Parts": []}'))

        async def close(self) -> None:
            pass

    prompts = prompts_of(task)
    with open_journal(path) as journal:
        job = Job(counted, prompts, Respondent(), journal, ROWS, None, WIDTH)  # type: ignore[arg-type]
        assert run(job).is_complete
    assert max(ahead) <= 2 * WIDTH


@pytest.mark.parametrize("mode", ["continuous", "per_text"])
def test_a_chat_is_one_after_the_other_and_repeats_go_side_by_side(
    mode: Any, task: Task, path: Path, server: Server
) -> None:
    asking = Asking(chat_mode=mode, repeats=3, retries=0)
    outcome = annotated(task, path, Setting(server.url, limits=Limits(8)), asking, rows=6)
    assert outcome.is_complete
    assert (len(outcome.answers), len(outcome.answers[0])) == (3, 6)
    assert (server.most_running <= 3) == (mode == "continuous")
    assert len(server.requests) == 18


def test_a_file_that_changes_meanwhile_stops_the_run(tmp_path: Path, path: Path) -> None:
    task = made_task(tmp_path / "task", 3)
    with (tmp_path / "task/ground-truth.csv").open("a", encoding="utf-8") as file:
        file.write("r4,another\n")
    with serving(Model()) as server, pytest.raises(UsageError, match="has changed since the task"):
        annotated(task, path, Setting(server.url))


def test_a_bug_is_raised_as_it_is(task: Task, path: Path) -> None:
    class Broken:
        is_closed = False

        async def ask(self, *_: Any) -> Replied:
            raise ZeroDivisionError

        async def close(self) -> None:
            Broken.is_closed = True

    with open_journal(path) as journal, pytest.raises(ZeroDivisionError):
        run(Job(task, prompts_of(task), Broken(), journal, ROWS))
    assert Broken.is_closed


def test_a_disk_that_is_full_stops_the_run_with_one_sentence(
    task: Task, path: Path, server: Server, monkeypatch: pytest.MonkeyPatch,
    whole: tuple[Any, Any], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    original, calls = line_file.LineFile.append, []

    def append(self: Any, items: Any) -> Any:
        calls.append(items)
        if len(calls) > 3:
            raise UnwritableJournalError(str(path), "no space left on device", 0)
        return original(self, items)

    with monkeypatch.context() as patched:
        patched.setattr(line_file.LineFile, "append", append)
        server.next(*[Answer(500, {"error": "down"})] * 5)
        with pytest.raises(UnwritableJournalError, match="no space left on device"):
            annotated(task, path, Setting(server.url))
        gc.collect()
    assert [record.message for record in caplog.records] == []
    failed = entries_of(path)[1]
    outcome = annotated(task, path, Setting(server.url))
    assert (table_of(outcome), essence(entries_of(path)[0])) == whole
    assert entries_of(path)[1].keys() == failed.keys()


def test_what_is_kept_in_a_cache_is_not_asked_again_and_counts_as_such(
    task: Task, tmp_path: Path, server: Server, whole: tuple[Any, Any]
) -> None:
    results = []
    for number in range(2):
        with ResponseCache(tmp_path / "cache", redactor=Redactor(b"key")) as cache:
            setting = Setting(server.url, cache=cache)
            outcome = annotated(task, tmp_path / f"{number}.jsonl", setting)
        results.append((table_of(outcome), essence(entries_of(tmp_path / f"{number}.jsonl")[0])))
        assert outcome.tally.cached == number * len(whole[1])
    assert results == [whole, whole]
    assert len(server.requests) == len(whole[1])


def test_progress_is_told_until_all_is_known(task: Task, path: Path, server: Server) -> None:
    told: list[Progress] = []
    annotated(task, path, Setting(server.url, watch=told.append))
    last = told[-1]
    assert (last.rows, last.rows_total, last.in_flight) == (ROWS, ROWS, 0)
    assert (last.exchanges, last.tokens) == (len(server.requests), 18 * len(server.requests))
    assert [each.rows for each in told] == sorted(each.rows for each in told)
    assert last.seconds_left == 0
    annotated(task, path, Setting(server.url, watch=told.append))
    assert (told[-1].exchanges, told[-1].replayed) == (0, last.exchanges)


def test_a_run_needs_not_be_in_the_main_thread(task: Task, path: Path, server: Server) -> None:
    found: list[Outcome] = []
    thread = threading.Thread(
        target=lambda: found.append(annotated(task, path, Setting(server.url)))
    )
    thread.start()
    thread.join()
    assert found[0].is_complete


def test_more_rows_than_there_are_leave_a_run_incomplete(
    task: Task, path: Path, server: Server
) -> None:
    outcome = annotated(task, path, Setting(server.url), rows=ROWS + 1)
    assert not outcome.is_complete
    assert outcome.answers[0][ROWS] is None
