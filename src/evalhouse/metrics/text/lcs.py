"""The longest common subsequence of two strings of codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


def lcs_lengths(first: Sequence[str], second: Sequence[str]) -> NDArray[np.int64]:
    """Return how long the longest common subsequence of each pair is (n,)."""
    from rapidfuzz.distance import LCSseq  # noqa: PLC0415 - loaded where it is needed
    from rapidfuzz.process import cpdist  # noqa: PLC0415 - same

    found = cpdist(first, second, scorer=LCSseq.similarity, dtype=np.int64, workers=1)
    return np.asarray(found, np.int64)


def union_lcs(references: Sequence[str], answers: Sequence[str]) -> int:
    """Count the tokens of reference sentences that lie in a subsequence shared with an answer's.

    For each reference sentence these are the positions in its longest common subsequence with any
    sentence of the answer; a token counts at most as often as it is in either text.
    """
    left = Counter("".join(references)) & Counter("".join(answers))
    hits = 0
    for reference in references:
        for place in sorted(set[int]().union(*(_places(reference, text) for text in answers))):
            token = reference[place]
            if left[token]:
                hits += 1
                left[token] -= 1
    return hits


def _places(reference: str, answer: str) -> Iterable[int]:
    """Return the places in the reference of one longest common subsequence.

    Among several it is the one that rouge-score walks: from the ends, a match is taken at once;
    else a token of the reference is dropped where that loses nothing, and one of the answer where
    it would.
    """
    columns = _columns(reference, answer)
    row, column = len(reference), len(answer)
    while row and column:
        if reference[row - 1] == answer[column - 1]:
            row, column = row - 1, column - 1
            yield row
        elif columns[column - 1] >> (row - 1) & 1:
            row -= 1
        else:
            column -= 1


def _columns(reference: str, answer: str) -> list[int]:
    # Column j of the table of lengths as bits: bit i is 0 where row i + 1 is one longer than row i
    # (Hyyrö 2004, Bit-parallel LCS-length computation revisited).
    full = (1 << len(reference)) - 1
    places: dict[str, int] = {}
    for place, token in enumerate(reference):
        places[token] = places.get(token, 0) | 1 << place
    state, columns = full, []
    for token in answer:
        matched = state & places.get(token, 0)
        state = ((state + matched) | (state - matched)) & full
        columns.append(state)
    return columns
