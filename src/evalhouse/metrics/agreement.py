"""Agreement of two coders beyond chance: coefficients of one table.

All are symmetric in the coders and look at the units to which both gave a label.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.numbers import scaled
from evalhouse.metrics.table import (
    Confusion,
    Floats,
    Margins,
    checked_cells,
    kernel_of,
    margins,
    ratio,
)
from evalhouse.metrics.value import Kernel, Metric, Value, value_of

AgreementRule = Literal["exclude", "class"]
AGREEMENT_RULES: tuple[AgreementRule, ...] = ("exclude", "class")
Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")
NO_PAIR = "no unit has a label on both sides"
ONE_LABEL = "both sides hold one and the same label throughout, so nothing is left to chance"


@dataclass(frozen=True)
class Coefficient:
    """A coefficient as a function of margins, and why it may be undefined where there are pairs."""

    of_margins: Callable[[Margins], Floats]
    reason: str


def _agreement(sums: Margins) -> Floats:
    return ratio(sums.agreed, sums.pairs)


def _cohen(sums: Margins) -> Floats:
    # n² p_o and n² p_e are whole numbers, so a divisor of 0 is found exactly.
    chance = (sums.answered * sums.chosen).sum(axis=-1)
    return ratio(sums.pairs * sums.agreed - chance, sums.pairs**2 - chance)


def _scott(sums: Margins) -> Floats:
    chance = ((sums.answered + sums.chosen) ** 2).sum(axis=-1)
    return ratio(4 * sums.pairs * sums.agreed - chance, 4 * sums.pairs**2 - chance)


def _gwet(sums: Margins) -> Floats:
    labels = sums.hits.shape[-1]
    share = ratio(sums.answered + sums.chosen, 2 * sums.pairs[..., None])
    chance = ratio((share * (1 - share)).sum(axis=-1), labels - 1)
    return ratio(ratio(sums.agreed, sums.pairs) - chance, 1 - chance)


def _alpha(sums: Margins) -> Floats:
    values = 2 * sums.pairs
    expected = values**2 - ((sums.answered + sums.chosen) ** 2).sum(axis=-1)
    return 1 - ratio((values - 1) * 2 * (sums.pairs - sums.agreed), expected)


COEFFICIENTS: dict[str, Coefficient] = {
    "percentage_agreement": Coefficient(_agreement, NO_PAIR),
    "cohen_kappa": Coefficient(_cohen, ONE_LABEL),
    "scott_pi": Coefficient(_scott, ONE_LABEL),
    "gwet_ac1": Coefficient(_gwet, "chance agreement needs at least two labels"),
    "krippendorff_alpha_nominal": Coefficient(_alpha, ONE_LABEL),
}
"""Each by its name, for sweeps."""

KERNELS: dict[str, Kernel] = {
    name: kernel_of(known.of_margins) for name, known in COEFFICIENTS.items()
}
"""Functions of tables (..., k, k + 1) as `Confusion.cells` gives them; the last column is idle."""


def percentage_agreement(table: Confusion, *, absent: AgreementRule = "exclude") -> Value:
    """Share of the units on which two coders agree, as a proportion.

    p_o = (pairs with equal labels) / (pairs).

    Args:
        table: the pairs of two coders.
        absent: `exclude` uses units with both labels; `class` makes the second coder's absence
            one more label.

    From 0 (never) to 1 (always). Undefined without pairs. Scott (1955), doi:10.1086/266577, calls
    it observed agreement; unlike `accuracy` it takes no side's absence for an error.

    Example:
        >>> from evalhouse.metrics.table import confusion
        >>> percentage_agreement(confusion(["a", "a", "b", None], ["a", "b", "b", "b"])).value
        0.6666666666666666
    """
    return _coefficient("percentage_agreement", table, absent)


def cohen_kappa(table: Confusion, *, absent: AgreementRule = "exclude") -> Value:
    """Cohen's kappa: agreement beyond what each coder's own use of the labels explains.

    (p_o - p_e) / (1 - p_e) with p_e = sum_k p_k q_k, the coders' shares of label k.

    Args:
        table: the pairs of two coders.
        absent: as in `percentage_agreement`.

    From -1 to 1: 1 is full agreement, 0 what independent coders reach. Undefined without pairs,
    and where both hold one and the same label throughout (p_e = 1). Cohen (1960),
    doi:10.1177/001316446002000104.

    Example:
        Cohen's table 1, its proportions as units of 200:

        >>> from evalhouse.metrics.table import table_of_counts
        >>> cohen_kappa(table_of_counts([[88, 14, 18], [10, 40, 10], [2, 6, 12]])).value
        0.4915254237288136
    """
    return _coefficient("cohen_kappa", table, absent)


def scott_pi(table: Confusion, *, absent: AgreementRule = "exclude") -> Value:
    """Scott's pi: agreement beyond what the labels' joint frequency explains.

    (p_o - p_e) / (1 - p_e) with p_e = sum_k ((p_k + q_k) / 2)².

    Args:
        table: the pairs of two coders.
        absent: as in `percentage_agreement`.

    From -1 to 1: 1 is full agreement, 0 what chance reaches. Undefined without pairs, and where
    one label alone occurs. Scott (1955), doi:10.1086/266577. With two coders it is Fleiss' kappa.

    Example:
        A table of two abstractors and its value from irrCAC:

        >>> from evalhouse.metrics.table import table_of_counts
        >>> round(scott_pi(table_of_counts([[13, 0, 0], [0, 20, 7], [0, 4, 56]])).value, 7)
        0.7962397
    """
    return _coefficient("scott_pi", table, absent)


def gwet_ac1(table: Confusion, *, absent: AgreementRule = "exclude") -> Value:
    """Gwet's AC1: agreement beyond chance that stays stable where one label prevails.

    (p_o - p_e) / (1 - p_e) with p_e = sum_k s_k (1 - s_k) / (q - 1), where s_k = (p_k + q_k) / 2
    and q counts the labels of the table, those declared that never occur among them.

    Args:
        table: the pairs of two coders.
        absent: as in `percentage_agreement`; `class` adds 1 to q.

    From -1 to 1: 1 is full agreement, 0 what chance reaches. Undefined without pairs and with
    fewer than two labels. Gwet (2008), doi:10.1348/000711006X126600.

    Example:
        A table and its value from irrCAC, the package of the coefficient's author:

        >>> from evalhouse.metrics.table import table_of_counts
        >>> round(gwet_ac1(table_of_counts([[13, 0, 0], [0, 20, 7], [0, 4, 56]])).value, 7)
        0.8493305
    """
    return _coefficient("gwet_ac1", table, absent)


def krippendorff_alpha(
    table: Confusion,
    *,
    level: Level = "nominal",
    scale: Sequence[float] | None = None,
    absent: AgreementRule = "exclude",
) -> Value:
    """Krippendorff's alpha of two coders: 1 - observed over expected disagreement.

    1 - (n - 1) sum_ck o_ck d_ck / sum_ck n_c n_k d_ck, over the 2 N = n values of N pairs, with
    o the coincidences, n_c their margins and d_ck the squared difference: 1 between labels
    (nominal), of mid-ranks (ordinal), of numbers (interval), or ((c - k) / (c + k))² (ratio).

    Args:
        table: the pairs of two coders; a unit with one label has nothing to be compared with.
        level: of measurement.
        scale: (k,) the number of each label, for all levels but nominal; numeric labels need none.
        absent: as in `percentage_agreement`; `class` is for nominal labels only.

    At most 1, full agreement; 0 is chance, below 0 systematic disagreement. Undefined without
    pairs, and where one label alone occurs. Krippendorff, Content Analysis, 4th edition (2019),
    doi:10.4135/9781071878781, chapter 12.

    Example:
        Krippendorff's first example, Meg and Owen (2011, "Computing alpha-reliability"):

        >>> from evalhouse.metrics.table import confusion
        >>> first = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
        >>> second = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
        >>> round(krippendorff_alpha(confusion(first, second)).value, 3)
        0.095
    """
    if level not in LEVELS:
        raise UnknownNameError("level of measurement", level, LEVELS)
    if level == "nominal":
        return _coefficient("krippendorff_alpha_nominal", table, absent)
    if absent != "exclude":
        raise UsageError("absence has no place on a scale; use `exclude`, or the level `nominal`")
    ordered, values = table.on_scale(scale)
    found = alpha_kernel(level, values)(ordered.cells("exclude").astype(np.float64))
    return value_of(found, table.n_pairs, NO_PAIR, ONE_LABEL)


def alpha_kernel(level: Level, values: Floats) -> Kernel:
    """Return Krippendorff's alpha as a function of tables (..., k, k + 1).

    `values` (k,) are the numbers of the labels in ascending order, as `Confusion.on_scale` gives
    them; nominal labels need none.

    Raises:
        UnknownNameError: for another level.
        UsageError: for numbers below 0 at the level `ratio`.
    """
    if level == "nominal":
        return KERNELS["krippendorff_alpha_nominal"]
    if level == "ordinal":
        return _ordinal_alpha
    small = scaled(values)[0]
    apart = small[:, None] - small
    if level == "interval":
        return partial(_weighted_alpha, apart**2)
    if level == "ratio":
        if values.size and values.min() < 0:
            raise UsageError(f"numbers at the level `ratio` are 0 or more; found {values.min():g}")
        # The one pair of equal labels whose sum is 0 has no distance either.
        return partial(_weighted_alpha, np.nan_to_num(ratio(apart, small[:, None] + small)) ** 2)
    raise UnknownNameError("level of measurement", level, LEVELS)


def _ordinal_alpha(cells: Floats) -> Floats:
    sums = margins(cells)
    held = sums.answered + sums.chosen
    middle = held.cumsum(axis=-1) - held / 2
    return _weighted_alpha((middle[..., :, None] - middle[..., None, :]) ** 2, cells)


def _weighted_alpha(distance: Floats, cells: Floats) -> Floats:
    pairs = checked_cells(cells)[..., :-1]
    held = pairs.sum(axis=-1) + pairs.sum(axis=-2)
    # A pair stands twice among the coincidences, once in each order.
    observed = 2 * (pairs * distance).sum(axis=(-2, -1))
    expected = (held[..., :, None] * distance * held[..., None, :]).sum(axis=(-2, -1))
    return 1 - ratio((held.sum(axis=-1) - 1) * observed, expected)


def checked_rule(absent: AgreementRule) -> AgreementRule:
    """Return a rule for absence in agreement, or say which there are."""
    if absent not in AGREEMENT_RULES:
        raise UnknownNameError("rule for absence in agreement", absent, AGREEMENT_RULES)
    return absent


def _coefficient(name: str, table: Confusion, absent: AgreementRule) -> Value:
    sums = margins(table.cells(checked_rule(absent)))
    known = COEFFICIENTS[name]
    return value_of(known.of_margins(sums), int(sums.pairs), NO_PAIR, known.reason)


def _metric(name: str, function: Callable[..., Value], low: float, reference: str) -> Metric:
    unit: Literal["proportion", "coefficient"] = "coefficient" if low else "proportion"
    return Metric(name, "agreement", function, unit, low, 1.0, True, True, reference)


METRICS: tuple[Metric, ...] = (
    _metric("percentage_agreement", percentage_agreement, 0.0, "scikit-learn"),
    _metric("cohen_kappa", cohen_kappa, -1.0, "scikit-learn"),
    _metric("scott_pi", scott_pi, -1.0, "statsmodels"),
    _metric("gwet_ac1", gwet_ac1, -1.0, "Gwet (2008)"),
    _metric("krippendorff_alpha_nominal", krippendorff_alpha, -1.0, "krippendorff"),
    *(
        _metric(
            f"krippendorff_alpha_{level}",
            partial(krippendorff_alpha, level=level),
            -1.0,
            "krippendorff",
        )
        for level in LEVELS[1:]
    ),
)
