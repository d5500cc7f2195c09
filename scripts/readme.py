"""Run the commands of the marked sessions in the README, and replace or check what they print.

A session stands between `<!-- session -->` and `<!-- /session -->`: one fenced block, in which a
line that starts with `$ ` is a command, lines that start with `> ` continue it, and all others
are output. Every session runs in an empty folder in which `examples` is there. What differs from
run to run (durations, sizes, rates, the time of day, where the house lies) is left out of the
comparison, and text that differs in nothing else stays. `<!-- session of new runs -->` begins one
in which the ids of runs are random, and left out too.

python -m scripts.readme            write the outputs
python -m scripts.readme --check    fail if one would change
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "README.md"
SESSION = re.compile(
    r"(<!-- session(?P<new> of new runs)? -->\n```\w*\n)(?P<steps>.*?)"
    r"(?P<end>```\n<!-- /session -->)",
    re.DOTALL,
)
SECONDS = 120
_NEVER = (126, 127)  # the shell found no such command

_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_VARIES = (
    (r"\x1b\[[0-9;]*m", ""),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", "<time>"),
    (rf"{_NUMBER}(\s?)(?:[kKMGT]i?)?B/s\b", "<rate>"),
    (rf"{_NUMBER}\s?rows/s\b", "<rate>"),
    (rf"{_NUMBER}\s?(?:[kKMGT]i?B|bytes|B)\b", "<size>"),
    (rf"{_NUMBER}\s?(?:ns|µs|us|ms|s|min|seconds?)\b", "<duration>"),
    (r"[ \t]+", " "),
    (r"[-─━═]{3,}", "---"),
)


@dataclass(frozen=True)
class Step:
    """One command of a session and what it prints."""

    command: str  # as written, with its `$ ` and `> `
    output: str

    @property
    def shell(self) -> str:
        """Return the command as a shell takes it."""
        return "\n".join(line[2:] for line in self.command.splitlines())


def steps(session: str) -> list[Step]:
    """Split a session into its commands, each with the output below it."""
    found: list[tuple[list[str], list[str]]] = []
    for line in session.splitlines():
        continues = line.startswith("> ") and found and not found[-1][1]
        if line.startswith("$ "):
            found.append(([line], []))
        elif continues:
            found[-1][0].append(line)
        elif found:
            found[-1][1].append(line)
        elif line.strip():
            raise ValueError(f"a session begins with a command, not with `{line}`")
    return [Step("\n".join(command), "\n".join(output).strip()) for command, output in found]


def normal(text: str, *, has_new_runs: bool = False) -> str:
    """Return what must stay the same from run to run."""
    random = ((r"\b[0-9a-f]{8}\b", "<run>"),) if has_new_runs else ()
    for pattern, sign in (*random, *_VARIES):
        text = re.sub(pattern, sign, text)
    return "\n".join(line.strip() for line in text.strip().splitlines())


def run(command: str, house: Path) -> str:
    """Run a command with `house` as the house; return what it prints, told from the root."""
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "EVALHOUSE_HOUSE": str(house),
        "COLUMNS": "116",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }
    done = subprocess.run(  # the README is ours
        ["/bin/sh", "-c", command],
        cwd=house.parent if house.parent.is_dir() else ROOT,
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        text=True,
        encoding="utf-8",
    )
    if done.returncode in _NEVER or "Traceback (most recent call last)" in done.stdout:
        raise ValueError(f"`{command}` failed in a way no README shows:\n{done.stdout}")
    told = done.stdout.replace(str(house), "house").replace(f"{ROOT}{os.sep}", "")
    told = told.replace(f"{house.parent}{os.sep}", "")
    return "\n".join(line.rstrip() for line in told.strip().splitlines())


def replay(session: str, *, has_new_runs: bool = False) -> str:
    """Return a session with the outputs of today; an output that agrees stays as written."""
    parts: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        house = Path(folder).resolve() / "house"
        (house.parent / "examples").symlink_to(ROOT / "examples")
        for step in steps(session):
            output = run(step.shell, house)
            before, after = (
                normal(each, has_new_runs=has_new_runs) for each in (step.output, output)
            )
            kept = step.output if before == after else output
            parts.append(f"{step.command}\n{kept}\n" if kept else f"{step.command}\n")
    return "\n".join(parts)


def rewrite(text: str) -> str:
    """Return a page with every session replayed."""
    return SESSION.sub(
        lambda match: (
            match[1] + replay(match["steps"], has_new_runs=bool(match["new"])) + match["end"]
        ),
        text,
    )


def main(arguments: list[str]) -> int:
    """Write the sessions, or compare them with `--check`."""
    before = PAGE.read_text(encoding="utf-8")
    try:
        after = rewrite(before)
    except ValueError as failure:
        print(f"README.md: {failure}")
        return 1
    if after == before:
        return 0
    if "--check" not in arguments:
        PAGE.write_text(after, encoding="utf-8")
        return 0
    change = difflib.unified_diff(before.splitlines(), after.splitlines(), "README.md", "now", n=1)
    print("\n".join(change), "\nREADME.md is not what the commands print; run `make docs`")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
