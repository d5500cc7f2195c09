"""Where things stand in a file, by their hashes: 24 bytes of memory for each."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DIGEST = 16
"""Bytes of a hash: among 10**12 keys, two are taken for one with probability 10**-15."""

_RECENT = 1 << 16  # places that wait in a dictionary until they are sorted in


def digest_of(key: bytes) -> bytes:
    """Return the hash under which a key is found."""
    return hashlib.blake2b(key, digest_size=DIGEST).digest()


class Places:
    """A number for each hash: sorted arrays for most, a dictionary for the latest."""

    def __init__(self) -> None:
        self._firsts: NDArray[np.uint64] = np.empty(0, np.uint64)  # halves of the hashes
        self._seconds: NDArray[np.uint64] = np.empty(0, np.uint64)
        self._places: NDArray[np.int64] = np.empty(0, np.int64)
        self._recent: dict[bytes, int] = {}

    def __len__(self) -> int:
        """Return how many places are kept."""
        return len(self._places) + len(self._recent)

    def add(self, digest: bytes, place: int) -> None:
        """Keep a place; of two under one hash that come shortly after each other, the later."""
        self._recent[digest] = place
        if len(self._recent) >= _RECENT:
            self._sort_in()

    def extend(self, digests: bytes | bytearray, places: array[int]) -> None:
        """Keep many places at once; `digests` are their hashes one after the other."""
        if not places:
            return
        halves = _halves(digests)
        order = np.argsort(halves[:, 0], kind="stable")
        halves, added = halves[order], np.frombuffer(places, np.int64)[order]
        if not len(self._places):  # a long journal that is being opened: no second copy of all
            self._firsts, self._seconds, self._places = (
                halves[:, 0].copy(),
                halves[:, 1].copy(),
                added,
            )
            return
        at = self._firsts.searchsorted(halves[:, 0])
        self._firsts = np.insert(self._firsts, at, halves[:, 0])
        self._seconds = np.insert(self._seconds, at, halves[:, 1])
        self._places = np.insert(self._places, at, added)

    def find(self, digest: bytes) -> list[int]:
        """Return the places under a hash, the latest first; mostly none or one."""
        recent = self._recent.get(digest)
        found = [] if recent is None else [recent]
        return found + self._sorted(digest) if len(self._places) else found

    def holds(self, digests: Sequence[bytes]) -> list[bool]:
        """Tell of each hash whether there is a place under it."""
        if not len(self._places) or not digests:
            return [digest in self._recent for digest in digests]
        wanted = _halves(b"".join(digests))
        at = np.minimum(self._firsts.searchsorted(wanted[:, 0]), len(self._firsts) - 1)
        is_close = (self._firsts[at] == wanted[:, 0]).tolist()
        return [
            digest in self._recent or (close and bool(self._sorted(digest)))
            for digest, close in zip(digests, is_close, strict=True)
        ]

    def repeated(self) -> tuple[int, int] | None:
        """Return two places under one hash, in order, if there are such."""
        self._sort_in()
        for at in np.flatnonzero(self._firsts[1:] == self._firsts[:-1]).tolist():
            digest = np.array([self._firsts[at], self._seconds[at]], np.uint64).tobytes()
            found = self._sorted(digest)
            if len(found) > 1:
                return found[-1], found[-2]
        return None

    def _sorted(self, digest: bytes) -> list[int]:
        first, second = np.frombuffer(digest, np.uint64)
        at, found = int(self._firsts.searchsorted(first)), list[int]()
        while at < len(self._firsts) and self._firsts[at] == first:
            if self._seconds[at] == second:
                found.append(int(self._places[at]))
            at += 1
        return sorted(found, reverse=True)

    def _sort_in(self) -> None:
        self.extend(b"".join(self._recent), array("q", self._recent.values()))
        self._recent = {}


def _halves(digests: bytes | bytearray) -> NDArray[np.uint64]:
    return np.frombuffer(bytes(digests), np.uint64).reshape(-1, 2)
