from __future__ import annotations

import asyncio
import itertools
from bisect import bisect_left
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.engine.slots import LONGEST_PAUSE, Limits, Slots, StoppedError
from evalhouse.errors import UsageError
from tests.engine.clock import passing

Play = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    return lambda work: passing(monkeypatch, work)


def now() -> float:
    return asyncio.get_running_loop().time()


async def requested(slots: Slots, count: int, seconds: float = 1.0) -> list[float]:
    """Make requests that all go well, and return when each began."""
    begun = []

    async def one() -> None:
        async with slots.one() as moment:
            begun.append(moment)
            await asyncio.sleep(seconds)
            slots.good()

    await asyncio.gather(*(one() for _ in range(count)))
    return begun


@pytest.mark.parametrize("name", ["concurrency", "requests_per_minute", "tokens_per_minute"])
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_limits_that_would_never_ask_are_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"`{name}` is .* and must be more than 0"):
        Limits(**{name: value})  # type: ignore[arg-type]  # as a configuration may hold


def test_the_width_doubles_with_each_round_of_good_replies_up_to_its_limit(play: Play) -> None:
    async def widths() -> list[int]:
        slots, found = Slots(Limits(100)), []
        for _ in range(4):
            found.append(slots.width)
            await requested(slots, slots.width)
        return [*found, slots.width]

    assert play(widths()) == [16, 32, 64, 100, 100]


def test_never_are_more_requests_under_way_than_slots(play: Play) -> None:
    async def most() -> int:
        slots, most = Slots(Limits(5)), 0

        async def one() -> None:
            nonlocal most
            async with slots.one():
                most = max(most, slots.in_flight)
                await asyncio.sleep(1)

        await asyncio.gather(*(one() for _ in range(23)))
        assert slots.in_flight == 0
        assert now() == pytest.approx(1000 + 5, abs=0.1)  # five rounds, none of them half empty
        return most

    assert play(most()) == 5


def test_after_a_complaint_the_width_halves_once_for_all_who_were_under_way(play: Play) -> None:
    async def widths() -> list[int]:
        slots, found = Slots(Limits(16)), []
        for _ in range(6):
            await asyncio.sleep(1)
            begun = now()
            await asyncio.sleep(1)
            for _ in range(8):
                slots.complained(begun, None)
            found.append(slots.width)
        assert slots.complaints == 48
        return found

    assert play(widths()) == [8, 4, 2, 1, 1, 1]


def test_after_a_complaint_the_width_grows_by_one_a_round(play: Play) -> None:
    async def widths() -> list[int]:
        slots, found = Slots(Limits(16)), []
        slots.complained(now(), None)
        for _ in range(3):
            found.append(slots.width)
            await requested(slots, slots.width)
        return found

    assert play(widths()) == [8, 9, 10]


@pytest.mark.parametrize(("asked", "waited"), [(30.0, 30.0), (1e9, LONGEST_PAUSE)])
def test_no_request_begins_before_the_moment_that_the_server_names(
    asked: float, waited: float, play: Play
) -> None:
    async def begun() -> list[float]:
        slots = Slots(Limits(4))
        slots.complained(now(), asked)
        return await requested(slots, 6)

    assert min(play(begun())) == pytest.approx(1000 + waited, abs=0.01)


@pytest.mark.parametrize("per_minute", [0.5, 1, 7, 60, 600, 5000])
def test_no_minute_has_more_requests_than_it_may(per_minute: float, play: Play) -> None:
    count = max(3, int(per_minute * 1.5))

    begun = play(requested(Slots(Limits(64, requests_per_minute=per_minute)), count, 0.01))
    in_any_minute = [bisect_left(begun, start + 60) - at for at, start in enumerate(begun)]
    assert max(in_any_minute) <= max(1, per_minute)
    # Nor many fewer: what a limit allows is used.
    assert begun[-1] - begun[0] <= 1.1 * 60 * count / per_minute


def test_tokens_that_were_spent_make_the_next_request_wait(play: Play) -> None:
    async def begun() -> list[float]:
        slots, found = Slots(Limits(1, tokens_per_minute=6000)), []
        for _ in range(5):
            found += await requested(slots, 1, 0.0)
            slots.spent(1000)
        return found

    moments = play(begun())
    waits = [late - early for early, late in itertools.pairwise(moments)]
    assert waits == pytest.approx([10] * 4, rel=0.02)


def test_whoever_came_first_begins_first(play: Play) -> None:
    async def order() -> list[int]:
        slots, found = Slots(Limits(2)), []

        async def one(number: int) -> None:
            for _ in range(2):
                async with slots.one():
                    found.append(number)
                    await asyncio.sleep(1)

        await asyncio.gather(*map(one, range(4)))
        return found

    assert play(order()) == [0, 1, 2, 3, 0, 1, 2, 3]


def test_closed_slots_let_those_go_on_that_began_and_stop_all_others(play: Play) -> None:
    async def ends() -> list[Any]:
        slots = Slots(Limits(2))
        at_work = [asyncio.create_task(requested(slots, 1, 5)) for _ in range(6)]
        await asyncio.sleep(1)
        slots.close()
        at_work.append(asyncio.create_task(requested(slots, 1)))
        found = await asyncio.gather(*at_work, return_exceptions=True)
        assert slots.in_flight == 0
        return found

    assert [type(end) for end in play(ends())] == [list] * 2 + [StoppedError] * 5


def test_closed_slots_end_the_wait_for_a_rate_or_a_server(play: Play) -> None:
    async def seconds() -> float:
        slots = Slots(Limits(4))
        slots.complained(now(), 300)
        waiting = [asyncio.create_task(requested(slots, 1)), asyncio.create_task(slots.rest(200))]
        await asyncio.sleep(1)
        slots.close()
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(end) for end in ends] == [StoppedError] * 2
        assert slots.in_flight == 0
        return now() - 1001

    assert play(seconds()) < 1


@given(st.data())
def test_no_slot_is_lost_whoever_is_cancelled_and_whenever(data: st.DataObject) -> None:
    async def play() -> None:
        slots = Slots(Limits(3))
        tasks = []
        for _ in range(data.draw(st.integers(1, 12))):
            tasks.append(asyncio.create_task(requested(slots, 1, 0.0)))
            if data.draw(st.booleans()):
                await asyncio.sleep(0)
            if data.draw(st.booleans()):
                data.draw(st.sampled_from(tasks)).cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert slots.in_flight == 0
        await asyncio.wait_for(requested(slots, 6, 0.0), 5)

    asyncio.run(play())


def test_a_failure_gives_the_slot_back(play: Play) -> None:
    async def work() -> int:
        slots = Slots(Limits(1))
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with slots.one():
                    raise ZeroDivisionError
        return slots.in_flight

    assert play(work()) == 0
