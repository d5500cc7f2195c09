"""Groups of runs that cannot be told apart, as letters beside a table."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.errors import UsageError

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def letters(is_different: ArrayLike) -> tuple[str, ...]:
    """Give letters to runs, so that two share a letter exactly when they cannot be told apart.

    Each letter is a group within which no two runs differ. Groups are grown one by one, in the
    order of the rows, from a pair that has no letter yet, which covers every such pair without
    listing all the groups there could be.

    Args:
        is_different: (R, R) symmetric, whether two runs can be told apart; the diagonal is not
            looked at. Rows are best in order of the runs' means, so that letters are too.

    Returns:
        A string of letters for each run, `a` for the group that holds the first.

    Raises:
        UsageError: unless the matrix is square and symmetric.

    Piepho (2004), doi:10.1198/1061860043515; Gramm et al. (2007), doi:10.1007/978-3-540-72845-0_6.

    Example:
        >>> letters([[0, 0, 1], [0, 0, 0], [1, 0, 0]])
        ('a', 'ab', 'b')
    """
    differs = np.asarray(is_different, bool)
    if differs.ndim != 2 or not np.array_equal(differs, differs.T):
        raise UsageError(f"which runs differ is a symmetric matrix; found shape {differs.shape}")
    groups = sorted(_groups(~differs))
    names = dict(zip(groups, map(_letter, range(len(groups))), strict=True))
    return tuple(
        "".join(names[group] for group in groups if run in group) for run in range(len(differs))
    )


def _groups(is_alike: NDArray[np.bool_]) -> set[tuple[int, ...]]:
    runs = range(len(is_alike))
    open_pairs = {pair for pair in itertools.combinations(runs, 2) if is_alike[pair]}
    found: list[tuple[int, ...]] = []
    for pair in sorted(open_pairs):
        if pair in open_pairs:
            group = _grown(pair, is_alike)
            open_pairs.difference_update(itertools.combinations(group, 2))
            found.append(group)
    covered = set(itertools.chain.from_iterable(found))
    return _needed(found) | {(run,) for run in runs if run not in covered}


def _grown(pair: tuple[int, int], is_alike: NDArray[np.bool_]) -> tuple[int, ...]:
    group, fits = list(pair), is_alike[pair[0]] & is_alike[pair[1]]
    for run in np.flatnonzero(fits):
        if run not in pair and fits[run]:
            group.append(int(run))
            fits = fits & is_alike[run]
    return tuple(sorted(group))


def _needed(groups: list[tuple[int, ...]]) -> set[tuple[int, ...]]:
    """Leave out groups whose every pair is in another that stays."""
    times: dict[tuple[int, int], int] = {}
    for group in groups:
        for pair in itertools.combinations(group, 2):
            times[pair] = times.get(pair, 0) + 1
    kept = set(groups)
    for group in groups:
        pairs = list(itertools.combinations(group, 2))
        if min(times[pair] for pair in pairs) > 1:
            kept.discard(group)
            times.update({pair: times[pair] - 1 for pair in pairs})
    return kept


def _letter(place: int) -> str:
    # After z come aa, ab and so on, set off so that `a` beside `aa` is not read as three a's.
    if place < len(_ALPHABET):
        return _ALPHABET[place]
    first, second = divmod(place - len(_ALPHABET), len(_ALPHABET))
    return f"({_ALPHABET[first % 26]}{_ALPHABET[second]})"
