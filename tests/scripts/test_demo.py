from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evalhouse.cli.app import app
from scripts import demo


def test_the_commands_of_the_demo_and_those_to_try_next_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "examples").symlink_to(demo.ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVALHOUSE_HOUSE", str(tmp_path / "house"))
    for command in (*demo.COMMANDS, *demo.NEXT):
        program, *words = shlex.split(command)
        if program == "python":
            script = subprocess.run([sys.executable, *words], check=True, capture_output=True)
            assert len(script.stdout.splitlines()) == 4  # a header, and a row for each baseline
            continue
        done = CliRunner().invoke(app, words)
        assert (program, done.exit_code) == ("evalhouse", 0), command
        assert done.stdout
