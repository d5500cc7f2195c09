"""Looking for damage in a journal, line by line."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from evalhouse.errors import DamagedJournalError
from evalhouse.journal.header import Header, read_header
from evalhouse.journal.places import Places, digest_of
from evalhouse.journal.scan import Piece, open_to_read, pieces
from evalhouse.journal.seal import (
    fault_of,
    is_closing,
    is_sealed,
    key_of,
    number_of,
    seeds,
    synced_of,
)


@dataclass(frozen=True)
class Fault:
    """Damage.

    Attributes:
        line: The number of the line in the file, from 1.
        offset: Where the line begins, in bytes.
        length: How long it is, in bytes.
        what: What is wrong.
    """

    line: int
    offset: int
    length: int
    what: str


@dataclass(frozen=True)
class Report:
    """What a journal is found to be.

    Attributes:
        path: The file.
        size: Its bytes.
        header: Whose it is; None where that is damaged.
        lines: All its lines, the damaged ones too.
        entries: Sound lines that hold a finished piece of work.
        is_closed: Whether its last line says that it is complete.
        faults: Damage to lines that were on the disk.
        torn: Damage at the end to lines that may never have been there: what a crash leaves.
    """

    path: str
    size: int
    header: Header | None
    lines: int
    entries: int
    is_closed: bool
    faults: tuple[Fault, ...]
    torn: tuple[Fault, ...]

    @property
    def is_sound(self) -> bool:
        """Whether all that was on the disk is as it was written."""
        return not self.faults


class Closing(msgspec.Struct):
    """What the line says that closes a journal.

    Attributes:
        lines: How many lines stand before it.
        entries: How many of them hold an entry.
        sha256: The hash of all bytes before it.
        at: When it was written, in seconds since 1970 (UTC).
    """

    lines: int
    entries: int
    sha256: str
    at: float


class _Closed(msgspec.Struct):
    closed: Closing


def verify(path: Path | str) -> Report:
    """Read a journal whatever is wrong with it, and say what is.

    Raises:
        JournalError: There is no such file, or it cannot be read.
    """
    with open_to_read(path) as file:
        found = pieces(file)
        inspection = _Inspection(str(path), next(found, (0, b"", False)))
        for piece in found:
            inspection.look(piece)
        return inspection.report()


class _Inspection:
    """A journal that is being looked through."""

    def __init__(self, path: str, first: Piece) -> None:
        _, line, is_whole = first
        self._path = path
        self._faults: list[Fault] = []
        self._header: Header | None = None
        try:
            self._header = read_header(line, path, is_whole=is_whole)
        except DamagedJournalError as failure:
            self._faults.append(Fault(1, 0, len(line), f"the header: {failure.what}"))
        self._seeds = seeds(line)
        self._sha256 = hashlib.sha256()
        self._take(first)
        self._number = self._lines = self._synced = 1
        self._entries = 0
        self._is_closed = False
        self._places = Places()

    def look(self, piece: Piece) -> None:
        """Look at the next line."""
        offset, line, is_whole = piece
        self._lines += 1
        self._number += 1
        self._is_closed = False
        what = self._fault(line, is_whole=is_whole) or self._repetition(line)
        if what:
            self._faults.append(Fault(self._lines, offset, len(line), what))
        self._take(piece)

    def _take(self, piece: Piece) -> None:
        offset, line, is_whole = piece
        self._sha256.update(line)
        self._sha256.update(b"\n" * is_whole)
        self._size = offset + len(line) + is_whole

    def _fault(self, line: bytes, *, is_whole: bool) -> str:
        seed = self._seed(line)
        if not (is_whole and is_sealed(line, seed)):
            return fault_of(line, seed, is_whole=is_whole)
        self._synced = max(self._synced, synced_of(line))
        found = number_of(line)
        what = "" if found == self._number else fault_of(line, seed, is_whole=True)
        self._number = found  # what follows is held against what is there
        if is_closing(line, found, seed):
            what = what or self._closing_fault(line)
            self._synced = max(self._synced, found if what else 0)
            self._is_closed = True
        return what

    def _seed(self, line: bytes) -> int:
        """Take from a damaged header what it gives: the seed with which lines are sound."""
        for seed in self._seeds:
            if is_sealed(line, seed):
                self._seeds = (seed,)
        return self._seeds[0]

    def _closing_fault(self, line: bytes) -> str:
        closing = msgspec.json.decode(line, type=_Closed).closed
        if closing.sha256 != self._sha256.hexdigest():
            return "the lines before it are not those that it closed"
        return ""

    def _repetition(self, line: bytes) -> str:
        key = key_of(line, self._number, self._seeds[0])
        if key is None:
            return ""
        self._entries += 1
        digest = digest_of(key)
        is_known = bool(self._places.find(digest))
        self._places.add(digest, self._lines)
        return "its key is in a line before it" if is_known else ""

    def report(self) -> Report:
        """Return what was found."""
        # Beside damage to what was on the disk, nothing can be told to be what a crash left.
        is_torn = all(fault.line > self._synced for fault in self._faults)
        faults = tuple(self._faults)
        return Report(
            self._path,
            self._size,
            self._header,
            self._lines,
            self._entries,
            self._is_closed,
            () if is_torn else faults,
            faults if is_torn else (),
        )
