"""A pool of processes that count what they do while they do it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from evalhouse.errors import EvalhouseError
from evalhouse.loading import do_without_pandas

Task = TypeVar("Task")
Result = TypeVar("Result")

_POLL_SECONDS = 0.1
_shared: Any = None  # the counter, in a worker process


class Counts(NamedTuple):
    """What was counted so far."""

    bytes: int
    rows: int


class Counter:
    """Counts bytes and rows in whatever process it is used."""

    def __init__(self) -> None:
        self._here = Counts(0, 0)

    def add(self, size: int, rows: int = 0) -> None:
        """Count; in a worker process the others see it too."""
        if _shared is None:
            self._here = Counts(self._here.bytes + size, self._here.rows + rows)
        else:
            with _shared.get_lock():
                _shared[0] += size
                _shared[1] += rows

    @property
    def here(self) -> Counts:
        """Return what was counted in this process."""
        return self._here


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Runs tasks in this process and in fresh ones beside it, `processes` in all.

    The fresh ones start at once, so that they can load what they need while this one plans. A
    task that raises ends the run; a process that is killed does so with EvalhouseError. Leaving
    the `with` block with an exception ends the fresh ones whatever they do.
    """

    def __init__(self, processes: int, *, warm: Callable[[], None] | None = None) -> None:
        self.processes = max(1, processes)
        self._counter = Counter()
        self._pool: ProcessPoolExecutor | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._processes: set[BaseProcess] = set()
        self._total: Any = None
        if self.processes > 1:
            before = set(multiprocessing.active_children())
            context = multiprocessing.get_context("spawn")
            self._total = context.Array("q", 2)
            self._pool = ProcessPoolExecutor(
                self.processes - 1,
                mp_context=context,
                initializer=_start,
                initargs=(self._total, warm),
            )
            self._threads = ThreadPoolExecutor(self.processes - 1)
            with _deaf():
                for _ in range(self.processes - 1):
                    self._pool.submit(_nothing)
            self._processes = set(multiprocessing.active_children()) - before

    @property
    def counted(self) -> Counts:
        """Return what all processes have counted so far."""
        # Read without its lock, which a process that was killed may hold for ever.
        size, rows = self._total.get_obj() if self._total is not None else (0, 0)
        here = self._counter.here
        return Counts(here.bytes + size, here.rows + rows)

    def run(
        self,
        function: Callable[[Task, Counter], Result],
        tasks: Sequence[Task],
        *,
        watch: Callable[[Counts], None] | None = None,
    ) -> Iterator[Result]:
        """Yield the results as they come; `watch` gets the count several times a second.

        Every process takes the next task when it is done with one: large tasks should come first.
        """
        here = _Watched(self, self._counter, watch)
        if self._threads is None:
            yield from (function(task, here) for task in tasks)
            return
        # A pool of processes takes tasks before it can run them; threads take them one by one.
        waiting = {self._threads.submit(self._elsewhere, function, task): task for task in tasks}
        try:
            for future, task in list(waiting.items()):
                if future.cancel():  # no other process has taken it
                    del waiting[future]
                    yield function(task, here)
                    yield from _ended(waiting)
            while waiting:
                wait(waiting, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
                if watch:
                    watch(self.counted)
                yield from _ended(waiting)
        except BrokenProcessPool as failure:
            raise EvalhouseError(
                "a worker process was killed (out of memory?); nothing was stored, try fewer "
                "processes with `--processes`"
            ) from failure
        finally:
            for future in waiting:
                future.cancel()

    def _kill(self) -> None:
        """End the fresh processes whatever they do: nobody wants their results any more."""
        for process in self._processes:
            process.terminate()

    def _elsewhere(self, function: Callable[[Task, Counter], Result], task: Task) -> Result:
        """Run a task in a fresh process; called from a thread that waits for it."""
        assert self._pool is not None
        return self._pool.submit(_call, function, task).result()

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the processes."""
        if kind is not None:
            self._kill()
        if self._pool is not None and self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._pool.shutdown(wait=True, cancel_futures=True)


class _Watched(Counter):
    """Passes the count on, in the process that also watches."""

    def __init__(
        self, workers: Workers, counter: Counter, watch: Callable[[Counts], None] | None
    ) -> None:
        super().__init__()
        self._workers, self._counter, self._watch = workers, counter, watch

    def add(self, size: int, rows: int = 0) -> None:
        self._counter.add(size, rows)
        if self._watch:
            self._watch(self._workers.counted)


def _start(total: Any, warm: Callable[[], None] | None) -> None:
    global _shared  # noqa: PLW0603 - a process has one counter
    _shared = total
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # end at once, and say nothing
    threading.Thread(target=_end_with_parent, daemon=True).start()
    do_without_pandas()
    if warm:
        warm()


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, even if it was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _deaf() -> Iterator[None]:
    """Let processes that start here pass over SIGINT while they load, which they cannot tell of."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _nothing() -> None:
    """Make the pool start a process."""


def _ended(waiting: dict[Future[Result], Task]) -> Iterator[Result]:
    """Yield the results that have come; raises what a task raised."""
    for future in [future for future in waiting if future.done()]:
        del waiting[future]
        yield future.result()


def _call(function: Callable[[Task, Counter], Result], task: Task) -> Result:
    return function(task, Counter())
