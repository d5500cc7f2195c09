"""What a provider costs the client per request, beside a bare loop of its HTTP client.

An instant server in a process of its own answers the same bytes to both. Both keep the same
number of requests in flight; rounds take turns, so that what else the machine does hits both.

python -m benchmarks.providers [requests per round]
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection

import aiohttp

from benchmarks.peers import versions
from evalhouse.providers import Message, ProviderSettings, Request, Sampling, open_provider

REQUESTS = 10_000
ROUNDS = 5
IN_FLIGHT = 64
PATHS = {"openai": "/v1/chat/completions", "ollama": "/api/chat", "anthropic": "/v1/messages"}

TEXT = "The council votes on the new tram line, and many are against it. " * 12
SCHEMA = {
    "type": "object",
    "properties": {f"field_{number}": {"enum": ["yes", "no", "unclear"]} for number in range(10)},
    "required": [f"field_{number}" for number in range(10)],
    "additionalProperties": False,
}
ANSWER = json.dumps({f"field_{number}": "unclear" for number in range(10)})
REPLY = json.dumps(
    {
        "id": "1",
        "model": "m",
        "choices": [{"message": {"role": "assistant", "content": ANSWER}, "finish_reason": "stop"}],
        "message": {"role": "assistant", "content": ANSWER},
        "done": True,
        "done_reason": "stop",
        "content": [{"type": "text", "text": ANSWER}],
        "stop_reason": "end_turn",
        "usage": {"prompt_tokens": 300, "completion_tokens": 80, "input_tokens": 300},
    }
).encode()
"""A reply that each API can be read from."""

Job = Callable[[], Awaitable[object]]


class Instant(asyncio.Protocol):
    """Answers as soon as a request is complete, always the same."""

    HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.waiting = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer when head and body have come."""
        self.waiting += data
        head, found, body = self.waiting.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if found and len(body) >= int(length):
            self.waiting = b""
            self.transport.write(self.HEAD % len(REPLY) + REPLY)


def serve(pipe: Connection) -> None:
    """Be the server of a process of its own, for as long as that lasts."""

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Instant, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@dataclass(frozen=True)
class Round:
    """Milliseconds of the client's processor and of the clock, per request."""

    cpu: float
    wall: float


async def run(job: Job, requests: int) -> Round:
    """Run a job many times, so many at once."""
    left = iter(range(requests))

    async def worker() -> None:
        for _ in left:
            await job()

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Round(cpu / requests * 1e3, wall / requests * 1e3)


async def compare(provider: str, port: int, requests: int) -> tuple[list[Round], list[Round]]:
    """Measure a provider and a bare loop of the same bytes, in turn."""
    url = f"http://127.0.0.1:{port}"
    ours = open_provider(ProviderSettings(provider, "m", base_url=url), connections=IN_FLIGHT)
    messages = (Message("system", "Answer each field."), Message("user", TEXT))
    asked = Request(messages, "m", Sampling(temperature=0.0, max_tokens=200), SCHEMA)
    body = (await ours.ask(asked)).raw_request

    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def bare() -> bytes:
            async with session.post(url + PATHS[provider], data=body) as response:
                return await response.read()

        mine, other = [], []
        for _ in range(ROUNDS + 1):
            mine.append(await run(lambda: ours.ask(asked), requests))
            other.append(await run(bare, requests))
    await ours.close()
    return mine[1:], other[1:]  # the first round warms up


def row(provider: str, mine: list[Round], other: list[Round]) -> str:
    """Return a row of the table: medians with ranges."""
    above = [one.cpu - two.cpu for one, two in zip(mine, other, strict=True)]
    columns = (
        [one.cpu for one in mine],
        [one.cpu for one in other],
        above,
        [one.wall for one in mine],
        [one.wall for one in other],
    )
    return f"| {provider} | {' | '.join(map(_shown, columns))} |"


def _shown(values: list[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def main() -> int:
    """Print the table."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port = mine.recv()
    print(f"{requests} requests a round, {ROUNDS} rounds, {IN_FLIGHT} in flight, milliseconds per")
    print(f"request; {os.cpu_count()} processors, Python {platform.python_version()},")
    print(f"{versions('aiohttp', 'msgspec')}\n")
    print("| provider | CPU ours | CPU bare | CPU above bare | wall ours | wall bare |")
    print("|---|---|---|---|---|---|")
    for provider in PATHS:
        print(row(provider, *asyncio.run(compare(provider, port, requests))), flush=True)
    server.terminate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
