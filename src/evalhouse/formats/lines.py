"""Reading a file of lines in bounded memory, with every byte accounted for.

Lines end at byte 0x0A and nowhere else. Memory is bounded by the size of a chunk and of the
longest line that is accepted; a longer one is passed over, counted and reported.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from evalhouse.formats.files import GZIP_MAGIC, ZSTD_MAGIC, unpacked
from evalhouse.records import Problem

CHUNK_BYTES = 2 << 20
LONGEST_LINE = 64 << 20
EXCERPT = 200
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Limits:
    """How much memory reading may take; sizes in bytes."""

    chunk: int = CHUNK_BYTES
    longest_line: int = LONGEST_LINE


@dataclass
class Chunk:
    """Some whole lines of a file, without their line ends."""

    data: bytes
    first_line: int  # number of the first line, from 1
    offset: int  # of its first byte in the unpacked file
    complete: bool = True  # the last line has its line end
    count: int | None = None  # of its lines; who knows it may say so

    @property
    def lines(self) -> list[bytes]:
        """Return the lines one by one."""
        return self.data.split(b"\n")


@dataclass
class LineFile:
    """A file of lines: read `chunks()` to the end, then the other fields hold."""

    path: str
    limits: Limits = field(default_factory=Limits)
    sha256: str = ""
    size: int = 0  # bytes as stored
    lines: int = 0
    ends_with_newline: bool = True
    live: bool = False  # it changed while it was read
    problems: list[Problem] = field(default_factory=list)

    def chunks(self, progress: Callable[[int], None] | None = None) -> Iterator[Chunk]:
        """Yield the lines chunk by chunk; `progress` gets the bytes read from storage."""
        digest = hashlib.sha256()
        with Path(self.path).open("rb", buffering=0) as stream:
            before = os.fstat(stream.fileno())
            source = _Hashed(stream, digest.update, progress)
            size = self._piece
            magic = source.peek(max(size, len(ZSTD_MAGIC)))[: len(ZSTD_MAGIC)]
            packed = magic.startswith((GZIP_MAGIC, ZSTD_MAGIC))
            pieces = unpacked(source, magic) if packed else source.pieces(size)  # type: ignore[arg-type] # only `read` is used
            yield from self._split(self._guarded(pieces))
            source.drain()
            after = os.stat(self.path)  # noqa: PTH116 - text path
        self.sha256, self.size = digest.hexdigest(), source.count
        changed = (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
        self.live = changed or self.size != after.st_size

    @property
    def _piece(self) -> int:
        return min(self.limits.chunk, self.limits.longest_line)

    def _cut(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Cut what was unpacked to the pieces that an unpacked file is read in."""
        size = self._piece
        for piece in pieces:
            if len(piece) <= size:
                yield piece
            else:
                yield from (piece[start : start + size] for start in range(0, len(piece), size))

    def _guarded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from pieces
        except EOFError as failure:
            self.problems.append(
                Problem(
                    path=self.path,
                    kind="cut_compression",
                    message=f"{failure}; the lines before that were read",
                    line=self.lines + 1,
                )
            )

    def _split(self, pieces: Iterator[bytes]) -> Iterator[Chunk]:
        """Cut pieces at line ends; what follows the last line end waits in `held`."""
        held: list[bytes] = []
        state = _Position()
        for piece in self._cut(self._without_bom(pieces, state)):
            text = piece
            cut = text.rfind(b"\n")
            if cut < 0:
                self._hold(held, text, state)
                continue
            first = text.find(b"\n")
            self._give_up_if_long(held, first, state)
            if state.skipped and first >= 0:
                self._report_long(state, state.skipped + first)
                state.advance(1, state.skipped + first + 1)
                text, cut, state.skipped = text[first + 1 :], cut - first - 1, 0
                self.lines = state.line - 1
            if cut >= 0:
                whole = b"".join([*held, memoryview(text)[:cut]])
                yield from self._chunk(whole, state, complete=True)
            held = []
            self._hold(held, text[cut + 1 :], state)
        last = b"".join(held)
        if state.skipped:
            self._report_long(state, state.skipped)
            self.lines = state.line
        elif last:
            self.ends_with_newline = False
            yield from self._chunk(last, state, complete=False)

    def _chunk(self, whole: bytes, state: _Position, *, complete: bool) -> Iterator[Chunk]:
        chunk = Chunk(whole, state.line, state.offset, complete)
        yield chunk
        count = whole.count(b"\n") + 1 if chunk.count is None else chunk.count
        state.advance(count, len(whole) + 1)
        self.lines = state.line - 1

    def _hold(self, held: list[bytes], text: bytes, state: _Position) -> None:
        if state.skipped:
            state.skipped += len(text)
        elif text:
            held.append(text)
            self._give_up_if_long(held, 0, state)

    def _give_up_if_long(self, held: list[bytes], more: int, state: _Position) -> None:
        """Pass over what is held, if the line that it begins is too long with `more` bytes."""
        length = sum(map(len, held))
        if length + more > self.limits.longest_line and held:
            state.excerpt = b"".join(piece[:EXCERPT] for piece in held)[:EXCERPT]
            state.skipped = length
            held.clear()

    def _report_long(self, state: _Position, length: int) -> None:
        self.problems.append(
            Problem(
                path=self.path,
                kind="too_long_line",
                message=f"the line is {length:,} bytes long and at most "
                f"{self.limits.longest_line:,} are read; raise `--longest-line` to take it in",
                line=state.line,
                byte_offset=state.offset,
                excerpt=state.excerpt.decode("utf-8", "replace"),
            )
        )

    @staticmethod
    def _without_bom(pieces: Iterator[bytes], state: _Position) -> Iterator[bytes]:
        """Leave out a byte order mark, which may itself come in pieces."""
        head = b""
        for piece in pieces:
            if state.started:
                yield piece
                continue
            head += piece
            if len(head) >= len(BOM) or not BOM.startswith(head):
                state.started = True
                state.offset = len(BOM) if head.startswith(BOM) else 0
                yield head[state.offset :]
        if not state.started:
            yield head


@dataclass
class _Position:
    line: int = 1
    offset: int = 0
    skipped: int = 0  # bytes passed over of a line that is too long
    excerpt: bytes = b""
    started: bool = False

    def advance(self, lines: int, length: int) -> None:
        self.line += lines
        self.offset += length


class _Hashed:
    """A stream that hashes and counts what is read from it."""

    def __init__(
        self,
        stream: IO[bytes] | object,
        update: Callable[[bytes], None],
        progress: Callable[[int], None] | None,
    ) -> None:
        self._stream: IO[bytes] = stream  # type: ignore[assignment] # a raw file reads like one
        self._update = update
        self._progress = progress
        self._waiting = b""
        self.count = 0

    def peek(self, size: int) -> bytes:
        self._waiting = self._take(size)
        return self._waiting

    def read(self, size: int = -1) -> bytes:
        if self._waiting:
            waiting, self._waiting = self._waiting, b""
            return waiting
        return self._take(size)

    def _take(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.count += len(data)
        self._update(data)
        if self._progress and data:
            self._progress(len(data))
        return data

    def pieces(self, size: int) -> Iterator[bytes]:
        while data := self.read(size):
            yield data

    def drain(self) -> None:
        """Read what a decompressor left, so that the hash covers the whole file."""
        while self.read(1 << 20):
            pass
