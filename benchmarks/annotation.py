"""What annotation costs beside waiting for the model: CPU a request, throughput, whole runs.

An instant server in a process of its own answers valid JSON, at once or after a delay. The task has
the ten fields of `benchmarks.fields`. Published for codebook-lab 1.4.0 on two such cores, not
measured here: 5.5 ms of CPU a request, 16 minutes for rewriting its table of 10,000 rows.

python -m benchmarks.annotation [REQUESTS [ROWS]]
"""

from __future__ import annotations

import asyncio
import csv
import json
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp

from benchmarks.fields import TASK, columns
from benchmarks.peers import versions
from evalhouse.engine.asking import Asking, RequestUnit
from evalhouse.engine.prompts import Prompts
from evalhouse.engine.respondents import Asked
from evalhouse.engine.run import Job, Outcome, run
from evalhouse.engine.slots import Limits, Slots
from evalhouse.engine.transport import Transport
from evalhouse.journal import Journal
from evalhouse.providers import ProviderSettings, open_provider
from evalhouse.redact import Redactor
from evalhouse.tasks.task import Task, open_task
from evalhouse.workflows.annotation.annotate import annotate
from evalhouse.workflows.annotation.settings import RunSettings

REQUESTS, ROWS, ROUNDS, IN_FLIGHT, DELAY = 10_000, 10_000, 5, 64, 0.1
WHOLE = {
    "Work_Relevant": True,
    "Work_Angry": False,
    "Work_Proposes": True,
    "Work_Direction": "support",
    "Work_Topic": "cost",
    "Work_Strength": 3,
    "Work_Civility": 4,
    "Work_Summary": "the plan is late",
    "Work_Key span": [],
    "Work_Mentions": [],
}
SINGLE: tuple[tuple[bytes, object], ...] = (
    (b'"boolean"', True),
    (b'"array"', []),
    (b'"integer"', 3),
    (b'"enum":["support"', "support"),
    (b'"enum":["cost"', "cost"),
)
"""What stands in the schema of a field, and an answer that it allows."""


def reply(content: object) -> bytes:
    """Return a whole HTTP reply with an answer."""
    body = json.dumps(
        {
            "id": "1",
            "model": "m",
            "choices": [
                {
                    "message": {"role": "assistant", "content": json.dumps(content)},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 300, "completion_tokens": 80},
        }
    ).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


_WHOLE = reply(WHOLE)
_SINGLE = [(sign, reply({"response": answer})) for sign, answer in SINGLE]
_TEXT = reply({"response": "the plan is late"})
_MODELS_BODY = b'{"data":[{"id":"m"}]}'
_MODELS = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    % len(_MODELS_BODY)
    + _MODELS_BODY
)


class Model(asyncio.Protocol):
    """Answers as soon as a request is complete, or `delay` seconds later."""

    delay = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.waiting = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer when head and body have come."""
        self.waiting += data
        head, found, body = self.waiting.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if not found or len(body) < int(length or 0):
            return
        self.waiting = b""
        answer = _MODELS if head.startswith(b"GET") else _answer(body)
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.transport.write, answer)
        else:
            self.transport.write(answer)


def _answer(body: bytes) -> bytes:
    if b'"Work_Relevant":' in body:
        return _WHOLE
    schema = body[body.find(b'"response_format"') :]
    return next((answer for sign, answer in _SINGLE if sign in schema), _TEXT)


def serve(pipe: Connection, delay: float) -> None:
    """Be the server of a process of its own, for as long as that lasts."""
    Model.delay = delay

    async def listen() -> None:
        server = await asyncio.get_running_loop().create_server(Model, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(listen())


@contextmanager
def serving(delay: float = 0.0) -> Iterator[str]:
    """Run a server, and give its address."""
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(theirs, delay), daemon=True
    )
    process.start()
    try:
        yield f"http://127.0.0.1:{mine.recv()}/v1"
    finally:
        process.terminate()


def make_task(folder: Path, rows: int) -> Task:
    """Write a task of ten fields."""
    held = columns(rows)
    annotations = {}
    for place, field in enumerate(TASK, 1):
        entry: dict[str, object] = {"name": field.name, "type": field.kind}
        if field.options:
            entry["options"] = list(field.options)
        if field.scale:
            entry["min_value"], entry["max_value"] = field.scale
        if field.labels:
            entry["label_options"] = list(field.labels)
        annotations[f"annotation_{place}"] = entry
    section = {"section_name": "Work", "section_instruction": "Judge.", "annotations": annotations}
    folder.mkdir(parents=True)
    (folder / "codebook.json").write_text(json.dumps({"text_column": "text", "section_1": section}))
    with (folder / "ground-truth.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", *(f"Work_{field.name}" for field in TASK)])
        names = [field.name for field in TASK]
        writer.writerows(
            [text, *(held.gold[name][row] for name in names)] for row, text in enumerate(held.texts)
        )
    return open_task(folder)


@dataclass(frozen=True)
class Round:
    """Milliseconds of the client's processor and of the clock, per request."""

    cpu: float
    wall: float


def timed(job: Callable[[], object], requests: int) -> Round:
    """Measure a job that makes so many requests."""
    wall, cpu = time.perf_counter(), time.process_time()
    job()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Round(cpu / requests * 1e3, wall / requests * 1e3)


def engine_job(task: Task, url: str, folder: Path, unit: RequestUnit) -> Callable[[], Round]:
    """Return the engine at work on a task: from rows to answers in a journal, setting up aside."""

    def job() -> Round:
        asking = Asking(request_unit=unit, retries=0)
        prompts = Prompts(task.codebook, asking, {})
        slots = Slots(Limits(concurrency=IN_FLIGHT))
        provider = open_provider(
            ProviderSettings("openai", "m", base_url=url), connections=IN_FLIGHT
        )
        path = folder / f"{time.monotonic_ns()}.jsonl"
        rows = sum(1 for _ in task.rows())
        with Journal(path, {}, redactor=Redactor(b"")) as journal:
            asked = Asked(Transport(provider, slots), "m")
            work = Job(task, prompts, asked, journal, rows, slots, IN_FLIGHT)
            outcomes: list[Outcome] = []
            requests = rows * (len(prompts.columns) if unit == "field" else 1)
            measured = timed(lambda: outcomes.append(run(work)), requests)
        if not outcomes[0].is_complete or outcomes[0].tally.invalid:
            raise RuntimeError("the server gave an answer that cannot be used")
        return measured

    return job


def bare_job(task: Task, url: str) -> Callable[[], Round]:
    """Return a bare loop of the same HTTP client that sends the same bytes and reads the reply."""
    asking = Asking(retries=0)
    prompts = Prompts(task.codebook, asking, {})
    form = prompts.form(prompts.columns)
    bodies = [
        json.dumps(
            {
                "model": "m",
                "messages": [{"role": "user", "content": prompts.text(form, [row])}],
                "temperature": 0.0,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "answer", "strict": True, "schema": form.schema},
                },
            },
            separators=(",", ":"),
        ).encode()
        for row in task.rows()
    ]

    async def work() -> None:
        connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
        headers = {"Content-Type": "application/json"}
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            left = iter(bodies)

            async def worker() -> None:
                for body in left:
                    async with session.post(url + "/chat/completions", data=body) as response:
                        await response.read()

            await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))

    return lambda: timed(lambda: asyncio.run(work()), len(bodies))


def costs(folder: Path, requests: int) -> None:
    """Print CPU a request beside a bare loop, in turn."""
    task = make_task(folder / "requests", requests)
    few = make_task(folder / "few", requests // len(TASK))
    print(
        f"## {requests:,} requests to an instant server, {IN_FLIGHT} in flight, {ROUNDS} rounds\n"
    )
    with serving() as url:
        jobs = {
            "bare loop of aiohttp, no prompt made, no answer read": bare_job(task, url),
            "engine, one request a text of ten fields": engine_job(task, url, folder, "text"),
            "engine, one request a field": engine_job(few, url, folder, "field"),
        }
        found: dict[str, list[Round]] = {name: [] for name in jobs}
        for place in range(ROUNDS + 1):
            for name, job in jobs.items():
                measured = job()
                found[name] += [measured] if place else []  # the first round warms up
    print("| what | CPU ms a request | wall ms a request |\n|---|---:|---:|")
    for name, rounds in found.items():
        print(
            f"| {name} | {_shown([r.cpu for r in rounds])} | {_shown([r.wall for r in rounds])} |"
        )
    bare, *ours = ([r.cpu for r in rounds] for rounds in found.values())
    for name, mine in zip(list(found)[1:], ours, strict=True):
        above = [one - other for one, other in zip(mine, bare, strict=True)]
        print(f"\n{name}, above the bare loop: {_shown(above)} ms")
    print()


def throughput(folder: Path, requests: int) -> None:
    """Print the share of the ideal throughput of a server that takes a tenth of a second."""
    task = make_task(folder / "throughput", requests)
    ideal = IN_FLIGHT / DELAY
    with serving(DELAY) as url:
        bare = 1e3 / bare_job(task, url)().wall / ideal
        walls = [engine_job(task, url, folder, "text")().wall for _ in range(3)]
    rates = [1e3 / wall / ideal for wall in walls]
    print(f"## A server that takes {DELAY * 1e3:.0f} ms, {IN_FLIGHT} at once\n")
    print(
        f"{requests:,} requests: {statistics.median(rates):.1%} "
        f"({min(rates):.1%} to {max(rates):.1%}) of the ideal {ideal:,.0f} requests a second, "
        f"rise and end included; a bare loop {bare:.1%}\n"
    )


def whole_runs(folder: Path, rows: int) -> None:
    """Print the time of whole runs against an instant server: all of it is outside inference."""
    print("## Whole runs: ask, write the run folder, score with intervals\n")
    print("| rows | a request asks | requests | s, all | of them scoring | peak memory, MB |")
    print("|---:|---|---:|---:|---:|---:|")
    with serving() as url:
        for count in (rows // 10, rows):
            make_task(folder / f"task-{count}", count)
            for unit in ("text", "field"):
                print(_whole_run(folder, url, count, unit), flush=True)
    print()


def _whole_run(folder: Path, url: str, rows: int, unit: RequestUnit) -> str:
    """Run in a process of its own, so that its memory can be told."""
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_annotate, args=(theirs, folder, url, rows, unit)
    )
    process.start()
    seconds, asking, requests, memory = mine.recv()
    process.join()
    scoring = seconds - asking
    return f"| {rows:,} | a {unit} | {requests:,} | {seconds:.1f} | {scoring:.1f} | {memory:.0f} |"


def _annotate(pipe: Connection, folder: Path, url: str, rows: int, unit: RequestUnit) -> None:
    settings = RunSettings(
        provider=ProviderSettings("openai", "m", base_url=url),
        asking=Asking(request_unit=unit),
        limits=Limits(concurrency=IN_FLIGHT),
        outputs=folder / "outputs",
        is_metered=False,
    )
    started = time.perf_counter()
    found = annotate(folder / f"task-{rows}", settings)
    seconds = time.perf_counter() - started
    timing = json.loads((found.folder.path / "timing_data.json").read_text())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    pipe.send((seconds, timing["wall_seconds"], timing["requests"], memory))


def _shown(values: list[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def main() -> int:
    """Print all measurements."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else ROWS
    print(f"{os.cpu_count()} processors (load {os.getloadavg()[0]:.1f}), Python")
    print(f"{platform.python_version()}, {versions('aiohttp', 'msgspec', 'numpy')}\n")
    with tempfile.TemporaryDirectory() as name:
        costs(Path(name), requests)
        throughput(Path(name), 2 * requests)
        whole_runs(Path(name), rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
