from __future__ import annotations

from typing import Any

import pytest

from evalhouse.providers import Usage
from evalhouse.providers.failures import MalformedReplyError, UnknownModelError
from evalhouse.providers.reply import Timing
from tests.providers import shapes
from tests.providers.asking import SCHEMA, ask, describe, failure, request, settings
from tests.providers.server import Answer, Server


def test_everything_that_a_reply_says_is_kept(server: Server) -> None:
    server.next(Answer(body=shapes.ollama(message={"thinking": "hm"})))
    reply = ask(settings("ollama", server.url))
    assert (reply.text, reply.reasoning, reply.finish) == (shapes.WORDS, "hm", "stop")
    assert reply.usage == Usage(input=11, output=7)
    assert reply.timing == Timing(load=1.0, prompt=0.5, answer=3.5)
    assert reply.model == "served-model"


def test_prompts_are_never_cut(server: Server) -> None:
    ask(settings("ollama", server.url))
    sent = server.requests[0].content
    assert (sent["truncate"], sent["shift"], sent["stream"]) == (False, False, False)


def test_all_parameters_are_sent(server: Server) -> None:
    asked = request(
        temperature=0.0, top_p=0.9, seed=7, max_tokens=50, stop=("END",), schema=SCHEMA, logprobs=3
    )
    ask(settings("ollama", server.url, context_length=8192, keep_alive="10m"), asked)
    sent = server.requests[0].content
    assert server.requests[0].path == "/api/chat"
    assert sent["options"] == {
        "temperature": 0.0,
        "top_p": 0.9,
        "seed": 7,
        "num_predict": 50,
        "stop": ["END"],
        "num_ctx": 8192,
    }
    assert (sent["format"], sent["keep_alive"]) == (SCHEMA, "10m")
    assert (sent["logprobs"], sent["top_logprobs"]) == (True, 3)


@pytest.mark.parametrize("effort", [True, False, "low"])
def test_thinking_is_asked_as_it_is_given(server: Server, effort: Any) -> None:
    ask(settings("ollama", server.url), request(effort=effort))
    assert server.requests[0].content["think"] is effort or effort == "low"


def test_a_budget_for_thinking_is_not_dropped(server: Server) -> None:
    found = failure(settings("ollama", server.url), request(thinking_tokens=5))
    assert "has no `thinking_tokens`" in str(found)


def test_a_stream_gives_the_same(server: Server) -> None:
    pieces = tuple(shapes.ollama_stream())
    server.next(Answer(pieces=pieces, kind="application/x-ndjson", pause=0.01))
    reply = ask(settings("ollama", server.url, stream=True))
    assert (reply.text, reply.usage.output) == (shapes.WORDS, 7)
    assert reply.seconds_to_first_token is not None
    assert 0 < reply.seconds_to_first_token < reply.seconds


@pytest.mark.parametrize("kept", [0, 2])
def test_a_stream_that_ends_early_is_malformed(server: Server, kept: int) -> None:
    # An empty chunk would end the stream.
    pieces = (b"\n", *shapes.ollama_stream()[:kept])
    server.next(Answer(pieces=pieces, kind="application/x-ndjson"))
    assert isinstance(failure(settings("ollama", server.url, stream=True)), MalformedReplyError)


def test_an_answer_that_is_not_done_is_malformed(server: Server) -> None:
    server.next(Answer(body=shapes.ollama(done=False)))
    assert isinstance(failure(settings("ollama", server.url)), MalformedReplyError)


def test_a_reason_that_says_something_else_is_an_error(server: Server) -> None:
    server.next(Answer(body=shapes.ollama(done_reason="load")))
    reply = ask(settings("ollama", server.url))
    assert (reply.finish, reply.finish_word) == ("error", "load")


def test_a_missing_model_says_how_to_get_it(server: Server) -> None:
    server.next(Answer(404, {"error": "model 'the-model' not found"}))
    found = failure(settings("ollama", server.url))
    assert isinstance(found, UnknownModelError)
    assert "ollama pull" in str(found)
    assert [seen.path for seen in server.requests] == ["/api/chat"]


def test_ollama_describes_itself(server: Server) -> None:
    found = describe(settings("ollama", server.url))
    assert (found.models, found.model_present) == (("the-model:latest",), True)
    assert (found.revision, found.server, found.version) == ("5e1f", "Ollama", "0.12.6")
    assert (found.context_length, found.longest_context) == (8192, 131072)


def test_the_context_that_is_asked_for_is_the_one_that_is_served(server: Server) -> None:
    assert describe(settings("ollama", server.url, context_length=1024)).context_length == 1024


def test_the_context_of_a_loaded_model_is_known(server: Server) -> None:
    loaded = {"models": [{"name": "the-model:latest", "context_length": 4096}]}
    server.respond = lambda seen: Answer(body=loaded) if seen.path == "/api/ps" else None
    assert describe(settings("ollama", server.url)).context_length == 4096


def test_a_model_that_is_not_there_is_a_fact(server: Server) -> None:
    server.respond = lambda seen: Answer(body={"models": []}) if "tags" in seen.path else None
    found = describe(settings("ollama", server.url))
    assert (found.reachable, found.model_present, found.revision) == (True, False, None)


def test_the_address_of_ollama_is_taken_from_its_own_variable(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{server.port}")
    assert ask(settings("ollama", "")).text == shapes.WORDS
