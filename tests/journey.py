"""A whole day at a house: commands that between them write every table of the catalog.

A command is words as a person types them in a folder with `examples`.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable
from contextlib import chdir
from pathlib import Path

from typer.testing import CliRunner

import evalhouse
from evalhouse.cli.app import app

ROOT = Path(__file__).parents[1]
_BUNDLES = ROOT / "tests" / "formats" / "bakeoff" / "fixtures"

COMMANDS = (
    "ingest examples/dumps",
    "ingest bundles",
    "sweep examples/baselines.yaml",
    "annotate examples/tasks/policy-sentiment --provider baseline --model majority --unit field",
    "machine --save",
    "keys register key.pub --publisher 'Example Lab' --valid-from 2026-01-01",
    "models register openai/gpt-4o-2024-11-20",
    f"models register local/oak --sha256 {'a1' * 32} --source https://example.org/oak.gguf",
    f"models register local/acorn --sha256 {'a1' * 32}",
    "models merge CONFLICT --note 'one file under two names' --by Ada",
    "aliases add model openai/gpt-4o-latest openai/gpt-4o-2024-11-20 --reason 'was it' --by Ada",
    "aliases add creator Ai2 allenai --reason 'two spellings' --by Ada",
    "aliases add task boolq-rc boolq:rc::olmes --reason 'named without its suite' --by Ada",
    "migrate",
    "repair",
)
"""`CONFLICT` stands for what waits for a person."""


def walk(folder: Path, house: Path, commands: Iterable[str] = COMMANDS) -> None:
    """Run commands one after the other on a house, from inside a folder."""
    _furnish(folder)
    runner = CliRunner(env={"XDG_CONFIG_HOME": str(folder / "config")})  # where a host keeps its id
    with chdir(folder):
        for command in commands:
            words = ["--house", str(house), *_words(command, house)]
            done = runner.invoke(app, words)
            if done.exception and not isinstance(done.exception, SystemExit):
                raise done.exception
            assert done.exit_code == 0, f"{shlex.join(words)}: {done.output}"


def _furnish(folder: Path) -> None:
    """Put what the commands name into a folder: dumps, bundles, a public key of no one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key.pub").write_text(base64.b64encode(bytes(range(32))).decode())
    for name, target in (("examples", ROOT / "examples"), ("bundles", _BUNDLES)):
        if not (folder / name).exists():
            (folder / name).symlink_to(target)


def _words(command: str, house: Path) -> list[str]:
    words = shlex.split(command)
    return [_conflict(house) if word == "CONFLICT" else word for word in words]


def _conflict(house: Path) -> str:
    with evalhouse.open(house, create=False) as opened:
        found = opened.sql("select conflict_id from model_conflicts where state = 'open'")
        return str(found["conflict_id"][0])
