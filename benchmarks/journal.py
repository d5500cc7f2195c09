"""The journal and the cache beside plainer ways: `python -m benchmarks.journal [FOLDER]`.

Each way records entries of about a kilobyte that are on the disk before the producer goes on. How
fast a disk says so differs from one to the next by a hundred times, so FOLDER says which is meant.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.measure import machine
from evalhouse.journal import Entry, Journal, ReplyKey, ResponseCache, verify
from evalhouse.journal.line_file import begin
from evalhouse.journal.seal import entry_line, seal
from evalhouse.redact import Redactor

REDACTOR = Redactor(b"key of a house")
SECONDS = 3.0
LINES = 1_000_000
REPLIES = 100_000
Record = Callable[[str], Coroutine[Any, Any, object]]


def payload(chance: random.Random) -> dict[str, Any]:
    """Make what a model might have said."""
    words = ["".join(chance.choices("etaoinshrdlu", k=5)) for _ in range(60)]
    message = {"role": "assistant", "content": " ".join(words)}
    return {"choices": [{"message": message}], "usage": {"total_tokens": 380}, "seconds": 0.2}


REQUEST = {"model": "small", "messages": [{"role": "user", "content": "What of this? " * 30}]}
PAYLOADS = [payload(random.Random(number)) for number in range(500)]


def processor_seconds() -> float:
    """Return the time that this process has taken of processors."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def produce(record: Record, flight: int) -> tuple[int, float, float]:
    """Record for some seconds with so many in flight; return how many, wall and CPU seconds."""
    count, wall, cpu = 0, time.perf_counter(), processor_seconds()
    end = wall + SECONDS

    async def producer() -> None:
        nonlocal count
        while time.perf_counter() < end:
            count += 1
            await record(f"row {count}")

    await asyncio.gather(*(producer() for _ in range(flight)))
    return count, time.perf_counter() - wall, processor_seconds() - cpu


def with_journal(folder: Path, flight: int) -> tuple[int, float, float]:
    """Record with ours."""
    with Journal(folder / f"{flight}.jsonl", {"model": "small"}, redactor=REDACTOR) as journal:

        async def record(key: str) -> None:
            await journal.append(Entry(key, PAYLOADS[len(key) % 500], REQUEST, 1, 10.0, 10.2))

        return asyncio.run(produce(record, flight))


def with_lines(folder: Path, flight: int) -> tuple[int, float, float]:
    """Write a line and wait for the disk, each time."""
    file = os.open(folder / f"{flight}.plain", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def record(key: str) -> None:
        entry = {"key": key, "payload": PAYLOADS[len(key) % 500], "request": REQUEST}
        os.write(file, msgspec.json.encode(entry) + b"\n")
        os.fdatasync(file)
        await asyncio.sleep(0)

    return asyncio.run(produce(record, flight))


def with_sqlite(folder: Path, flight: int) -> tuple[int, float, float]:
    """Commit a row in SQLite, each time, as durable as ours."""
    connection = sqlite3.connect(folder / f"{flight}.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE entries (key TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID")

    async def record(key: str) -> None:
        entry = {"payload": PAYLOADS[len(key) % 500], "request": REQUEST}
        content = msgspec.json.encode(entry)
        connection.execute("INSERT INTO entries VALUES (?, ?)", (key, content))
        await asyncio.sleep(0)

    return asyncio.run(produce(record, flight))


WAYS = {
    "journal": with_journal,
    "a line and fdatasync each": with_lines,
    "SQLite, WAL, synchronous FULL": with_sqlite,
}


def appends(folder: Path) -> Iterator[str]:
    """Yield a table of how fast entries are recorded."""
    yield "| way | in flight | entries a second | CPU µs an entry |"
    yield "|---|---|---|---|"
    for flight in (1, 64, 1024):
        for name, way in WAYS.items():
            count, wall, cpu = way(folder, flight)
            yield f"| {name} | {flight} | {count / wall:,.0f} | {cpu / count * 1e6:.0f} |"


def long_journal(path: Path) -> None:
    """Write a journal of a million lines, without waiting for the disk each time."""
    with Journal(path, {"model": "small"}, redactor=REDACTOR) as journal:
        header, seed = path.read_bytes(), journal.header.seed
    begin(path, header.partition(b"\n")[0] + b"\n")
    with path.open("ab") as file:
        for number in range(2, LINES + 2):
            fields = b'"attempt":1,"started":1.0,"finished":2.0,"payload":%b' % msgspec.json.encode(
                PAYLOADS[number % 500]
            )
            line = entry_line(number, b"row %d" % number, fields, number - 1)
            file.write(seal(line, seed) + b"\n")


def in_child(job: Callable[[], object]) -> tuple[float, float, float]:
    """Run a job in a child; return wall and CPU seconds and how far its memory rose, in MB."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        wall, cpu = time.perf_counter(), time.process_time()
        job()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        risen = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3
        os.write(writer, json.dumps([wall, cpu, risen]).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as pipe:
        wall, cpu, risen = json.loads(pipe.read())
    return wall, cpu, risen


def openings(folder: Path) -> Iterator[str]:
    """Yield a table of how long it takes to open, and what else a long journal is asked."""
    path = folder / "long.jsonl"
    long_journal(path)
    keys = [f"row {number}" for number in range(LINES)]

    def opened() -> Journal:
        return Journal(path, {"model": "small"}, redactor=REDACTOR)

    jobs: dict[str, Callable[[], object]] = {
        "open": lambda: opened().__exit__(KeyboardInterrupt, None, None),
        "open and ask for what is left of a million keys": lambda: len(
            list(opened().pending(keys))
        ),
        "read every entry": lambda: sum(1 for _ in opened().entries()),
        "verify": lambda: verify(path),
        "parse every line with json": lambda: [
            None for line in path.open("rb") if json.loads(line)
        ],
    }
    yield f"| {LINES:,} lines, {path.stat().st_size / 1e6:.0f} MB | s | CPU s | memory, MB |"
    yield "|---|---|---|---|"
    for name, job in jobs.items():
        wall, cpu, risen = in_child(job)
        yield f"| {name} | {wall:.2f} | {cpu:.2f} | {risen:.0f} |"


def reply_key(number: int) -> ReplyKey:
    """Return what asked for a reply."""
    request = b'{"messages":"%d %b"}' % (number, b"What of this? " * 30)
    return ReplyKey("openai", "http://127.0.0.1:8000/v1", "small", "1", request)


def timed(job: Callable[[int], object], count: int) -> float:
    """Run a job for each number; return the microseconds of one."""
    started = time.perf_counter()
    for number in range(count):
        job(number)
    return (time.perf_counter() - started) / count * 1e6


def files(folder: Path, bodies: list[bytes]) -> tuple[float, float, float]:
    """Keep replies in a file for each; return the seconds to open and µs to put and to get."""
    import zstandard

    compressor, decompressor = zstandard.ZstdCompressor(), zstandard.ZstdDecompressor()

    def place(number: int) -> Path:
        name = reply_key(number).digest().hex()
        return folder / name[:2] / name[2:]

    def put(number: int) -> None:
        path, body = place(number), bodies[number % 500]
        path.parent.mkdir(parents=True, exist_ok=True)
        waiting = path.with_suffix(".new")
        waiting.write_bytes(hashlib.sha256(body).digest() + compressor.compress(body))
        waiting.replace(path)

    def get(number: int) -> None:
        data = place(number).read_bytes()
        assert hashlib.sha256(decompressor.decompress(data[32:])).digest() == data[:32]

    return 0.0, timed(put, REPLIES), timed(get, REPLIES)


def segments(folder: Path, bodies: list[bytes]) -> tuple[float, float, float]:
    """Keep replies in ours; return the seconds to open and µs to put and to get."""
    with ResponseCache(folder, redactor=REDACTOR) as cache:
        put = timed(lambda n: cache.put(reply_key(n), bodies[n % 500], is_complete=True), REPLIES)
    started = time.perf_counter()
    with ResponseCache(folder, redactor=REDACTOR) as cache:
        opening = time.perf_counter() - started
        get = timed(lambda n: cache.get(reply_key(n)), REPLIES)
        assert cache.hits == REPLIES
    return opening, put, get


def caches(folder: Path) -> Iterator[str]:
    """Yield a table of ways to keep replies."""
    bodies = [msgspec.json.encode(payload) for payload in PAYLOADS]
    yield f"| {REPLIES:,} replies | open, s | put, µs | get, µs | files | MB on disk |"
    yield "|---|---|---|---|---|---|"
    for name, way in {"segments (ours)": segments, "a file each": files}.items():
        place = folder / way.__name__
        opening, put, get = way(place, bodies)
        held = [path.stat() for path in place.rglob("*") if path.is_file()]
        size = sum(found.st_blocks for found in held) * 512 / 1e6
        yield f"| {name} | {opening:.2f} | {put:.0f} | {get:.0f} | {len(held):,} | {size:.0f} |"


def main() -> int:
    """Measure everything and print it."""
    print(machine("msgspec", "zstandard", "numpy"))
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        for part in (appends, openings, caches):
            print()
            for line in part(Path(name)):
                print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
