"""What a spectrum says: ranks in several senses, norms, errors of truncation.

All take singular values, falling and not negative. Of an update that is zero, ratios are not
defined: None, never 0.
"""

from __future__ import annotations

import math

import numpy as np

from evalhouse.lora.floats import Floats

_TIE = 1e-12  # relative: sums of the same squares in another order count as equal


def frobenius(values: Floats) -> float:
    """Return the Frobenius norm, √Σs²; in steps that neither vanish nor overflow."""
    return math.hypot(*map(float, values))


def stable_rank(values: Floats) -> float | None:
    """Return Σs² / s₁²: from 1, one direction carries all, to the rank, all carry as much.

    None of an update that is zero. Source: Rudelson and Vershynin (2007),
    https://doi.org/10.1145/1255443.1255449.

    Example:
        >>> round(stable_rank(np.array([2.0, 1.0, 1.0])), 6)
        1.5
    """
    if not values[0]:
        return None
    ratios = values / values[0]
    return float(ratios @ ratios)


def effective_rank(values: Floats) -> float | None:
    """Return exp(−Σ p ln p) with p = s / Σs: from 1 to the rank.

    None of an update that is zero. Source: Roy and Vetterli (2007), "The effective rank".

    Example:
        >>> round(effective_rank(np.array([1.0, 1.0, 0.0])), 6)
        2.0
    """
    if not values[0]:
        return None
    ratios = values[values > 0] / values[0]
    shares = ratios / ratios.sum()
    return float(np.exp(-(shares @ np.log(shares))))


def energy_rank(values: Floats, share: float) -> int | None:
    """Return the least number of directions with a share of the energy Σs²; None where all is zero.

    Example:
        >>> energy_rank(np.array([3.0, 1.0]), 0.9), energy_rank(np.array([3.0, 1.0]), 0.91)
        (1, 2)
    """
    if not values[0]:
        return None
    kept = np.cumsum((values / values[0]) ** 2)
    return int(np.searchsorted(kept, share * kept[-1] * (1 - _TIE))) + 1


def tails(values: Floats) -> Floats:
    """Return the Frobenius error of the best truncation to rank 0, 1, … and to all.

    It is √Σ s² of what is left out, and no matrix of that rank is nearer (Eckart and Young, 1936,
    https://doi.org/10.1007/BF02288367); the spectral error is the first value that is left out.

    Example:
        >>> tails(np.array([4.0, 3.0])).tolist()
        [5.0, 3.0, 0.0]
    """
    if not values[0]:
        return np.zeros(len(values) + 1)
    found = np.zeros(len(values) + 1)
    ratios = values[::-1] / values[0]
    found[:-1] = np.sqrt(np.cumsum(ratios**2))[::-1] * values[0]
    return found


def clear_rank(values: Floats, rounding: float) -> int:
    """Return how many values stand out of the rounding of stored numbers.

    `rounding` is the largest relative error of a stored number. What rounding both factors adds
    to a value is below twice that, relative to the largest value, unless directions cancel.
    """
    return int(np.count_nonzero(values > 4 * rounding * values[0]))


def knee(values: Floats) -> int | None:
    """Return where the curve of kept energy lies highest over its chord: the end of its rise.

    The rank itself where the curve is nowhere 0.1 above the chord: the spectrum is flat. None of an
    update that is zero.

    Example:
        >>> knee(np.array([1.0, 1.0, 0.02, 0.02])), knee(np.ones(4))
        (2, 4)
    """
    if not values[0]:
        return None
    kept = np.cumsum((values / values[0]) ** 2)
    above = kept / kept[-1] - np.arange(1, len(values) + 1) / len(values)
    return int(above.argmax()) + 1 if above.max() >= 0.1 else len(values)
