from __future__ import annotations

import asyncio
import gc
import pickle
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

from evalhouse.errors import UsageError
from evalhouse.providers import Reply, open_provider
from evalhouse.providers.keys import MARKER, Secrets, read_headers, variable_for
from tests.providers import shapes
from tests.providers.asking import ask, describe, failure, request, settings
from tests.providers.server import Answer, Server

PROVIDERS = ("openai", "ollama", "anthropic")
each_provider = pytest.mark.parametrize("provider", PROVIDERS)


def _told(provider: str, url: str, **others: Any) -> Any:
    headers = {"X-Gateway": "CANARY_HEADER"}
    return settings(provider, url, key_variable="CANARY_KEY", header_variables=headers, **others)


def _seen(value: Any) -> Iterator[str]:
    """Yield every text that a caller could print, log or store of a value."""
    yield repr(value)
    if isinstance(value, Reply):
        yield from (repr(getattr(value, name)) for name in value.__struct_fields__)
    if isinstance(value, BaseException):
        yield "".join(traceback.format_exception(value))
        yield repr(vars(value))
        yield repr(pickle.dumps(value))
        for inner in (value.__cause__, value.__context__):
            if inner is not None:
                yield from _seen(inner)


def _assert_clean(value: Any, canary: str) -> None:
    for text in _seen(value):
        for secret in (canary, canary[::-1]):
            assert secret not in text
            assert secret.replace("/", "\\/") not in text


@each_provider
def test_keys_go_into_headers(server: Server, canary: str, provider: str) -> None:
    ask(_told(provider, server.url))
    headers = server.requests[0].headers
    sent = headers["x-api-key"] if provider == "anthropic" else headers["authorization"]
    assert sent.removeprefix("Bearer ") == canary
    assert headers["x-gateway"] == canary[::-1]


def _echoes(canary: str) -> list[Answer]:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in canary)
    slashed = canary.replace("/", "\\/").replace("+", "\\u002B")
    return [
        Answer(401, {"error": {"message": f"bad key {canary}", "code": "invalid_api_key"}}),
        Answer(403, {"error": {"message": "no", "code": canary}}),
        Answer(400, {"error": {"message": f"headers: {{Authorization: Bearer {canary}}}"}}),
        Answer(400, f'{{"error": "{escaped} {slashed}"}}'.encode()),
        Answer(500, f"<html>{canary}</html>".encode()),
        Answer(429, {"error": f"{canary[::-1]} is used up"}),
        Answer(307, headers={"Location": f"https://x.example/{canary}"}),
        Answer(200, f"{canary} {slashed}".encode(), kind="text/html"),
        Answer(200, f'{{"choices": "{slashed}"}}'.encode()),
        Answer(raw=f"{canary}\r\n\r\n".encode()),
        Answer(drop="before"),
        Answer(wait=9),
    ]


@each_provider
@pytest.mark.parametrize("number", range(len(_echoes("x"))))
def test_no_failure_shows_a_key(server: Server, canary: str, provider: str, number: int) -> None:
    server.next(_echoes(canary)[number])
    _assert_clean(failure(_told(provider, server.url, timeout=0.3)), canary)


@pytest.mark.parametrize("stream", [False, True])
def test_no_reply_shows_a_key(server: Server, canary: str, *, stream: bool) -> None:
    text = f"your key is {canary}; {canary[::-1]}"
    whole = shapes.openai(text, message={"reasoning": canary, "refusal": canary}, model=canary)
    pieces = tuple(shapes.openai_stream(text, deltas=[{"reasoning": canary}]))
    if stream:
        server.next(Answer(pieces=(pieces[0] + pieces[2], *pieces[1:]), kind="text/event-stream"))
    else:
        server.next(Answer(body=whole))
    reply = ask(_told("openai", server.url, stream=stream), request(canary))
    assert MARKER in reply.text
    if not stream:  # a key that is cut into pieces is not found in the bytes of a stream
        _assert_clean(reply, canary)
    assert canary not in reply.text + reply.reasoning
    assert canary.encode() not in reply.raw_request


@each_provider
def test_no_description_shows_a_key(server: Server, canary: str, provider: str) -> None:
    told = _told(provider, server.url)
    _assert_clean(told, canary)
    _assert_clean(describe(told), canary)
    _assert_clean(open_provider(told), canary)


def test_what_is_cached_and_hashed_has_no_key(server: Server, canary: str) -> None:
    provider = open_provider(_told("openai", server.url))
    assert canary.encode() not in provider.canonical(request(), None)


def test_no_object_that_prints_itself_holds_a_key(server: Server, canary: str) -> None:
    async def run() -> list[str]:
        provider = open_provider(_told("openai", server.url))
        await provider.ask(request())
        kinds = ((found, str(type(found).__module__)) for found in gc.get_objects())
        ours = [found for found, module in kinds if module.startswith("evalhouse")]
        shown = [repr(found) for found in ours]
        await provider.close()
        return shown

    shown = asyncio.run(run())
    assert any("openai the-model at" in text for text in shown)
    assert not [text for text in shown if canary in text or canary[::-1] in text]


def test_secrets_are_not_written_anywhere(canary: str) -> None:
    secrets = Secrets({"Authorization": f"Bearer {canary}"})
    assert repr(secrets) == "Secrets(Authorization)"
    with pytest.raises(TypeError, match="stay in the process"):
        pickle.dumps(secrets)


def test_a_refused_key_is_named_by_its_variable(server: Server, canary: str) -> None:
    server.next(Answer(401, {"error": {"message": "x", "code": "invalid_api_key"}}))
    message = str(failure(_told("openai", server.url)))
    assert "does not accept the key in `CANARY_KEY` (status 401, `invalid_api_key`)" in message


def test_a_key_that_is_wanted_and_not_given_is_said(server: Server) -> None:
    server.next(Answer(401, {"error": "who are you"}))
    message = str(failure(settings("openai", server.url)))
    assert "a request without a key (status 401); name its environment variable" in message


@pytest.mark.parametrize("host", ["api.openai.com", "openrouter.ai"])
def test_a_service_needs_its_own_key(host: str) -> None:
    with pytest.raises(UsageError, match=r"the environment has no `\w+_API_KEY`"):
        open_provider(settings("openai", f"https://{host}/v1"))


def test_a_service_s_key_goes_to_no_other_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-x")
    assert variable_for("openai", "api.openai.com", None) == "OPENAI_API_KEY"
    assert variable_for("openai", "gpu-server", None) is None
    assert variable_for("openai", "api.openai.com.evil.example", None) is None
    monkeypatch.setenv("EVALHOUSE_OPENAI_API_KEY", "sk-y")
    assert variable_for("openai", "gpu-server", None) == "EVALHOUSE_OPENAI_API_KEY"
    assert variable_for("openai", "gpu-server", "MINE") == "MINE"


@pytest.mark.parametrize("value", ["sk with space", "sk-ключ-0123456789", "sk\x01aaaaaaaaaaaa"])
def test_what_no_header_can_carry_is_refused_unseen(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("MINE", value)
    with pytest.raises(UsageError) as found:
        read_headers({}, ("Authorization", "Bearer "), "MINE")
    assert value not in str(found.value)


def test_spaces_around_a_key_are_a_slip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", " sk-0123456789\r\n")
    found = read_headers({}, ("Authorization", "Bearer "), "MINE")
    assert found.headers() == {"Authorization": "Bearer sk-0123456789"}


@pytest.mark.parametrize("value", ["EMPTY", "none", "short", "lm-studio", "not-needed"])
def test_a_placeholder_for_a_key_leaves_answers_alone(value: str) -> None:
    secrets = Secrets({"Authorization": f"Bearer {value}"})
    assert secrets.scrub(f"it is {value}".encode()) == f"it is {value}".encode()


def test_a_public_header_leaves_answers_alone() -> None:
    assert Secrets({"X-Title": "Evalhouse"}).scrub_text("Evalhouse") == "Evalhouse"


def test_keys_of_others_are_not_quoted() -> None:
    key = "sk-proj-" + "aB3" * 12
    assert key not in Secrets({}).excerpt(f"wrong: {key}, sorry")
