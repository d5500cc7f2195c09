from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from evalhouse.engine.budget import Budget, BudgetError
from evalhouse.engine.slots import LONGEST_PAUSE, Limits, Slots, StoppedError
from evalhouse.engine.transport import Persistence, Transport
from evalhouse.errors import UsageError
from evalhouse.journal import ResponseCache
from evalhouse.providers import Reply, Request
from evalhouse.providers.failures import (
    AuthenticationError,
    BrokenConnectionError,
    BusyError,
    ContentRefusedError,
    ContextTooLongError,
    MalformedReplyError,
    OutOfCreditError,
    ProviderError,
    RejectedRequestError,
    ServerFaultError,
    TimedOutError,
    TransientError,
    UnknownModelError,
    UnreachableError,
    UnsupportedParameterError,
    WrongAddressError,
)
from evalhouse.redact import Redactor
from tests.engine.clock import passing
from tests.engine.providers import ASKED, Told, in_a_row, reply

PLACE = "http://127.0.0.1:1/v1"
TRANSIENT: list[Any] = [
    UnreachableError(PLACE, "refused"),
    BrokenConnectionError(PLACE, "closed"),
    TimedOutError(PLACE, 1.0),
    BusyError(PLACE, 429, "slow down"),
    ServerFaultError(PLACE, 500, ""),
    MalformedReplyError(PLACE, "is empty"),
]
LASTING: list[Any] = [
    AuthenticationError(PLACE, 401, "A_KEY"),
    OutOfCreditError(PLACE, 402, "pay"),
    UnknownModelError(PLACE, "m", "no"),
    WrongAddressError(PLACE, "has no such API"),
    RejectedRequestError(PLACE, 400, "no"),
    UnsupportedParameterError(PLACE, 400, ("a", "a"), "no"),
    ContextTooLongError(PLACE, 400, "too long"),
]


class Notes:
    """Takes down tries without a reply."""

    def __init__(self) -> None:
        self.failures: list[ProviderError] = []

    def __call__(self, failure: ProviderError, begun: float) -> None:
        assert begun > 1e9
        self.failures.append(failure)


@pytest.fixture
def notes() -> Notes:
    return Notes()


def asked(transport: Transport, notes: Notes, *requests: Request) -> Coroutine[Any, Any, Any]:
    async def ask() -> list[tuple[Reply, bool]]:
        return [await transport.ask(request, notes) for request in requests or (ASKED,)]

    return ask()


def transport_of(provider: Told, **others: Any) -> Transport:
    slots = others.pop("slots", None) or Slots(Limits(4))
    return Transport(provider, slots, **{"name": "told", **others})


@given(st.integers(1, 2000), st.none() | st.floats(0, 1e12), st.floats(0, 1))
def test_a_wait_is_bounded_by_its_try_and_by_what_the_server_asks(
    tries: int, after: float | None, chance: float
) -> None:
    persistence = Persistence(first_wait=0.5, longest_wait=60)
    wait = persistence.wait(tries, after, chance)
    longest = min(60, 0.5 * 2 ** min(tries - 1, 50))
    asked_for = min(after or 0.0, LONGEST_PAUSE)
    assert max(longest / 2, asked_for) <= wait <= max(longest, asked_for)


def test_waits_double_and_half_of_each_is_chance() -> None:
    persistence = Persistence(first_wait=1, longest_wait=6)
    assert [persistence.wait(tries, None, 1) for tries in range(1, 6)] == [1, 2, 4, 6, 6]
    assert [persistence.wait(tries, None, 0) for tries in range(1, 6)] == [0.5, 1, 2, 3, 3]
    assert persistence.wait(1, 3.0, 0.5) == 3.0


def test_a_number_of_tries_below_zero_is_refused() -> None:
    with pytest.raises(UsageError, match="`transport_retries` is -1 and must be at least 0"):
        Persistence(retries=-1)


@pytest.mark.parametrize("failure", TRANSIENT, ids=lambda failure: type(failure).__name__)
def test_what_may_go_away_is_tried_again_until_there_is_a_reply(
    failure: TransientError, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = in_a_row([failure] * 6)
    transport = transport_of(provider)
    ((found, is_kept),) = passing(monkeypatch, asked(transport, notes))
    assert (found, is_kept) == (reply(), False)
    assert notes.failures == [failure] * 6
    waits = [late - early for early, late in itertools.pairwise(provider.begun)]
    for tries, wait in enumerate(waits, 1):
        longest = 0.5 * 2 ** (tries - 1)
        assert longest / 2 <= wait <= longest + 0.01
    is_complaint = isinstance(failure, BusyError | TimedOutError)
    assert (transport.slots.complaints > 0) == is_complaint
    assert transport.slots.in_flight == 0


@pytest.mark.parametrize("retries", [0, 1, 4])
def test_tries_come_to_an_end(retries: int, notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = Told(TRANSIENT[4])
    transport = transport_of(provider, persistence=Persistence(retries))
    with pytest.raises(ServerFaultError):
        passing(monkeypatch, asked(transport, notes))
    assert len(provider.begun) == len(notes.failures) == retries + 1


@pytest.mark.parametrize("failure", LASTING, ids=lambda failure: type(failure).__name__)
def test_what_would_come_again_is_not_tried_again(
    failure: ProviderError, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Told(failure)
    transport = transport_of(provider)
    with pytest.raises(type(failure)):
        passing(monkeypatch, asked(transport, notes))
    assert (len(provider.begun), notes.failures) == (1, [failure])
    assert transport.slots.in_flight == 0


def test_a_refusal_by_a_filter_is_no_try_that_failed(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ContentRefusedError):
        passing(monkeypatch, asked(transport_of(Told(ContentRefusedError(PLACE, 400, ""))), notes))
    assert notes.failures == []


def test_a_server_that_names_a_time_is_left_alone_by_all_until_then(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = BusyError(PLACE, 429, "")
    busy.retry_after = 90.0
    provider = in_a_row([busy])
    transport = transport_of(provider)

    async def work() -> None:
        await asyncio.gather(*(transport.ask(ASKED, notes) for _ in range(10)))

    passing(monkeypatch, work())
    first = [moment for moment in provider.begun if moment < 1001]
    assert len(first) == 4  # as many as were let in before it said so
    assert all(moment >= 1090 for moment in provider.begun if moment not in first)
    assert len(provider.begun) == 11


def test_who_waits_for_another_try_stops_when_the_run_does(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = transport_of(
        Told(TRANSIENT[4]), persistence=Persistence(9, first_wait=500, longest_wait=500)
    )

    async def work() -> float:
        waiting = asyncio.create_task(transport.ask(ASKED, notes))
        await asyncio.sleep(1)
        transport.slots.close()
        with pytest.raises(StoppedError, match="the run was stopped; run the same command again"):
            await waiting
        return asyncio.get_running_loop().time()

    assert passing(monkeypatch, work()) < 1002


def test_every_try_counts_as_a_request_and_every_reply_for_its_tokens(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = Budget(max_requests=5, max_tokens=10_000)
    provider = in_a_row([TRANSIENT[4]] * 2)
    transport = transport_of(provider, budget=budget)
    with pytest.raises(BudgetError, match="spent 5 of 5 requests"):
        passing(monkeypatch, asked(transport, notes, *[ASKED] * 4))
    assert (budget.requests, budget.tokens, len(provider.begun)) == (5, 3 * 18, 5)
    assert transport.slots.in_flight == 0


REDACTOR = Redactor(b"key")


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResponseCache]:
    with ResponseCache(tmp_path / "cache", redactor=REDACTOR) as opened:
        yield opened


def test_a_reply_that_is_kept_needs_no_second_request_and_no_budget(
    cache: ResponseCache, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider, budget = Told(reply(seconds=1.5)), Budget(max_requests=1)
    transport = transport_of(provider, cache=cache, budget=budget)
    (first, again) = passing(monkeypatch, asked(transport, notes, ASKED, ASKED))
    assert (first[1], again[1], len(provider.begun)) == (False, True, 1)
    # What would have been sent is what was.
    sent = provider.canonical(ASKED, None).partition(b"\n")[2]
    assert again[0] == replace(first[0], raw_request=sent)
    assert b"Is it so?" in sent


@pytest.mark.parametrize(
    "others",
    [
        {"name": "another"},
        {"revision": "r2"},
        {"provider": "url"},
        {"provider": "model"},
        {"provider": "words"},
        {"provider": "repeat"},
    ],
    ids=lambda others: "-".join(others.values()),
)
def test_no_reply_is_taken_for_that_of_another_model_place_or_question(
    others: dict[str, Any], cache: ResponseCache, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing(monkeypatch, asked(transport_of(Told(), cache=cache, revision="r1"), notes))
    kind = others.pop("provider", "")
    provider, request = (
        Told(),
        {
            "model": replace(ASKED, model="other"),
            "words": replace(ASKED, messages=(*ASKED.messages, *ASKED.messages)),
            "repeat": replace(ASKED, repeat=1),
        }.get(kind, ASKED),
    )
    if kind == "url":
        provider.base_url = "http://127.0.0.1:2/v1"
    transport = transport_of(provider, **{"cache": cache, "revision": "r1", **others})
    passing(monkeypatch, asked(transport, notes, request))
    assert (len(provider.begun), cache.hits) == (1, 0)
    passing(monkeypatch, asked(transport, notes, request))
    assert (len(provider.begun), cache.hits) == (1, 1)


@pytest.mark.parametrize(
    "unfit",
    [
        reply("", "length"),
        reply("no", "content_filter"),
        reply("", "stop", refusal="I will not."),
        reply("x", "error"),
        reply("x", "tool"),
        reply("my key is sk-" + "aB3" + "xY7" * 10),
    ],
)
def test_what_is_cut_refused_broken_or_secret_is_not_kept(
    unfit: Reply, cache: ResponseCache, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Told(unfit)
    passing(monkeypatch, asked(transport_of(provider, cache=cache), notes, ASKED, ASKED))
    assert (len(provider.begun), len(cache)) == (2, 0)
