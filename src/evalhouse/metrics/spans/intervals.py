"""Intervals of whole numbers, many groups of them at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

_LARGEST = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Intervals:
    """Intervals `starts` to `ends` (s,), ends exclusive, each in one of the groups `keys` (s,)."""

    keys: Integers
    starts: Integers
    ends: Integers

    @property
    def lengths(self) -> Integers:
        """How much each covers (s,)."""
        return self.ends - self.starts

    @property
    def parts(self) -> tuple[Integers, Integers, Integers]:
        """Groups, starts and ends."""
        return self.keys, self.starts, self.ends

    def where(self, chosen: NDArray[np.bool_] | Integers) -> Intervals:
        """Return some of them, or all in another order."""
        return Intervals(self.keys[chosen], self.starts[chosen], self.ends[chosen])

    def ordered(self) -> Intervals:
        """Return them by group, start and end."""
        if not len(self.keys):
            return self
        low = int(self.starts.min())
        step = int(max(self.starts.max(), self.ends.max())) - low + 1
        if int(self.keys.max()) >= _LARGEST // max(step, 1) ** 2 or self.ends.min() < low:
            order = np.lexsort((self.ends, self.starts, self.keys))
        else:
            place = (self.keys * step + self.starts - low) * step + self.ends - low
            # Units come in order, and a stable sort gains by what is in order already.
            order = np.argsort(place, kind="stable")
        return self.where(order)

    def distinct(self) -> Intervals:
        """Return them by group, start and end, equal ones once."""
        found = self.ordered()
        new = np.ones(len(found.keys), bool)
        for values in found.parts:
            new[1:] &= values[1:] == values[:-1]
        new[1:] = ~new[1:]
        return found.where(new)

    def union(self) -> Intervals:
        """Join those of a group that overlap or touch; what is empty goes."""
        ordered = self.where(self.lengths > 0).ordered()
        if not len(ordered.keys):
            return ordered
        ranks = _ranks(ordered.keys)
        step = int(ordered.ends.max() - ordered.starts.min()) + 1
        shifted = ordered.starts + ranks * step, ordered.ends + ranks * step
        reach = np.maximum.accumulate(shifted[1])
        opens = np.ones(len(reach), bool)
        opens[1:] = (shifted[0][1:] > reach[:-1]) | (np.diff(ranks) > 0)
        first = np.flatnonzero(opens)
        last = np.append(first[1:], len(reach)) - 1
        ends = reach[last] - ranks[last] * step
        return Intervals(ordered.keys[first], ordered.starts[first], ends)


def overlaps(first: Intervals, second: Intervals) -> tuple[Integers, Integers, Integers]:
    """Find every pair that overlaps within a group: both positions, and by how much.

    `second` is in order, as `distinct` and `union` leave it.
    """
    none = np.empty(0, np.int64)
    if not len(first.keys) or not len(second.keys):
        return none, none, none
    low = min(int(first.starts.min()), int(second.starts.min()))
    # Starts count, too: where one lies behind its end, it must not reach into the next group.
    step = max(int(ends.max()) for ends in (*_ends(first), *_ends(second))) - low + 1
    places = _places(first.keys, second.keys, step)
    one, other = places[: len(first.keys)] * step - low, places[len(first.keys) :] * step - low
    # Before `begin` all end too early, and from `stop` on all start too late.
    reach = np.maximum.accumulate(second.ends + other)
    begin = np.searchsorted(reach, first.starts + one, side="right")
    stop = np.searchsorted(second.starts + other, first.ends + one, side="left")
    counts = np.maximum(stop - begin, 0)
    left = np.repeat(np.arange(len(counts)), counts)
    right = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - begin, counts)
    shared = np.minimum(first.ends[left], second.ends[right]) - np.maximum(
        first.starts[left], second.starts[right]
    )
    found = shared > 0
    return left[found], right[found], shared[found]


def _ends(intervals: Intervals) -> tuple[Integers, Integers]:
    return intervals.starts, intervals.ends


def _places(first: Integers, second: Integers, step: int) -> Integers:
    """Number the groups of two sides so low that `step` times a number can be held."""
    keys = np.concatenate([first, second])
    if int(keys.max()) < _LARGEST // step:
        return keys
    return np.unique(keys, return_inverse=True)[1]


def _ranks(ordered: Integers) -> Integers:
    """Number the groups of keys that are in order."""
    ranks = np.zeros(len(ordered), np.int64)
    ranks[1:] = np.cumsum(np.diff(ordered) > 0)
    return ranks
