"""Agreement of many coders beyond chance, by where chance is thought to come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.labels import Label
from evalhouse.metrics.raters.ratings import NO_PAIR, Floats, Table, UnitVectors, label_counts, rate
from evalhouse.metrics.value import Kernel, Value, undefined, value_of

Unequal = Literal["undefined", "weighted"]
UNEQUAL: tuple[Unequal, ...] = ("undefined", "weighted")
"""What Fleiss' kappa is where units have different numbers of labels."""


def agreement_units(ratings: Table, *, labels: Sequence[Label] | None = None) -> UnitVectors:
    """Return the vector of each unit whose sums the kernels of this module take (u, 3 + k).

    Whether it has two labels, the share of its pairs of labels that agree, whether it has any
    label, and the share of each of the k labels in it.
    """
    return _agreement(label_counts(rate(ratings, labels)))


def pair_agreement_kernel(sums: Floats) -> Floats:
    """Return the mean share of agreeing pairs."""
    return _divided(sums[..., 1], sums[..., 0])


def fleiss_kernel(sums: Floats) -> Floats:
    """Return Fleiss' kappa: chance draws from the labels of all coders together."""
    return _beyond(sums, np.square(_shares(sums)).sum(axis=-1))


def gwet_kernel(sums: Floats) -> Floats:
    """Return Gwet's AC1: chance is at work in the units that are hard to tell."""
    shares = _shares(sums)
    others = np.full(sums.shape[:-1], max(shares.shape[-1] - 1, 0), np.float64)
    return _beyond(sums, _divided((shares * (1 - shares)).sum(axis=-1), others))


def brennan_prediger_kernel(sums: Floats) -> Floats:
    """Return the coefficient of Brennan and Prediger: chance draws every label alike."""
    size = np.full(sums.shape[:-1], sums.shape[-1] - 3, np.float64)
    return _beyond(sums, _divided(np.ones(sums.shape[:-1]), size))


def pair_agreement(ratings: Table, *, labels: Sequence[Label] | None = None) -> Value:
    """Compute the mean share of pairs of coders that agree.

    `mean over units of sum(n[c] * (n[c] - 1)) / (m * (m - 1))` for a unit with `m` labels, `n[c]`
    of them `c`; units with fewer than two labels do not enter.

    Args:
        ratings: (units, coders) labels, `None` or NaN where a coder gave none; or `Ratings`.
        labels: the allowed labels; they change nothing here.

    Returns:
        0 (no two coders agree anywhere) to 1 (all agree). Undefined without a unit of two labels.

    References:
        Fleiss (1971), doi:10.1037/h0031619; for missing labels Gwet (2014), Handbook of
        Inter-Rater Reliability, 4th edition, chapter 2.

    Example:
        >>> pair_agreement([["a", "a", "b"], ["b", "b", None], ["a", None, None]])
        Value(value=0.6666666666666666, n=2, note='')
    """
    return _value(agreement_units(ratings, labels=labels), pair_agreement_kernel)


def fleiss_kappa(
    ratings: Table, *, labels: Sequence[Label] | None = None, unequal: Unequal = "undefined"
) -> Value:
    """Compute Fleiss' kappa, `(p - e) / (1 - e)`.

    `p` is the mean share of agreeing pairs within a unit, `e = sum(q[c]**2)` over the shares `q`
    of the labels. With two coders it is Scott's pi.

    Args:
        ratings: (units, coders) labels, `None` or NaN where a coder gave none; or `Ratings`.
        labels: the allowed labels; they change nothing here.
        unequal: Fleiss defines the coefficient for as many labels in each unit. Where units differ
            it is `undefined`, or `weighted`: each unit with two labels counts once in `p`, and
            each with a label once in `q`. Krippendorff's alpha is made for such data.

    Returns:
        At most 1 (all agree); 0 is what chance gives. At least `-1 / (m - 1)` for m coders.
        Undefined where only one label occurs or no unit has two labels.

    Raises:
        UnknownNameError: for another way with unequal units.

    References:
        Fleiss (1971), doi:10.1037/h0031619; weighted: Gwet (2014), Handbook of Inter-Rater
        Reliability, 4th edition, chapter 2.

    Example:
        Thirty patients with six diagnoses each have 0.430 in Fleiss (1971); here a small table.

        >>> round(fleiss_kappa([["a", "a", "a"], ["a", "b", "b"], ["b", "b", "b"]]).value, 4)
        0.55
    """
    if unequal not in UNEQUAL:
        raise UnknownNameError("way with units of unequal numbers of labels", unequal, UNEQUAL)
    counts = label_counts(rate(ratings, labels))
    given = counts.vectors.sum(axis=1)
    sizes = np.unique(given[given > 0])
    if unequal == "undefined" and sizes.size > 1:
        note = f"units have from {sizes[0]:g} to {sizes[-1]:g} labels; use Krippendorff's alpha"
        return undefined(int(counts.counts[given >= 2].sum()), note)
    return _value(_agreement(counts), fleiss_kernel)


def gwet_ac1_raters(ratings: Table, *, labels: Sequence[Label] | None = None) -> Value:
    """Compute Gwet's AC1 of any number of coders, `(p - e) / (1 - e)`.

    `p` is the mean share of agreeing pairs within a unit, `e = sum(q[c] * (1 - q[c])) / (k - 1)`
    over the shares `q` of the k labels.

    Args:
        ratings: (units, coders) labels, `None` or NaN where a coder gave none; or `Ratings`.
        labels: the allowed labels. Their number is part of the formula: without them it is the
            number of those that occur.

    Returns:
        At most 1 (all agree); 0 is what chance gives. It stays high where one label is rare, as
        kappa does not. Undefined with one label, or where no unit has two labels.

    References:
        Gwet (2008), doi:10.1348/000711006X126600; missing labels as in Gwet (2014), Handbook of
        Inter-Rater Reliability, 4th edition, chapter 2.

    Example:
        >>> round(gwet_ac1_raters([["a", "a", "a"], ["a", "b", "b"], ["b", "b", "b"]]).value, 4)
        0.561
    """
    return _value(agreement_units(ratings, labels=labels), gwet_kernel)


def brennan_prediger(ratings: Table, *, labels: Sequence[Label] | None = None) -> Value:
    """Compute the coefficient of Brennan and Prediger, `(p - 1 / k) / (1 - 1 / k)`.

    `p` is the mean share of agreeing pairs within a unit. It is also known as free-marginal or
    Randolph's kappa, for two coders as Bennett's S.

    Args:
        ratings: (units, coders) labels, `None` or NaN where a coder gave none; or `Ratings`.
        labels: the allowed labels, k of them; without them those that occur.

    Returns:
        From `-1 / (k - 1)` to 1 (all agree); 0 is what drawing labels alike gives. Undefined with
        one label, or where no unit has two labels.

    References:
        Brennan and Prediger (1981), doi:10.1177/001316448104100307.

    Example:
        >>> round(brennan_prediger([["a", "a", "a"], ["a", "b", "b"], ["b", "b", "b"]]).value, 4)
        0.5556
    """
    return _value(agreement_units(ratings, labels=labels), brennan_prediger_kernel)


def _agreement(units: UnitVectors) -> UnitVectors:
    given = units.vectors.sum(axis=1)
    pairs = given * (given - 1)
    agreeing = (units.vectors * (units.vectors - 1)).sum(axis=1) / np.maximum(pairs, 1)
    shares = units.vectors / np.maximum(given, 1)[:, None]
    vectors = np.column_stack([given >= 2, agreeing, given >= 1, shares])
    return UnitVectors(vectors, units.counts, units.place)


def _value(units: UnitVectors, kernel: Kernel) -> Value:
    sums = units.sums
    return value_of(kernel(sums), int(sums[0]), NO_PAIR, "there is one label, and chance agrees")


def _shares(sums: Floats) -> Floats:
    return _divided(sums[..., 3:], sums[..., 2, None])


def _beyond(sums: Floats, chance: Floats) -> Floats:
    found = pair_agreement_kernel(sums)
    return _divided(found - chance, 1 - chance)


def _divided(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; NaN where the denominator is zero."""
    numerator, denominator = np.broadcast_arrays(numerator, denominator)
    safe = np.where(denominator == 0, 1.0, denominator)
    return np.where(denominator == 0, np.nan, numerator / safe)
