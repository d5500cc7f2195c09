"""How much gold and model mark, and how much of it agrees, by unit and label."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evalhouse.metrics.spans.alignment import Alignment, align
from evalhouse.metrics.spans.intervals import Integers, Intervals, overlaps
from evalhouse.metrics.spans.span import Marked, SpanPairs
from evalhouse.metrics.spans.tokens import Alignment as TokenAlignment
from evalhouse.metrics.spans.tokens import token_map

Floats = NDArray[np.float64]
Amounts = tuple[Integers, NDArray[np.float64] | Integers]
"""Cells, as unit times labels plus label, and how much to add in each."""


@dataclass(frozen=True)
class Tally:
    """Three amounts for each of `n` units and `width` labels: agreeing, the model's, the gold's.

    The last label holds what the model gives labels that are none of the known.
    """

    n: int
    width: int
    agreeing: Amounts
    model: Amounts
    gold: Amounts

    def rows(self) -> Floats:
        """Return the amounts of each unit (n, 3 width), label by label."""
        parts = [self._cells(amounts) for amounts in (self.agreeing, self.model, self.gold)]
        return np.stack(parts, axis=-1).reshape(self.n, 3 * self.width)

    @cached_property
    def sums(self) -> Floats:
        """The amounts of all units (3 width,)."""
        parts = [
            np.bincount(cells % self.width, amounts, self.width)
            for cells, amounts in (self.agreeing, self.model, self.gold)
        ]
        return np.stack(parts, axis=-1, dtype=np.float64).reshape(3 * self.width)

    def by_unit(self) -> Floats:
        """Return the amounts of each unit over all labels (n, 3)."""
        parts = [
            np.bincount(cells // self.width, amounts, self.n)
            for cells, amounts in (self.agreeing, self.model, self.gold)
        ]
        return np.stack(parts, axis=-1)

    def _cells(self, amounts: Amounts) -> Floats:
        return np.bincount(*amounts, self.n * self.width).astype(np.float64)


@dataclass(frozen=True)
class Tallies:
    """The tallies of all schemes. `exact` and `partial` ignore labels and have one.

    `tokens` is `None` without texts.
    """

    tokens: Tally | None
    characters: Tally
    strict: Tally
    exact: Tally
    type: Tally
    partial: Tally
    partial_by_label: Tally


def tallied(pairs: SpanPairs, tokens: TokenAlignment) -> Tallies:
    """Count everything that the metrics of spans are made of."""
    width = len(pairs.names) + 1
    sides = pairs.gold, pairs.model
    labelled = [side.intervals(side.units * width + side.labels).distinct() for side in sides]
    plain = [side.intervals(side.units).distinct() for side in sides]
    by_label, by_place = align(*labelled), align(*plain)
    marks = [_visible(side, width) for side in sides]
    return Tallies(
        tokens=None if pairs.texts is None else _token_tally(pairs, marks, tokens),
        characters=_covered(pairs.n, width, marks),
        strict=_matched(pairs.n, width, labelled, by_label, (1.0, 0.0)),
        exact=_matched(pairs.n, 1, plain, by_place, (1.0, 0.0)),
        type=_matched(pairs.n, width, labelled, by_label, (1.0, 1.0)),
        partial=_matched(pairs.n, 1, plain, by_place, (1.0, 0.5)),
        partial_by_label=_matched(pairs.n, width, labelled, by_label, (1.0, 0.5)),
    )


def _matched(
    n: int, width: int, sides: list[Intervals], pairs: Alignment, worth: tuple[float, float]
) -> Tally:
    """Count spans; a pair is worth the first amount if identical and the second if not."""
    gold, model = sides
    credit = np.where(pairs.is_exact, *worth)
    ones = np.ones(max(len(gold.keys), len(model.keys)))
    return Tally(
        n,
        width,
        (gold.keys[pairs.gold], credit),
        (model.keys, ones[: len(model.keys)]),
        (gold.keys, ones[: len(gold.keys)]),
    )


def _visible(side: Marked, width: int) -> Intervals:
    return side.intervals(side.units * width + side.labels).where(~side.is_void)


def _covered(n: int, width: int, sides: list[Intervals]) -> Tally:
    gold, model = (side.union() for side in sides)
    one, _, shared = overlaps(gold, model)
    return Tally(
        n, width, (gold.keys[one], shared), (model.keys, model.lengths), (gold.keys, gold.lengths)
    )


def _token_tally(pairs: SpanPairs, sides: list[Intervals], alignment: TokenAlignment) -> Tally:
    assert pairs.texts is not None
    width = len(pairs.names) + 1
    # Texts in which neither side marks anything have no part in any score.
    is_used = np.zeros(pairs.n, bool)
    for side in sides:
        is_used[side.keys // width] = True
    used, place = np.flatnonzero(is_used), np.cumsum(is_used) - 1
    found = token_map([pairs.texts[unit] for unit in used.tolist()])
    counted = [
        Intervals(
            side.keys,
            *found.covered(place[side.keys // width], side.starts, side.ends, alignment),
        )
        for side in sides
    ]
    return _covered(pairs.n, width, counted)
