"""How many n-grams an answer shares with its references, for many answers at once.

The n-grams of a block of units become integers that also tell the unit and the side. Sorting them
brings equal ones together, so that counting is a matter of where the runs begin: exact, without a
dictionary, and without a step of Python for each n-gram.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

_BLOCK = 1 << 16  # tokens whose arrays stay in the processor's cache
_LARGEST = 2**63 - 1

Integers = NDArray[np.int64]


def overlaps(texts: Sequence[str], sizes: Sequence[int], orders: int) -> NDArray[np.float64]:
    """Count the n-grams of each unit's answer that its references hold too, order by order.

    Args:
        texts: (f,) strings with a code point for each token, unit after unit, the answer of a unit
            first and then its references.
        sizes: (u,) how many texts each unit has: 1 and its references.
        orders: n-grams of 1 to so many tokens.

    Returns:
        (u, orders) counts; an n-gram counts as often as it is in the answer, and at most as often
        as in that reference that has most of it.
    """
    lengths = lengths_of(texts)
    ends = np.cumsum(sizes, dtype=np.int64)
    found = np.zeros((len(sizes), orders))
    for first, last in _blocks(lengths, ends):
        start = int(ends[first - 1]) if first else 0
        block = slice(start, int(ends[last - 1]))
        if lengths[block].any():
            codes = np.frombuffer(
                "".join(texts[block]).encode("utf-32-le", "surrogatepass"), np.uint32
            )
            units = _Units(lengths[block], np.asarray(sizes[first:last]))
            found[first:last] = _counted(codes, units, orders)
    return found


def totals(lengths: NDArray[np.int64], orders: int) -> NDArray[np.float64]:
    """Count all n-grams of texts with so many tokens (f,), order by order (f, orders)."""
    counts = np.maximum(lengths[:, None] - np.arange(orders), 0)
    return np.asarray(counts, np.float64)


def lengths_of(texts: Sequence[str]) -> NDArray[np.int64]:
    """Count the tokens of each text (f,)."""
    return np.fromiter(map(len, texts), np.int64, len(texts))


def _blocks(lengths: Integers, ends: Integers) -> Iterator[tuple[int, int]]:
    tokens = np.concatenate([[0], np.cumsum(lengths)])[ends]
    first, done = 0, 0
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(tokens, done + _BLOCK, side="right")))
        yield first, last
        first, done = last, int(tokens[last - 1])


class _Units:
    """To which unit and side each token of a block belongs, and how many follow in its text."""

    def __init__(self, lengths: Integers, sizes: Integers) -> None:
        self.count = len(sizes)
        self.bits = int(sizes.max() - 1).bit_length()
        starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
        self.unit = np.repeat(np.repeat(np.arange(len(sizes)), sizes), lengths)
        self.side = np.repeat(np.arange(len(lengths)) - starts, lengths)
        total = int(lengths.sum())
        self.left = np.repeat(np.cumsum(lengths), lengths) - np.arange(total)


def _counted(codes: NDArray[np.uint32], units: _Units, orders: int) -> NDArray[np.float64]:
    found = np.zeros((units.count, orders))
    tokens, distinct = _ranked(codes)
    grams, size = tokens, distinct
    for order in range(orders):
        if order:
            if (size * distinct * units.count) << units.bits > _LARGEST:
                names, grams = np.unique(grams, return_inverse=True)
                size = len(names)
            grams = grams[:-1] * distinct + tokens[order:]
            size *= distinct
        whole = units.left[: len(grams)] > order  # the others run over the end of their text
        keys = units.unit[: len(grams)] * size + grams
        keys = ((keys << units.bits) | units.side[: len(grams)])[whole]
        if len(keys):
            found[:, order] = _shared(keys, units, size)
    return found


def _ranked(codes: NDArray[np.uint32]) -> tuple[Integers, int]:
    used = np.zeros(int(codes.max()) + 1, bool)
    used[codes] = True
    ranks = np.cumsum(used) - 1
    return ranks[codes], int(ranks[-1]) + 1


def _shared(keys: Integers, units: _Units, size: int) -> NDArray[np.float64]:
    keys.sort()
    runs = _changes(keys)
    counts = np.diff(runs, append=len(keys))
    names = keys[runs] >> units.bits
    if units.bits == 1:
        # An n-gram on both sides has two runs, one behind the other.
        both = np.flatnonzero(names[1:] == names[:-1])
        names, shared = names[both], np.minimum(counts[both], counts[both + 1])
    else:
        is_answer = keys[runs] & ((1 << units.bits) - 1) == 0
        groups = _changes(names)
        answers = np.where(is_answer, counts, 0)[groups]  # side 0 is the first of its group
        references = np.maximum.reduceat(np.where(is_answer, 0, counts), groups)
        names, shared = names[groups], np.minimum(answers, references)
    found = np.bincount(names // size, weights=shared, minlength=units.count)
    return found.astype(np.float64)


def _changes(values: Integers) -> Integers:
    return np.concatenate([[0], np.flatnonzero(values[1:] != values[:-1]) + 1])
