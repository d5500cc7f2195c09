"""`evalhouse ingest` beside plain scripts that only convert: time, memory and size.

`python -m benchmarks.ingest` makes a dump and measures; `--dump PATH` takes one that is there.
The text of the made dump repeats more than real text does, so its output sizes compare the commands
with each other and say little about other dumps.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.measure import Command, in_turn, machine, table
from benchmarks.olmes_peers import PEERS, rows_written

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS = "evalhouse"


def commands(names: Sequence[str], dump: Path, scratch: Path) -> list[Command]:
    """One command for each name, each with its own output folder."""
    return [_command(name, dump, scratch / name) for name in names]


def _command(name: str, dump: Path, out: Path) -> Command:
    line: tuple[str, ...]
    if name == OURS:
        line = ("-m", "evalhouse", "--house", str(out / "house"), "ingest", str(dump))
    else:
        line = ("-m", "benchmarks.olmes_peers", name, str(dump), str(out))
    return Command(name, (sys.executable, *line), out)


def _dump(given: Path | None, megabytes: int, scratch: Path) -> Path:
    if given is not None:
        return given.resolve()
    from examples.make_dumps import large
    from examples.olmes_dumps import write_run

    write_run(scratch / "dump", large(megabytes))
    return scratch / "dump"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="measure ingest beside plain scripts")
    parser.add_argument("--dump", type=Path, help="an OLMES dump; made if not given")
    parser.add_argument("--megabytes", type=int, default=1040, help="size of the dump made")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each")
    parser.add_argument("--scratch", type=Path, help="folder for what is written; temporary")
    parser.add_argument("--only", nargs="+", choices=(OURS, *PEERS), default=[OURS, *PEERS])
    return parser.parse_args()


def main() -> None:
    """Measure and print the table."""
    given = _arguments()
    with TemporaryDirectory(dir=given.scratch) as folder:
        scratch = Path(folder)
        dump = _dump(given.dump, given.megabytes, scratch)
        size = sum(path.stat().st_size for path in dump.rglob("*") if path.is_file())
        print(machine("duckdb", "polars", "pyarrow", "msgspec"), end="\n\n")
        chosen = commands(given.only, dump, scratch / "out")
        samples = in_turn(chosen, given.rounds)
        print(table(samples, input_bytes=size), end="\n\n")
        written = {one.name: rows_written(one.output) for one in chosen if one.name != OURS}
        print(f"input {size / 1e6:.0f} MB; rows written by the scripts: {written}")


if __name__ == "__main__":
    main()
