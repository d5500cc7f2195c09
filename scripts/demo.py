"""Show the main job on the example dumps: take them in, compare, ask; in a temporary house.

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
)
NEXT = (
    "evalhouse runs",
    "evalhouse leaderboard core_3mcqa::olmes --pivot",
    "evalhouse tables",
)


def main() -> int:
    """Run the commands as a person would type them, and say what to try next."""
    house = Path(tempfile.mkdtemp(prefix="evalhouse-demo-")) / "house"
    programs = Path(sys.executable).parent
    environment = os.environ | {
        "EVALHOUSE_HOUSE": str(house),
        "PATH": os.pathsep.join([str(programs), os.environ.get("PATH", "")]),
    }
    for command in COMMANDS:
        print(f"\n$ {command}", flush=True)
        done = subprocess.run(shlex.split(command), cwd=ROOT, env=environment, check=False)
        if done.returncode:
            return done.returncode
    print(f"\nThe house stays in {house}. Three commands to try next:\n")
    print(f"  export EVALHOUSE_HOUSE={shlex.quote(str(house))}")
    shown = programs.relative_to(ROOT) if programs.is_relative_to(ROOT) else programs
    for command in NEXT:
        print(f"  {shown}/{command}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
