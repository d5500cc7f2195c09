"""Times of ours beside those of others, in one process and in turn, with what each needs."""

from __future__ import annotations

import gc
import os
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

Job = Callable[[], object]
HEAD = (
    "| what | ours, s | theirs, s | ratio | ours, MB | theirs, MB | equal |",
    "|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True)
class Contest:
    """The same numbers in two ways. `check` compares what both gave back, and says how equal."""

    what: str
    ours: Job
    theirs: Job
    check: Callable[[object, object], str]
    rounds: int = 5
    rounds_of_theirs: int = 3


@dataclass(frozen=True)
class Finish:
    """Seconds of each round, the peak of memory above the start in bytes, and the check's words."""

    what: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    memory: tuple[int, int]
    equal: str

    def row(self) -> str:
        """A row of the table: medians with ranges, and how many times faster ours is."""
        ratio = statistics.median(self.theirs) / statistics.median(self.ours)
        sizes = [f"{size / 1e6:.0f}" for size in self.memory]
        cells = (self.what, _seconds(self.ours), _seconds(self.theirs), f"{ratio:.1f}", *sizes)
        return f"| {' | '.join(cells)} | {self.equal} |"


def _seconds(times: Sequence[float]) -> str:
    return f"{statistics.median(times):.4g} ({min(times):.4g} to {max(times):.4g})"


def timed(job: Job) -> tuple[float, object]:
    """Run a job once; return its wall seconds and what it gave."""
    gc.collect()
    started = time.perf_counter()
    found = job()
    return time.perf_counter() - started, found


def peak(job: Job) -> int:
    """Run a job in a child and return how far its memory rose, in bytes. Linux only."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        job()
        risen = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(writer, str(risen * 1024).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        return int(pipe.read() or b"0")


def race(contest: Contest) -> Finish:
    """Run both in turn, so that what else the machine does hits both."""
    ours, theirs = [], []
    mine, other = contest.ours(), contest.theirs()  # also warms up
    for turn in range(max(contest.rounds, contest.rounds_of_theirs)):
        if turn < contest.rounds:
            ours.append(timed(contest.ours)[0])
        if turn < contest.rounds_of_theirs:
            theirs.append(timed(contest.theirs)[0])
    memory = peak(contest.ours), peak(contest.theirs)
    return Finish(contest.what, tuple(ours), tuple(theirs), memory, contest.check(mine, other))


def versions(*packages: str) -> str:
    """Name the versions of packages in a sentence."""
    return ", ".join(f"{package} {version(package)}" for package in packages)


def table(contests: Sequence[Contest]) -> Iterator[str]:
    """Race each and yield the lines of a table as they come."""
    yield from HEAD
    for contest in contests:
        yield race(contest).row()
