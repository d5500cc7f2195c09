from __future__ import annotations

import pickle
import re
import socket
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from evalhouse.errors import EvalhouseError, RetryableError
from evalhouse.providers import Message, Request, failures
from evalhouse.providers.failures import (
    AuthenticationError,
    BrokenConnectionError,
    BusyError,
    ContentRefusedError,
    ContextTooLongError,
    MalformedReplyError,
    MissingRecordingError,
    OutOfCreditError,
    ProviderError,
    RejectedRequestError,
    ServerFaultError,
    TimedOutError,
    TransientError,
    UnknownModelError,
    UnreachableError,
    UnsupportedParameterError,
    WrongAddressError,
    retry_after,
)
from tests.providers import shapes
from tests.providers.asking import SCHEMA, describe, failure, request, settings
from tests.providers.server import Answer, Server

PLACE = "http://127.0.0.1:1/v1"
EXAMPLES: list[EvalhouseError] = [
    ProviderError("it went wrong"),
    TransientError("it went wrong for now"),
    UnreachableError(PLACE, "connection refused"),
    BrokenConnectionError(PLACE, "it was closed"),
    TimedOutError(PLACE, 1.5),
    BusyError(PLACE, 429, "slow down"),
    ServerFaultError(PLACE, 500, ""),
    MalformedReplyError(PLACE, "is empty"),
    AuthenticationError(PLACE, 401, "A_KEY", "invalid_api_key"),
    OutOfCreditError(PLACE, 402, "pay"),
    UnknownModelError(PLACE, "m", "no", "pull it"),
    WrongAddressError(PLACE, "has no such API"),
    ContentRefusedError(PLACE, 400, "flagged"),
    RejectedRequestError(PLACE, 400, "no"),
    UnsupportedParameterError(PLACE, 400, ("num_predict", "max_tokens"), "no"),
    ContextTooLongError(PLACE, 400, "too long"),
    MissingRecordingError("here", "0" * 64, "Is it so?"),
]
each_error = pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)


def _all_kinds(kind: type[EvalhouseError] = ProviderError) -> set[type[EvalhouseError]]:
    return {kind}.union(*map(_all_kinds, kind.__subclasses__()))


def test_the_page_of_failures_lists_every_kind_and_each_is_tested() -> None:
    listed = re.findall(r"^ +(\w+Error) ", failures.__doc__ or "", re.MULTILINE)
    assert sorted(listed) == sorted(kind.__name__ for kind in _all_kinds())
    assert _all_kinds() == {type(error) for error in EXAMPLES}


@each_error
def test_a_message_is_one_sentence_without_a_stop(error: EvalhouseError) -> None:
    assert "\n" not in str(error)
    assert str(error)[0] in "`abcdefghijklmnopqrstuvwxyz"
    assert not str(error).endswith(".")


@each_error
def test_an_error_travels_between_processes_as_it_is(error: ProviderError) -> None:
    error.observed(b"asked", b"answered", 0.5, 400)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


OPENAI_ERROR = {"message": "words", "type": "kind", "param": None, "code": None}
STATUSES: list[tuple[int, Any, type[ProviderError]]] = [
    (408, {}, BusyError),
    (425, {}, BusyError),
    (429, {"error": {"message": "Rate limit reached"}}, BusyError),
    (503, {"error": "loading model"}, BusyError),
    (529, {"type": "error", "error": {"type": "overloaded_error"}}, BusyError),
    (500, {"error": {"message": "internal"}}, ServerFaultError),
    (502, b"<html>Bad gateway</html>", ServerFaultError),
    (504, b"", ServerFaultError),
    (520, b"\xff\xfe", ServerFaultError),
    (429, {"error": {"message": "x", "code": "insufficient_quota"}}, OutOfCreditError),
    (402, {"error": {"message": "Insufficient credits", "code": 402}}, OutOfCreditError),
    (401, {"error": {"message": "Incorrect key", "code": "invalid_api_key"}}, AuthenticationError),
    (403, {"error": {"type": "permission_error", "message": "no"}}, AuthenticationError),
    (403, {"error": {"message": "moderation: your input was flagged"}}, ContentRefusedError),
    (400, {"error": {"code": "content_filter", "message": "x"}}, ContentRefusedError),
    (400, {"error": OPENAI_ERROR}, RejectedRequestError),
    (422, {"detail": "what"}, RejectedRequestError),
    (413, b"too large", RejectedRequestError),
    (404, {"error": {"message": "x", "code": "model_not_found"}}, UnknownModelError),
    (404, {"error": {"message": "The model `the-model` does not exist."}}, UnknownModelError),
    (404, {"type": "error", "error": {"message": "model: the-model"}}, UnknownModelError),
    (400, {"error": {"message": "the-model is not a valid model ID"}}, UnknownModelError),
    (404, {"detail": "Not Found"}, WrongAddressError),
    (405, b"", WrongAddressError),
    (301, b"", WrongAddressError),
    (
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 4096 tokens. However, you "
            "requested 5000 tokens.",
        },
        ContextTooLongError,
    ),
    (400, {"error": {"type": "exceed_context_size_error", "message": "x"}}, ContextTooLongError),
    (400, {"error": {"message": "prompt is too long: 9 > 8"}}, ContextTooLongError),
    (400, {"error": "input length exceeds the context length"}, ContextTooLongError),
]


@pytest.mark.parametrize(
    ("status", "body", "kind"), STATUSES, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_a_status_becomes_the_failure_that_it_means(
    server: Server, status: int, body: Any, kind: type[ProviderError]
) -> None:
    server.next(Answer(status, body))
    found = failure(settings("openai", server.url))
    assert type(found) is kind
    assert isinstance(found, RetryableError) is issubclass(kind, TransientError)
    assert (found.status, found.raw_request) == (status, server.requests[0].body)
    assert found.raw_reply == Answer(body=body).content()
    assert found.seconds
    assert len(server.requests) == 1


UNSUPPORTED: list[tuple[str, Any, str]] = [
    (
        "openai",
        {
            "error": {
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                "param": "max_tokens",
                "code": "unsupported_parameter",
            }
        },
        "max_tokens",
    ),
    ("openai", {"error": {"message": "Unrecognized request argument: seed"}}, "seed"),
    (
        "openai",
        {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
        "seed",
    ),
    ("openai", {"error": {"message": "This response_format type is unsupported"}}, "schema"),
    ("ollama", {"error": '"the-model" does not support thinking'}, "effort"),
    ("anthropic", {"error": {"message": "temperature: deprecated"}}, "temperature"),
]


@pytest.mark.parametrize(("provider", "body", "parameter"), UNSUPPORTED)
def test_a_parameter_that_is_refused_is_named_with_what_to_do(
    server: Server, provider: str, body: Any, parameter: str
) -> None:
    server.next(Answer(400, body))
    asked = request(max_tokens=5, seed=1, temperature=1.0, schema=SCHEMA, effort="low")
    found = failure(settings(provider, server.url, omit=_omit(provider)), asked)
    assert isinstance(found, UnsupportedParameterError)
    assert found.parameter == parameter
    assert f"leave `{parameter}` out with `omit`" in str(found)
    assert "`dialect`" in str(found)


def _omit(provider: str) -> tuple[str, ...]:
    return ("seed",) if provider == "anthropic" else ()


def test_the_server_s_words_are_quoted(server: Server) -> None:
    server.next(Answer(400, {"error": {"message": "top_k must be\n positive `k`" + "!" * 500}}))
    message = str(failure(settings("openai", server.url)))
    assert (
        f"{server.url}/v1 rejects the request (status 400): `top_k must be positive 'k'" in message
    )
    assert message.endswith("! ...`")


def test_a_router_s_reason_is_quoted_too(server: Server) -> None:
    error = {"message": "Provider returned error", "metadata": {"raw": "no GPU left"}}
    server.next(Answer(500, {"error": error}))
    assert "no GPU left" in str(failure(settings("openai", server.url)))


def test_a_redirect_is_not_followed(server: Server) -> None:
    target = "https://elsewhere.example/v1?ticket=abc"
    server.next(Answer(307, headers={"Location": target}))
    found = failure(settings("openai", server.url))
    assert "sends elsewhere (status 307): `https://elsewhere.example/v1`" in str(found)
    assert "ticket" not in str(found)
    assert len(server.requests) == 1


def test_nobody_at_an_address_is_worth_another_try() -> None:
    found = failure(settings("openai", "http://127.0.0.1:9"))
    assert isinstance(found, UnreachableError)
    assert "http://127.0.0.1:9/v1 cannot be reached: Connection refused; is the" in str(found)


def _answer_plainly(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"HTTP/1.1 400 no TLS here\r\n\r\n")


def test_a_server_without_a_certificate_is_not_trusted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer_plainly, args=(listener,))
        thread.start()
        found = failure(settings("openai", f"https://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join()
    assert isinstance(found, WrongAddressError)
    assert not isinstance(found, RetryableError)
    assert "cannot be trusted" in str(found)


@pytest.mark.parametrize("provider", ["openai", "ollama", "anthropic"])
def test_a_refused_key_is_no_fact_about_a_server(server: Server, provider: str) -> None:
    server.next(Answer(401, {"error": "who are you"}))
    with pytest.raises(AuthenticationError):
        describe(settings(provider, server.url))


@pytest.mark.parametrize("provider", ["openai", "ollama", "anthropic"])
def test_a_server_that_fails_describing_itself_is_not_reachable(
    server: Server, provider: str
) -> None:
    server.next(Answer(503, {"error": "loading"}))
    found = describe(settings(provider, server.url))
    assert not found.reachable
    assert "busy (status 503): `loading`" in found.fault


@pytest.mark.parametrize("provider", ["openai", "ollama", "anthropic"])
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": 5, "models": 5}'])
def test_a_description_that_cannot_be_read_leaves_things_unknown(
    server: Server, provider: str, body: bytes
) -> None:
    server.respond = lambda _: Answer(body=body)
    found = describe(settings(provider, server.url))
    assert found.reachable
    assert not found.models
    assert (found.context_length, found.revision) == (None, None)


def test_a_model_of_another_name_is_named_as_it_was_asked(server: Server) -> None:
    server.next(Answer(404, {"error": {"message": "x", "code": "model_not_found"}}))
    asked = Request((Message("user", "a"),), "other-model")
    assert failure(settings("openai", server.url), asked).model == "other-model"


def test_a_slow_server_is_left_in_time(server: Server) -> None:
    server.next(Answer(wait=5, body=shapes.openai()))
    found = failure(settings("openai", server.url, timeout=0.05))
    assert isinstance(found, TimedOutError)
    assert "within 0.05 s" in str(found)


def test_a_slow_stream_is_left_in_time(server: Server) -> None:
    server.next(Answer(pieces=tuple(shapes.openai_stream()), kind="text/event-stream", pause=1))
    found = failure(settings("openai", server.url, timeout=0.05, stream=True))
    assert isinstance(found, TimedOutError)


@pytest.mark.parametrize("drop", ["before", "inside"])
@pytest.mark.parametrize("pieces", [(), tuple(shapes.openai_stream())])
def test_a_connection_that_breaks_is_worth_another_try(
    server: Server, drop: Any, pieces: tuple[bytes, ...]
) -> None:
    server.next(Answer(body=shapes.openai(), drop=drop, pieces=pieces))
    assert isinstance(failure(settings("openai", server.url)), BrokenConnectionError)


MALFORMED = [
    Answer(body=b""),
    Answer(204),
    Answer(body=b'{"choices": [{"mess'),
    Answer(body=b"not JSON"),
    Answer(body=b"<html>Sign in</html>", kind="text/html"),
    Answer(body=shapes.openai(), kind="text/plain"),
    Answer(body=[]),
    Answer(body=None),
    Answer(body={}),
    Answer(body=shapes.openai(choices=[])),
    Answer(body=shapes.openai(choices=None)),
    Answer(body=shapes.openai(choices=[{}])),
    Answer(body=shapes.openai(choices=[{"message": None}])),
    Answer(body=shapes.openai(choices=[{"message": {"content": 5}}])),
    Answer(body=b"[" * 100_000),
    Answer(raw=b"HTTP/1.1 ok\r\n\r\n"),
]


@pytest.mark.parametrize("answer", MALFORMED)
def test_a_reply_that_is_not_one_is_malformed(server: Server, answer: Answer) -> None:
    server.next(answer)
    found = failure(settings("openai", server.url))
    assert isinstance(found, MalformedReplyError)
    assert isinstance(found, RetryableError)


def test_an_excerpt_shows_what_a_malformed_reply_is(server: Server) -> None:
    server.next(Answer(body=b"<html>\n<b>Sign in</b>" + b"x" * 9999, kind="text/html"))
    message = str(failure(settings("openai", server.url)))
    assert "is `text/html` and not JSON; it starts with `<html> <b>Sign in</b>xxx" in message
    assert len(message) < 400


def test_a_type_that_is_not_said_is_taken_for_json(server: Server) -> None:
    server.next(Answer(body=b'{"choices": "x"}', kind=""))
    assert "$.choices" in str(failure(settings("openai", server.url)))


NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("Fri, 20 Nov 2026 12:01:00 -0000", 60.0),
        ("Fri, 20 Nov 2026 14:01:00 +0200", 60.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        ("Fri, 99 Nov 99999 12:01:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}, NOW) == seconds


def test_milliseconds_count_before_seconds() -> None:
    assert retry_after({"retry-after-ms": "250", "retry-after": "1"}) == 0.25


def test_how_long_to_wait_comes_with_the_failure(server: Server) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    server.next(
        Answer(429, headers={"Retry-After": "7"}), Answer(503, headers={"Retry-After": then})
    )
    told = settings("openai", server.url)
    assert failure(told).retry_after == 7.0
    assert 3500 < failure(told).retry_after <= 3600
    assert failure(settings("openai", "http://127.0.0.1:9")).retry_after is None
