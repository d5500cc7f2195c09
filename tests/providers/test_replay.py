from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from evalhouse.errors import RetryableError, UsageError
from evalhouse.providers import Recorder, Reply, Request, Usage, open_provider
from evalhouse.providers.failures import MissingRecordingError
from evalhouse.providers.replay import recorded
from evalhouse.providers.reply import Timing, TokenLogprob
from tests.providers.asking import SCHEMA, ask, describe, failure, request, settings
from tests.providers.server import Server

REPLY = Reply(
    "yes",
    "stop",
    "end_turn",
    reasoning="hm",
    usage=Usage(1, 2, 3, 4),
    timing=Timing(0.5, None, 1.0),
    logprobs=(TokenLogprob("y", -0.5, (("n", -1.5),)),),
    model="m",
    raw_request=b"\xff\x00",
    raw_reply=b"{}",
    seconds=1.5,
)


def _write(path: Path, *pairs: tuple[Request, Reply]) -> None:
    path.write_bytes(b"".join(recorded(asked, reply) for asked, reply in pairs))


def test_a_recorded_answer_comes_back_whole(tmp_path: Path) -> None:
    file = tmp_path / "exchanges.jsonl"
    asked = request(schema=SCHEMA, stop=("a",), effort=True)
    _write(file, (asked, REPLY))
    assert ask(settings("replay", str(file)), asked) == REPLY


def test_recordings_of_a_folder_are_read_and_the_last_one_counts(tmp_path: Path) -> None:
    later = replace(REPLY, text="no")
    _write(tmp_path / "1.jsonl", (request("a"), REPLY), (request("b"), REPLY))
    _write(tmp_path / "2.jsonl", (request("b"), later))
    told = settings("replay", str(tmp_path))
    assert ask(told, request("a")).text == "yes"
    assert ask(told, request("b")).text == "no"


def test_repeats_have_recordings_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "exchanges.jsonl"
    pairs = [(request(repeat=number), replace(REPLY, text=str(number))) for number in range(3)]
    _write(file, *pairs)
    told = settings("replay", str(file))
    assert [ask(told, asked).text for asked, _ in pairs] == ["0", "1", "2"]


def test_what_was_not_recorded_is_an_error_that_says_so(tmp_path: Path) -> None:
    found = failure(settings("replay", str(tmp_path)), request("Is it\nso?"))
    assert isinstance(found, MissingRecordingError)
    assert not isinstance(found, RetryableError)
    assert "was recorded for the request" in str(found)
    assert "(`Is it so?`)" in str(found)


@pytest.mark.parametrize("line", [b"{}", b"no JSON", b"\xff", b'{"request_sha256": "x"}'])
def test_a_line_that_is_no_recording_is_named(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "a.jsonl").write_bytes(recorded(request(), REPLY) + b"\n" + line)
    with pytest.raises(UsageError, match=r"line 3 of `.*a\.jsonl` is no recording"):
        open_provider(settings("replay", str(tmp_path)))


def test_recordings_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        open_provider(settings("replay", str(tmp_path / "x.jsonl")))
    with pytest.raises(UsageError, match="needs `base_url`"):
        open_provider(settings("replay", ""))


def test_recordings_describe_themselves(tmp_path: Path) -> None:
    _write(tmp_path / "1.jsonl", (request(), REPLY))
    found = describe(settings("replay", str(tmp_path)))
    assert (found.models, found.model_present, found.is_local) == (("the-model",), True, True)


@pytest.mark.parametrize("provider", ["openai", "ollama", "anthropic"])
def test_what_is_recorded_is_replayed(server: Server, tmp_path: Path, provider: str) -> None:
    file = tmp_path / "exchanges.jsonl"

    async def run() -> Reply:
        recorder = Recorder(open_provider(settings(provider, server.url)), file)
        assert (await recorder.describe()).reachable
        reply = await recorder.ask(request())
        assert recorder.cache_key(request(), None)
        assert recorder.canonical(request(), None)
        await recorder.close()
        assert recorder.base_url.startswith(server.url)
        return reply

    reply = asyncio.run(run())
    assert ask(settings("replay", str(file))) == reply


def test_a_recording_has_no_key(server: Server, canary: str, tmp_path: Path) -> None:
    file = tmp_path / "exchanges.jsonl"

    async def run() -> None:
        told = settings("openai", server.url, key_variable="CANARY_KEY")
        recorder = Recorder(open_provider(told), file)
        await recorder.ask(request())
        await recorder.close()

    asyncio.run(run())
    assert canary.encode() not in file.read_bytes()
