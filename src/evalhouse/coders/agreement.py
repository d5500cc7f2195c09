"""How far coders agree on each field: pair by pair, and all together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from evalhouse.coders.labels import Label, cell_of
from evalhouse.coders.panel import Panel
from evalhouse.metrics.agreement import KERNELS, NO_PAIR
from evalhouse.metrics.ordinal import weighted_kappa_kernel
from evalhouse.metrics.raters import (
    Level,
    Ratings,
    UnitVectors,
    agreement_units,
    alpha_kernel,
    alpha_units,
    consensus_units,
    fleiss_kappa,
    fleiss_kernel,
    gwet_kernel,
    krippendorff_alpha,
    pair_agreement_kernel,
    rate,
)
from evalhouse.metrics.table import Confusion, table_of_counts
from evalhouse.metrics.value import Kernel, Value
from evalhouse.scoring.field import Field, Kind
from evalhouse.stats.proportions import proportion
from evalhouse.stats.resampling import bootstrap, bootstrap_table
from evalhouse.stats.results import Interval
from evalhouse.stats.sample import Sample

RESAMPLES = 2_000
"""Of each bootstrap: a study has as many of them as pairs of coders and fields."""
MOST_LABELS = 256
"""Different answers up to which agreement beyond chance is looked at: free text has more."""
_MOST_RESAMPLED = 40
"""Different answers up to which tables are resampled."""
_TOO_MANY = f"there are more than {MOST_LABELS} different answers, as free text has"


@dataclass(frozen=True)
class PairAgreement:
    """Two coders on the `n` items that both gave a label to.

    `agreement` is the share of equal labels, `kappa` Cohen's, `alpha` Krippendorff's at the level
    of the field. `more` holds what only some types of fields have.
    """

    first: str
    second: str
    n: int
    agreement: Interval
    kappa: Interval
    alpha: Interval
    more: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class OptionAgreement:
    """All coders on one option of a multiselect: whether it is selected."""

    option: str
    agreement: Interval
    alpha: Interval
    gwet: Interval


@dataclass(frozen=True)
class FieldAgreement:
    """All coders on one field.

    `n_applicable` counts the items that the field applies to for most coders, `n_items` those of
    them with labels of two coders or more, on which the numbers rest. `assigned` are the different
    numbers of coders that items have. `alpha_unit` is what alpha compares: items, or for spans
    tokens. `agreement` is the mean share of pairs of coders with equal labels.
    """

    column: str
    kind: Kind
    n_applicable: int
    n_items: int
    assigned: tuple[int, ...]
    alpha_level: Level
    alpha_unit: str
    alpha: Interval
    alpha_nominal: Interval
    fleiss: Interval
    gwet: Interval
    agreement: Interval
    unanimity: Interval
    majority: Interval
    pairs: tuple[PairAgreement, ...]
    options: tuple[OptionAgreement, ...] = ()
    more: Mapping[str, Interval] = field(default_factory=dict)


def undefined(level: float, n: int, note: str) -> Interval:
    """Return a number that is not there, and why."""
    return Interval(math.nan, math.nan, math.nan, level, "", n, note=note)


def unbounded(value: Value, level: float) -> Interval:
    """Return a number without an interval."""
    return Interval(value.value, math.nan, math.nan, level, "", value.n, note=value.note)


def level_of(asked: Field) -> Level:
    """Return the level at which the answers to a field are measured."""
    return "ordinal" if asked.kind == "likert" else "nominal"


def ratings_of(
    asked: Field, rows: Sequence[Sequence[Label | None]], texts: Sequence[str]
) -> Ratings:
    """Return labels (items, coders) as ratings: points as numbers, sets and spans as cells."""

    def plain(label: Label | None, text: str) -> str | int | None:
        if label is None or not isinstance(label, str):
            return None if label is None else cell_of(asked, label, text)
        return int(label) if asked.kind == "likert" else label

    declared = _declared(asked)
    cells = [[plain(label, text) for label in row] for row, text in zip(rows, texts, strict=True)]
    return rate(cells, declared or None)


def _declared(asked: Field) -> tuple[str | int, ...]:
    if asked.kind == "checkbox":
        return ("0", "1")
    names = asked.options if asked.kind == "dropdown" else asked.points
    # Gwet's coefficient counts the allowed answers; tables of very many do not fit.
    return names if len(names) <= _MOST_RESAMPLED else ()


def pair_agreements(
    panel: Panel, asked: Field, ratings: Ratings, level: float
) -> list[PairAgreement]:
    """Compare every two coders on what both labelled."""
    found = []
    for first, second in combinations(range(len(panel.coders)), 2):
        both = ratings.codes[:, [first, second]]
        both = both[(both >= 0).all(axis=1)]
        names = panel.coders[first], panel.coders[second]
        found.append(_pair(names, Ratings(both, ratings.names, ratings.has_order), asked, level))
    return found


def _pair(names: tuple[str, str], both: Ratings, asked: Field, level: float) -> PairAgreement:
    codes, n = both.codes, len(both.codes)
    equal = int(np.count_nonzero(codes[:, 0] == codes[:, 1]))
    used, place = np.unique(codes, return_inverse=True)
    labels = tuple(both.names[code] for code in used.tolist())
    shares = proportion(equal, n, level=level)
    if not n or len(used) > MOST_LABELS:
        why = undefined(level, n, _TOO_MANY if n else NO_PAIR)
        return PairAgreement(*names, n, shares, why, why)
    size = len(used)
    sides = place.reshape(n, 2)
    cells = np.bincount(sides[:, 0] * size + sides[:, 1], minlength=size * size)
    table = table_of_counts(cells.reshape(size, size), labels)
    kappa = _of_table(table, KERNELS["cohen_kappa"], level)
    more = {}
    if asked.kind == "likert":
        ordered, values = table.on_scale()
        more["weighted_kappa"] = _of_table(ordered, weighted_kappa_kernel(values), level)
    alpha = krippendorff_alpha(both, level_of(asked))
    return PairAgreement(*names, n, shares, kappa, unbounded(alpha, level), more)


def _of_table(table: Confusion, kernel: Kernel, level: float) -> Interval:
    cells, n = table.cells("exclude"), table.n_pairs
    if len(table.names) > _MOST_RESAMPLED:
        return unbounded(Value(float(kernel(cells.astype(np.float64))), n), level)
    if len(table.names) < 2:
        return undefined(level, n, "both gave one and the same label")
    return bootstrap_table(cells, kernel, level=level, count=RESAMPLES)


def field_agreement(panel: Panel, column: str, level: float) -> FieldAgreement:
    """Measure how far coders agree on a field whose answers are no spans."""
    annotation = panel.codebook.by_column[column]
    asked, texts = annotation.field, [item.text for item in panel.items]
    ratings = ratings_of(asked, panel.labels[column], texts)
    applies = np.array(panel.applies(annotation), bool)
    enters = applies & ((ratings.codes >= 0).sum(axis=1) >= 2)
    entering = Ratings(ratings.codes[enters], ratings.names, ratings.has_order)
    at, shared = level_of(asked), together(entering, level)
    return FieldAgreement(
        column=column,
        kind=asked.kind,
        n_applicable=int(applies.sum()),
        n_items=int(enters.sum()),
        assigned=tuple(sorted({sum(row) for row in panel.assigned})),
        alpha_level=at,
        alpha_unit="item",
        alpha=_alpha(entering, at, level),
        alpha_nominal=_alpha(entering, "nominal", level),
        pairs=tuple(pair_agreements(panel, asked, ratings, level)),
        options=_options(asked, panel.labels[column], enters.tolist(), level),
        fleiss=shared.fleiss,
        gwet=shared.gwet,
        agreement=shared.agreement,
        unanimity=shared.unanimity,
        majority=shared.majority,
    )


@dataclass(frozen=True)
class Together:
    """All coders at once on items with two labels or more; see `FieldAgreement`."""

    fleiss: Interval
    gwet: Interval
    agreement: Interval
    unanimity: Interval
    majority: Interval


def together(entering: Ratings, level: float) -> Together:
    """Measure all coders at once on items with two labels or more."""
    n, local = len(entering.codes), _within_items(entering)
    none = undefined(level, n, _TOO_MANY if n else "no item has labels of two coders")
    fleiss = gwet = none
    if n and len(_used(entering)) <= MOST_LABELS:
        sample = _sample(agreement_units(entering))
        gwet = bootstrap(sample, gwet_kernel, level=level, count=RESAMPLES)
        value = fleiss_kappa(entering)
        fleiss = unbounded(value, level)
        if value.is_defined:
            fleiss = bootstrap(sample, fleiss_kernel, level=level, count=RESAMPLES)
    _, majority, unanimous = (int(count) for count in consensus_units(local).sums)
    return Together(
        fleiss,
        gwet,
        _pairs_agree(local, level),
        proportion(unanimous, n, level=level),
        proportion(majority, n, level=level),
    )


def _within_items(ratings: Ratings) -> Ratings:
    """Name each label of an item after the first coder who gave it there.

    Who agrees with whom stays, and there are no more labels than coders.
    """
    codes = ratings.codes.copy()
    for coder in reversed(range(codes.shape[1])):
        for other in range(coder, -1, -1):
            is_same = (ratings.codes[:, other] == ratings.codes[:, coder]) & (codes[:, coder] >= 0)
            codes[is_same, coder] = other
    return Ratings(codes, tuple(range(codes.shape[1])), has_order=True)


def _pairs_agree(local: Ratings, level: float) -> Interval:
    n = len(local.codes)
    if ((local.codes >= 0).sum(axis=1) == 2).all():
        units = consensus_units(local)
        return proportion(int(units.sums[2]), n, level=level)
    sample = _sample(agreement_units(local))
    return bootstrap(sample, pair_agreement_kernel, level=level, count=RESAMPLES)


def _used(ratings: Ratings) -> list[int]:
    return [int(code) for code in np.unique(ratings.codes) if code >= 0]


def _alpha(entering: Ratings, at: Level, level: float) -> Interval:
    value = krippendorff_alpha(entering, at)
    if not value.is_defined or len(_used(entering)) > _MOST_RESAMPLED:
        return unbounded(value, level)
    units = alpha_units(entering, at)
    kernel = alpha_kernel(at, entering.names)
    return bootstrap(_sample(units), kernel, level=level, count=RESAMPLES)


def _sample(units: UnitVectors) -> Sample:
    return Sample(units.vectors, units.counts)


def _options(
    asked: Field,
    rows: Sequence[Sequence[Label | None]],
    enters: Sequence[bool],
    level: float,
) -> tuple[OptionAgreement, ...]:
    """Compare coders option by option: each is a question of its own, answered yes or no."""
    if asked.kind != "multiselect":
        return ()
    kept = [row for row, does in zip(rows, enters, strict=True) if does]
    chosen = {option for row in kept for label in row if label is not None for option in label}
    found = []
    for option in dict.fromkeys([*asked.options, *sorted(map(str, chosen))]):
        marks = [[None if label is None else int(option in label) for label in row] for row in kept]
        ratings = (
            rate(marks, (0, 1)) if marks else Ratings(np.empty((0, 2), np.int64), (0, 1), True)
        )
        all_of = together(ratings, level)
        alpha = _alpha(ratings, "nominal", level)
        found.append(OptionAgreement(str(option), all_of.agreement, alpha, all_of.gwet))
    return tuple(found)
