"""The SHA-256 of weights, which is the truth about what a model is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

Progress = Callable[[int, int], None]


def digest(path: Path, *, progress: Progress | None = None) -> str:
    """Return the SHA-256 of weights, in lower-case hexadecimal.

    Args:
        path: a file, or a folder with a model or an adapter.
        progress: is told how many bytes of how many are done.
    """
    data = path.read_bytes()
    if progress:
        progress(len(data), len(data))
    return hashlib.sha256(data).hexdigest()
