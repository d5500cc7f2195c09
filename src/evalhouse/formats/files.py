"""Finding files below a folder, and what kind of container each is."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec
import zstandard

from evalhouse.errors import UsageError

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
HEAD_BYTES = 65_536
_ZSTD_PIECE = 4096
_HASH_BYTES = 4 << 20


class FoundFile(msgspec.Struct, frozen=True):
    """A file below a place that was asked for; `size` in bytes."""

    path: str
    root: str
    size: int
    mtime_ns: int

    @property
    def name(self) -> str:
        """Return the name of the file without its folder."""
        return os.path.basename(self.path)  # noqa: PTH119 - called for every file

    @property
    def folder(self) -> str:
        """Return the folder of the file."""
        return os.path.dirname(self.path)  # noqa: PTH120 - called for every file


class SkippedFile(msgspec.Struct, frozen=True):
    """Something below a place that is not read, and why."""

    path: str
    root: str
    reason: str
    is_damage: bool = False  # it was meant to be read, and could not be


def walk(places: Iterable[str | os.PathLike[str]]) -> Iterator[FoundFile | SkippedFile]:
    """Yield every file below the places, folder by folder in order of name.

    No link is followed out of its place, and no linked folder at all: it would be read twice.

    Raises:
        UsageError: A place does not exist, or is no file and no folder.
    """
    seen: set[str] = set()
    for place in places:
        for item in _at(os.fspath(place)):
            if item.path not in seen:
                seen.add(item.path)
                yield item


def _at(place: str) -> Iterator[FoundFile | SkippedFile]:
    top = os.path.realpath(place)
    if not place or not os.path.exists(top):  # noqa: PTH110 - `top` is text by design
        raise UsageError(f"there is nothing at `{place}`; give a folder of dumps or a file of one")
    if not _is_text(top):
        raise UsageError(f"the name of `{place}` is not UTF-8; rename it to have it read")
    status = Path(top).stat()
    if stat.S_ISDIR(status.st_mode):
        yield from _below(top)
    elif stat.S_ISREG(status.st_mode):
        yield _found(top, os.path.dirname(top), status)  # noqa: PTH120 - as above
    else:
        raise UsageError(f"`{place}` is neither a folder nor a file; give one of those")


def _below(root: str) -> Iterator[FoundFile | SkippedFile]:
    """Yield what is below a folder; a stack, since folders nest deeper than calls may."""
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as failure:
            reason = f"cannot be listed: {failure.strerror}"
            yield SkippedFile(folder, root, reason, is_damage=True)
            continue
        folders = []
        for entry in entries:
            if not _is_text(entry.name):
                reason = "its name is not UTF-8; rename it to have it read"
                yield SkippedFile(entry.path, root, reason, is_damage=True)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                yield _entry(entry, root)
        waiting += reversed(folders)


def _entry(entry: os.DirEntry[str], root: str) -> FoundFile | SkippedFile:
    try:
        if entry.is_symlink():
            return _linked(entry.path, root)
        if entry.is_file(follow_symlinks=False):
            return _found(entry.path, root, entry.stat(follow_symlinks=False))
    except OSError as failure:
        return SkippedFile(entry.path, root, f"cannot be read: {failure.strerror}", is_damage=True)
    return SkippedFile(entry.path, root, "neither a file nor a folder, such as a pipe")


def _is_text(name: str) -> bool:
    """Tell whether the name can be stored: what is not UTF-8 comes as lone surrogates."""
    return name.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in name)


def _linked(path: str, root: str) -> FoundFile | SkippedFile:
    target = os.path.realpath(path)
    if os.path.commonpath([target, root]) != root:
        return SkippedFile(path, root, "a link out of the folder that was given")
    try:
        status = Path(target).stat()
    except OSError:
        return SkippedFile(path, root, "a link to nothing")
    if not stat.S_ISREG(status.st_mode):
        return SkippedFile(path, root, "a link to a folder, which is read where it stands")
    return _found(path, root, status)


def _found(path: str, root: str, status: os.stat_result) -> FoundFile | SkippedFile:
    if not os.access(path, os.R_OK):
        reason = f"cannot be read: {os.strerror(errno.EACCES)}"
        return SkippedFile(path, root, reason, is_damage=True)
    return FoundFile(path, root, status.st_size, status.st_mtime_ns)


def read_head(path: str, limit: int = HEAD_BYTES) -> bytes:
    """Return up to `limit` bytes of the beginning of a file, unpacked if it is packed.

    Nothing where it is too damaged, or gone since it was found.
    """
    try:
        with Path(path).open("rb") as stream:
            return unpack_head(stream.read(limit), limit)
    except (OSError, zlib.error, zstandard.ZstdError):
        return b""


def unpack_head(head: bytes, limit: int) -> bytes:
    """Unpack the beginning of a packed file as far as it goes."""
    if head.startswith(GZIP_MAGIC):
        return zlib.decompressobj(wbits=31).decompress(head, limit)
    if head.startswith(ZSTD_MAGIC):
        return zstandard.ZstdDecompressor().decompressobj().decompress(head)[:limit]
    return head


def file_sha256(path: str) -> str:
    """Return the SHA-256 of a file's bytes; empty where it cannot be read."""
    digest = hashlib.sha256()
    with contextlib.suppress(OSError), Path(path).open("rb", buffering=0) as stream:
        while data := stream.read(_HASH_BYTES):
            digest.update(data)
        return digest.hexdigest()
    return ""


def content_sha256(path: str) -> str:
    """Return the SHA-256 of what a file holds, unpacked as far as it goes."""
    digest = hashlib.sha256()
    with contextlib.suppress(OSError, EOFError), Path(path).open("rb") as stream:
        magic = stream.read(4)
        stream.seek(0)
        if not magic.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
            return file_sha256(path)
        for piece in unpacked(stream, magic):
            digest.update(piece)
    return digest.hexdigest()


def read_whole(path: str) -> tuple[bytes, bytes]:
    """Return the bytes of a (small) file as they are, and unpacked as far as they go."""
    raw = Path(path).read_bytes()
    if raw.startswith((GZIP_MAGIC, ZSTD_MAGIC)):
        pieces = []
        with Path(path).open("rb") as stream, contextlib.suppress(EOFError):
            for piece in unpacked(stream, raw[:4]):
                pieces.append(piece)  # noqa: PERF402 - what came before the damage counts
        return raw, b"".join(pieces)
    return raw, raw


def unpacked(stream: IO[bytes], magic: bytes, size: int = 1 << 20) -> Iterator[bytes]:
    """Yield the content of a packed stream in pieces.

    Raises:
        EOFError: The stream ends inside packed data, or its data is damaged; what could be
            unpacked was yielded before.
    """
    yield from (_gunzip if magic.startswith(GZIP_MAGIC) else _unzstd)(stream, size)


def _gunzip(stream: IO[bytes], size: int) -> Iterator[bytes]:
    engine = zlib.decompressobj(wbits=31)
    while True:
        # What is left of a piece comes before the next one, also where another member begins.
        packed = engine.unused_data or engine.unconsumed_tail or stream.read(size)
        if engine.eof:
            if not packed:
                return
            engine = zlib.decompressobj(wbits=31)
        if not packed:
            raise EOFError("the gzip data ends before its end mark")
        try:
            data = engine.decompress(packed, size * 4)
        except zlib.error as failure:
            raise EOFError(f"the gzip data is damaged: {failure}") from None
        if data:
            yield data


def _unzstd(stream: IO[bytes], size: int) -> Iterator[bytes]:
    """Feed small pieces: what one of them can unpack to is all that memory must hold."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=2**31)
    engine, started = decompressor.decompressobj(), False
    while packed := stream.read(size):
        for start in range(0, len(packed), _ZSTD_PIECE):
            piece = packed[start : start + _ZSTD_PIECE]
            while piece:
                if engine.eof:
                    engine = decompressor.decompressobj()
                try:
                    data = engine.decompress(piece)
                except zstandard.ZstdError as failure:
                    raise EOFError(f"the zstd data is damaged: {failure}") from None
                started = True
                piece = engine.unused_data if engine.eof else b""
                if data:
                    yield data
    if started and not engine.eof:
        raise EOFError("the zstd data ends before its end mark")
