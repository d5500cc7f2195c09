"""How many of the units with a gold answer a model answered at all, and why not the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.labels import ABSENT, Absent
from evalhouse.metrics.value import Score, Value, undefined
from evalhouse.scoring.basis import Basis, Clusters
from evalhouse.stats.sample import Sample, sample_of_rows

VALID_SHARE = "valid_share"
_WORDS = {
    Absent.MISSING: "missing",
    Absent.NOT_APPLICABLE: "not applicable",
    Absent.INVALID: "invalid",
    Absent.FAILED: "failed",
}


def kinds_of(answers: Sequence[object]) -> NDArray[np.int64]:
    """Return why each answer is absent (n,), 0 where it is there."""
    return np.array([one if isinstance(one, Absent) else 0 for one in answers], np.int64)


def validity_basis(
    gold: NDArray[np.int64], model: NDArray[np.int64], clusters: Clusters | None
) -> Basis:
    """Score the share of valid answers among the units with a gold answer.

    Args:
        gold: (n,) why each gold answer is absent; 0 or more where it is there.
        model: (n,) the same of the model.
        clusters: (n,) what makes units alike.
    """
    enters = gold >= 0
    kinds = model[enters]
    n, valid = len(kinds), int(np.count_nonzero(kinds >= 0))
    counts = {kind: int(np.count_nonzero(kinds == kind)) for kind in ABSENT}
    note = ", ".join(f"{count} {_WORDS[kind]}" for kind, count in counts.items() if count)
    value = Value(valid / n, n, note) if n else undefined(0, "no unit has a gold answer")
    score = Score(VALID_SHARE, None, value)
    if clusters is None:
        empty = Sample(np.empty((0, 2)), np.empty(0, np.int64))
        return Basis((score,), empty, {}, {(VALID_SHARE, None): (valid, n)})
    rows = np.column_stack([np.ones(n), kinds >= 0])
    return Basis((score,), sample_of_rows(rows, clusters[enters]), {(VALID_SHARE, None): _share})


def _share(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    counts = sums[..., 0]
    return np.where(counts > 0, sums[..., 1] / np.maximum(counts, 1), np.nan)
