"""Tools of the system that are asked about hardware; none of them can stop or fail a caller."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable

SECONDS = 10.0
"""How long a tool may take: `nvidia-smi` needs some seconds where the driver is not loaded."""

Ask = Callable[..., str | None]
"""Runs a command of words and returns what it printed; None where it did not work."""


def ask(*words: str, seconds: float = SECONDS) -> str | None:
    """Return what a command printed; None where it is not there, fails or takes too long."""
    program = shutil.which(words[0])
    if program is None:
        return None
    try:
        found = subprocess.run(  # noqa: S603 - words of our own, no shell
            [program, *words[1:]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    if found.returncode:
        return None
    printed = found.stdout or found.stderr  # some tell their version where errors go
    return printed.decode("utf-8", "replace")
