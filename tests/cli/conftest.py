from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import evalhouse
from evalhouse.cli.app import app

DUMPS = Path(__file__).parents[2] / "examples" / "dumps"


@dataclass(frozen=True)
class Call:
    """What a call printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Evalhouse = Callable[..., Call]


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the place of a house that holds the example dumps; for reading alone."""
    place = tmp_path_factory.mktemp("cli") / "house"
    with evalhouse.open(place) as opened:
        opened.ingest(DUMPS)
    return place


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Evalhouse:
    """Give a function that runs a command as its own process would, with wide output."""
    monkeypatch.delenv("EVALHOUSE_HOUSE", raising=False)
    monkeypatch.setenv("COLUMNS", "250")

    def run(*words: object, typed: str | None = None) -> Call:
        result = CliRunner().invoke(app, [str(word) for word in words], input=typed)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Call(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture
def ask(call: Evalhouse, house: Path) -> Evalhouse:
    """Give a function that runs a command on the house of the example dumps."""
    return lambda *words, **given: call("--house", house, *words, **given)
