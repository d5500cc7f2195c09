"""Inverses of tables of squares and products, whatever the units of the columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SINGULAR = 1e12


def inverse(squares: Floats) -> Floats | None:
    """Invert a table of squares (d, d), or give None if a column follows from the others.

    Columns are brought to one size first: those of very different units are no reason to call a
    table singular.
    """
    scale = _scale(squares)
    scaled = squares / np.outer(scale, scale)
    if not np.isfinite(scaled).all() or np.linalg.cond(scaled) > _SINGULAR:
        return None
    found: Floats = np.linalg.inv(scaled) / np.outer(scale, scale)
    return found


def pseudo_inverse(squares: Floats) -> Floats:
    """Invert a table of squares (d, d) on what its columns determine."""
    scale = _scale(squares)
    outer = np.outer(scale, scale)
    found: Floats = np.linalg.pinv(squares / outer, hermitian=True) / outer
    return found


def _scale(squares: Floats) -> Floats:
    sizes: Floats = np.sqrt(np.diag(squares))
    # A column of zeros stays one, and makes the table singular.
    return np.where(sizes > 0, sizes, 1.0)
