from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from evalhouse.providers import Reply, open_provider
from evalhouse.providers import connection as connections
from evalhouse.providers.failures import BrokenConnectionError, MalformedReplyError
from tests.providers import shapes
from tests.providers.asking import ask, failure, request, settings
from tests.providers.server import Answer, Seen, Server

MANY = 64


def _echo(seen: Seen) -> Answer:
    question = seen.content["messages"][-1]["content"]
    return Answer(body=shapes.openai(question), wait=0.05)


def test_many_are_asked_at_once_and_each_gets_its_own_answer(server: Server) -> None:
    server.respond = _echo

    async def run() -> list[Reply]:
        provider = open_provider(settings("openai", server.url), connections=MANY)
        try:
            asked = [provider.ask(request(str(number))) for number in range(4 * MANY)]
            return await asyncio.gather(*asked)
        finally:
            await provider.close()

    assert [reply.text for reply in asyncio.run(run())] == list(map(str, range(4 * MANY)))
    assert server.most_running == MANY


def test_connections_are_used_again(server: Server) -> None:
    opened: list[int] = []

    def count(_: Seen) -> Answer:
        opened.append(server.open_connections)
        return Answer(body=shapes.openai())

    server.respond = count
    ask(settings("openai", server.url), *[request()] * 5)
    assert opened == [1] * 5


def _until(happened: Callable[[], bool]) -> bool:
    """Wait until something has happened, but not forever; tell whether it did."""
    deadline = time.monotonic() + 10
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.005)
    return happened()


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_stays_open_after_a_request_is_cancelled(server: Server, *, stream: bool) -> None:
    server.respond = lambda _: Answer(
        pieces=tuple(shapes.openai_stream()), kind="text/event-stream", pause=9, wait=0.01
    )

    async def run() -> bool:
        provider = open_provider(settings("openai", server.url, stream=stream))
        tasks = [asyncio.create_task(provider.ask(request())) for _ in range(MANY)]
        await asyncio.to_thread(_until, lambda: server.most_running == MANY)
        for task in tasks:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(one, asyncio.CancelledError) for one in found)
        closed = await asyncio.to_thread(_until, lambda: server.open_connections == 0)
        await provider.close()
        return closed

    assert asyncio.run(run())


def test_nothing_stays_open_after_closing(server: Server) -> None:
    ask(settings("openai", server.url), request())
    assert _until(lambda: server.open_connections == 0)


def test_a_provider_can_be_used_again_after_closing(server: Server) -> None:
    provider = open_provider(settings("openai", server.url))

    async def run() -> str:
        text = (await provider.ask(request())).text
        await provider.close()
        await provider.close()
        return text

    assert asyncio.run(run()) == asyncio.run(run()) == shapes.WORDS


@pytest.mark.parametrize("is_packed", [False, True])
def test_huge_replies_come_whole(server: Server, *, is_packed: bool) -> None:
    text = "word " * 1_000_000
    server.next(Answer(body=shapes.openai(text), is_packed=is_packed))
    reply = ask(settings("openai", server.url))
    assert reply.text == text
    assert json.loads(reply.raw_reply)["choices"][0]["message"]["content"] == text


def test_a_reply_without_end_is_left(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "LONGEST_REPLY", 1 << 20)
    server.next(Answer(body=b" " * (2 << 20), is_packed=True))
    found = failure(settings("openai", server.url))
    assert isinstance(found, MalformedReplyError)
    assert "is longer than 1 MiB" in str(found)


def test_huge_requests_are_sent_whole(server: Server) -> None:
    text = "word " * 1_000_000
    reply = ask(settings("openai", server.url), request(text))
    assert server.requests[0].content["messages"][1]["content"] == text
    assert reply.raw_request == server.requests[0].body


def test_a_reply_that_is_packed_wrongly_is_a_broken_connection(server: Server) -> None:
    server.next(Answer(body=b"not gzip", headers={"Content-Encoding": "gzip"}))
    assert isinstance(failure(settings("openai", server.url)), BrokenConnectionError)


def test_proxies_of_the_environment_are_ignored_unless_they_are_wanted(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = settings("openai", "http://model.invalid/v1")
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    assert "cannot be reached" in str(failure(told))
    assert ask(replace(told, use_proxy=True)).text == shapes.WORDS
    assert server.requests[0].path == "http://model.invalid/v1/chat/completions"


def test_hosts_without_proxy_are_asked_directly(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert ask(settings("openai", server.url, use_proxy=True)).text == shapes.WORDS


def test_no_cookie_is_kept(server: Server) -> None:
    server.next(Answer(body=shapes.openai(), headers={"Set-Cookie": "a=b"}))
    ask(settings("openai", server.url), request(), request())
    assert "cookie" not in server.requests[1].headers
