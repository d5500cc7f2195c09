"""One writer at a time for a file that many processes change."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalhouse.errors import RetryableError

PATIENCE = 120.0
"""Seconds to wait for others; each of them needs a fraction of one."""

_PAUSE = 0.005


@contextmanager
def alone_with(path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock of a file, `<name>.lock`, beside it.

    The kernel lets go of the lock of a process that dies; the file that it leaves is taken over.

    Raises:
        RetryableError: Others held the lock all the time.
    """
    lock = path.with_name(f"{path.name}.lock")
    end = time.monotonic() + patience
    while (file := _taken(lock)) < 0:
        if time.monotonic() > end:
            raise RetryableError(
                f"another process kept `{lock}` locked for {patience:.0f} s; try again when it is "
                "done"
            )
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(file)


def _taken(lock: Path) -> int:
    """Return the open lock; -1 where another has it, or removed it meanwhile."""
    file = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = bool(os.fstat(file).st_nlink)
    except BlockingIOError:
        is_ours = False
    if not is_ours:
        os.close(file)
    return file if is_ours else -1
