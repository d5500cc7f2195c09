"""Finding files below a folder, and what kind of container each is."""

from __future__ import annotations

import contextlib
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


def walk(places: Iterable[str | os.PathLike[str]]) -> Iterator[FoundFile | SkippedFile]:
    """Yield every file below the places, folder by folder in order of name.

    No link is followed out of its place, and no linked folder at all: it would be read twice.

    Raises:
        UsageError: A place does not exist.
    """
    seen: set[str] = set()
    for place in places:
        top = os.path.realpath(os.fspath(place))
        if not os.path.exists(top):  # noqa: PTH110 - `top` is text by design
            raise UsageError(
                f"there is nothing at `{os.fspath(place)}`; give a folder of dumps or a file of one"
            )
        root = top if os.path.isdir(top) else os.path.dirname(top)  # noqa: PTH112, PTH120
        found = _below(top, root) if root == top else iter([_found(top, root, Path(top).stat())])
        for item in found:
            if item.path not in seen:
                seen.add(item.path)
                yield item


def _below(folder: str, root: str) -> Iterator[FoundFile | SkippedFile]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as failure:
        yield SkippedFile(folder, root, f"cannot be listed: {failure.strerror}")
        return
    folders = []
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.path)
        elif entry.is_symlink():
            yield _linked(entry.path, root)
        elif entry.is_file(follow_symlinks=False):
            yield _found(entry.path, root, entry.stat(follow_symlinks=False))
    for child in folders:
        yield from _below(child, root)


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


def _found(path: str, root: str, status: os.stat_result) -> FoundFile:
    return FoundFile(path, root, status.st_size, status.st_mtime_ns)


def read_head(path: str, limit: int = HEAD_BYTES) -> bytes:
    """Return up to `limit` bytes of the beginning of a file, unpacked if it is packed."""
    with Path(path).open("rb") as stream:
        head = stream.read(limit)
    try:
        return unpack_head(head, limit)
    except (zlib.error, zstandard.ZstdError):
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
