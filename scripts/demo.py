"""Show the main jobs on the examples, in a temporary folder: take in, register, annotate, ask.

python -m scripts.demo
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUERY = "select task, count(*) as items, avg(score) as mean from responses group by task"
COMMANDS = (
    "evalhouse ingest examples/dumps",
    "evalhouse leaderboard core_3mcqa:rc::olmes",
    f"evalhouse sql '{QUERY} order by task'",
    "evalhouse models register allenai/OLMo-2-0425-1B@main --parameters 1484916736",
    "evalhouse machine --save",
    "evalhouse sweep examples/baselines.yaml",
    "python examples/compare_runs.py",
    "evalhouse leaderboard 'policy-sentiment/Policy Sentiment_Direction'",
)
NEXT = (
    "evalhouse runs",
    "evalhouse leaderboard core_3mcqa::olmes --pivot",
    "evalhouse models show allenai/OLMo-2-0425-1B@main",
    "evalhouse report outputs/policy-sentiment --to report.html",
)


def main() -> int:
    """Run the commands as a person would type them, and say what to try next."""
    folder = Path(tempfile.mkdtemp(prefix="evalhouse-demo-"))
    house = folder / "house"
    (folder / "examples").symlink_to(ROOT / "examples")
    programs = Path(sys.executable).parent
    environment = os.environ | {
        "EVALHOUSE_HOUSE": str(house),
        "PATH": os.pathsep.join([str(programs), os.environ.get("PATH", "")]),
    }
    for command in COMMANDS:
        print(f"\n$ {command}", flush=True)
        done = subprocess.run(shlex.split(command), cwd=folder, env=environment, check=False)
        if done.returncode:
            return done.returncode
    print(f"\nThe house and the runs stay in {folder}. Four commands to try next:\n")
    print(f"  cd {shlex.quote(str(folder))}")
    for command in NEXT:
        print(f"  {programs}/{command}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
