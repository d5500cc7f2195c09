"""How often each text has each word and each pair of neighbouring words, and their weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from evalhouse.engine.baselines.folds import Integers
from evalhouse.engine.baselines.sparse import SparseRows
from evalhouse.engine.baselines.words import words

MOST_TERMS = 50_000
"""Terms of fewer texts are left out, and as few of them as it takes, until no more are left."""

_PAIR = 32  # bits; a key holds two words


def read_terms(texts: Iterable[str], most: int = MOST_TERMS) -> SparseRows:
    """Return for each text `1 + ln(count)` of every term in it.

    Terms are words and pairs of words that follow one another. Where there are more than `most`,
    those remain that are in at least m texts, with the smallest m that leaves no more.
    """
    counted = list(_counted(texts))
    sizes = np.array([len(keys) for keys, _ in counted], np.int64)
    keys = np.concatenate([np.empty(0, np.int64), *(keys for keys, _ in counted)])
    counts = np.concatenate([np.empty(0, np.int64), *(counts for _, counts in counted)])
    del counted
    _, places, spread = np.unique(keys, return_inverse=True, return_counts=True)
    is_kept = spread >= _least(spread, most)
    stays = is_kept[places]
    rows = np.repeat(np.arange(len(sizes)), sizes)[stays]
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(sizes)))])
    renumbered = (np.cumsum(is_kept) - 1)[places[stays]]
    values = 1.0 + np.log(counts[stays])
    return SparseRows(values, renumbered.astype(np.int32), starts, int(is_kept.sum()))


def weighted(terms: SparseRows, train: Integers) -> SparseRows:
    """Return the TF-IDF weights of every text, as learned from the texts `train` alone.

    A term of `d` among the `n` texts that teach has the inverse document frequency
    `ln((1 + n) / (1 + d)) + 1`, and one that none of them has does not count. Each text is brought
    to length 1; one without any term is zero everywhere.
    """
    spread = np.bincount(terms.taken(train).places, minlength=terms.width)
    rarity = np.where(spread > 0, np.log((1.0 + len(train)) / (1.0 + spread)) + 1.0, 0.0)
    values = terms.values * rarity[terms.places]
    lengths = np.sqrt(np.bincount(terms.rows, values**2, minlength=len(terms)))
    lengths[lengths == 0.0] = 1.0
    return SparseRows(values / lengths[terms.rows], terms.places, terms.starts, terms.width)


def _counted(texts: Iterable[str]) -> Iterator[tuple[Integers, Integers]]:
    known: dict[str, int] = {}
    for text in texts:
        found = np.array([known.setdefault(word, len(known)) for word in words(text)], np.int64)
        pairs = (found[:-1] + 1) << _PAIR | found[1:]
        yield np.unique(np.concatenate([found, pairs]), return_counts=True)


def _least(spread: Integers, most: int) -> int:
    """Return in how many texts a term must be for no more than `most` to remain."""
    return 1 if len(spread) <= most else int(np.sort(spread)[-most - 1]) + 1
