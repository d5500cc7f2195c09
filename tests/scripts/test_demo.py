from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evalhouse.cli.app import app
from scripts import demo


def test_the_commands_of_the_demo_and_those_to_try_next_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(demo.ROOT)
    monkeypatch.setenv("EVALHOUSE_HOUSE", str(tmp_path / "house"))
    for command in (*demo.COMMANDS, *demo.NEXT):
        program, *words = shlex.split(command)
        done = CliRunner().invoke(app, words)
        assert (program, done.exit_code) == ("evalhouse", 0), command
        assert done.stdout
