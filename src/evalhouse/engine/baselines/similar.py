"""Which text is most like another."""

from __future__ import annotations

import numpy as np

from evalhouse.engine.baselines.folds import Integers
from evalhouse.engine.baselines.sparse import Floats, SparseRows

_COMMON = 8  # terms of more than an eighth of the rows are multiplied as full columns
_BLOCK = 256
_DIGITS = 12  # beyond them products of equal rows may differ


def nearest(asked: SparseRows, known: SparseRows) -> Integers:
    """Return for each of the rows `asked` which of `known` has the largest product with it.

    Of rows of length 1 that is the cosine. Of products alike the first counts; -1 stands where no
    row has anything in common with the one that is asked. `known` has one row or more.
    """
    found = np.full(len(asked), -1, np.int64)
    common = np.flatnonzero(known.turned.sizes * _COMMON > len(known))
    (full, rest), (full_known, rest_known) = asked.parted(common), known.parted(common)
    for first in range(0, len(asked), _BLOCK):
        products = full[first : first + _BLOCK] @ full_known.T
        for row in range(len(products)):
            products[row] += _products(rest, first + row, rest_known)
        products = np.round(products, _DIGITS)
        best = products.argmax(axis=1)
        found[first : first + _BLOCK] = np.where(products.max(axis=1) > 0.0, best, -1)
    return found


def _products(asked: SparseRows, row: int, known: SparseRows) -> Floats:
    part = slice(asked.starts[row], asked.starts[row + 1])
    shared = known.turned.taken(asked.places[part])
    weights = shared.values * np.repeat(asked.values[part], shared.sizes)
    return np.bincount(shared.places, weights, minlength=len(known)).astype(np.float64, copy=False)
