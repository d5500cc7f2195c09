"""Committing in groups: one wait for the disk serves all who came meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from evalhouse.errors import EvalhouseError

Item = TypeVar("Item")
Promise = tuple["asyncio.Future[bool]", bool]
"""A future, and what it is to get."""


@dataclass(frozen=True)
class Pace:
    """When a group goes to the disk: at whichever comes first.

    Whoever comes alone does not wait: only a group that follows one of several does.

    Attributes:
        wait: Seconds since its first item came.
        quiet: Seconds in which no other came.
        count: Items that it holds.
    """

    wait: float = 0.025
    quiet: float = 0.002
    count: int = 512


class Group(Generic[Item]):
    """Items that are committed together, and those who wait for that."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.is_urgent = False
        self._lock = threading.Lock()
        self._is_settled = threading.Event()
        self._failure: BaseException | None = None
        self._promises: dict[asyncio.AbstractEventLoop, list[Promise]] = {}

    def promise(self, *, answer: bool) -> asyncio.Future[bool]:
        """Return a future of the running loop that gets `answer` when the group is on the disk."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        with self._lock:
            if not self._is_settled.is_set():
                self._promises.setdefault(loop, []).append((future, answer))
                return future
        _keep([(future, answer)], self._failure)
        return future

    def wait(self) -> None:
        """Block until the group is on the disk; raise what kept it from there."""
        self._is_settled.wait()
        if self._failure:
            raise self._failure

    def settle(self, failure: BaseException | None) -> None:
        """Tell all who wait; each loop is woken once."""
        with self._lock:
            self._failure = failure
            self._is_settled.set()
        for loop, promises in self._promises.items():
            with suppress(RuntimeError):  # a loop that is closed, with nobody in it to wait
                loop.call_soon_threadsafe(_keep, promises, failure)


def _keep(promises: list[Promise], failure: BaseException | None) -> None:
    for future, answer in promises:
        if future.done():  # cancelled by who waited for it
            continue
        if failure:
            future.set_exception(failure)
        else:
            future.set_result(answer)


class Committer(Generic[Item]):
    """A thread that commits items in groups, in the order they came.

    `commit` gets the items of a group. What it raises reaches those who wait, and whoever comes
    later; nothing more is tried.
    """

    def __init__(self, commit: Callable[[list[Item]], None], pace: Pace) -> None:
        self._commit = commit
        self._pace = pace
        self._changed = threading.Condition()
        self._group: Group[Item] = Group()  # that takes what comes
        self._leaving: Group[Item] | None = None  # that is on its way to the disk
        self._had_company = False
        self._is_closing = False
        self._failure: BaseException | None = None
        # It must not keep a program from ending: what nobody was told is done may be lost.
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def add(self, item: Item, *, is_urgent: bool = False) -> Group[Item]:
        """Give an item to the open group, and return the group; an urgent one waits for no more."""
        with self._changed:
            if self._failure:
                raise self._failure
            group = self._group
            group.items.append(item)
            group.is_urgent |= is_urgent
            if not self._thread.ident:
                self._thread.start()
            if len(group.items) in {1, self._pace.count} or is_urgent:
                self._changed.notify()
        return group

    def watch(self, group: Group[Item], seen: int = 0) -> None:
        """Have the running loop look now and then whether a group still grows, and say when not.

        The thread could look itself, but would take the interpreter from the loop each time.
        """
        if group is not self._group:
            return
        if seen < (count := len(group.items)):
            asyncio.get_running_loop().call_later(self._pace.quiet, self.watch, group, count)
            return
        with self._changed:
            group.is_urgent = True
            self._changed.notify()

    def flush(self) -> None:
        """Block until all that was added is on the disk; raise what kept it from there."""
        with self._changed:
            if self._failure:
                raise self._failure
            waiting = [group for group in (self._leaving, self._group) if group and group.items]
            self._group.is_urgent = bool(self._group.items)
            self._changed.notify()
        for group in waiting:
            group.wait()

    def close(self) -> None:
        """Commit what is left and end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread.ident:
            self._thread.join()

    def _run(self) -> None:
        while not self._failure and (group := self._next()):
            failure: BaseException | None = RuntimeError("the thread that writes the journal died")
            try:
                self._commit(group.items)
                failure = None
            except EvalhouseError as found:
                failure = found
            finally:
                self._settle(group, failure)

    def _settle(self, group: Group[Item], failure: BaseException | None) -> None:
        with self._changed:
            self._leaving, self._failure, left = None, failure, self._group
        group.settle(failure)
        if failure:  # nothing joins what is left any more
            left.settle(failure)

    def _next(self) -> Group[Item] | None:
        """Wait for a group and return it when it is to go; None at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._group.items or self._is_closing)
            if self._had_company:
                self._gather(self._group)
            if not self._group.items:
                return None
            self._leaving, self._group = self._group, Group()
            self._had_company = len(self._leaving.items) > 1
            return self._leaving

    def _gather(self, group: Group[Item]) -> None:
        """Wait for more, until no more come or there is no time left."""
        self._changed.wait_for(
            lambda: group.is_urgent or len(group.items) >= self._pace.count or self._is_closing,
            self._pace.wait,
        )
