from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from evalhouse.machine.commands import ask

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the tools here are scripts of a shell")


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a tool on the path that a test writes."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / "a-tool"


def write(tool: Path, script: str) -> None:
    tool.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    tool.chmod(0o755)


def test_what_a_tool_prints_is_returned_in_plain_language(tool: Path) -> None:
    write(tool, 'echo "$LC_ALL $1"')
    assert ask("a-tool", "--json") == "C --json\n"


def test_a_version_may_be_where_errors_go(tool: Path) -> None:
    write(tool, "echo 'version: 4589 (eb7cf15a)' >&2")
    assert ask("a-tool") == "version: 4589 (eb7cf15a)\n"


def test_bytes_that_are_no_text_do_not_fail(tool: Path) -> None:
    write(tool, r"printf '\377x'")
    assert ask("a-tool") == "\N{REPLACEMENT CHARACTER}x"


@pytest.mark.parametrize("script", ["exit 9", "kill -9 $$", "exec sleep 20"])
def test_a_tool_that_fails_dies_or_hangs_says_nothing(tool: Path, script: str) -> None:
    write(tool, script)
    assert ask("a-tool", seconds=0.5) is None


def test_a_tool_that_is_not_there_says_nothing(tool: Path) -> None:
    assert ask(tool.name) is None


def test_a_file_that_is_no_program_says_nothing(tool: Path) -> None:
    tool.write_bytes(b"\x7fELF")
    tool.chmod(0o755)
    assert ask("a-tool") is None


def test_a_tool_cannot_ask_back(tool: Path) -> None:
    write(tool, f"exec {sys.executable} -c 'print(input() if 0 else 1)' && read line")
    assert ask("a-tool", seconds=5) == "1\n"
