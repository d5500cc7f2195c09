"""Whatever a server sends, what comes of it is a reply or a failure of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhouse.providers import Reply
from evalhouse.providers.failures import ProviderError
from tests.providers import shapes
from tests.providers.asking import SCHEMA, ask, request
from tests.providers.asking import settings as told
from tests.providers.server import Answer, Server, serving

KINDS = ("application/json", "text/event-stream", "application/x-ndjson", "text/html", "")
PROVIDERS = ("openai", "ollama", "anthropic")
WHOLE: dict[str, Any] = {
    "openai": shapes.openai(),
    "ollama": shapes.ollama(),
    "anthropic": shapes.anthropic(),
}
PIECES: dict[str, Any] = {
    "openai": shapes.openai_stream(),
    "ollama": shapes.ollama_stream(),
    "anthropic": shapes.anthropic_stream(),
}
each_provider = pytest.mark.parametrize("provider", PROVIDERS)

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "message", "content", "choices", "type", "text", "delta", "code"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    with serving() as server:
        yield server


def _result(server: Server, provider: str, answer: Answer, **others: Any) -> Reply | ProviderError:
    server.planned.clear()
    server.next(answer)
    try:
        return ask(told(provider, server.url, timeout=5, **others), request())
    except ProviderError as failure:
        return failure


@each_provider
@given(
    body=st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()),
    status=st.sampled_from([200, 200, 204, 300, 400, 404, 429, 500, 599]),
    kind=st.sampled_from(KINDS),
    stream=st.booleans(),
)
def test_any_body_is_a_reply_or_a_failure(
    shared: Server, provider: str, *, body: bytes, status: int, kind: str, stream: bool
) -> None:
    found = _result(shared, provider, Answer(status, body, kind=kind), stream=stream)
    assert found.status in {status, None}


def _paths(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _paths(part, (*place, name))


def _events(pieces: list[bytes]) -> list[bytes]:
    found = (piece[piece.index(b"{") :] for piece in pieces if b"{" in piece)
    return list(found)


def _with(value: Any, place: tuple[Any, ...], other: Any) -> Any:
    if not place:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = _with(copy[place[0]], place[1:], other)
    return copy


@each_provider
@given(data=st.data())
def test_a_reply_with_any_part_replaced_is_a_reply_or_a_failure(
    shared: Server, provider: str, data: st.DataObject
) -> None:
    whole = WHOLE[provider]
    place = data.draw(st.sampled_from([path for path in _paths(whole) if path]))
    body = _with(whole, place, data.draw(json_values))
    found = _result(shared, provider, Answer(body=json.dumps(body).encode()))
    assert isinstance(found, Reply | ProviderError)


@each_provider
@given(data=st.data())
def test_a_stream_with_any_piece_replaced_is_a_reply_or_a_failure(
    shared: Server, provider: str, data: st.DataObject
) -> None:
    pieces = list(PIECES[provider])
    number = data.draw(st.integers(0, len(pieces) - 1))
    event = json.loads(data.draw(st.sampled_from(_events(pieces))))
    place = data.draw(st.sampled_from(list(_paths(event))))
    changed = json.dumps(_with(event, place, data.draw(json_values))).encode()
    pieces[number] = data.draw(st.sampled_from([b"data: " + changed, changed])) + b"\n\n"
    answer = Answer(pieces=tuple(pieces), kind="text/event-stream")
    assert isinstance(_result(shared, provider, answer, stream=True), Reply | ProviderError)


@each_provider
@settings(max_examples=50)
@given(raw=st.binary(max_size=100), prefix=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n"]))
def test_any_bytes_instead_of_http_are_a_failure(
    shared: Server, provider: str, raw: bytes, prefix: bytes
) -> None:
    assert isinstance(_result(shared, provider, Answer(raw=prefix + raw)), ProviderError)


@each_provider
@settings(max_examples=50)
@given(data=st.data())
def test_a_reply_cut_anywhere_is_a_failure(
    shared: Server, provider: str, data: st.DataObject
) -> None:
    body = json.dumps(WHOLE[provider]).encode()
    cut = body[: data.draw(st.integers(0, len(body) - 1))]
    assert isinstance(_result(shared, provider, Answer(body=cut)), ProviderError)


def test_a_schema_does_not_change_how_faults_are_met(shared: Server) -> None:
    shared.next(Answer(body={"content": [{"type": "tool_use"}], "stop_reason": "tool_use"}))
    reply = ask(told("anthropic", shared.url, dialect="tools"), request(schema=SCHEMA))
    assert (reply.text, reply.finish) == ("", "stop")
