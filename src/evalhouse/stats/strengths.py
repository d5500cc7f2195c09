"""Strengths of players by maximum likelihood: the fit behind ratings, for many tables at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
_STEPS = 60
_LONGEST = 1.5
_FAR = 30.0
_FLAT = 1e-14
_OUTCOMES = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, 1.0]])
"""What the log of each outcome's chance grows with: first strength, second strength, log nu."""


@dataclass(frozen=True)
class Model:
    """Davidson's model of `size` players and the `pairs` (p, 2) that met.

    `log P(i wins) ~ s_i`, `log P(j wins) ~ s_j`, `log P(tie) ~ log nu + (s_i + s_j) / 2`. Without
    `has_ties` there is no third outcome, which is Bradley and Terry's model.
    """

    size: int
    pairs: Places
    has_ties: bool
    ridge: float = 0.0

    @property
    def parameters(self) -> int:
        """How many numbers are fitted: strengths and, with ties, log nu."""
        return self.size + self.has_ties

    def chances(self, fitted: Floats) -> Floats:
        """Return the chance of each outcome of each pair (..., p, 3)."""
        one, two = fitted[..., self.pairs[:, 0]], fitted[..., self.pairs[:, 1]]
        if self.has_ties:
            tie = fitted[..., self.size, None] + (one + two) / 2
        else:
            tie = np.full_like(one, -np.inf)
        logs = np.stack([one, two, tie], axis=-1)
        odds = np.exp(logs - logs.max(axis=-1, keepdims=True))
        shares: Floats = odds / odds.sum(axis=-1, keepdims=True)
        return shares

    def gradient(self, counts: Floats, chances: Floats, fitted: Floats) -> Floats:
        """Return the slope of the log likelihood (..., q) for counts (..., p, 3)."""
        excess = counts - counts.sum(axis=-1, keepdims=True) * chances
        slope = self._scattered(excess @ _OUTCOMES)
        slope[..., : self.size] -= self.ridge * fitted[..., : self.size]
        return slope

    def curvature(self, counts: Floats, chances: Floats) -> Floats:
        """Return minus the second derivative of the log likelihood (..., q, q)."""
        mean = chances @ _OUTCOMES
        squares = np.einsum("...k,ki,kj->...ij", chances, _OUTCOMES, _OUTCOMES)
        blocks = squares - mean[..., :, None] * mean[..., None, :]
        found = self.matrix(counts.sum(axis=-1)[..., None, None] * blocks)
        place = np.arange(self.size)
        found[..., place, place] += self.ridge
        return found

    def meat(self, counts: Floats, chances: Floats) -> Floats:
        """Return the sum of squared scores of independent judgements (q, q)."""
        apart = _OUTCOMES - (chances @ _OUTCOMES)[..., None, :]
        return self.matrix(np.einsum("...k,...ki,...kj->...ij", counts, apart, apart))

    def scores(self, chances: Floats, rows: Places) -> Floats:
        """Return the score of single judgements (n, q), `rows` being their cells of (p, 3)."""
        pair, outcome = np.divmod(rows, 3)
        apart = _OUTCOMES[outcome] - (chances @ _OUTCOMES)[pair]
        found = np.zeros((len(rows), self.size + 1))
        place = np.arange(len(rows))
        found[place, self.pairs[pair, 0]] = apart[:, 0]
        found[place, self.pairs[pair, 1]] = apart[:, 1]
        found[:, self.size] = apart[:, 2]
        return found[:, : self.parameters]

    def matrix(self, blocks: Floats) -> Floats:
        """Add up what each pair gives, (..., p, 3, 3), to (..., q, q)."""
        one, two = self.pairs.T
        size = self.size
        found = np.zeros((*blocks.shape[:-3], size + 1, size + 1))
        found[..., one, two] = blocks[..., 0, 1]
        found[..., two, one] = blocks[..., 1, 0]
        place = np.arange(size)
        own = np.stack([blocks[..., 0, 0], blocks[..., 1, 1], blocks[..., 2, 2]], axis=-1)
        found[..., place, place] = self._scattered(own)[..., :size]
        edge = self._scattered(np.stack([blocks[..., 0, 2], blocks[..., 1, 2], own[..., 2]], -1))
        found[..., :size, size] = found[..., size, :size] = edge[..., :size]
        found[..., size, size] = own[..., 2].sum(axis=-1)
        return found[..., : self.parameters, : self.parameters]

    def _scattered(self, parts: Floats) -> Floats:
        """Add up what each pair gives its two players and the tie, (..., p, 3), to (..., q)."""
        table = np.zeros((*parts.shape[:-2], self.size, self.size))
        one, two = self.pairs.T
        table[..., one, two], table[..., two, one] = parts[..., 0], parts[..., 1]
        sums = [table.sum(axis=-1)]
        if self.has_ties:
            sums.append(parts[..., 2].sum(axis=-1)[..., None])
        return np.concatenate(sums, axis=-1)

    def inverse(self, curvature: Floats) -> Floats:
        """Invert a curvature among strengths that sum to zero (..., q, q)."""
        level = np.zeros((self.parameters, self.parameters))
        level[: self.size, : self.size] = 1.0 / self.size
        scale = np.maximum(np.trace(curvature, axis1=-2, axis2=-1), 1e-300)[..., None, None]
        centre = np.eye(self.parameters) - level
        found: Floats = centre @ np.linalg.inv(curvature + scale * level) @ centre
        return found


def fitted_strengths(model: Model, counts: Floats) -> Floats:
    """Return the most likely strengths, summing to zero, and log nu: (..., q) for (..., p, 3).

    Newton's method on a concave likelihood; NaN where it has no finite maximum.
    """
    fitted = np.zeros((*counts.shape[:-2], model.parameters))
    done = np.zeros(fitted.shape[:-1], bool)
    for _ in range(_STEPS):
        chances = model.chances(fitted)
        step = _step(model, counts, chances, fitted)
        longest = np.abs(step).max(axis=-1)
        # Far from the maximum a full step may leap past it and come back for ever.
        fitted = fitted + step * np.minimum(1.0, _LONGEST / np.maximum(longest, 1e-300))[..., None]
        done = longest < 1e-10
        if (done | ~np.isfinite(longest)).all():
            break
    # Without a maximum steps stay about as long as they are, or end far away.
    fine = done & (np.abs(fitted).max(axis=-1) < _FAR)
    return np.where(fine[..., None], fitted, np.nan)


def refitted(model: Model, counts: Floats, start: Floats, inverse: Floats) -> Floats:
    """Fit tables (r, p, 3) that differ little from one whose fit (q,) is known.

    All steps take the `inverse` curvature (q, q) of the known fit, which is cheap and nearly right;
    what does not settle that way is fitted from scratch.
    """
    fitted: Floats = np.tile(start, (len(counts), 1))
    done = np.zeros(len(counts), bool)
    for _ in range(_STEPS):
        step = model.gradient(counts, model.chances(fitted), fitted) @ inverse
        longest = np.abs(step).max(axis=-1)
        fitted = fitted + step * np.minimum(1.0, _LONGEST / np.maximum(longest, 1e-300))[:, None]
        done = longest < 1e-9
        if done.all():
            return fitted
    fitted[~done] = fitted_strengths(model, counts[~done])
    return fitted


def _step(model: Model, counts: Floats, chances: Floats, fitted: Floats) -> Floats:
    slope = model.gradient(counts, chances, fitted)
    curvature = model.curvature(counts, chances)
    size = model.size
    scale = np.trace(curvature, axis1=-2, axis2=-1)[..., None, None]
    # Where every outcome has become certain the maximum is infinitely far.
    is_flat = scale <= _FLAT * counts.sum(axis=(-2, -1))[..., None, None]
    curvature = np.where(is_flat, np.eye(model.parameters), curvature)
    # The sum of strengths is free: holding it makes the curvature invertible. The rest of the
    # addition only matters where a maximum is infinitely far.
    curvature = curvature + 1e-13 * scale * np.eye(model.parameters)
    curvature[..., :size, :size] += scale / size**2 + (scale == 0)
    step: Floats = np.linalg.solve(curvature + 1e-300 * np.eye(model.parameters), slope[..., None])
    return np.where(is_flat[..., 0], np.nan, step[..., 0])
