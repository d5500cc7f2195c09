"""All segments of a cache, and where each reply stands in them."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evalhouse.journal.places import DIGEST, Places
from evalhouse.journal.segment import SUFFIX, DamagedEntryError, Place, Segment, Writer

_OFFSET_BITS = 40  # of a place; the rest is the number of its segment


@dataclass(frozen=True)
class CacheLimits:
    """How a cache behaves.

    Attributes:
        segment_bytes: The size at which a new file is begun: what is pruned is whole files.
        max_bytes: The size beyond which the oldest files are removed when one is begun.
        refresh_seconds: How long what another process keeps may go unseen.
    """

    segment_bytes: int = 32 << 20
    max_bytes: int | None = None
    refresh_seconds: float = 1.0


@dataclass(frozen=True)
class Damage:
    """Bytes of a cache that are not as they were written; the reply there counts as missing."""

    path: str
    offset: int
    what: str


@dataclass(frozen=True)
class Pruned:
    """What was removed from a cache."""

    segments: int = 0
    bytes: int = 0


class Shelf:
    """The files of a cache, of which this process writes one at most. Not for several threads.

    Attributes:
        damage: What was found not to be as it was written.
    """

    def __init__(self, folder: Path, limits: CacheLimits) -> None:
        self.damage: list[Damage] = []
        self._folder = folder
        self._limits = limits
        self._places = Places()
        self._segments: list[Segment | None] = []  # by their numbers; None for what was removed
        self._numbers: dict[str, int] = {}
        self._damaged: set[int] = set()
        self._writer: Writer | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._refresh()

    def __len__(self) -> int:
        """Return how many entries are known."""
        return len(self._places)

    def find(self, key: bytes) -> bytes | None:
        """Return the reply under a key; None where there is none."""
        found = self._find(key)
        if found is None and time.monotonic() - self._refreshed > self._limits.refresh_seconds:
            self._refresh()
            found = self._find(key)
        return found

    def add(self, key: bytes, reply: bytes) -> None:
        """Keep a reply; OSError where there is no room."""
        if self._writer and not self._writer.is_there():
            self.let_go()
        self._writer = self._writer or self._next_writer()
        segment = self._writer.segment
        self._enter(segment, [Place(key, self._writer.append(key, reply))])
        if segment.end >= self._limits.segment_bytes:
            self.let_go()
            if self._limits.max_bytes is not None:
                self.prune(None, self._limits.max_bytes)

    def let_go(self) -> None:
        """Let another process go on with the file that was written."""
        if self._writer:
            self._writer.close()
            self._writer = None

    def prune(self, max_age: float | None, max_bytes: int | None) -> Pruned:
        """Remove files that are too old, then the oldest while all take too much."""
        self.let_go()
        self._refresh()
        held = [(*_size(segment), segment) for segment in self._segments if segment]
        left, removed = sum(size for _, size, _ in held), Pruned()
        for written_at, size, segment in sorted(held, key=lambda item: item[0]):
            is_old = max_age is not None and time.time() - written_at > max_age
            is_too_much = max_bytes is not None and left > max_bytes
            if (is_old or is_too_much) and self._remove(segment):
                left -= size
                removed = Pruned(removed.segments + 1, removed.bytes + size)
        return removed

    def _find(self, key: bytes) -> bytes | None:
        for place in self._places.find(key[:DIGEST]):
            number, offset = place >> _OFFSET_BITS, place & ((1 << _OFFSET_BITS) - 1)
            segment = self._segments[number]
            if segment is None or place in self._damaged:
                continue
            try:
                return segment.read(offset, key)
            except FileNotFoundError:
                self._segments[number] = None
            except DamagedEntryError as failure:
                self._damaged.add(place)
                self.damage.append(Damage(str(segment.path), offset, str(failure)))
        return None

    def _refresh(self) -> None:
        """Learn of what other processes kept."""
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if path.name not in self._numbers:
                self._take(Segment(path))
        for segment in self._segments:
            if segment:
                self._advance(segment)
        self._refreshed = time.monotonic()

    def _take(self, segment: Segment) -> None:
        self._numbers[segment.path.name] = len(self._segments)
        self._segments.append(segment)

    def _advance(self, segment: Segment) -> None:
        known = len(segment.damaged)
        self._enter(segment, segment.advance())
        for offset in segment.damaged[known:]:
            self.damage.append(Damage(str(segment.path), offset, "no entry begins there"))

    def _enter(self, segment: Segment, places: list[Place]) -> None:
        start = self._numbers[segment.path.name] << _OFFSET_BITS
        for place in places:
            self._places.add(place.key[:DIGEST], start + place.offset)

    def _next_writer(self) -> Writer:
        """Go on with a file that nobody writes and that is whole, or begin one."""
        self._refresh()
        for segment in filter(None, reversed(self._segments)):
            if segment.end < self._limits.segment_bytes and (writer := Writer.adopt(segment)):
                self._advance(segment)
                if writer.is_whole():
                    return writer
                writer.close()
        while not (writer := Writer.create(self._folder)):
            continue
        self._take(writer.segment)
        return writer

    def _remove(self, segment: Segment) -> bool:
        """Remove a file, unless another process writes it."""
        writer = Writer.adopt(segment)
        if not writer:
            return False
        segment.path.unlink(missing_ok=True)
        writer.close()
        self._segments[self._numbers[segment.path.name]] = None
        return True


def _size(segment: Segment) -> tuple[float, int]:
    """Return when a file was last written and its bytes; zeros where it is gone."""
    with suppress(FileNotFoundError):
        found = segment.path.stat()
        return found.st_mtime, found.st_size
    return 0.0, 0
