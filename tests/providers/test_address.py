from __future__ import annotations

import pytest

from evalhouse.errors import UsageError
from evalhouse.providers.address import complete
from evalhouse.providers.anthropic import Anthropic
from evalhouse.providers.ollama import Ollama
from evalhouse.providers.openai import OpenAI


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000/v1"),
        ("http://127.0.0.1:8000/v1/chat/completions", "http://127.0.0.1:8000/v1"),
        ("localhost:8000", "http://localhost:8000/v1"),
        ("gpu-server", "http://gpu-server/v1"),
        ("10.0.0.5:8000/v1", "http://10.0.0.5:8000/v1"),
        ("::1", "http://[::1]/v1"),
        ("[::1]:8000", "http://[::1]:8000/v1"),
        ("https://[2001:db8::5]:8443/v1", "https://[2001:db8::5]:8443/v1"),
        ("api.together.xyz", "https://api.together.xyz/v1"),
        ("api.together.xyz:443", "https://api.together.xyz/v1"),
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("HTTP://Example.ORG:80/openai/v1", "http://example.org/openai/v1"),
        ("0.0.0.0:8000", "http://127.0.0.1:8000/v1"),
    ],
)
def test_addresses_of_openai_s_kind_are_completed(text: str, url: str) -> None:
    assert complete(text, OpenAI.api).url == url


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:11434"),
        ("localhost", "http://localhost:11434"),
        ("gpu.example.org", "http://gpu.example.org:11434"),
        ("gpu:9999", "http://gpu:9999"),
        ("http://localhost", "http://localhost"),
        ("https://ollama.com", "https://ollama.com"),
        ("http://localhost:11434/v1/", "http://localhost:11434"),
        ("http://localhost:11434/api", "http://localhost:11434"),
        ("http://localhost:11434/api/chat", "http://localhost:11434"),
        ("http://host/behind/ollama/", "http://host/behind/ollama"),
        ("::1", "http://[::1]:11434"),
        ("::", "http://[::1]:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
    ],
)
def test_addresses_of_ollama_are_completed_as_its_own_programs_do(text: str, url: str) -> None:
    assert complete(text, Ollama.api).url == url


@pytest.mark.parametrize(
    "text", ["https://api.anthropic.com/v1/", "api.anthropic.com", "api.anthropic.com/v1/messages"]
)
def test_addresses_of_anthropic_are_completed(text: str) -> None:
    assert complete(text, Anthropic.api).url == "https://api.anthropic.com"


@pytest.mark.parametrize(
    "text",
    ["", " ", "http://", "ftp://host", "http://host:99999", "http://host:x", "http://[::1", "a b"],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no address"):
        complete(text, OpenAI.api)


@pytest.mark.parametrize(
    "text",
    ["http://me:hunter2@host", "http://hunter2@host", "host/v1?key=hunter2", "http://h#hunter2"],
)
def test_an_address_holds_no_secret(text: str) -> None:
    with pytest.raises(UsageError, match="keys come from the environment") as found:
        complete(text, OpenAI.api)
    assert "hunter2" not in str(found.value)


@pytest.mark.parametrize(
    ("text", "is_local"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("localhost", True),
        ("[::1]:80", True),
        ("10.0.0.1", False),
        ("gpu", False),
        ("localhost.example.org", False),
    ],
)
def test_an_address_tells_whether_it_is_this_machine(text: str, *, is_local: bool) -> None:
    assert complete(text, OpenAI.api).is_local is is_local


def test_the_origin_is_an_address_without_its_path() -> None:
    assert complete("http://[::1]:8000/v1", OpenAI.api).origin == "http://[::1]:8000"
