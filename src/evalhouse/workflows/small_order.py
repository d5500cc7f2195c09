"""Public keys under which anybody can sign: points of small order on the curve of Ed25519."""

from __future__ import annotations

_PRIME = 2**255 - 19
_D = -121665 * pow(121666, -1, _PRIME) % _PRIME  # of the curve -x² + y² = 1 + d x² y²


def is_of_small_order(key: bytes) -> bool:
    """Tell whether a public key of 32 bytes is a point whose order divides 8, however encoded.

    Such a point has `y` = 1 (order 1), -1 (order 2) or 0 (order 4), or its double has `y` = 0,
    which is `x² = -y²` and so `d y⁴ + 2 y² = 1` (order 8).

    Source: RFC 8032, section 5.1, for the curve and its encoding.

    Example:
        >>> is_of_small_order(bytes(32))
        True
    """
    y = int.from_bytes(key, "little") % 2**255 % _PRIME  # the highest bit is the sign of x
    square = y * y % _PRIME
    return y == 0 or square == 1 or (_D * square * square + 2 * square) % _PRIME == 1
