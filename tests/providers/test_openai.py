from __future__ import annotations

from typing import Any

import pytest

from evalhouse.errors import UsageError
from evalhouse.providers import Usage
from evalhouse.providers.failures import MalformedReplyError, ServerFaultError
from evalhouse.providers.reply import Timing, TokenLogprob
from tests.providers import shapes
from tests.providers.asking import SCHEMA, ask, describe, failure, request, settings
from tests.providers.server import Answer, Server


def test_everything_that_a_reply_says_is_kept(server: Server) -> None:
    told = settings("openai", server.url)
    server.next(Answer(body=shapes.openai(timings={"prompt_ms": 20, "predicted_ms": 500})))
    reply = ask(told)
    assert (reply.text, reply.finish, reply.finish_word) == (shapes.WORDS, "stop", "stop")
    assert reply.usage == Usage(input=11, output=7, reasoning=2, cached=4)
    assert reply.timing == Timing(None, 0.02, 0.5)
    assert (reply.model, reply.status) == ("served-model", 200)
    assert reply.raw_request == server.requests[0].body
    assert b'"usage"' in reply.raw_reply
    assert reply.seconds > 0
    assert reply.seconds_to_first_token is None


def test_a_request_holds_what_was_asked_and_nothing_else(server: Server) -> None:
    ask(settings("openai", server.url))
    seen = server.requests[0]
    assert (seen.method, seen.path) == ("POST", "/v1/chat/completions")
    assert seen.headers["content-type"] == "application/json"
    assert "authorization" not in seen.headers
    assert seen.content == {
        "model": "the-model",
        "messages": [
            {"role": "system", "content": "Answer."},
            {"role": "user", "content": "Is it so?"},
        ],
    }


def test_all_parameters_are_sent(server: Server) -> None:
    asked = request(
        temperature=0.0,
        top_p=0.9,
        seed=7,
        max_tokens=50,
        stop=("END",),
        effort="low",
        schema=SCHEMA,
        logprobs=5,
    )
    ask(settings("openai", server.url), asked)
    sent = server.requests[0].content
    assert {
        name: sent[name] for name in ("temperature", "top_p", "seed", "max_tokens", "stop")
    } == {
        "temperature": 0.0,
        "top_p": 0.9,
        "seed": 7,
        "max_tokens": 50,
        "stop": ["END"],
    }
    assert sent["reasoning_effort"] == "low"
    assert (sent["logprobs"], sent["top_logprobs"]) == (True, 5)
    assert sent["response_format"]["json_schema"] == {
        "name": "answer",
        "strict": True,
        "schema": SCHEMA,
    }


@pytest.mark.parametrize(
    ("dialect", "asked", "sent"),
    [
        ("openai", {"max_tokens": 5}, {"max_completion_tokens": 5}),
        ("json-object", {"schema": SCHEMA}, {"response_format": {"type": "json_object"}}),
        ("openrouter", {"effort": "high"}, {"reasoning": {"effort": "high"}}),
        ("openrouter", {"effort": True}, {"reasoning": {"enabled": True}}),
        ("openrouter", {"thinking_tokens": 99}, {"reasoning": {"max_tokens": 99}}),
        ("vllm", {"effort": False}, {"chat_template_kwargs": {"enable_thinking": False}}),
        ("vllm", {"effort": "low"}, {"reasoning_effort": "low"}),
        ("compatible", {"effort": False}, {"reasoning_effort": "none"}),
    ],
)
def test_dialects_say_it_in_other_words(
    server: Server, dialect: str, asked: dict[str, Any], sent: dict[str, Any]
) -> None:
    ask(settings("openai", server.url, dialect=dialect), request(**asked))
    content = server.requests[0].content
    assert {name: value for name, value in content.items() if name in sent} == sent
    assert len(content) == 2 + len(sent)


def test_what_a_dialect_cannot_say_is_not_dropped(server: Server) -> None:
    told = settings("openai", server.url)
    assert "level" in str(failure(told, request(effort=True)))
    assert "openrouter" in str(failure(told, request(thinking_tokens=5)))
    with pytest.raises(UsageError, match="no dialect of `openai` is called `vlm`"):
        ask(settings("openai", server.url, dialect="vlm"))


def test_omitted_parameters_are_left_out_on_request_alone(server: Server) -> None:
    asked = request(seed=7, temperature=0.5, schema=SCHEMA, logprobs=1)
    ask(settings("openai", server.url, omit=("seed", "schema", "logprobs")), asked)
    assert set(server.requests[0].content) == {"model", "messages", "temperature"}


@pytest.mark.parametrize(
    ("message", "reasoning", "text"),
    [
        ({"reasoning_content": "hm", "content": "yes"}, "hm", "yes"),
        ({"reasoning": "hm", "content": "yes"}, "hm", "yes"),
        ({"content": "<think>hm</think>\n\nyes"}, "hm", "yes"),
        ({"content": None, "reasoning_content": "hm"}, "hm", ""),
        ({"content": None}, "", ""),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "yes"},
                ]
            },
            "hm",
            "yes",
        ),
    ],
)
def test_thinking_is_separated_wherever_it_stands(
    server: Server, message: dict[str, Any], reasoning: str, text: str
) -> None:
    server.next(Answer(body=shapes.openai(message=message)))
    reply = ask(settings("openai", server.url))
    assert (reply.reasoning, reply.text) == (reasoning, text)


def test_think_tags_stay_where_they_are_not_separated(server: Server) -> None:
    server.next(Answer(body=shapes.openai("<think>hm</think>yes")))
    reply = ask(settings("openai", server.url, think_tags=()))
    assert (reply.reasoning, reply.text) == ("", "<think>hm</think>yes")


@pytest.mark.parametrize(
    ("word", "finish"),
    [
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "tool"),
        ("SAFETY", "content_filter"),
        ("abort", "error"),
        (None, "error"),
    ],
)
def test_reasons_to_finish_come_in_one_vocabulary(
    server: Server, word: str | None, finish: str
) -> None:
    server.next(Answer(body=shapes.openai(finish=word)))
    reply = ask(settings("openai", server.url))
    assert (reply.finish, reply.finish_word) == (finish, word or "")


def test_a_refusal_is_told_from_an_answer(server: Server) -> None:
    server.next(Answer(body=shapes.openai(None, message={"refusal": "I cannot."})))
    reply = ask(settings("openai", server.url))
    assert (reply.text, reply.refusal, reply.finish) == ("", "I cannot.", "content_filter")


def test_logprobs_come_with_their_alternatives(server: Server) -> None:
    top = [{"token": "yes", "logprob": -0.1}, {"token": "no", "logprob": -2.4}]
    entries = [{"token": "yes", "logprob": -0.1, "top_logprobs": top}, {"token": 5}, None]
    server.next(Answer(body=shapes.openai(choice={"logprobs": {"content": entries}})))
    reply = ask(settings("openai", server.url), request(logprobs=2))
    assert reply.logprobs == (TokenLogprob("yes", -0.1, (("yes", -0.1), ("no", -2.4))),)


@pytest.mark.parametrize("usage", [None, [], {}, {"prompt_tokens": "x", "completion_tokens": -1}])
def test_usage_that_is_not_said_is_unknown(server: Server, usage: Any) -> None:
    server.next(Answer(body=shapes.openai(usage=usage)))
    assert ask(settings("openai", server.url)).usage == Usage()


def test_a_stream_gives_the_same_and_the_time_to_the_first_token(server: Server) -> None:
    pieces = tuple(shapes.openai_stream(deltas=[{"reasoning_content": "hm"}]))
    server.next(Answer(pieces=pieces, kind="text/event-stream", pause=0.01))
    reply = ask(settings("openai", server.url, stream=True))
    assert (reply.text, reply.reasoning, reply.finish) == (shapes.WORDS, "hm", "stop")
    assert (reply.usage.input, reply.usage.output) == (11, 7)
    assert reply.seconds_to_first_token is not None
    assert 0 < reply.seconds_to_first_token < reply.seconds
    assert reply.raw_reply == b"".join(pieces)
    assert server.requests[0].content["stream_options"] == {"include_usage": True}


def test_logprobs_of_a_stream_are_put_together(server: Server) -> None:
    event = b'data: {"choices":[{"delta":{"content":"%b"},"finish_reason":"stop",'
    event += b'"logprobs":{"content":[{"token":"%b","logprob":-1}]}}]}\n\n'
    pieces = tuple(event % (letter, letter) for letter in (b"y", b"s"))
    server.next(Answer(pieces=pieces, kind="text/event-stream"))
    reply = ask(settings("openai", server.url, stream=True), request(logprobs=0))
    assert [found.token for found in reply.logprobs] == ["y", "s"]


def test_a_server_that_does_not_stream_is_read_all_the_same(server: Server) -> None:
    server.next(Answer(body=shapes.openai()))
    assert ask(settings("openai", server.url, stream=True)).text == shapes.WORDS


def test_a_stream_that_ends_early_is_malformed(server: Server) -> None:
    pieces = tuple(shapes.openai_stream())[:4]
    server.next(Answer(pieces=pieces, kind="text/event-stream"))
    found = failure(settings("openai", server.url, stream=True))
    assert isinstance(found, MalformedReplyError)
    assert "ends before the answer does" in str(found)


def test_an_error_inside_a_stream_is_that_error(server: Server) -> None:
    broken = b'data: {"error": {"message": "out of memory", "code": 502}}\n\n'
    server.next(Answer(pieces=(*shapes.openai_stream()[:3], broken), kind="text/event-stream"))
    found = failure(settings("openai", server.url, stream=True))
    assert isinstance(found, ServerFaultError)
    assert "status 502" in str(found)


def test_an_error_in_the_place_of_a_choice_is_that_error(server: Server) -> None:
    choice = {"error": {"code": 503, "message": "no host"}, "finish_reason": "error"}
    server.next(Answer(body=shapes.openai("", choice=choice)))
    assert "is busy (status 503): `no host`" in str(failure(settings("openai", server.url)))


def test_vllm_describes_itself(server: Server) -> None:
    found = describe(settings("openai", server.url, revision="abc"))
    assert found.reachable
    assert found.is_local
    assert (found.models, found.model_present) == (("the-model",), True)
    assert (found.context_length, found.revision) == (4096, "abc")
    assert (found.server, found.version) == ("vLLM", "0.11.0")
    assert [seen.path for seen in server.requests] == ["/v1/models", "/version"]


def test_llama_cpp_describes_itself(server: Server) -> None:
    entry = {"id": "other", "owned_by": "llamacpp", "meta": {"n_ctx_train": 32768}}
    server.next(Answer(body={"data": [entry]}))
    found = describe(settings("openai", server.url))
    assert (found.server, found.version) == ("llama.cpp", "b6000-abc")
    assert found.context_length == 8192
    assert found.model_present is False


def test_what_a_server_does_not_say_of_itself_is_unknown(server: Server) -> None:
    server.next(Answer(404, {"error": "no such page"}))
    found = describe(settings("openai", server.url))
    assert found.reachable
    assert (found.models, found.model_present, found.context_length) == (None, None, None)


def test_a_server_that_is_away_is_a_fact() -> None:
    found = describe(settings("openai", "http://127.0.0.1:9"))
    assert not found.reachable
    assert "cannot be reached" in found.fault
