"""A server on 127.0.0.1 that speaks three APIs and has any fault that a test asks for.

    with serving() as server:
        server.next(Answer(429, headers={"Retry-After": "2"}))
        ...                       # the next request meets that, later ones are answered well
        server.requests           # what came in

It runs in a thread of its own, so that tests may run, cancel and kill their own loops.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.providers import shapes


@dataclass(frozen=True)
class Seen:
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """Return the body as JSON."""
        return dict(json.loads(self.body)) if self.body else {}


@dataclass(frozen=True)
class Answer:
    """What is answered, and how it goes wrong.

    `body` is sent as JSON unless it is bytes; several `pieces` are sent in chunks with `pause`
    seconds between them. `wait` seconds pass before the first byte. `drop` ends the connection
    before the reply or in the middle of its body.
    """

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: tuple[bytes, ...] = ()
    kind: str = "application/json"
    wait: float = 0.0
    pause: float = 0.0
    drop: Literal["before", "inside"] | None = None
    is_packed: bool = False
    raw: bytes | None = None
    """The whole reply, its head included, whatever it is."""

    def content(self) -> bytes:
        """Return the body as it is sent."""
        plain = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return gzip.compress(plain) if self.is_packed else plain


Respond = Callable[[Seen], Answer | None]


@dataclass(repr=False)
class Server:
    """What a test sees of the server; `respond` answers what `next` did not, if it likes."""

    url: str = ""
    respond: Respond = lambda _: None
    requests: list[Seen] = field(default_factory=list)
    planned: deque[Answer] = field(default_factory=deque)
    readers: set[asyncio.StreamReader] = field(default_factory=set)
    running: int = 0
    most_running: int = 0

    def next(self, *answers: Answer) -> None:
        """Plan the answers to the next requests."""
        self.planned.extend(answers)

    @property
    def port(self) -> int:
        """Return the port it listens at."""
        return int(self.url.rpartition(":")[2])

    @property
    def open_connections(self) -> int:
        """Return how many connections their client has not closed."""
        return sum(not reader.at_eof() for reader in tuple(self.readers))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self.readers.add(reader)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while seen := await _read(reader):
                    self.requests.append(seen)
                    if not await self._answer(seen, writer):
                        break
        finally:
            self.readers.discard(reader)
            writer.close()

    async def _answer(self, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            answer = self.planned.popleft() if self.planned else self.respond(seen) or usual(seen)
            await asyncio.sleep(answer.wait)
            return await _write(answer, writer)
        finally:
            self.running -= 1


def usual(seen: Seen) -> Answer:
    """Answer as a server that is well."""
    asked = seen.content
    for path, (whole, pieces, kind) in _TALK.items():
        if seen.path.endswith(path):
            if asked.get("stream"):
                return Answer(pieces=tuple(pieces()), kind=kind)
            return Answer(body=whole())
    known = _KNOWN.get(seen.path.partition("?")[0].removeprefix("/v1"))
    return Answer(404, {"error": "404 page not found"}) if known is None else Answer(body=known)


_TALK: dict[str, tuple[Callable[[], Any], Callable[[], list[bytes]], str]] = {
    "/chat/completions": (shapes.openai, shapes.openai_stream, "text/event-stream"),
    "/api/chat": (shapes.ollama, shapes.ollama_stream, "application/x-ndjson"),
    "/messages": (shapes.anthropic, shapes.anthropic_stream, "text/event-stream"),
}
_KNOWN: dict[str, Any] = {
    "/models": {
        "data": [{"id": "the-model", "owned_by": "vllm", "max_model_len": 4096, "meta": None}]
    },
    "/version": {"version": "0.11.0"},
    "/props": {"build_info": "b6000-abc", "default_generation_settings": {"n_ctx": 8192}},
    "/api/version": {"version": "0.12.6"},
    "/api/tags": {"models": [{"name": "the-model:latest", "digest": "5e1f"}]},
    "/api/show": {"model_info": {"llama.context_length": 131072}, "parameters": "num_ctx   8192"},
    "/api/ps": {"models": []},
}


async def _read(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    method, path, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(method, path, headers, body)


async def _write(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    """Send an answer; tell whether the connection stays."""
    if answer.drop == "before":
        return False
    if answer.raw is not None:
        writer.write(answer.raw)
        await writer.drain()
        return False
    if answer.pieces:
        return await _write_pieces(answer, writer)
    content = answer.content()
    writer.write(_head(answer, f"Content-Length: {len(content)}"))
    writer.write(content[: len(content) // 2] if answer.drop else content)
    await writer.drain()
    return not answer.drop


async def _write_pieces(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    writer.write(_head(answer, "Transfer-Encoding: chunked"))
    pieces = answer.pieces[: len(answer.pieces) // 2] if answer.drop else answer.pieces
    for piece in pieces:
        writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        await writer.drain()
        await asyncio.sleep(answer.pause)
    if not answer.drop:
        writer.write(b"0\r\n\r\n")
        await writer.drain()
    return not answer.drop


def _head(answer: Answer, length: str) -> bytes:
    headers = {"Content-Type": answer.kind, "Server": "stub", **answer.headers}
    if answer.is_packed:
        headers["Content-Encoding"] = "gzip"
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    return "\r\n".join((f"HTTP/1.1 {answer.status} x", *lines, length, "", "")).encode("latin-1")


@contextmanager
def serving(respond: Respond | None = None) -> Iterator[Server]:
    """Run a server for as long as the block lasts."""
    server = Server() if respond is None else Server(respond=respond)
    started, done = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def run() -> None:
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=1 << 24)
        server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        loops.append(asyncio.get_running_loop())
        started.set()
        await done.wait()
        listener.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    started.wait()
    try:
        yield server
    finally:
        loops[0].call_soon_threadsafe(done.set)
        thread.join()
