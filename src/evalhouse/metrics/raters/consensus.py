"""What most coders, or all of them, say of a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.labels import Absent, Label, Labels
from evalhouse.metrics.raters.ratings import (
    NO_PAIR,
    Codes,
    Floats,
    Table,
    UnitVectors,
    label_counts,
    rate,
)
from evalhouse.metrics.value import Kernel, Value, value_of

MajorityRule = Literal["strict", "plurality"]
MAJORITY_RULES: tuple[MajorityRule, ...] = ("strict", "plurality")


@dataclass(frozen=True)
class Majority:
    """The label of each unit by vote.

    `labels` holds the winners; a unit without one is `Absent.MISSING`. `is_tied` (units,) says
    where several labels lead, and `leads` (units, k) which: the winner alone, or all that are
    tied. `votes` (units,) is how many coders gave the leading label, `given` (units,) how many
    gave any.
    """

    labels: Labels
    is_tied: NDArray[np.bool_]
    leads: NDArray[np.bool_]
    votes: Codes
    given: Codes

    def tied(self) -> dict[int, tuple[Label, ...]]:
        """Return the labels that are tied, by the row of the unit."""
        names = self.labels.names
        return {
            int(row): tuple(names[code] for code in np.flatnonzero(self.leads[row]))
            for row in np.flatnonzero(self.is_tied)
        }


def majority(
    ratings: Table,
    rule: MajorityRule = "strict",
    *,
    labels: Sequence[Label] | None = None,
    at_least: int = 1,
) -> Majority:
    """Let the coders of each unit vote on its label.

    Args:
        ratings: (units, coders) labels, `None` or NaN where a coder gave none; or `Ratings`.
        rule: `strict` takes the label of more than half of the labels given, `plurality` the most
            frequent one. Nobody wins a tie.
        labels: the allowed labels in their order.
        at_least: labels that a unit needs; with fewer it has no winner.

    Raises:
        UnknownNameError: for another rule.

    Example:
        >>> found = majority([["a", "b", "a"], ["a", "b", None]])
        >>> found.labels.codes, found.tied()
        (array([ 0, -1]), {1: ('a', 'b')})
    """
    if rule not in MAJORITY_RULES:
        raise UnknownNameError("rule for majorities", rule, MAJORITY_RULES)
    table = rate(ratings, labels)
    units = label_counts(table)
    votes, given = _votes(units.vectors)
    leads = (units.vectors == votes[:, None]) & (votes > 0)[:, None]
    is_tied = leads.sum(axis=1) > 1
    is_enough = 2 * votes > given if rule == "strict" else ~is_tied
    wins = is_enough & (votes > 0) & (given >= at_least)
    best = leads.argmax(axis=1) if table.names else np.zeros(len(leads), np.int64)
    codes = np.where(wins, best, int(Absent.MISSING))
    place = units.place
    winners = Labels(codes[place], table.names)
    return Majority(winners, is_tied[place], leads[place], votes[place], given[place])


def consensus_units(ratings: Table, *, labels: Sequence[Label] | None = None) -> UnitVectors:
    """Return the vector of each unit whose sums the kernels of this module take (u, 3).

    Whether it has labels of two coders, and if so whether more than half of them are the same, and
    whether all are.
    """
    units = label_counts(rate(ratings, labels))
    votes, given = _votes(units.vectors)
    vectors = (
        np.column_stack([given >= 2, 2 * votes > given, votes == given]) & (given >= 2)[:, None]
    )
    return UnitVectors(vectors.astype(np.float64), units.counts, units.place)


def majority_kernel(sums: Floats) -> Floats:
    """Return the share of units with a strict majority."""
    return _share(sums[..., 1], sums[..., 0])


def unanimity_kernel(sums: Floats) -> Floats:
    """Return the share of units on which all coders agree."""
    return _share(sums[..., 2], sums[..., 0])


def majority_rate(ratings: Table, *, labels: Sequence[Label] | None = None) -> Value:
    """Compute the share of units in which more than half of the labels given are the same.

    Args:
        ratings: (units, coders) labels, `None` or NaN where a coder gave none; or `Ratings`. Units
            with fewer than two labels do not enter.
        labels: the allowed labels; they change nothing here.

    Returns:
        0 (no unit has a strict majority) to 1 (each has). Undefined without a unit of two labels.

    Example:
        >>> majority_rate([["a", "b", "a"], ["a", "b", None], ["a", None, None]])
        Value(value=0.5, n=2, note='')
    """
    return _value(consensus_units(ratings, labels=labels), majority_kernel)


def unanimity_rate(ratings: Table, *, labels: Sequence[Label] | None = None) -> Value:
    """Compute the share of units on which all coders that gave a label agree.

    Args:
        ratings: (units, coders) labels, `None` or NaN where a coder gave none; or `Ratings`. Units
            with fewer than two labels do not enter.
        labels: the allowed labels; they change nothing here.

    Returns:
        0 (somebody differs everywhere) to 1 (nobody differs anywhere). Undefined without a unit of
        two labels.

    Example:
        >>> unanimity_rate([["a", "b", "a"], ["b", "b", None], ["a", None, None]])
        Value(value=0.5, n=2, note='')
    """
    return _value(consensus_units(ratings, labels=labels), unanimity_kernel)


def _votes(counts: Floats) -> tuple[Codes, Codes]:
    votes: Codes = counts.max(axis=1, initial=0).astype(np.int64)
    given: Codes = counts.sum(axis=1).astype(np.int64)
    return votes, given


def _share(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)


def _value(units: UnitVectors, kernel: Kernel) -> Value:
    sums = units.sums
    return value_of(kernel(sums), int(sums[0]), NO_PAIR, NO_PAIR)
