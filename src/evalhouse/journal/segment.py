"""Files of a cache: replies one after the other, each with the hash of what asked for it.

A segment is written by one process at a time and read by any number; nothing in it is changed. An
entry is a head (what it is, its length, when, the key, the SHA-256 of the reply, a checksum of
the head) and the reply, compressed.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import secrets
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Self
from zlib import crc32

import zstandard

SUFFIX = ".segment"
_HEAD = struct.Struct("<4sId32s32s")
_CHECK = struct.Struct("<I")
_MAGIC = b"\xe5EH1"  # no text begins so
_SIZE = _HEAD.size + _CHECK.size
_LEVEL = 3


class DamagedEntryError(Exception):
    """An entry is not as it was written; the cache takes it for none."""


class _Head(NamedTuple):
    magic: bytes
    length: int
    kept_at: float
    key: bytes
    sha256: bytes


class Place(NamedTuple):
    """Where the reply to a request stands in a segment."""

    key: bytes
    offset: int


class Segment:
    """A file of a cache, and how far it has been read.

    Attributes:
        end: Where the last whole entry ends that is known, in bytes.
        damaged: Where there is something that is no entry, in bytes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.end = 0
        self.damaged: list[int] = []

    def advance(self) -> list[Place]:
        """Return the whole entries that came since; nothing where the file is gone."""
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > self.end:
                file.seek(self.end)
                return self._places(file.read())
        return []

    def _places(self, data: bytes) -> list[Place]:
        start, offset, found = self.end, 0, list[Place]()
        while offset + _SIZE <= len(data):
            head = _head(data, offset)
            if head is None:
                self.damaged.append(start + offset)
                following = data.find(_MAGIC, offset + 1)
                offset = following if following >= 0 else len(data)
                continue
            following = offset + _SIZE + head.length
            if following > len(data):
                break
            found.append(Place(head.key, start + offset))
            offset = following
        self.end = start + offset
        return found

    def read(self, offset: int, key: bytes) -> bytes:
        """Return the reply at a place.

        Raises:
            DamagedEntryError: It is not what was written there under that key.
            FileNotFoundError: The segment was removed.
        """
        file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = os.pread(file, 1 << 14, offset)
            head = _head(data, 0) if len(data) >= _SIZE else None
            if head is None or head.key != key:
                raise DamagedEntryError("its head does not match")
            if _SIZE + head.length > len(data):
                data = os.pread(file, _SIZE + head.length, offset)
        finally:
            os.close(file)
        return _reply(data[_SIZE : _SIZE + head.length], head)


def _head(data: bytes, offset: int) -> _Head | None:
    end = offset + _HEAD.size
    if crc32(data[offset:end]) != _CHECK.unpack_from(data, end)[0]:
        return None
    head = _Head(*_HEAD.unpack_from(data, offset))
    return head if head.magic == _MAGIC else None


def _reply(packed: bytes, head: _Head) -> bytes:
    try:
        reply = zstandard.ZstdDecompressor().decompress(packed)
    except zstandard.ZstdError as failure:
        raise DamagedEntryError("it cannot be unpacked") from failure
    if hashlib.sha256(reply).digest() != head.sha256:
        raise DamagedEntryError("its hash does not match")
    return reply


class Writer:
    """The right to append to a segment, which the kernel gives to one process."""

    def __init__(self, segment: Segment, file: int) -> None:
        self.segment = segment
        self._file = file
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)

    @classmethod
    def create(cls, folder: Path) -> Self | None:
        """Begin a segment; None where another process took it at once."""
        # Names are in the order in which segments were begun.
        name = f"{time.time_ns():020d}-{secrets.token_hex(4)}{SUFFIX}"
        segment = Segment(folder / name)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        return cls._locked(segment, os.open(segment.path, flags, 0o666))

    @classmethod
    def adopt(cls, segment: Segment) -> Self | None:
        """Go on with a segment; None where another process does, or where it was removed."""
        with suppress(FileNotFoundError):
            flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
            return cls._locked(segment, os.open(segment.path, flags))
        return None

    @classmethod
    def _locked(cls, segment: Segment, file: int) -> Self | None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        writer = cls(segment, file)
        if writer.is_there():
            return writer
        writer.close()
        return None

    def is_there(self) -> bool:
        """Tell whether the file has not been removed."""
        return bool(os.fstat(self._file).st_nlink)

    def is_whole(self) -> bool:
        """Tell whether the file ends where its last known entry does, and all of it is sound."""
        return not self.segment.damaged and os.fstat(self._file).st_size == self.segment.end

    def append(self, key: bytes, reply: bytes) -> int:
        """Add a reply and return where it stands; OSError where there is no room."""
        packed = self._compressor.compress(reply)
        digest = hashlib.sha256(reply).digest()
        head = _HEAD.pack(_MAGIC, len(packed), time.time(), key, digest)
        data, start = head + _CHECK.pack(crc32(head)) + packed, self.segment.end
        if os.write(self._file, data) < len(data):
            os.ftruncate(self._file, start)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.segment.end += len(data)
        return start

    def close(self) -> None:
        """Let another process go on with it."""
        os.close(self._file)
