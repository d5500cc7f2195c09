from __future__ import annotations

from importlib import metadata

import pytest

from evalhouse.machine.programs import find_engines

SAID = {
    "ollama": "ollama version is 0.6.5\n",
    "llama-cli": "version: 4589 (eb7cf15a)\nbuilt with cc (GCC) 13.2.0\n",
}


@pytest.fixture(autouse=True)
def packages(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Give the distributions that are installed."""
    installed: dict[str, str] = {}

    def version(name: str) -> str:
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    monkeypatch.setattr(metadata, "version", version)
    return installed


def test_programs_tell_their_version() -> None:
    found = find_engines(lambda *words, **_: SAID.get(words[0]))
    assert found == {"ollama": "0.6.5", "llama.cpp": "4589 (eb7cf15a)"}


def test_a_program_that_does_not_tell_is_still_there() -> None:
    found = find_engines(lambda *words, **_: "" if words[0] == "ollama" else None)
    assert found == {"ollama": None}


def test_packages_count_where_they_serve_models(packages: dict[str, str]) -> None:
    packages.update({"vllm": "0.8.5", "torch": "2.6.0"})
    assert find_engines(lambda *_, **__: None) == {"vllm": "0.8.5"}
