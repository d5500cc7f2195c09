from __future__ import annotations

from collections.abc import Iterator

import pytest

from evalhouse.providers.keys import VARIABLES
from tests.providers.server import Server, serving

CANARY = "canary/KEY+7f3a9c51e2d84b06"  # with characters that JSON may escape


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the keys and addresses of whoever runs the tests out of them."""
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"EVALHOUSE_{name}", raising=False)
    monkeypatch.delenv("OLLAMA_HOST", raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as started:
        yield started


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> str:
    """Put a key into the environment that must be found nowhere else."""
    monkeypatch.setenv("CANARY_KEY", CANARY)
    monkeypatch.setenv("CANARY_HEADER", CANARY[::-1])
    return CANARY
