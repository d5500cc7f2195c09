"""Work in processes of their own that are killed, or die where they are told to."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from evalhouse.errors import HeldJournalError, UnwritableJournalError
from evalhouse.journal import Entry, Journal, journal, line_file
from tests.journal.journals import open_journal

KEYS = [f"row {number}" for number in range(1000)]
TASKS, THREADS = 24, 2
AT_ONCE = TASKS + THREADS

_write = os.write
_context = multiprocessing.get_context("forkserver")  # so that each starts in milliseconds
_context.set_forkserver_preload(["evalhouse.journal", "evalhouse.redact"])


def payload_of(key: str) -> dict[str, Any]:
    return {"reply": f"answer to {key} " * 3, "length": len(key)}


def started(work: Callable[..., None], *arguments: Any) -> BaseProcess:
    process = _context.Process(target=work, args=arguments)
    process.start()
    return process


def told(path: Path, word: str) -> list[str]:
    """Return of which keys a process told that they were `asked` or `done`."""
    log = path.with_name("log")
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    return [line.removeprefix(f"{word} ") for line in lines if line.startswith(f"{word} ")]


def work_on(path: Path, point: str = "") -> None:
    """Do what is left of the work, in several tasks and threads, and tell each step."""
    log = os.open(path.with_name("log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    if point:
        die_at(point)
    with open_journal(path) as held:
        left = iter(list(held.pending(KEYS)))
        threads = [
            threading.Thread(target=_in_thread, args=(held, left, log)) for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        asyncio.run(_in_tasks(held, left, log))
        for thread in threads:
            thread.join()


async def _in_tasks(held: Journal, left: Iterator[str], log: int) -> None:
    async def produce() -> None:
        for key in left:
            _write(log, f"asked {key}\n".encode())
            await held.append(Entry(key, payload_of(key)))
            _write(log, f"done {key}\n".encode())
            await asyncio.sleep(0.002)

    await asyncio.gather(*(produce() for _ in range(TASKS)))


def _in_thread(held: Journal, left: Iterator[str], log: int) -> None:
    for key in left:
        _write(log, f"asked {key}\n".encode())
        held.append_now(Entry(key, payload_of(key)))
        _write(log, f"done {key}\n".encode())


def _half(file: int, data: bytes) -> None:
    _write(file, data[: len(data) // 2])


def _without_break(file: int, data: bytes) -> None:
    _write(file, data[:-1])


def _nothing(*_: Any) -> None:
    pass


POINTS: dict[str, tuple[Any, str, int, Callable[..., Any] | None]] = {
    # name: whose, which call, the how many-th, what is done instead of it (or it itself) at last
    "no header yet": (line_file, "begin", 1, _nothing),
    "header not in its place": (Path, "replace", 1, _nothing),
    "only a header": (line_file, "begin", 1, None),
    "half of the first lines": (os, "write", 1, _half),
    "half of later lines": (os, "write", 5, _half),
    "no last line break": (os, "write", 5, _without_break),
    "written and not on the disk": (line_file, "_sync", 5, _nothing),
    "on the disk and nobody told": (line_file, "_sync", 5, None),
    "all but the closing line": (line_file.LineFile, "close_with", 1, _nothing),
    "closed and the lock left": (line_file.LineFile, "close_with", 1, None),
}
CUTTING = {
    "a torn line not yet kept aside": (line_file.LineFile, "cut", 1, _nothing),
    "a torn line kept aside and not cut": (os, "ftruncate", 2, _nothing),
    "a torn line cut": (line_file.LineFile, "cut", 1, None),
}


def die_at(point: str) -> None:
    """Replace a function so that the process is gone at a certain call of it."""
    owner, name, count, instead = {**POINTS, **CUTTING}[point]
    original: Callable[..., Any] = getattr(owner, name)
    calls = 0

    def deadly(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls < count:
            return original(*arguments)
        (instead or original)(*arguments)
        os._exit(9)

    for place in (owner, journal) if hasattr(journal, name) else (owner,):
        setattr(place, name, deadly)  # the journal has some under its own name


def fill_the_disk(path: Path, limit: int) -> None:
    """Work until a file cannot grow any more, and tell what is said about it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    log = path.with_name("said")
    try:
        with open_journal(path) as held:
            for key in held.pending(KEYS):
                held.append_now(Entry(key, payload_of(key)))
                path.with_name("last").write_text(key, "utf-8")
    except UnwritableJournalError as failure:
        log.write_text(str(failure), "utf-8")


def record_one(path: Path, key: str) -> None:
    """Wait for the journal and record one entry."""
    while True:
        try:
            with open_journal(path) as held:
                held.append_now(Entry(key, payload_of(key)))
                return
        except HeldJournalError:
            time.sleep(0.005)


def hold(path: Path) -> None:
    """Open a journal and never close it."""
    held = open_journal(path)
    held.append_now(Entry("row 0", payload_of("row 0")))
    path.with_name("held").touch()
    time.sleep(60)
    held.close()
