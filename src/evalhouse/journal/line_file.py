"""A file that grows by whole lines, each on the disk before anyone is told."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from evalhouse.errors import DamagedJournalError, UnwritableJournalError
from evalhouse.journal.scan import Reading, Torn, reason_of
from evalhouse.journal.seal import closing_line, entry_line, is_sealed, number_of, seal

# Where there is a lighter wait that leaves out the time of the last change, it does.
_sync = getattr(os, "fdatasync", os.fsync)


class LineFile:
    """The open end of a journal.

    Attributes:
        lines: How many lines are on the disk.
        end: Where the last of them ends, in bytes.
    """

    def __init__(self, path: Path, reading: Reading) -> None:
        self._path = path
        self._seed = reading.header.seed
        self.lines, self.end = reading.lines, reading.end
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)

    def cut(self, torn: Torn) -> None:
        """Take what a crash left off the end, and keep it aside."""
        aside = self._path.with_name(f"{self._path.name}.torn")
        with aside.open("ab") as to:
            to.write(os.pread(self._file, torn.length, torn.offset) + b"\n")
            to.flush()
            os.fsync(to.fileno())
        os.ftruncate(self._file, torn.offset)
        os.fsync(self._file)
        sync_folder(self._path.parent)

    def append(self, entries: list[tuple[bytes, bytes]]) -> list[int]:
        """Write entries, each a key as written and its fields, and return where they begin."""
        lines = [
            seal(entry_line(number, key, fields, self.lines), self._seed)
            for number, (key, fields) in enumerate(entries, self.lines + 1)
        ]
        starts, start = [], self.end
        for line in lines:
            starts.append(start)
            start += len(line) + 1
        self._write(lines)
        return starts

    def close_with(self, closing: bytes) -> None:
        """Write the line that closes the journal."""
        self._write([seal(closing_line(self.lines + 1, closing, self.lines), self._seed)])

    def line_at(self, start: int) -> bytes:
        """Return the line that begins there."""
        line, size = b"", 1 << 14
        while b"\n" not in line and start + len(line) < self.end:
            line += os.pread(self._file, size, start + len(line))
            size *= 2
        line = line.partition(b"\n")[0]
        if not is_sealed(line, self._seed):
            what = "it was altered since the journal was opened"
            raise DamagedJournalError(str(self._path), number_of(line), start, what)
        return line

    def release(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, lines: list[bytes]) -> None:
        data = memoryview(b"\n".join([*lines, b""]))
        try:
            left = data
            while left:
                left = left[os.write(self._file, left) :]
            _sync(self._file)
        except OSError as failure:
            # What is half written would be cut off anyway when the journal is next opened.
            with suppress(OSError):
                os.ftruncate(self._file, self.end)
            raise UnwritableJournalError(
                str(self._path), reason_of(failure), self.lines
            ) from failure
        self.lines += len(lines)
        self.end += len(data)


def begin(path: Path, header: bytes) -> None:
    """Make a file of one line appear whole or not at all."""
    waiting = path.with_name(f"{path.name}.new")
    with waiting.open("wb") as file:
        file.write(header)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the disk know the names in a folder."""
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
