"""Updates cut to a lower rank: no update of that rank is nearer (Eckart and Young, 1936)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalhouse.lora.factors import Factor, Update, triangle
from evalhouse.lora.floats import Floats


def truncated(update: Update, rank: int) -> tuple[Floats, Floats]:
    """Return two factors of a rank whose product, times the update's scale, is nearest to it.

    Both are as large as each other, so that neither loses digits when it is stored.
    """
    left, upper = np.linalg.qr(update.left.values())
    right, lower = np.linalg.qr(update.right.values())
    first, values, second = np.linalg.svd(upper @ lower.T)
    kept = min(rank, len(values))
    roots = np.sqrt(values[:kept])
    return (
        _wide(left @ (first[:, :kept] * roots), rank),
        _wide(right @ (second[:kept].T * roots), rank),
    )


def _wide(factor: Floats, rank: int) -> Floats:
    """Return a factor with columns of zeros where the update has fewer directions than `rank`."""
    return np.pad(factor, ((0, 0), (0, rank - factor.shape[1])))


def distance(first: Update, second: Update) -> float:
    """Return the Frobenius norm of the difference of two updates, which is never formed."""
    left = np.concatenate(
        [first.left.values() * first.scale, second.left.values() * -second.scale], axis=1
    )
    right = np.concatenate([first.right.values(), second.right.values()], axis=1)
    return float(np.linalg.norm(triangle(left) @ triangle(right).T))


def summed(updates: Sequence[Update]) -> Update:
    """Return the sum of updates: their factors side by side, each with the root of its scale."""
    lefts, rights = [], []
    for update in updates:
        root = abs(update.scale) ** 0.5
        lefts.append(update.left.values() * np.copysign(root, update.scale))
        rights.append(update.right.values() * root)
    names = [update.left.name for update in updates], [update.right.name for update in updates]
    return Update(
        Factor(np.concatenate(lefts, axis=1), "F64", names[0][0]),
        Factor(np.concatenate(rights, axis=1), "F64", names[1][0]),
        1.0,
    )
