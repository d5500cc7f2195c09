from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from evalhouse.cli.report import report
from evalhouse.errors import UsageError
from tests.workflows.test_report import run, task

__all__ = ["task"]  # a fixture

APP = typer.Typer()
APP.command()(report)


def test_the_command_says_what_it_wrote(
    task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(task, tmp_path / "o" / "a", 5)
    run(task, tmp_path / "o" / "b", 5, scored=False)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(APP, ["o", "--to", "r.md"])
    assert done.exit_code == 0
    first, second = done.stdout.splitlines()
    assert first == "o/b has no scores and is left out"
    assert second.startswith("r.md: 1 run, ")
    assert (tmp_path / "r.md").exists()


def test_what_cannot_be_done_is_one_of_our_errors(tmp_path: Path) -> None:
    done = CliRunner().invoke(APP, [str(tmp_path), "--to", "r.pdf"])
    assert isinstance(done.exception, UsageError)
