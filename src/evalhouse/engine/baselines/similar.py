"""Which text is most like another."""

from __future__ import annotations

import numpy as np

from evalhouse.engine.baselines.folds import Integers
from evalhouse.engine.baselines.sparse import SparseRows


def nearest(asked: SparseRows, known: SparseRows) -> Integers:
    """Return for each of the rows `asked` which one of `known` has the largest product with it.

    Of rows of length 1 that is the cosine. Of rows alike the first counts; -1 stands where none
    has anything in common with the row that is asked.
    """
    found = np.full(len(asked), -1, np.int64)
    if not len(known):
        return found
    for row in np.flatnonzero(asked.sizes):
        part = slice(asked.starts[row], asked.starts[row + 1])
        shared = known.turned.taken(asked.places[part])
        products = shared.values * np.repeat(asked.values[part], shared.sizes)
        cosines = np.bincount(shared.places, products, minlength=len(known))
        best = int(np.argmax(cosines))
        found[row] = best if cosines[best] > 0.0 else -1
    return found
