"""How long questions take: a million documents, fifty dumps, ten thousand files.

`python -m benchmarks.queries` makes houses in a temporary folder and prints a table of medians.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import evalhouse
from benchmarks.measure import machine
from examples.olmes_dumps import FILES, RunPlan, write_run
from examples.olmes_dumps.catalogue import suites, tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from evalhouse.house import House

ROUNDS = 7
TASKS = 18  # the core nine in both forms: choice tasks all
Row = tuple[str, str, str]


def median_of(call: Callable[[], object]) -> str:
    """Return the median, and the range, of some calls after one that is not counted."""
    call()
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    low, middle, high = (
        each * 1000 for each in (min(seconds), statistics.median(seconds), max(seconds))
    )
    return f"{middle:.1f} ms ({low:.1f}–{high:.1f})"


def large_house(folder: Path, documents: int) -> list[Row]:
    """Ask a house of so many documents for two means."""
    asked = tasks(TASKS)
    plan = RunPlan(
        model="o/m",
        tasks=asked,
        docs=documents // TASKS,
        files=FILES - {"requests", "recorded-inputs", "metrics", "config"},
    )
    write_run(folder / "dump", plan)
    with evalhouse.open(folder / "house") as house:
        ledger = house.ingest(folder / "dump")
        held = f"{ledger.rows['responses']:,} documents, {ledger.rows['choices']:,} choices"
        by_task = "select task, avg(score) from responses group by task"
        choices = "select avg(sum_logits) from choices"
        return [
            ("mean accuracy by task", held, median_of(lambda: house.sql(by_task))),
            ("mean of all log-likelihoods", held, median_of(lambda: house.sql(choices))),
        ]


def many_dumps(folder: Path, count: int) -> list[Row]:
    """Rank the models of some small dumps, then look at an unchanged tree again."""
    asked = tasks(9)
    for number in range(count):
        write_run(
            folder / "dumps",
            RunPlan(
                model=f"o/m{number:03d}", tasks=asked, suites=suites(asked), docs=5, seed=number
            ),
        )
    name = suites(asked)[0].name
    with evalhouse.open(folder / "house") as house:
        house.ingest(folder / "dumps")
        return [(f"leaderboard of `{name}`", f"{count} dumps", median_of(_ranking(house, name)))]


def _ranking(house: House, name: str) -> Callable[[], object]:
    return lambda: house.leaderboard(name)


def unchanged_tree(folder: Path, files: int) -> list[Row]:
    """Ingest a tree of many small files, then again."""
    asked = tasks(9)
    written = number = 0
    while written < files:
        plan = RunPlan(
            model=f"o/m{number:04d}", tasks=asked, suites=suites(asked), docs=2, recorded=1
        )
        write_run(folder / "tree", plan)
        number += 1
        if number % 20 == 0:
            written = sum(path.is_file() for path in (folder / "tree").rglob("*"))
    with evalhouse.open(folder / "house") as house:
        started = time.perf_counter()
        house.ingest(folder / "tree")
        first = f"{time.perf_counter() - started:.1f} s"
        again = median_of(lambda: house.ingest(folder / "tree"))
    held = f"{written:,} files"
    return [("first ingest", held, first), ("second ingest, nothing changed", held, again)]


def start() -> list[Row]:
    """Time the smallest command, as a whole process."""
    command = [sys.executable, "-m", "evalhouse", "--version"]
    return [
        (
            "`evalhouse --version`",
            "whole process",
            median_of(lambda: subprocess.run(command, check=True, capture_output=True)),
        )
    ]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="measure how long questions take")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--dumps", type=int, default=50)
    parser.add_argument("--files", type=int, default=10_000)
    arguments = parser.parse_args()
    rows: list[Row] = []
    for measure, size in (
        (large_house, arguments.documents),
        (many_dumps, arguments.dumps),
        (unchanged_tree, arguments.files),
    ):
        with TemporaryDirectory(prefix="evalhouse-bench-") as name:
            rows += measure(Path(name), size)
    rows += start()
    print(f"{machine('evalhouse', 'duckdb', 'pyarrow', 'deltalake')}\n")
    print("| what | of | median (range) of 7 |\n|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
