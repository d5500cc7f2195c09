"""All measurements, one after the other: `python -m benchmarks`."""

from __future__ import annotations

import subprocess
import sys

PARTS = (
    "benchmarks.ingest",
    "benchmarks.queries",
    "benchmarks.scale",
    "benchmarks.choices",
    "benchmarks.raters",
    "benchmarks.text",
    "benchmarks.fields",
    "benchmarks.bootstrap",
    "benchmarks.all_pairs",
    "benchmarks.providers",
    "benchmarks.journal",
    "benchmarks.annotation",
)


def main() -> int:
    """Run each part in a process of its own; arguments go to the first."""
    for place, part in enumerate(PARTS):
        arguments = sys.argv[1:] if place == 0 else []
        done = subprocess.run([sys.executable, "-m", part, *arguments], check=False)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
