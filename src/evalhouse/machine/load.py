"""Keeps the GPUs busy, so that their links run as fast as they can.

A GPU that idles lets its link fall back to the slowest generation. A process of its own multiplies
matrices meanwhile, by PyTorch or CuPy where one is installed: `python -m evalhouse.machine.load`.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

LIBRARIES = ("torch", "cupy")
BEGIN_SECONDS = 60.0
"""How long a library may take to begin: the first call to a GPU compiles and loads much."""
LONGEST_SECONDS = 120.0
"""After which the process ends by itself, whatever became of who started it."""
BUSY = "busy"
_SIZE = 4096
_WARM_SECONDS = 1.0


@contextmanager
def busy_gpus(begin_seconds: float = BEGIN_SECONDS) -> Iterator[bool]:
    """Keep all GPUs busy; give whether they are, for which a library has to be installed."""
    process = subprocess.Popen(
        # -P: nothing in the current folder is taken for a module.
        [sys.executable, "-P", "-W", "ignore", "-m", "evalhouse.machine.load"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield _has_begun(process, begin_seconds)
    finally:
        process.kill()
        process.communicate()


def _has_begun(process: subprocess.Popen[str], seconds: float) -> bool:
    stream = process.stdout
    said: list[str] = []
    # A pipe cannot be read for a limited time on every system; a thread can be waited for.
    reader = threading.Thread(
        target=lambda: said.append(stream.readline() if stream else ""), daemon=True
    )
    reader.start()
    reader.join(seconds)
    if said != [f"{BUSY}\n"]:
        return False
    time.sleep(_WARM_SECONDS)
    return process.poll() is None


def work_of(library: str) -> Callable[[], None] | None:
    """Return what makes all GPUs work for a moment; None where the library has none."""
    try:
        found: Any = import_module(library)
        make = _by_torch if library == "torch" else _by_cupy
        return make(found)
    except Exception:  # noqa: BLE001 - a library that cannot is as one that is not there
        return None


def _by_torch(torch: Any) -> Callable[[], None] | None:
    places = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    matrices = [torch.ones((_SIZE, _SIZE), device=place) for place in places]

    def work() -> None:
        for matrix in matrices:
            matrix.matmul(matrix).cpu()

    return work if matrices else None


def _by_cupy(cupy: Any) -> Callable[[], None] | None:
    matrices = []
    for index in range(cupy.cuda.runtime.getDeviceCount()):
        with cupy.cuda.Device(index):
            matrices.append((index, cupy.ones((_SIZE, _SIZE), dtype="float32")))

    def work() -> None:
        for index, matrix in matrices:
            with cupy.cuda.Device(index):
                cupy.asnumpy(matrix @ matrix)

    return work if matrices else None


def main(seconds: float = LONGEST_SECONDS) -> int:
    """Work by the first library that can, and say so; return an exit code."""
    work = next(filter(None, map(work_of, LIBRARIES)), None)
    if work is None:
        return 1
    work()
    sys.stdout.write(f"{BUSY}\n")
    sys.stdout.flush()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        work()
    return 0


if __name__ == "__main__":
    sys.exit(main())
