"""Rows in parts, each predicted by what was learned from the others."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UsageError
from evalhouse.ids import sha256_hex

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fold:
    """Places of rows: those that teach, and those that are predicted. None is in both."""

    train: Integers
    test: Integers


def divided(texts: Sequence[str], *, seed: int = 0, count: int = 5) -> list[Fold]:
    """Divide rows into folds by their texts alone; answers have no say in it.

    Rows whose texts are the same but for case and spacing are in one fold, so that no repeated
    text is predicted from itself. The distinct texts are put in the order of a hash of seed and
    text and dealt out in turn: folds are the same on every machine, whatever the order of rows,
    and differ by one distinct text at most. Of fewer texts than folds, each is a fold of its own.
    A single text has nothing to learn from: its rows are one fold with an empty `train`.

    Raises:
        UsageError: for fewer than two folds.

    Example:
        >>> [fold.test.tolist() for fold in divided(["a", "b", "A ", "c"], count=2)]
        [[0, 2, 3], [1]]
    """
    if count < 2:
        raise UsageError(
            f"`folds` is {count}, and a row is predicted from the other folds; give 2 or more"
        )
    keys = [_key(text) for text in texts]
    drawn = sorted(set(keys), key=lambda key: sha256_hex(f"{seed}\x1f{key}"))
    turn = {key: place % count for place, key in enumerate(drawn)}
    numbers = np.array([turn[key] for key in keys], np.int64)
    return [
        Fold(np.flatnonzero(numbers != number), np.flatnonzero(numbers == number))
        for number in range(min(count, len(drawn)))
    ]


def _key(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
