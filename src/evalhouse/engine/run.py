"""Running a task: rows are dealt to interviews, many at once, until all are done."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from evalhouse.engine.answers import Answer
from evalhouse.engine.budget import BudgetError
from evalhouse.engine.desk import Desk
from evalhouse.engine.interview import Answers, History, Interview, Numbered
from evalhouse.engine.progress import Tally, Watch
from evalhouse.engine.prompts import Prompts
from evalhouse.engine.respondents import Respondent
from evalhouse.engine.slots import Slots, StoppedError
from evalhouse.journal import Journal
from evalhouse.loading import seldom_tidied
from evalhouse.tasks.task import Task

_SPARE = 2  # interviews for each slot: while one waits for the disk, another asks


@dataclass(frozen=True)
class Job:
    """A task, how it is asked, who answers, and where answers are recorded.

    `slots` are those of the transport; None for who needs no server. `limit` asks about the first
    rows alone. `rows` is how many rows that makes.
    """

    task: Task
    prompts: Prompts
    respondent: Respondent
    journal: Journal
    rows: int
    slots: Slots | None = None
    concurrency: int = 32
    watch: Watch | None = None


@dataclass
class Outcome:
    """What became of every question, for each repeat by row, and what a session counted.

    `answers[repeat][row]`, rows from 0; a row is None where the run was stopped before it.
    """

    answers: list[list[Answers | None]]
    tally: Tally
    is_stopped: bool = False
    _seen: dict[Answer, Answer] = field(default_factory=dict, repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether every row was asked about and no question is left without a reply."""
        return not self.is_stopped and all(
            row is not None and all(answer.status != "failed" for answer in row.values())
            for rows in self.answers
            for row in rows
        )

    def take(self, repeat: int, number: int, answers: Answers) -> None:
        """Keep the answers of a row; equal ones take no room of their own."""
        seen = self._seen.setdefault
        self.answers[repeat][number - 1] = {
            column: seen(each, each) for column, each in answers.items()
        }


def run(job: Job) -> Outcome:
    """Ask all there is to ask, and return what became of it.

    The first Ctrl-C lets requests that are under way come back; a second one gives them up. What
    is answered is in the journal in any case.

    Raises:
        ProviderError: The server does not answer requests like these at all.
        BudgetError: What may be spent is spent.
        JournalError: Answers cannot be recorded.
    """
    with seldom_tidied():
        return asyncio.run(_run(job))


async def _run(job: Job) -> Outcome:
    repeats = job.prompts.asking.repeats
    tally = Tally(job.rows * repeats, job.watch)
    outcome = Outcome([[None] * job.rows for _ in range(repeats)], tally)
    floor = _Floor(job, outcome)
    try:
        with _interruptible(floor):
            await floor.work()
    finally:
        await job.respondent.close()
        job.journal.flush()
    is_all = all(row is not None for rows in outcome.answers for row in rows)
    outcome.is_stopped = floor.is_stopping and not is_all
    floor.tell(is_last=True)
    return outcome


class _Floor:
    """Interviews at work."""

    def __init__(self, job: Job, outcome: Outcome) -> None:
        self._job, self._outcome = job, outcome
        self._desk = Desk(job.respondent, job.journal, outcome.tally)
        self._overspent: BudgetError | None = None

    @property
    def is_stopping(self) -> bool:
        """Whether no further question is asked."""
        return self._desk.is_closed

    def stop(self) -> None:
        """Ask no further question; those that are under way come back."""
        self._desk.is_closed = True
        if self._job.slots:
            self._job.slots.close()

    async def work(self) -> None:
        """Hold all interviews; the first failure ends the others, spent money all new ones."""
        queues = self._queues()
        try:
            async with asyncio.TaskGroup() as group:
                for queue, history, workers in queues:
                    for _ in range(workers):
                        group.create_task(self._interviews(queue, history))
        except BaseExceptionGroup as failures:
            raise _first(failures) from None
        if self._overspent:
            raise self._overspent

    def _queues(self) -> list[tuple[Iterator[tuple[int, list[Numbered]]], History | None, int]]:
        """Return the work: one queue for all, or one for each repeat where order matters."""
        asking = self._job.prompts.asking
        if asking.is_sequential:
            return [
                (self._work([repeat]), History(asking.history_window), 1)
                for repeat in range(asking.repeats)
            ]
        return [(self._work(range(asking.repeats)), None, self._job.concurrency * _SPARE)]

    def _work(self, repeats: range | list[int]) -> Iterator[tuple[int, list[Numbered]]]:
        asking = self._job.prompts.asking
        size = asking.batch_size if asking.request_unit == "batch" else 1
        rows = itertools.islice(self._job.task.rows(), self._job.rows)
        numbered = (Numbered(number, row) for number, row in enumerate(rows, 1))
        while some := list(itertools.islice(numbered, size)):
            for repeat in repeats:
                yield repeat, some

    async def _interviews(
        self, queue: Iterator[tuple[int, list[Numbered]]], history: History | None
    ) -> None:
        for repeat, rows in queue:
            interview = Interview(
                self._desk, self._job.prompts, rows, repeat=repeat, history=history
            )
            try:
                found = await interview.hold()
            except StoppedError:
                return
            except BudgetError as overspent:
                self._overspent = self._overspent or overspent
                self.stop()  # replies that are under way are paid for
                return
            for number, answers in found.items():
                self._outcome.take(repeat, number, answers)
            self._outcome.tally.finished(len(rows))
            self.tell()

    def tell(self, *, is_last: bool = False) -> None:
        """Report where the run is."""
        slots = self._job.slots
        in_flight, width = (slots.in_flight, slots.width) if slots else (0, 0)
        self._outcome.tally.tell(in_flight, width, is_last=is_last)


@contextlib.contextmanager
def _interruptible(floor: _Floor) -> Iterator[None]:
    """Let a first Ctrl-C stop new interviews, and a second one all of them."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def interrupt() -> None:
        if floor.is_stopping and task:
            task.cancel()
        floor.stop()

    remove = _on_signal(loop, interrupt)
    try:
        yield
    except asyncio.CancelledError:
        if not floor.is_stopping:
            raise
    finally:
        remove()


def _on_signal(
    loop: asyncio.AbstractEventLoop, handler: Callable[[], None]
) -> Callable[[], object]:
    try:
        loop.add_signal_handler(signal.SIGINT, handler)
    except (NotImplementedError, RuntimeError, ValueError):  # no main thread, or no such system
        return lambda: None
    return lambda: loop.remove_signal_handler(signal.SIGINT)


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first failure that is not a consequence of another."""
    for each in failures.exceptions:
        found = _first(each) if isinstance(each, BaseExceptionGroup) else each
        if not isinstance(found, asyncio.CancelledError):
            return found
    return failures.exceptions[0]
