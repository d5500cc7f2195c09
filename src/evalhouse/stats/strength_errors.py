"""How far fitted strengths may be off: curvature, sandwich and bootstrap."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evalhouse.errors import UsageError
from evalhouse.stats.judgements import Floats, Judgements
from evalhouse.stats.strengths import Model, refitted

TieRule = Literal["davidson", "half"]
TIE_RULES: tuple[TieRule, ...] = ("davidson", "half")
RatingMethod = Literal["sandwich", "hessian", "bootstrap"]
RATING_METHODS: tuple[RatingMethod, ...] = ("sandwich", "hessian", "bootstrap")
REPLICATES = 1000
FEW_CLUSTERS = 20
_PIECE = 64  # tables that stay in a processor's cache together


@dataclass(frozen=True)
class Errors:
    """Covariance (q, q) of strengths and log nu, its degrees of freedom, and `draws` (r, q)."""

    covariance: Floats
    df: float = math.inf
    draws: Floats | None = None
    note: str = ""


def under(ties: TieRule, counts: Floats) -> Floats:
    """Return counts (..., p, 3) as a rule for ties sees them."""
    if ties == "davidson":
        return counts
    half = counts[..., 2] / 2
    return np.stack([counts[..., 0] + half, counts[..., 1] + half, np.zeros_like(half)], axis=-1)


def errors_of(
    found: Judgements,
    model: Model,
    fitted: Floats,
    *,
    ties: TieRule,
    method: RatingMethod,
    seed: int,
) -> Errors:
    """Find the errors of fitted strengths by a method."""
    if method == "bootstrap":
        return _redrawn(found, model, (ties, fitted), seed)
    chances = model.chances(fitted)
    inverse = model.inverse(model.curvature(under(ties, found.counts), chances))
    if method == "hessian":
        ignored = "judgements come in clusters, which these intervals ignore"
        return Errors(inverse, note="" if found.clusters is None else ignored)
    if found.clusters is None:
        # As many degrees of freedom are used as parameters are fitted; one strength is none.
        factor = found.n / max(found.n - model.parameters + 1, 1)
        return Errors(factor * inverse @ model.meat(found.counts, chances) @ inverse)
    clusters = int(found.clusters.max()) + 1
    scores = np.zeros((clusters, model.parameters))
    np.add.at(scores, found.clusters, model.scores(chances, found.rows) * found.weights[:, None])
    factor = clusters / (clusters - 1) if clusters > 1 else math.nan
    return Errors(
        factor * inverse @ (scores.T @ scores) @ inverse, clusters - 1.0, note=_few(clusters)
    )


def _redrawn(found: Judgements, model: Model, start: tuple[TieRule, Floats], seed: int) -> Errors:
    ties, fitted = start
    counts = under(ties, found.counts)
    inverse = model.inverse(model.curvature(counts, model.chances(fitted)))
    draws = np.concatenate(
        [
            refitted(model, under(ties, drawn), fitted, inverse)
            for drawn in _resamples(found, np.random.default_rng(seed))
        ]
    )
    fine = draws[np.isfinite(draws).all(axis=1)]
    lost = len(draws) - len(fine)
    note = f"{lost} of {REPLICATES} resamples have no finite strengths" if lost else ""
    if found.clusters is not None:
        note = "; ".join(filter(None, (note, _few(int(found.clusters.max()) + 1))))
    if len(fine) < 2:
        size = model.parameters
        return Errors(np.full((size, size), np.nan), math.inf, np.full((1, size), np.nan), note)
    return Errors(np.cov(fine.T), math.inf, fine, note)


def _resamples(found: Judgements, chance: np.random.Generator) -> Iterator[Floats]:
    """Yield tables (r, p, 3) of judgements, or clusters of them, drawn with replacement."""
    if found.clusters is None:
        if not np.array_equal(found.counts, np.round(found.counts)):
            raise UsageError("a bootstrap redraws judgements, so their counts are whole numbers")
        units, size = found.counts.ravel(), found.n
    else:
        size = int(found.clusters.max()) + 1
        units = np.ones(size)
        tables = np.zeros((size, found.counts.size))
        np.add.at(tables, (found.clusters, found.rows), found.weights)
    for start in range(0, REPLICATES, _PIECE):
        pieces = min(_PIECE, REPLICATES - start)
        drawn = chance.multinomial(size, units / units.sum(), pieces).astype(np.float64)
        sums = drawn if found.clusters is None else drawn @ tables
        yield sums.reshape(pieces, *found.counts.shape)


def _few(clusters: int) -> str:
    return f"only {clusters} clusters" if clusters < FEW_CLUSTERS else ""
