from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from evalhouse.cli.errors import told
from evalhouse.version import __version__
from tests.cli.conftest import Evalhouse

COMMANDS = (
    *("init", "ingest", "leaderboard", "sql", "runs", "show", "problems", "tables", "repair"),
    *("export olmes", "task check"),
)
READING = (
    *("runs", "problems", "repair", "leaderboard x", "show x", "sql x"),
    "export olmes x --to y",
)


def _process(*words: object, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "evalhouse", *map(str, words)],
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_version_is_told_before_anything_is_loaded() -> None:
    code = (
        "import sys; sys.argv[1:] = ['--version']; from evalhouse.__main__ import main; main(); "
        "print(sorted({'typer', 'rich', 'pyarrow', 'duckdb', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == f"evalhouse {__version__}\n[]\n"


def test_the_version_is_told_among_other_options(call: Evalhouse) -> None:
    assert call("--house", "x", "--version").out == f"evalhouse {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(call: Evalhouse, command: str) -> None:
    done = call(*command.split(), "--help")
    assert done.code == 0
    assert "Usage: " in done.out


def test_help_loads_nothing_that_is_heavy() -> None:
    code = (
        "import sys; import evalhouse.cli.app; "
        "print(sorted({'pyarrow', 'duckdb', 'sqlalchemy', 'prompt_toolkit'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("command", READING)
def test_a_command_that_reads_makes_no_house(call: Evalhouse, tmp_path: Path, command: str) -> None:
    done = call("--house", tmp_path / "none", *command.split())
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("evalhouse: there is no house at")
    assert not list(tmp_path.iterdir())


def test_a_failure_is_one_sentence_on_stderr(tmp_path: Path) -> None:
    done = _process("--house", tmp_path / "none", "runs")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


def test_the_house_can_be_named_in_the_environment(house: Path) -> None:
    done = _process("leaderboard", "nobody", EVALHOUSE_HOUSE=str(house))
    assert done.returncode == 2
    assert done.stderr.startswith("evalhouse: no task or suite is called `nobody`; known:")


@pytest.mark.parametrize("words", [["bogus"], ["show"], ["runs", "--no-such-option"]])
def test_a_wrong_call_ends_with_2(call: Evalhouse, words: list[str]) -> None:
    done = call(*words)
    assert (done.code, done.out) == (2, "")
    assert "Usage: evalhouse" in done.err or "Usage: " in done.err


def test_an_interrupt_ends_with_130() -> None:
    with pytest.raises(typer.Exit) as ended, told():
        raise KeyboardInterrupt
    assert ended.value.exit_code == 130


@pytest.mark.parametrize("form", ["csv", "json", "table"])
def test_nobody_reading_on_is_no_failure(house: Path, form: str) -> None:
    query = "select repeat('x', 1000) as x from range(5000)"
    words = [sys.executable, "-m", "evalhouse", "--house", str(house), "sql", query]
    with subprocess.Popen(
        [*words, "--format", form], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
