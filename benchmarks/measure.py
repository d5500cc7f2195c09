"""Runs commands in turn and measures time, memory and output. Linux only: it reads /proc."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
_TICK = 0.02
"""Seconds between looks at the memory."""
_TICKS_PER_PSS = 5
# Counting shared pages walks the page tables of a process: each tick would slow it down.
_PAGE = resource.getpagesize()
_PR_SET_CHILD_SUBREAPER = 36
_MEGABYTE = 1e6


@dataclass(frozen=True)
class Command:
    """What is measured: a command line and the folder it writes, empty before each run."""

    name: str
    argv: tuple[str, ...]
    output: Path


@dataclass(frozen=True)
class Sample:
    """One run of a command. Times in seconds, sizes in bytes, memory over all its processes."""

    wall: float
    cpu: float
    rss: int
    """Peak of the sum of resident memory; pages that processes share count in each."""
    pss: int
    """Peak of the sum of proportional memory; shared pages count once."""
    high_water: int
    """Sum of each process's own peak, whenever it was: never too low."""
    output: int


@dataclass
class _Memory:
    """What was seen of the memory of a process and everything below it."""

    rss: int = 0
    pss: int = 0
    peaks: dict[int, int] = field(default_factory=dict)

    def look(self, root: int, *, with_pss: bool) -> None:
        pids = tuple(_tree(root))
        self.rss = max(self.rss, sum(_resident(pid) for pid in pids))
        if with_pss:
            self.pss = max(self.pss, sum(_kilobytes(pid, "smaps_rollup", "Pss") for pid in pids))
        for pid in pids:
            self.peaks[pid] = max(self.peaks.get(pid, 0), _kilobytes(pid, "status", "VmHWM"))


def _read(pid: int, name: str) -> str:
    """A file of a process; empty once the process is gone."""
    try:
        return Path(f"/proc/{pid}/{name}").read_text(encoding="ascii", errors="replace")
    except (OSError, ValueError):
        return ""


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        threads = [path.name for path in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return
    for thread in threads:
        for child in _read(pid, f"task/{thread}/children").split():
            yield from _tree(int(child))


def _resident(pid: int) -> int:
    fields = _read(pid, "statm").split()
    return int(fields[1]) * _PAGE if fields else 0


def _kilobytes(pid: int, name: str, key: str) -> int:
    """A size in bytes from a file of lines like `Pss:  12 kB`."""
    for line in _read(pid, name).splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    return 0


def _folder_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _adopt_orphans() -> None:
    """Make this process the parent of what its children leave, so that its time is counted."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _reap() -> None:
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        return


def measure(command: Command) -> Sample:
    """Run a command in a fresh process, its output folder empty.

    Raises:
        subprocess.CalledProcessError: The command failed; what it printed is shown.
    """
    shutil.rmtree(command.output, ignore_errors=True)
    command.output.mkdir(parents=True)
    _adopt_orphans()
    memory, tick = _Memory(), 0
    cpu, started = _children_seconds(), time.perf_counter()
    with TemporaryFile() as errors:
        process = subprocess.Popen(command.argv, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=errors)
        while process.poll() is None:
            memory.look(process.pid, with_pss=tick % _TICKS_PER_PSS == 0)
            tick += 1
            time.sleep(_TICK)
        wall = time.perf_counter() - started
        _reap()
        if process.returncode:
            errors.seek(0)
            sys.stderr.write(errors.read().decode(errors="replace"))
            raise subprocess.CalledProcessError(process.returncode, command.argv)
    return Sample(
        wall=wall,
        cpu=_children_seconds() - cpu,
        rss=memory.rss,
        pss=memory.pss,
        high_water=sum(memory.peaks.values()),
        output=_folder_size(command.output),
    )


def in_turn(commands: Sequence[Command], rounds: int) -> dict[str, list[Sample]]:
    """Every command once, then every command again: a busy minute hits all alike."""
    samples: dict[str, list[Sample]] = {command.name: [] for command in commands}
    for _ in range(rounds):
        for command in commands:
            samples[command.name].append(measure(command))
    return samples


def table(samples: Mapping[str, Sequence[Sample]], *, input_bytes: int) -> str:
    """Medians as a Markdown table; MB are millions of bytes, memory and output of one run."""
    head = (
        "| command | wall s (min–max) | CPU s | MB/s | peak RSS MB | peak PSS MB | "
        "sum of peaks MB | output MB | output % |"
    )
    lines = [head, "|---" + "|---:" * 8 + "|"]
    for name, runs in samples.items():
        walls = [run.wall for run in runs]
        wall, output = statistics.median(walls), statistics.median(run.output for run in runs)
        sizes = (
            statistics.median(run.rss for run in runs),
            statistics.median(run.pss for run in runs),
            statistics.median(run.high_water for run in runs),
        )
        cells = [
            name,
            f"{wall:.2f} ({min(walls):.2f}–{max(walls):.2f})",
            f"{statistics.median(run.cpu for run in runs):.2f}",
            f"{input_bytes / wall / _MEGABYTE:.0f}",
            *(f"{size / _MEGABYTE:.0f}" for size in sizes),
            f"{output / _MEGABYTE:.1f}",
            f"{100 * output / input_bytes:.1f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine(*packages: str) -> str:
    """One line about where it ran: processor, cores, load, versions."""
    cores = len(os.sched_getaffinity(0))
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    load = os.getloadavg()[0]
    return (
        f"{_processor()}, {cores} cores (load {load:.1f}), {platform.system()}; "
        f"Python {platform.python_version()}, {versions}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()
