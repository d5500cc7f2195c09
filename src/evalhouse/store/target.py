"""The folder that an export writes to: nothing leaves it, nothing in it is overwritten."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evalhouse.errors import HouseError, UsageError
from evalhouse.ids import sha256_hex

_LONGEST_NAME = 255  # bytes; what file systems take
_TAIL = 40  # bytes of a shortened name's end that are kept: it says what the file holds
_WAITING = ".evalhouse-"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Written:
    """What was written: its size in bytes and its SHA-256."""

    bytes: int
    sha256: str


def contained(path: str) -> str:
    """Return a relative path that stays below any folder, whatever `path` says."""
    parts = [part for part in path.replace("\x00", "_").split("/") if part not in ("", ".", "..")]
    return "/".join(map(_short, parts)) or "_"


class Target:
    """A folder for the files of one export; it may hold the same export from before."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def admit(self, names: Collection[str]) -> None:
        """Make the folder ready for files of these names.

        Raises:
            UsageError: It holds something else, or is no folder.
        """
        known = set(names)
        with self._told():
            if self.folder.exists() and not self.folder.is_dir():
                raise UsageError(f"`{self.folder}` is a file; name a folder to export to")
            for name in _files_below(self.folder):
                if Path(name).name.startswith(_WAITING):
                    (self.folder / name).unlink()
                elif name not in known:
                    raise UsageError(
                        f"`{self.folder}` holds `{name}`, which is not part of this export; "
                        f"export to a new or empty folder"
                    )

    def write(self, name: str, pieces: Iterable[bytes]) -> Written:
        """Write a file; it appears whole or not at all.

        Raises:
            UsageError: There is a file of that name with other content, which stays as it is.
        """
        final = self.folder / contained(name)
        waiting = final.with_name(f"{_WAITING}{uuid.uuid4().hex}")
        digest, size = hashlib.sha256(), 0
        with self._told():
            final.parent.mkdir(parents=True, exist_ok=True)
            try:
                with waiting.open("xb") as stream:
                    for piece in pieces:
                        digest.update(piece)
                        size += stream.write(piece)
                self._settle(waiting, final, digest.hexdigest())
            finally:
                waiting.unlink(missing_ok=True)
        return Written(size, digest.hexdigest())

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as failure:
            reason = failure.strerror or failure
            raise HouseError(f"cannot write to `{self.folder}`: {reason}") from failure

    @staticmethod
    def _settle(waiting: Path, final: Path, sha256: str) -> None:
        if not os.path.lexists(final):
            waiting.replace(final)
        elif final.is_symlink() or not final.is_file() or _sha256(final) != sha256:
            raise UsageError(
                f"`{final}` is there with other content and was left as it was; "
                f"export to a new or empty folder"
            )


def _files_below(folder: Path) -> Iterator[str]:
    """Yield what is not a real folder, by its path below the folder; links are not followed."""
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(place, name))]  # noqa: PTH114, PTH118 - text paths
        for name in sorted([*files, *links]):
            yield Path(place, name).relative_to(folder).as_posix()


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _short(name: str) -> str:
    spelt = name.encode("utf-8", "surrogateescape")
    if len(spelt) <= _LONGEST_NAME:
        return name
    mark = f"~{sha256_hex(spelt)[:8]}~".encode()
    head = spelt[: _LONGEST_NAME - _TAIL - len(mark)].decode("utf-8", "ignore").encode()
    return (head + mark + spelt[-_TAIL:].decode("utf-8", "ignore").encode()).decode()
