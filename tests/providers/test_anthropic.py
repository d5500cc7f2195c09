from __future__ import annotations

import json
from typing import Any

import pytest

from evalhouse.providers import Message, Request, Usage
from evalhouse.providers.failures import BusyError, MalformedReplyError
from tests.providers import shapes
from tests.providers.asking import SCHEMA, ask, describe, failure, request, settings
from tests.providers.server import Answer, Server


def test_everything_that_a_reply_says_is_kept(server: Server) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "x"}
    server.next(Answer(body=shapes.anthropic(blocks=[thought])))
    reply = ask(settings("anthropic", server.url))
    assert (reply.text, reply.reasoning, reply.finish) == (shapes.WORDS, "hm", "stop")
    assert reply.usage == Usage(input=11, output=7, cached=4)
    assert (reply.model, reply.finish_word) == ("served-model", "end_turn")


def test_a_request_is_shaped_as_the_api_wants_it(server: Server, canary: str) -> None:
    asked = request(temperature=0.5, top_p=0.9, stop=("END",))
    ask(settings("anthropic", server.url, key_variable="CANARY_KEY"), asked)
    seen = server.requests[0]
    assert seen.path == "/v1/messages"
    assert seen.headers["x-api-key"] == canary
    assert seen.headers["anthropic-version"] == "2023-06-01"
    assert seen.content == {
        "model": "the-model",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": "Is it so?"}],
        "system": "Answer.",
        "temperature": 0.5,
        "top_p": 0.9,
        "stop_sequences": ["END"],
    }


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (
            {"effort": "high"},
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
        ),
        ({"effort": True}, {"thinking": {"type": "adaptive"}}),
        ({"effort": False}, {"thinking": {"type": "disabled"}}),
        ({"thinking_tokens": 99}, {"thinking": {"type": "enabled", "budget_tokens": 99}}),
        (
            {"schema": SCHEMA},
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        ),
    ],
)
def test_thinking_and_schemas_are_asked_for(
    server: Server, asked: dict[str, Any], sent: dict[str, Any]
) -> None:
    ask(settings("anthropic", server.url), request(max_tokens=2000, **asked))
    content = server.requests[0].content
    assert content.pop("max_tokens") == 2000
    assert {name: value for name, value in content.items() if name in sent} == sent
    assert len(content) == 3 + len(sent)


def test_a_schema_can_be_a_tool_that_must_be_called(server: Server) -> None:
    call = {"type": "tool_use", "id": "1", "name": "answer", "input": {"b": 1, "a": "é"}}
    server.next(Answer(body=shapes.anthropic("", blocks=[call], finish="tool_use")))
    reply = ask(settings("anthropic", server.url, dialect="tools"), request(schema=SCHEMA))
    sent = server.requests[0].content
    assert sent["tools"][0]["input_schema"] == SCHEMA
    assert sent["tool_choice"] == {"type": "tool", "name": "answer"}
    assert list(json.loads(reply.text)) == ["b", "a"]
    assert (reply.finish, reply.finish_word) == ("stop", "tool_use")


@pytest.mark.parametrize(
    ("word", "finish"),
    [
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("tool_use", "tool"),
        ("pause_turn", "error"),
    ],
)
def test_reasons_to_finish_come_in_one_vocabulary(server: Server, word: str, finish: str) -> None:
    server.next(Answer(body=shapes.anthropic(finish=word)))
    reply = ask(settings("anthropic", server.url))
    assert (reply.finish, reply.finish_word) == (finish, word)
    assert reply.refusal == (shapes.WORDS if word == "refusal" else "")


def test_what_the_api_does_not_have_is_not_dropped(server: Server) -> None:
    told = settings("anthropic", server.url)
    assert "has no `seed`" in str(failure(told, request(seed=1)))
    assert "has no `logprobs`" in str(failure(told, request(logprobs=1)))
    thinking = request(effort="low", schema=SCHEMA)
    assert "structured" in str(
        failure(settings("anthropic", server.url, dialect="tools"), thinking)
    )
    late = Request((Message("user", "a"), Message("system", "b")), "the-model")
    assert "only before all others" in str(failure(told, late))
    assert server.requests == []


def test_a_seed_can_be_left_out_on_purpose(server: Server) -> None:
    ask(settings("anthropic", server.url, omit=("seed",)), request(seed=1))
    assert "seed" not in server.requests[0].content


@pytest.mark.parametrize(
    ("block", "text"),
    [(None, shapes.WORDS), ({"type": "thinking", "thinking": "", "signature": ""}, "")],
)
def test_a_stream_gives_the_same(server: Server, block: dict[str, Any] | None, text: str) -> None:
    pieces = tuple(shapes.anthropic_stream(block=block))
    server.next(Answer(pieces=pieces, kind="text/event-stream", pause=0.01))
    reply = ask(settings("anthropic", server.url, stream=True))
    assert (reply.text, reply.reasoning) == (text, "" if text else shapes.WORDS)
    assert reply.usage == Usage(input=11, output=7)
    assert reply.finish == "stop"
    assert reply.seconds_to_first_token is not None


def test_a_stream_with_a_tool_gives_its_input(server: Server) -> None:
    block = {"type": "tool_use", "id": "1", "name": "answer", "input": {}}
    pieces = tuple(shapes.anthropic_stream('{"response": "yes"}', block))
    server.next(Answer(pieces=pieces, kind="text/event-stream"))
    told = settings("anthropic", server.url, stream=True, dialect="tools")
    assert ask(told, request(schema=SCHEMA)).text == '{"response": "yes"}'


@pytest.mark.parametrize("kept", [0, 1, 4, 8])
def test_a_stream_that_ends_early_is_malformed(server: Server, kept: int) -> None:
    pieces = (b": nothing yet\n\n", *shapes.anthropic_stream()[:kept])
    server.next(Answer(pieces=pieces, kind="text/event-stream"))
    found = failure(settings("anthropic", server.url, stream=True))
    assert isinstance(found, MalformedReplyError)


def test_an_error_inside_a_stream_is_that_error(server: Server) -> None:
    broken = (
        b'data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    )
    server.next(Answer(pieces=(*shapes.anthropic_stream()[:3], broken), kind="text/event-stream"))
    found = failure(settings("anthropic", server.url, stream=True))
    assert isinstance(found, BusyError)
    assert "status 529" in str(found)


def test_anthropic_describes_itself(server: Server) -> None:
    entries = [{"id": "the-model", "max_input_tokens": 200000}, {"id": "other"}]
    server.next(Answer(body={"data": entries}))
    found = describe(settings("anthropic", server.url))
    assert (found.models, found.model_present) == (("the-model", "other"), True)
    assert found.context_length == 200000
