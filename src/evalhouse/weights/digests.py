"""The SHA-256 of weights, which is the truth about what a model is.

Of one file it is that of the file, as the Hugging Face Hub and Ollama state it. Of several files it
is that of a text: the SHA-256 of each file, in lower-case hexadecimal and the order of their names,
each followed by a line feed. Names and folders are not part of it, so a copy has the same one.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from os import stat_result
from pathlib import Path

from evalhouse.errors import WeightsError
from evalhouse.weights.cache import Cached, remember, remembered
from evalhouse.weights.files import weight_files
from evalhouse.weights.reading import reading

Progress = Callable[[int, int], None]

_CHUNK = 4 * 2**20  # bytes
_SETTLED = 2 * 10**9  # nanoseconds; the coarsest clocks of file systems tick every two seconds


def digest(path: Path, *, progress: Progress | None = None) -> str:
    """Return the SHA-256 of weights, in lower-case hexadecimal.

    A file whose path, size, times of change and inode are as when it was last hashed is not read.

    Args:
        path: a file, or a folder with a model or an adapter; a part stands for all parts.
        progress: is told how many bytes of how many are done.

    Raises:
        WeightsError: where there are no weights, or a file changes while it is read.
    """
    paths = weight_files(path).paths
    sizes = [_stat(each).st_size for each in paths]
    done, found = 0, []
    for each, size in zip(paths, sizes, strict=True):
        found.append(_of_file(each, _Meter(progress, done, sum(sizes))))
        done += size
    if len(found) == 1:
        return found[0]
    return hashlib.sha256("".join(f"{each}\n" for each in found).encode("ascii")).hexdigest()


class _Meter:
    """Tells how far the hashing of all files is, from what is done of one."""

    def __init__(self, progress: Progress | None, before: int, total: int) -> None:
        self._progress, self._before, self._total = progress, before, total

    def at(self, done: int) -> None:
        """Tell that `done` bytes of this file are hashed."""
        if self._progress:
            self._progress(self._before + done, self._total)


def _of_file(path: Path, meter: _Meter) -> str:
    with reading(path):
        place = path.resolve()
    before = _stat(place)
    known = remembered(place, before)
    if known:
        meter.at(before.st_size)
        return known
    found = _hash(place, meter)
    after = _stat(place)
    if _state(before) != _state(after):
        what = "it changed while it was read"
        raise WeightsError(str(path), what, "try again when nothing writes it any more")
    # A file that has just been written may change once more without a change of its time.
    if time.time_ns() - after.st_mtime_ns > _SETTLED:
        remember(Cached.of(place, after, found))
    return found


def _hash(path: Path, meter: _Meter) -> str:
    found, buffer, done = hashlib.sha256(), memoryview(bytearray(_CHUNK)), 0
    with reading(path), path.open("rb", buffering=0) as file:
        while size := file.readinto(buffer):
            found.update(buffer[:size])
            done += size
            meter.at(done)
    return found.hexdigest()


def _stat(path: Path) -> stat_result:
    with reading(path):
        return path.stat()


def _state(of: stat_result) -> tuple[int, int, int, int]:
    return of.st_size, of.st_mtime_ns, of.st_ctime_ns, of.st_ino
