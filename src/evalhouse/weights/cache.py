"""Digests of files that were hashed before, under the cache folder of the user.

Each file has an entry of its own, which is replaced as a whole: processes do not get in each
other's way, and what is damaged is as good as not there.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

import msgspec

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Cached(msgspec.Struct, frozen=True):
    """The digest of a file in one state.

    Attributes:
        path: of the file, without links.
        size: in bytes.
        mtime_ns: when it was last changed, in nanoseconds since 1970 (UTC).
        ctime_ns: when the system last noted a change; unlike `mtime_ns`, no program can set it.
        inode: its number on its disk.
        sha256: its digest, in lower-case hexadecimal.
    """

    path: str
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    sha256: str

    @classmethod
    def of(cls, path: Path, state: os.stat_result, sha256: str) -> Cached:
        """Return the entry of a file in the state that the system told."""
        times = state.st_mtime_ns, state.st_ctime_ns
        return cls(_text(path), state.st_size, *times, state.st_ino, sha256)


def cache_folder() -> Path:
    """Return where entries are: `XDG_CACHE_HOME/evalhouse/weights`, else below `~/.cache`."""
    stated = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # What is not absolute is to be ignored, says the XDG Base Directory Specification.
    base = stated if stated.is_absolute() else Path.home() / ".cache"
    return base / "evalhouse" / "weights"


def remembered(path: Path, state: os.stat_result) -> str | None:
    """Return the digest of a file that is in the state in which it was hashed."""
    with suppress(OSError, RuntimeError, msgspec.MsgspecError):
        found = msgspec.json.decode(_entry(path).read_bytes(), type=Cached)
        if found == Cached.of(path, state, found.sha256) and _DIGEST.fullmatch(found.sha256):
            return found.sha256
    return None


def remember(cached: Cached) -> None:
    """Keep a digest; where nothing can be written, none is kept."""
    with suppress(OSError, RuntimeError):
        place = _entry(Path(cached.path))
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=place.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(cached))
            Path(name).replace(place)
        except OSError:
            Path(name).unlink()
            raise


def _entry(path: Path) -> Path:
    return cache_folder() / f"{hashlib.sha256(_text(path).encode()).hexdigest()}.json"


def _text(path: Path) -> str:
    """Return a path as text that UTF-8 can hold, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
