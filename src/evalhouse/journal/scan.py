"""One reading of a journal, from its header to its last sound line."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from evalhouse.errors import DamagedJournalError, JournalError
from evalhouse.journal.entry import Entry, decode, decode_answer
from evalhouse.journal.header import Header, read_header
from evalhouse.journal.places import Places, digest_of
from evalhouse.journal.seal import fault_of, is_closing, is_sealed, key_of, synced_of

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Torn:
    """What a crash left at the end of a journal: lines that nobody was told are on the disk.

    Attributes:
        line: The number of the first.
        offset: Where it begins, in bytes.
        length: How far it reaches, in bytes: to the end of the file.
        what: What is wrong with it.
    """

    line: int
    offset: int
    length: int
    what: str


@contextmanager
def open_to_read(path: Path | str) -> Iterator[BinaryIO]:
    """Open a journal; JournalError where it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            yield file
    except OSError as failure:
        reason = reason_of(failure)
        raise JournalError(f"the journal `{path}` cannot be read: {reason}") from failure


def reason_of(failure: OSError) -> str:
    """Return why the system refused, in lower case, and what."""
    reason = (failure.strerror or str(failure)).lower()
    return f"{reason} (`{failure.filename}`)" if failure.filename else reason


Piece = tuple[int, bytes, bool]
"""Where a line begins, its bytes without the line break, and whether it has one."""


def pieces(file: BinaryIO) -> Iterator[Piece]:
    """Yield the lines of a file, in pieces that do not need the whole of it in memory."""
    offset, rest = 0, b""
    while chunk := file.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield offset, line, True
            offset += len(line) + 1
    if rest:
        yield offset, rest, False


class Reading:
    """The sound lines of an open journal, and afterwards how it ended."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self.path = path
        self.header: Header
        self.lines = 1
        self.end = 0
        """Where the last sound line ends, in bytes."""
        self.entries = 0
        self.is_closed = False
        self.torn: Torn | None = None
        self._pieces = pieces(file)
        offset, line, is_whole = next(self._pieces, (0, b"", False))
        self.header = read_header(line, path, is_whole=is_whole)
        self.end = offset + len(line) + 1

    def __iter__(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield each entry: where its line begins, its key as written, and its line.

        Raises:
            DamagedJournalError: A line that had been on the disk is not as it was written.
        """
        seed = self.header.seed
        for offset, line, is_whole in self._pieces:
            number = self.lines + 1
            key = key_of(line, number, seed) if is_whole else None
            if key is None and not (is_whole and is_closing(line, number, seed)):
                self._end_at((offset, line, is_whole))
                return
            self.lines, self.end = number, offset + len(line) + 1
            self.is_closed = key is None
            if key is not None:
                self.entries += 1
                yield offset, key, line

    def _end_at(self, piece: Piece) -> None:
        """Tell what a crash left from damage to what was on the disk."""
        number, seed, (offset, line, is_whole) = self.lines + 1, self.header.seed, piece
        what, size, synced = fault_of(line, seed, is_whole=is_whole), offset, 0
        while True:
            size += len(line) + is_whole
            if is_whole and is_sealed(line, seed):
                synced = max(synced, synced_of(line))
            following = next(self._pieces, None)
            if following is None:
                break
            _, line, is_whole = following
        if synced >= number:
            raise DamagedJournalError(self.path, number, offset, what)
        self.torn = Torn(number, offset, size - offset, what)


def index(reading: Reading) -> Places:
    """Read to the end, and return where each entry begins.

    Raises:
        DamagedJournalError: A line that had been on the disk is not as it was written, or two
            have one key.
    """
    digests, offsets = bytearray(), array("q")
    for offset, key, _ in reading:
        digests += digest_of(key)
        offsets.append(offset)
    places = Places()
    places.extend(digests, offsets)
    repeated = places.repeated()
    if repeated:
        first, second = repeated
        what = f"it has the key of the line at byte {first:,}"
        raise DamagedJournalError(reading.path, offsets.index(second) + 2, second, what)
    return places


def read(path: Path | str, *, with_requests: bool = True) -> Iterator[Entry]:
    """Yield the entries of a journal in the order they were recorded; others may write on.

    Args:
        path: The file.
        with_requests: Whether what was asked is wanted, too; without it reading is faster.

    Raises:
        DamagedJournalError: A line that had been on the disk is not as it was written.
        JournalError: There is no journal, or it cannot be read.
    """
    with open_to_read(path) as file:
        for _, _, line in Reading(file, str(path)):
            yield decode(line) if with_requests else decode_answer(line)
