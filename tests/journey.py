"""A whole day at a house: commands that between them write every table of the catalog.

A command is words as a person types them in a folder with `examples`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from contextlib import chdir
from pathlib import Path

from typer.testing import CliRunner

from evalhouse.cli.app import app

ROOT = Path(__file__).parents[1]

COMMANDS = (
    "ingest examples/dumps",
    "sweep examples/baselines.yaml",
    "annotate examples/tasks/policy-sentiment --provider baseline --model majority --unit field",
    "repair",
    "migrate",
)


def walk(folder: Path, house: Path, commands: Iterable[str] = COMMANDS) -> None:
    """Run commands one after the other on a house, from inside a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "examples").exists():
        (folder / "examples").symlink_to(ROOT / "examples")
    runner = CliRunner(env={"XDG_CONFIG_HOME": str(folder / "config")})  # where a host keeps its id
    with chdir(folder):
        for words in _words(commands):
            done = runner.invoke(app, ["--house", str(house), *words])
            if done.exception and not isinstance(done.exception, SystemExit):
                raise done.exception
            assert done.exit_code == 0, f"{shlex.join(words)}: {done.output}"


def _words(commands: Iterable[str]) -> Iterator[list[str]]:
    return (shlex.split(command) for command in commands)
