"""Run the long proofs and write down how they ended.

python -m scripts.torture [KILLS]

Kills of an ingesting process at random moments, then every property test with many more examples.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "torture.md"
KILLS = 300
PROOFS = (
    (
        (
            "processes killed while they take in dumps; each house is as before or complete, and "
            "completes"
        ),
        ["tests/workflows/test_crashes.py"],
    ),
    (
        (
            "processes killed while they record their work in a journal; nothing that was told to "
            "be done is lost, and nothing is there twice"
        ),
        ["tests/journal/test_crashes.py"],
    ),
    (
        (
            "processes killed while they ask a model over HTTP, in every way of asking, and whole "
            "commands at every stage; tables end as if nothing had been, no answer is lost or "
            "there twice, and no more is asked again than was under way"
        ),
        ["tests/engine/test_crashes.py", "tests/workflows/annotation/test_crashes.py"],
    ),
    (
        "arbitrary bytes, lines, JSON and splits of dumps (1,000 examples a property)",
        [
            "tests/formats",
            "tests/store/test_rebuilding.py",
            "tests/test_redact.py",
            "tests/journal/test_damage.py",
            "tests/journal/test_journal.py",
            "tests/engine/test_answers.py",
            "tests/tasks/test_anything.py",
        ],
    ),
)


def prove(paths: list[str], kills: int) -> tuple[str, float, bool]:
    """Run some tests; return pytest's closing line, the seconds it took, and whether all held."""
    started = time.monotonic()
    present = [path for path in paths if (ROOT / path).exists()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--no-header", *present],
        cwd=ROOT,
        env={**os.environ, "EVALHOUSE_KILLS": str(kills), "HYPOTHESIS_PROFILE": "torture"},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout[-2000:])
    lines = done.stdout.strip().splitlines() or ["nothing was printed"]
    line = re.sub(r" in [\d.:() s]+$", "", lines[-1].strip("= "))
    return line, time.monotonic() - started, done.returncode == 0


def main(arguments: list[str]) -> int:
    """Run all proofs and write the page."""
    kills = int(arguments[0]) if arguments else KILLS
    lines = [
        "# Long proofs",
        "",
        "<!-- Written by `make torture`. -->",
        "",
        (
            f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
            f"{os.cpu_count()} processors; {kills} kills."
        ),
        "",
        "| what | outcome | minutes |",
        "|---|---|---|",
    ]
    held = True
    for what, paths in PROOFS:
        line, seconds, is_right = prove(paths, kills)
        held = held and is_right
        lines.append(f"| {what} | {line} | {seconds / 60:.0f} |")
    PAGE.write_text("\n".join(lines) + "\n", "utf-8")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
