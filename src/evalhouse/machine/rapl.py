"""The energy counters of the processor (RAPL), as Linux shows them for Intel and AMD."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

POWERCAP = Path("/sys/class/powercap")
Part = Literal["package", "dram", "psys"]
"""A processor with all on its chip; its memory; the whole board, which holds both."""

_PARTS: dict[str, Part] = {"package": "package", "dram": "dram", "psys": "psys"}
_MICROJOULES = 3.6e12  # in a kilowatt-hour
_JOULE = 1e6  # in microjoules: how far two looks at one counter may lie apart


@dataclass
class _Counter:
    """One counter: where it stands, where it begins anew, and what it added, in microjoules."""

    file: Path
    part: Part
    first: int
    last: int
    highest: int
    at: float
    total: int = 0
    is_whole: bool = True


@dataclass
class RaplMeter:
    """Meters the processors from its making to its last `sample`.

    A counter begins anew after some 65 to 262 kJ, so it must be looked at every few minutes. What
    cannot be read is left out, and `notes` says so.
    """

    highest_watts: float
    root: Path = POWERCAP
    clock: Callable[[], float] = time.monotonic
    notes: list[str] = field(default_factory=list)
    _counters: list[_Counter] = field(init=False)
    _unread: set[Part] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Find the counters and take the first look."""
        # `intel-rapl-mmio` shows the same counters a second time.
        folders = sorted(self.root.glob("intel-rapl:*"))
        found = [self._counter(folder) for folder in folders]
        self._counters = [counter for counter in found if counter]

    def sample(self) -> None:
        """Add what was used since the last look."""
        now = self.clock()
        for counter in self._counters:
            value = self._read(counter.file)
            if value is None:
                counter.is_whole = False
            else:
                self._add(counter, value, now)

    def kwh(self, part: Part) -> float | None:
        """Return the energy of all counters of a kind; None where there is none, or one failed."""
        counters = self._distinct(part)
        is_whole = part not in self._unread and all(counter.is_whole for counter in counters)
        if not counters or not is_whole:
            return None
        return sum(counter.total for counter in counters) / _MICROJOULES

    def _counter(self, folder: Path) -> _Counter | None:
        try:
            name = (folder / "name").read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
        part = _PARTS.get(name.partition("-")[0])
        if part is None:
            return None
        value = self._read(folder / "energy_uj")
        if value is None:
            self._unread.add(part)
            return None
        highest = self._read(folder / "max_energy_range_uj") or 0
        return _Counter(folder / "energy_uj", part, value, value, highest, self.clock())

    def _add(self, counter: _Counter, value: int, now: float) -> None:
        added = value - counter.last
        if added < 0:
            added += counter.highest
            limit = self.highest_watts * (now - counter.at) * _JOULE
            if not counter.highest or added > limit:
                counter.is_whole = False
                self._note("an energy counter of the processor began anew, so it tells no sum")
                added = 0
        counter.total += added
        counter.last, counter.at = value, now

    def _read(self, file: Path) -> int | None:
        try:
            return int(file.read_text("ascii"))
        except PermissionError:
            self._note(
                "the energy counters of the processor (RAPL) are there and may not be read; give "
                f"this user read access to `{self.root}/intel-rapl:*/energy_uj`"
            )
        except (OSError, ValueError) as failure:
            reason = getattr(failure, "strerror", None) or "it holds no number"
            self._note(f"`{file.parent.name}/{file.name}` of RAPL cannot be read: {reason}")
        return None

    def _distinct(self, part: Part) -> list[_Counter]:
        """Leave out counters that show another one again, as the dies of some processors do."""
        kept: list[_Counter] = []
        for counter in self._counters:
            if counter.part == part and not any(_is_same(counter, other) for other in kept):
                kept.append(counter)
        return kept

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _is_same(counter: _Counter, other: _Counter) -> bool:
    return abs(counter.first - other.first) <= _JOULE and abs(counter.total - other.total) <= _JOULE
