"""Shares, means, differences and regressions of a corpus, corrected by people's labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evalhouse.coders.corpus import Bools, Corpus, Floats
from evalhouse.errors import UsageError
from evalhouse.stats.corrected import (
    Corrected,
    LabelPlan,
    corrected_difference,
    corrected_linear,
    corrected_logistic,
    corrected_mean,
    corrected_proportion,
    designed_labels,
    designed_linear,
    designed_logistic,
    designed_mean,
    designed_proportion,
    plan_labels,
)
from evalhouse.stats.results import Interval

NOT_APPLICABLE = "(not applicable)"
"""The share of rows in which the question does not arise."""
BLANK = "(blank)"
"""The group of rows with an empty cell."""
MEAN = "mean"
INTERCEPT = "intercept"
_STEPS = 60
_NEAR = 1e-10  # of the range


@dataclass(frozen=True)
class Design:
    """How rows came to have a label of people.

    `probability` (n,) is each row's chance of one; None means that all had the same. `clusters`
    (n,) name what rows come in.
    """

    probability: Floats | None = None
    clusters: NDArray[np.str_] | None = None

    def where(self, kept: Bools) -> Design:
        """Return the design of some of the rows."""
        return Design(
            None if self.probability is None else self.probability[kept],
            None if self.clusters is None else self.clusters[kept],
        )


@dataclass(frozen=True)
class Line:
    """One estimate: of all rows, of a group, or of the difference of two groups.

    `corrected` uses both kinds of labels, `human` and `model` one alone. `effective_n` is how many
    labels of people alone would be as good. `plan` is there if it was asked for.
    """

    label: str
    group: str
    corrected: Interval
    human: Interval
    model: Interval
    n_human: int
    n_model: int
    effective_n: float
    weight: float
    plan: LabelPlan | None = None
    is_difference: bool = False


@dataclass(frozen=True)
class Wanted:
    """What is estimated: `labels` (none: the mean of a scale), at which level.

    With `is_asked` only rows count in which the question arises. `half_width` asks for a plan.
    """

    labels: tuple[str, ...]
    level: float = 0.95
    is_asked: bool = False
    half_width: float | None = None


@dataclass(frozen=True)
class _Pilot:
    """A corrected estimate, and how many of its units one unit of the result is."""

    found: Corrected
    unit: float = 1.0


def estimated(corpus: Corpus, design: Design, wanted: Wanted, group: str = "") -> list[Line]:
    """Estimate shares of labels, or the mean of a scale."""
    names = wanted.labels or (MEAN,)
    return [_line(name, group, _pilot(corpus, design, wanted, name), wanted) for name in names]


def by_group(corpus: Corpus, design: Design, wanted: Wanted, groups: Sequence[str]) -> list[Line]:
    """Estimate the same for each group of rows."""
    return [
        line
        for name, kept in _parts(groups)
        for line in estimated(corpus.where(kept), design.where(kept), wanted, name)
    ]


def differences(
    corpus: Corpus, design: Design, wanted: Wanted, groups: Sequence[str]
) -> list[Line]:
    """Estimate the differences between each two groups, which share no rows.

    Raises:
        UsageError: where clusters have rows in both groups, which are then not independent.
    """
    parts = list(_parts(groups))
    if len(parts) < 2:
        raise UsageError("a difference needs two groups or more; all rows are in one")
    _check_apart(design, parts)
    lines = []
    for name in wanted.labels or (MEAN,):
        pilots = {
            group: _pilot(corpus.where(kept), design.where(kept), wanted, name).found
            for group, kept in parts
        }
        for first, second in combinations(pilots, 2):
            lines.append(_difference(name, (first, second), (pilots[first], pilots[second])))
    return lines


def _check_apart(design: Design, parts: Sequence[tuple[str, Bools]]) -> None:
    if design.clusters is None:
        return
    seen: dict[str, str] = {}
    for group, kept in parts:
        for cluster in np.unique(design.clusters[kept]).tolist():
            if seen.setdefault(cluster, group) != group:
                raise UsageError(
                    f"the cluster `{cluster}` has rows in `{seen[cluster]}` and `{group}`, so "
                    "these are not independent; name clusters within the groups"
                )


def _parts(groups: Sequence[str]) -> Iterator[tuple[str, Bools]]:
    names = np.array([name.strip() or BLANK for name in groups])
    for name in np.unique(names).tolist():
        yield name, names == name


def regression(
    corpus: Corpus, design: Design, wanted: Wanted, covariates: dict[str, Floats]
) -> list[Line]:
    """Regress the labels on covariates: a scale by least squares, a label by logistic regression.

    With a label, a row counts as 1 where it is given and as 0 otherwise.
    """
    label = wanted.labels[0] if wanted.labels else None
    human, model = corpus.points() if label is None else corpus.marks(label)
    rows = np.column_stack([np.ones(len(model)), *covariates.values()])
    names = (INTERCEPT, *covariates)
    if design.probability is None:
        has = ~np.isnan(human)
        method = corrected_linear if label is None else corrected_logistic
        found = method(
            human[has],
            model[has],
            model[~has],
            covariates=(rows[has], rows[~has]),
            clusters=_sides(design.clusters, has),
            level=wanted.level,
        )
    else:
        labels = designed_labels(human, model, design.probability, clusters=design.clusters)
        by_design = designed_linear if label is None else designed_logistic
        found = by_design(labels, covariates=rows, level=wanted.level)
    return [_line(name, "", _Pilot(one), wanted) for name, one in zip(names, found, strict=True)]


def _pilot(corpus: Corpus, design: Design, wanted: Wanted, name: str) -> _Pilot:
    is_share = bool(wanted.labels)
    if is_share and name == NOT_APPLICABLE:
        human, model = (1 - side for side in corpus.asked())
    else:
        human, model = corpus.marks(name) if is_share else corpus.points()
    arises = corpus.asked()
    if not wanted.is_asked or (all_one(arises[0]) and all_one(arises[1])):
        return _Pilot(_mean(human, model, design, wanted.level, is_share=is_share))
    return _within((human, model), arises, design, wanted)


def all_one(values: Floats) -> bool:
    """Whether all values that are there are 1."""
    return bool((values[~np.isnan(values)] == 1).all())


def _mean(
    human: Floats, model: Floats, design: Design, level: float, *, is_share: bool
) -> Corrected:
    if design.probability is not None:
        labels = designed_labels(human, model, design.probability, clusters=design.clusters)
        by_design = designed_proportion if is_share else designed_mean
        return by_design(labels, level=level)
    has = ~np.isnan(human)
    method = corrected_proportion if is_share else corrected_mean
    clusters = _sides(design.clusters, has)
    return method(human[has], model[has], model[~has], clusters=clusters, level=level)


def _sides(clusters: NDArray[np.str_] | None, has: Bools) -> tuple[ArrayLike, ArrayLike] | None:
    return None if clusters is None else (clusters[has], clusters[~has])


def _within(
    values: tuple[Floats, Floats], arises: tuple[Floats, Floats], design: Design, wanted: Wanted
) -> _Pilot:
    """Estimate a mean over the rows in which the question arises, which the model may get wrong.

    That mean m is where `a (y - m)` has the mean 0, with a = 1 where the question arises for y. The
    corrected interval holds every m whose own corrected interval has 0 in it.

    Angelopoulos, Bates, Fannjiang, Jordan and Zrnic (2023), doi:10.1126/science.adi6000.
    """

    @cache
    def around(centre: float) -> Corrected:
        human, model = (
            asked * (value - centre) for asked, value in zip(arises, values, strict=True)
        )
        return _mean(human, model, design, wanted.level, is_share=False)

    known = np.concatenate([side[asked == 1] for side, asked in zip(values, arises, strict=True)])
    span = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    share = _mean(*arises, design, wanted.level, is_share=False)
    whole = _inverted(lambda centre: around(centre).interval, span)
    human = _inverted(lambda centre: around(centre).human, span)
    model = _inverted(lambda centre: around(centre).model, span)
    found = around(whole.estimate if math.isfinite(whole.estimate) else span[0])
    made = replace(found, interval=whole, human=human, model=model)
    return _Pilot(made, share.interval.estimate)


def _inverted(at: Callable[[float], Interval], span: tuple[float, float]) -> Interval:
    """Return where an interval that falls with its centre passes 0, within a span."""
    low = _root(lambda centre: at(centre).low, span)
    high = _root(lambda centre: at(centre).high, span)
    middle = _root(lambda centre: at(centre).estimate, span)
    told = at(middle if math.isfinite(middle) else span[0])
    return replace(told, estimate=middle, low=low, high=high, stderr=math.nan)


def _root(falling: Callable[[float], float], span: tuple[float, float]) -> float:
    """Return where a function passes 0 within a span, or the end that is nearest to it.

    False position with the mend of Dowell and Jarratt (1971), doi:10.1007/BF01934364: the functions
    are nearly straight lines, and few steps suffice.
    """
    (low, high), side = span, 0
    above, below = falling(low), falling(high)
    if math.isnan(above) or above <= 0:
        return math.nan if math.isnan(above) else low
    if not below < 0:
        return math.nan if math.isnan(below) else high
    middle = low
    for _ in range(_STEPS):
        before, middle = middle, (low * below - high * above) / (below - above)
        if abs(middle - before) <= _NEAR * (span[1] - span[0]):
            break
        found = falling(middle)
        if found > 0:
            low, above, below = middle, found, below / 2 if side > 0 else below
        else:
            high, below, above = middle, found, above / 2 if side < 0 else above
        side = 1 if found > 0 else -1
    return middle


def _line(label: str, group: str, pilot: _Pilot, wanted: Wanted) -> Line:
    found, plan = pilot.found, None
    if wanted.half_width is not None:
        plan = _planned(pilot, wanted.half_width, wanted.level)
    return Line(
        label,
        group,
        found.interval,
        found.human,
        found.model,
        found.n_human,
        found.n_model,
        found.effective_n,
        found.weight,
        plan,
    )


def _planned(pilot: _Pilot, half_width: float, level: float) -> LabelPlan:
    """Plan in the unit of the result; a mean over some rows has another one inside."""
    unit = pilot.unit if pilot.unit > 0 else 1.0  # without labels nothing is known of it
    plan = plan_labels(pilot.found, 2 * half_width * unit, level=level)
    now = pilot.found.interval.high - pilot.found.interval.low
    narrowest = plan.narrowest / unit
    return replace(plan, width=2 * half_width, width_now=now, narrowest=narrowest)


def _difference(label: str, groups: tuple[str, str], found: tuple[Corrected, Corrected]) -> Line:
    first, second = found
    human = corrected_difference(_of_human(first), _of_human(second))
    model = corrected_difference(_of_model(first), _of_model(second))
    return Line(
        label,
        f"{groups[0]} − {groups[1]}",
        corrected_difference(first, second),
        human,
        model,
        first.n_human + second.n_human,
        first.n_model + second.n_model,
        math.nan,
        math.nan,
        is_difference=True,
    )


def _of_human(found: Corrected) -> Corrected:
    return replace(found, interval=found.human)


def _of_model(found: Corrected) -> Corrected:
    return replace(found, interval=found.model)
