from __future__ import annotations

import asyncio
import threading

import pytest

from evalhouse.errors import JournalError
from evalhouse.journal.groups import Committer, Pace

HASTY = Pace(wait=0, quiet=0, count=1)


class Disk:
    """Takes groups when it is let, and fails at an item that is negative."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.is_free = threading.Event()

    def commit(self, items: list[int]) -> None:
        self.is_free.wait()
        if min(items) < 0:
            raise JournalError("the disk is full")
        self.groups.append(items)

    def items(self) -> list[int]:
        return [item for group in self.groups for item in group]


def test_items_that_come_while_the_disk_is_busy_go_together_and_in_order() -> None:
    disk = Disk()
    committer = Committer(disk.commit, Pace())
    for number in range(100):
        committer.add(number)
    disk.is_free.set()
    committer.flush()
    assert disk.items() == list(range(100))
    assert len(disk.groups) <= 2
    committer.close()


def patient(disk: Disk) -> Committer[int]:
    """Return a committer whose groups wait for a minute, as if the last was one of several."""
    disk.is_free.set()
    committer = Committer(disk.commit, Pace(wait=60, quiet=60, count=10))
    committer._had_company = True
    return committer


def test_a_group_that_is_full_does_not_wait() -> None:
    disk = Disk()
    committer = patient(disk)
    for first in (0, 10, 20):
        groups = [committer.add(number) for number in range(first, first + 10)]
        groups[-1].wait()
    committer.close()
    assert disk.groups == [list(range(first, first + 10)) for first in (0, 10, 20)]


def test_an_urgent_item_does_not_wait() -> None:
    disk = Disk()
    committer = patient(disk)
    committer.add(1)
    committer.add(2, is_urgent=True).wait()
    committer.add(3)
    committer.flush()
    assert disk.groups == [[1, 2], [3]]
    committer.close()


def test_a_group_that_nobody_joins_any_more_does_not_wait() -> None:
    disk = Disk()
    disk.is_free.set()
    committer = Committer(disk.commit, Pace(wait=60, quiet=0.001))
    committer._had_company = True

    async def add() -> None:
        group = committer.add(1)
        committer.watch(group)
        await asyncio.wait_for(group.promise(answer=True), 20)

    asyncio.run(add())
    committer.close()


def test_a_group_that_grows_is_waited_for_until_it_does_not() -> None:
    disk = Disk()
    disk.is_free.set()
    committer = Committer(disk.commit, Pace(wait=60, quiet=0.05))
    committer._had_company = True

    async def add() -> None:
        group = committer.add(0)
        committer.watch(group)
        for number in range(1, 20):
            await asyncio.sleep(0.01)
            committer.add(number)
        await asyncio.wait_for(group.promise(answer=True), 20)

    asyncio.run(add())
    committer.close()
    assert disk.items() == list(range(20))
    assert len(disk.groups) <= 3


def test_a_group_whose_loop_has_ended_waits_no_longer_than_it_may() -> None:
    disk = Disk()
    disk.is_free.set()
    committer = Committer(disk.commit, Pace(wait=0.05, quiet=60))
    committer._had_company = True
    committer.add(1).wait()
    committer.close()
    assert disk.groups == [[1]]


def test_closing_commits_what_is_left_and_may_come_twice() -> None:
    disk = Disk()
    committer = patient(disk)
    groups = [committer.add(number) for number in range(5)]
    committer.close()
    committer.close()
    groups[-1].wait()
    assert disk.items() == list(range(5))


def test_nothing_follows_a_failure() -> None:
    disk = Disk()
    committer = Committer(disk.commit, HASTY)
    first, second = committer.add(-1), committer.add(2)
    disk.is_free.set()
    for wait in (first.wait, second.wait, committer.flush, lambda: committer.add(3)):
        with pytest.raises(JournalError, match="the disk is full"):
            wait()
    assert disk.groups == []
    committer.close()


def test_a_promise_about_what_is_settled_is_kept_at_once() -> None:
    disk = Disk()
    disk.is_free.set()
    committer = Committer(disk.commit, HASTY)
    group = committer.add(1)
    group.wait()

    async def late() -> bool:
        return await group.promise(answer=True)

    assert asyncio.run(late())
    committer.close()


def test_a_loop_that_is_closed_keeps_nobody_else_waiting() -> None:
    disk = Disk()
    committer = Committer(disk.commit, HASTY)

    async def careless() -> None:
        committer.add(1).promise(answer=True)

    asyncio.run(careless())
    disk.is_free.set()
    committer.flush()
    assert disk.groups == [[1]]
    committer.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_the_thread_leaves_nobody_waiting() -> None:
    committer: Committer[int] = Committer(lambda items: [][items[0]], HASTY)
    with pytest.raises(RuntimeError, match="thread that writes the journal died"):
        committer.add(1).wait()
    committer.close()
