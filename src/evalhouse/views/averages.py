"""Suites by their rule, from the scores of their members, at all places at once.

`macro` is the mean of the members, `micro` the mean weighted by items, `mc_or_rc` the better of
two. The standard error takes the members as independent: `sqrt(sum((w * se) ** 2))`, that of the
better one for `mc_or_rc`, and is empty unless each member has one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evalhouse.views.entries import NOTHING, UNKNOWN, Bools, Entries, Floats, Ints

RULES = ("macro", "micro", "mc_or_rc")


def average(rule: str | None, members: Sequence[Entries], *, metric: int, origin: int) -> Entries:
    """Return the scores of a suite where its rule gives one.

    `members` have one score at each of the same places; `metric` and `origin` are the codes to
    give the result.
    """
    if not members or rule not in RULES:
        return NOTHING
    values = np.stack([each.value for each in members])
    items = np.stack([each.n_items for each in members])
    known: Bools = np.asarray(~np.isnan(values).any(axis=0))
    if rule == "micro":
        known &= items.sum(axis=0) > 0  # not where a count is unknown
    if not known.all():
        members = [each.at(known) for each in members]
        values, items = values[:, known], items[:, known]
    stderrs = np.stack([each.stderr for each in members])
    places = np.arange(values.shape[1])
    if rule == "mc_or_rc":
        better = values.argmax(axis=0)
        value, stderr = values[better, places], stderrs[better, places]
    else:
        weights = items if rule == "micro" else np.ones_like(values)
        total = weights.sum(axis=0)
        value = _sum(values * weights) / total
        stderr = np.sqrt(_sum((weights / total * stderrs) ** 2))
    return Entries(
        place=members[0].place,
        row=np.full(len(places), UNKNOWN),
        value=value,
        stderr=stderr,
        n_items=items.sum(axis=0),
        metric=np.full(len(places), metric),
        unit=_shared([each.unit for each in members]),
        direction=_shared([each.direction for each in members]),
        origin=np.full(len(places), origin),
    )


def _sum(rows: Floats) -> Floats:
    """Return the sum over rows, what rounding loses added at the end (Knuth's two-sum)."""
    total: Floats = rows[0]
    lost = np.zeros_like(total)
    with np.errstate(invalid="ignore"):  # of infinite values nothing is lost
        for row in rows[1:]:
            more = total + row
            part = more - total
            lost += (total - (more - part)) + (row - part)
            total = more
    return np.asarray(np.where(np.isfinite(lost), total + lost, total))


def _shared(codes: Sequence[Ints]) -> Ints:
    """Return what all have in common, `UNKNOWN` where they differ."""
    alike = np.ones(len(codes[0]), dtype=bool)
    for each in codes[1:]:
        alike &= each == codes[0]
    return np.where(alike, codes[0], UNKNOWN)
