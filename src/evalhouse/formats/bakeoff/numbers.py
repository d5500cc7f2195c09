"""Numbers as JSON of others spells them: of any size, not finite, or none at all."""

from __future__ import annotations

import math
from typing import Any

LARGEST = 2**63 - 1
"""The largest whole number that a database holds."""


def number(value: Any) -> float | None:
    """Return a finite number; None for anything else, texts and truth values included.

    Example:
        >>> number(2), number(float("nan")), number(10**400), number("2"), number(True)
        (2.0, None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def count_of(value: Any) -> int | None:
    """Return a whole number from 0 on that a database holds; None for anything else.

    Example:
        >>> count_of(3), count_of(2.0), count_of(1.5), count_of(-1), count_of(2**63)
        (3, 2, None, None, None)
    """
    found = number(value)
    is_count = found is not None and found.is_integer() and 0 <= value <= LARGEST
    return int(value) if is_count else None


def whole(value: Any) -> int | None:
    """Return a whole number from 0 on, of any size; None for anything else.

    Example:
        >>> whole(2.0), whole(10**30) == 10**30, whole(1.5), whole(-1), whole(True)
        (2, True, None, None, None)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    found = number(value)
    return int(found) if found is not None and found >= 0 and found.is_integer() else None


def is_close(one: Any, other: Any, tolerance: float) -> bool:
    """Tell whether two values are numbers that differ no more than a share of the larger one."""
    first, second = number(one), number(other)
    if first is None or second is None:
        return False
    return math.isclose(first, second, rel_tol=tolerance, abs_tol=tolerance)
