"""Tasks for fresh processes, which import them by name."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from evalhouse.errors import UnknownNameError
from evalhouse.parallel import Counter


def square(number: int, counter: Counter) -> int:
    counter.add(number)
    return number * number


def process_of(folder: str, counter: Counter) -> int:
    """Wait until another task runs beside this one, then say where this one does."""
    (Path(folder) / str(os.getpid())).touch()
    while len(list(Path(folder).iterdir())) < 2:
        time.sleep(0.01)
    counter.add(1)
    return os.getpid()


def refuse_odd(number: int, counter: Counter) -> int:
    if number % 2:
        raise UnknownNameError("number", str(number), ["12", "13"])
    return number


def die_elsewhere(parent: int, counter: Counter) -> int:
    if os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)  # leaves some tasks to the other process
    return parent


def fail_elsewhere(task: tuple[int, str, int], counter: Counter) -> int:
    """Fail in the other process; here, wait for that and leave a file for each task."""
    parent, folder, number = task
    failed = Path(folder) / "failed"
    if os.getpid() != parent:
        failed.touch()
        raise ValueError("no good")
    while not failed.exists():
        time.sleep(0.01)
    time.sleep(0.2)  # the news must arrive
    (Path(folder) / f"ran-{number}").touch()
    return number


def knows_pandas(_: int, counter: Counter) -> bool:
    time.sleep(0.05)  # leaves some tasks to the other process
    try:
        import pandas  # noqa: F401, ICN001 - whether it can be had is the question
    except ModuleNotFoundError:
        return False
    return "pandas" in sys.modules


def warm_up() -> None:
    os.environ["EVALHOUSE_TEST_WARM"] = "yes"


def is_warm(_: int, counter: Counter) -> tuple[int, str | None]:
    time.sleep(0.05)
    return os.getpid(), os.environ.get("EVALHOUSE_TEST_WARM")
