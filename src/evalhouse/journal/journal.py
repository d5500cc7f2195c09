"""The journal: what is done is on the disk, once, and stays known after any crash."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from evalhouse.errors import (
    JournalError,
    OtherConfigurationError,
    RepeatedKeyError,
    UnwritableJournalError,
)
from evalhouse.journal.configuration import Configuration, canonical, differences
from evalhouse.journal.entry import Entry, decode, encode, encode_key
from evalhouse.journal.groups import Committer, Group, Pace
from evalhouse.journal.header import Header, new_header
from evalhouse.journal.line_file import LineFile, begin
from evalhouse.journal.lock import Holder, Lock
from evalhouse.journal.places import digest_of
from evalhouse.journal.scan import Reading, Torn, index, open_to_read, reason_of
from evalhouse.journal.verify import Closing
from evalhouse.redact import Redactor

_Item = tuple[bytes, bytes, bytes]  # the hash of a key, the key as written, what follows it
_AT_ONCE = 10_000  # keys whose state is looked up together


class Journal:
    """A file of JSON lines, one for each finished piece of work, open for more.

    An entry is done when `append` says so: then it is on the disk, once. Whatever kills the
    process, the next `Journal` on the file has all that was said to be done. Methods may be
    called from any thread; `append` belongs into a running event loop and does not block it.

    Attributes:
        header: What the journal says about itself, such as the version that began it.
        torn: What a crash had left at the end; it was cut off and is kept in `<name>.torn`.
        taken_over: The process that had held the journal and died.
        redactions: How many secrets were replaced since it was opened.
    """

    def __init__(
        self,
        path: Path | str,
        configuration: Mapping[str, Any],
        *,
        redactor: Redactor,
        pace: Pace | None = None,
    ) -> None:
        """Open a journal, or begin it.

        Args:
            path: The file; it is made with its folder where there is none.
            configuration: All that the recorded work depends on; it must be the one with which
                the journal was begun, but for secrets in it.
            redactor: Replaces secrets before anything is written.
            pace: When a group of entries goes to the disk.

        Raises:
            HeldJournalError: Another process has it open.
            OtherConfigurationError: It was begun with another configuration.
            DamagedJournalError: A line that had been on the disk is not as it was written.
            UnwritableJournalError: The place cannot be written.
        """
        self.path = Path(path)
        self._redactor = redactor
        self.redactions = 0
        self._lock = threading.Lock()
        self._in_flight: dict[bytes, Group[_Item]] = {}
        self._is_released = False
        try:
            with ExitStack() as stack:
                self._open(canonical(configuration, redactor), stack)
                self._stack = stack.pop_all()
        except OSError as failure:
            raise UnwritableJournalError(str(path), reason_of(failure), 0) from failure
        self._committer = Committer(self._commit, pace or Pace())

    def _open(self, wanted: Configuration, stack: ExitStack) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = Lock(self.path)
        stack.callback(lock.release)
        if not self.path.exists():
            begin(self.path, new_header(wanted))
        with self.path.open("rb") as file:
            reading = Reading(file, str(self.path))
            if reading.header.sha256 != wanted.sha256:
                raise OtherConfigurationError(
                    str(self.path),
                    differences(reading.header.configuration, json.loads(wanted.json)),
                )
            self._places = index(reading)
        self._file = LineFile(self.path, reading)
        stack.callback(self._file.release)
        if reading.torn:
            self._file.cut(reading.torn)
        self.header: Header = reading.header
        self.torn: Torn | None = reading.torn
        self.taken_over: Holder | None = lock.taken_over
        self._was_closed, self._lines_before = reading.is_closed, reading.lines

    def append(self, entry: Entry, *, ignore_repeated: bool = False) -> asyncio.Future[bool]:
        """Record a piece of work; the future is done when it is on the disk.

        Its result says whether the entry is new; False, with `ignore_repeated`, where the key
        was there before. Whoever goes on without awaiting it learns of no failure.

        Raises:
            RepeatedKeyError: The key is there; not with `ignore_repeated`.
            UnwritableJournalError: An earlier entry could not be written, or this one (from the
                future).
        """
        group, is_new = self._add(entry, ignore_repeated=ignore_repeated, is_urgent=False)
        if group:
            if len(group.items) == 1:
                self._committer.watch(group)
            return group.promise(answer=is_new)
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        done.set_result(False)
        return done

    def append_now(self, entry: Entry, *, ignore_repeated: bool = False) -> bool:
        """Record a piece of work and block until it is on the disk; else like `append`."""
        group, is_new = self._add(entry, ignore_repeated=ignore_repeated, is_urgent=True)
        if group:
            group.wait()
        return is_new

    def _add(
        self, entry: Entry, *, ignore_repeated: bool, is_urgent: bool
    ) -> tuple[Group[_Item] | None, bool]:
        """Return the group to wait for, if any, and whether the entry is new."""
        key, fields, redactions = encode(entry, self._redactor)
        digest = digest_of(key)
        with self._lock:
            group = self._in_flight.get(digest)
            if group or self._places.find(digest):
                if ignore_repeated:
                    return group, False
                raise RepeatedKeyError(str(self.path), entry.key)
            if self._is_released:
                raise JournalError(f"the journal `{self.path}` was closed; open it anew")
            group = self._committer.add((digest, key, fields), is_urgent=is_urgent)
            self._in_flight[digest] = group
            self.redactions += redactions
            return group, True

    def _commit(self, items: list[_Item]) -> None:
        """Put a group on the disk; the thread of the committer calls it."""
        try:
            starts = self._file.append([(key, fields) for _, key, fields in items])
            with self._lock:
                for (digest, _, _), start in zip(items, starts, strict=True):
                    self._places.add(digest, start)
        finally:
            with self._lock:
                for digest, _, _ in items:
                    del self._in_flight[digest]

    def __len__(self) -> int:
        """Return how many entries are on the disk."""
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        """Tell whether an entry of that key is on the disk."""
        with self._lock:
            return bool(self._places.find(digest_of(encode_key(key))))

    def get(self, key: str) -> Entry | None:
        """Return the entry of a key; None where it is not on the disk.

        Raises:
            DamagedJournalError: Its line was altered since the journal was opened.
        """
        with self._lock:
            starts = self._places.find(digest_of(encode_key(key)))
        return decode(self._file.line_at(starts[0])) if starts else None

    def entries(self) -> Iterator[Entry]:
        """Yield what is on the disk, in the order in which it was recorded."""
        end = self._file.end
        with open_to_read(self.path) as file:
            for offset, _, line in Reading(file, str(self.path)):
                if offset >= end:
                    return
                yield decode(line)

    def pending(self, keys: Iterable[str]) -> Iterator[str]:
        """Yield those keys that are neither on the disk nor on their way there."""
        remaining = iter(keys)
        while some := list(itertools.islice(remaining, _AT_ONCE)):
            digests = [digest_of(encode_key(key)) for key in some]
            with self._lock:
                known = self._places.holds(digests)
                is_left = [
                    not is_there and digest not in self._in_flight
                    for digest, is_there in zip(digests, known, strict=True)
                ]
            yield from itertools.compress(some, is_left)

    def flush(self) -> None:
        """Block until all that was appended is on the disk."""
        self._committer.flush()

    def close(self) -> None:
        """Put what is left on the disk, say in a last line what the file holds, and let go of it.

        That line is left out where it is there already; another `Journal` may append after it.

        Raises:
            UnwritableJournalError: The line, or an entry before it, could not be written.
        """
        if self._is_released:
            return
        try:
            self._committer.flush()
            self._committer.close()
            if not (self._was_closed and self._file.lines == self._lines_before):
                self._file.close_with(self._closing())
        finally:
            self._release()

    def _closing(self) -> bytes:
        with self.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return msgspec.json.encode(
            Closing(self._file.lines, len(self._places), sha256, time.time())
        )

    def _release(self) -> None:
        with self._lock:
            self._is_released = True
        self._committer.close()
        self._stack.close()

    def __enter__(self) -> Self:
        """Return the journal, to be closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it; after a failure without the line that says it is complete."""
        if failure is None:
            self.close()
        elif not self._is_released:
            self._release()
