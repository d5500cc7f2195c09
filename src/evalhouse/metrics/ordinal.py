"""How near a model comes on a scale: weighted kappa, errors, and all metrics of ordered answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.agreement import LEVELS, NO_PAIR, ONE_LABEL, alpha_kernel
from evalhouse.metrics.choices import NO_GOLD
from evalhouse.metrics.correlation import KENDALL_TAU_B, PEARSON, SPEARMAN
from evalhouse.metrics.number_pairs import (
    NumberPairs,
    PairMetric,
    Scale,
    Sides,
    number_pairs,
)
from evalhouse.metrics.numbers import as_numbers, scaled
from evalhouse.metrics.table import (
    AbsentRule,
    Confusion,
    Floats,
    checked_cells,
    ratio,
)
from evalhouse.metrics.value import Kernel, Metric, Score, Value, undefined, value_of

Weights = Literal["linear", "quadratic"]
WEIGHTS: tuple[Weights, ...] = ("linear", "quadratic")
WITHIN = 1.0
RATIO = "krippendorff_alpha_ratio"
_ROUNDING = 1e-9  # 0.3 and 0.2 lie a little more than 0.1 apart


def weighted_kappa(
    table: Confusion,
    *,
    weights: Weights | Sequence[Sequence[float]] | Floats = "quadratic",
    scale: Scale | None = None,
) -> Value:
    """Cohen's weighted kappa: disagreement counts by its distance on the declared scale.

    1 - sum_ij d_ij O_ij / sum_ij d_ij E_ij, with O the pairs, E = (row sum x column sum) / n, and
    d_ij = |s_i - s_j| (linear) or its square (quadratic) for the numbers s of the labels.

    Args:
        table: the pairs of two coders; units with both labels enter.
        weights: `linear`, `quadratic`, or (k, k) disagreements for the labels in their order.
        scale: (k,) the number of each label; numeric labels need none, so that 1, 2 and 9 lie as
            far apart as they say whether or not what is between them occurs. `range(k)` counts
            steps instead.

    From -1 to 1 for the named weights: 1 is full agreement, 0 what independent coders reach.
    Undefined without pairs, and where both hold one and the same label throughout. Cohen (1968),
    doi:10.1037/h0026256; scikit-learn's `cohen_kappa_score` always counts steps.

    Example:
        Cohen's table 1, its proportions as units of 200, with his weights:

        >>> from evalhouse.metrics.table import table_of_counts
        >>> table = table_of_counts([[88, 14, 18], [10, 40, 10], [2, 6, 12]])
        >>> round(weighted_kappa(table, weights=[[0, 1, 3], [1, 0, 6], [3, 6, 0]]).value, 3)
        0.348
    """
    if isinstance(weights, str):
        ordered, values = table.on_scale(scale)
        kernel = weighted_kappa_kernel(values, weights)
    else:
        ordered, kernel = table, partial(_weighted_kappa, _checked_weights(weights, table))
    found = kernel(ordered.cells("exclude").astype(np.float64))
    return value_of(found, table.n_pairs, NO_PAIR, ONE_LABEL)


def adjacent_agreement(
    gold: Sides,
    model: ArrayLike | None = None,
    *,
    scale: Scale | None = None,
    within: float = WITHIN,
    absent: AbsentRule = "wrong",
) -> Value:
    """Share of units where the model is at most one step from gold.

    (units with |model - gold| <= within) / (units with a gold number).

    Args:
        gold: a confusion table, or (n,) numbers.
        model: (n,) numbers, where gold is no table.
        scale: (k,) the number of each label of the table; numeric labels need none.
        within: the largest distance that counts as near, in units of the scale.
        absent: a unit with gold and no number from the model is an error (`wrong`) or left out
            (`exclude`); absence has no place on a scale, so it can be no class.

    From 0 to 1, and never below the accuracy. Undefined without gold numbers. Common in the
    scoring of essays; a definition of our own.

    Example:
        >>> adjacent_agreement([1, 2, 3, 4], [1, 3, 5, float("nan")]).value
        0.5
    """
    rule = _checked_absence(absent)
    if isinstance(gold, Confusion):
        return _near_of_table(*gold.on_scale(scale), within, rule)
    return _near(number_pairs(gold, model), within, rule)


def mean_absolute_error(
    gold: Sides, model: ArrayLike | None = None, *, scale: Scale | None = None
) -> Value:
    """Mean distance of the model from gold, in units of the scale.

    (1 / n) sum_i |m_i - g_i|.

    Args:
        gold: a confusion table, or (n,) numbers; units without a number on both sides are left out.
        model: (n,) numbers, where gold is no table.
        scale: (k,) the number of each label of the table; numeric labels need none.

    From 0, which is no error; lower is better. Undefined without pairs. As scikit-learn's
    `mean_absolute_error`.

    Example:
        >>> mean_absolute_error([3, -0.5, 2, 7], [2.5, 0.0, 2, 8]).value
        0.5
    """
    return MEAN_ABSOLUTE_ERROR.of(gold, model, scale)


def root_mean_square_error(
    gold: Sides, model: ArrayLike | None = None, *, scale: Scale | None = None
) -> Value:
    """Root of the mean squared distance of the model from gold, in units of the scale.

    sqrt((1 / n) sum_i (m_i - g_i)²).

    Args:
        gold: as in `mean_absolute_error`.
        model: as in `mean_absolute_error`.
        scale: as in `mean_absolute_error`.

    From 0, which is no error; lower is better, and never below the mean absolute error. Undefined
    without pairs. As scikit-learn's `root_mean_squared_error`.

    Example:
        >>> round(root_mean_square_error([3, -0.5, 2, 7], [2.5, 0.0, 2, 8]).value, 6)
        0.612372
    """
    return ROOT_MEAN_SQUARE_ERROR.of(gold, model, scale)


def mean_error(gold: Sides, model: ArrayLike | None = None, *, scale: Scale | None = None) -> Value:
    """Bias of the model: its mean less that of gold, in units of the scale.

    (1 / n) sum_i (m_i - g_i).

    Args:
        gold: as in `mean_absolute_error`.
        model: as in `mean_absolute_error`.
        scale: as in `mean_absolute_error`.

    Below 0 the model rates too low, above 0 too high; 0 is best, and hides errors that cancel.
    Undefined without pairs. Bland and Altman (1986), doi:10.1016/S0140-6736(86)90837-8.

    Example:
        >>> mean_error([1, 2, 3], [2, 3, 3.5])
        Value(value=0.8333333333333334, n=3, note='')
    """
    return MEAN_ERROR.of(gold, model, scale)


def ordinal_metrics(
    gold: Sides,
    model: ArrayLike | None = None,
    *,
    scale: Scale | None = None,
    within: float = WITHIN,
    absent: AbsentRule = "wrong",
) -> tuple[Score, ...]:
    """Return every metric of ordered answers.

    Args:
        gold: a confusion table, or (n,) numbers; only a table has weighted kappas and alphas.
        model: (n,) numbers, where gold is no table.
        scale: (k,) the number of each label of the table; numeric labels need none.
        within: as in `adjacent_agreement`.
        absent: as in `adjacent_agreement`; it alone counts absence.

    Example:
        >>> from evalhouse.metrics.table import confusion
        >>> rows = ordinal_metrics(confusion([1, 2, 3, 5], [1, 2, 4, 5], range(1, 6)))
        >>> rows[0].metric, round(rows[0].value.value, 4)
        ('weighted_kappa_linear', 0.8571)
    """
    if isinstance(gold, Confusion):
        return tuple(_of_table(gold, scale, within, _checked_absence(absent)))
    pairs = number_pairs(gold, model)
    rows = [Score(name, None, metric.of_arrays(pairs)) for name, metric in PAIR_METRICS.items()]
    return (
        Score("adjacent_agreement", None, _near(pairs, within, _checked_absence(absent))),
        *rows,
    )


def _of_table(
    table: Confusion, scale: Scale | None, within: float, absent: AbsentRule
) -> Iterator[Score]:
    ordered, values = table.on_scale(scale)
    cells = ordered.cells("exclude").astype(np.float64)
    kernels = _agreement_kernels(values)
    for name, kernel in kernels.items():
        yield Score(name, None, value_of(kernel(cells), table.n_pairs, NO_PAIR, ONE_LABEL))
    if RATIO not in kernels:
        yield Score(RATIO, None, undefined(table.n_pairs, "numbers below 0 have no ratios"))
    yield Score("adjacent_agreement", None, _near_of_table(ordered, values, within, absent))
    for name, metric in PAIR_METRICS.items():
        yield Score(name, None, metric.of_table(ordered, values))


def ordinal_kernels(values: Floats, *, within: float = WITHIN) -> dict[str, Kernel]:
    """Return each metric as a function of tables (..., k, k + 1); a scale below 0 has no ratios.

    Args:
        values: (k,) the numbers of the labels in ascending order, as `Confusion.on_scale` gives
            them with the table that belongs to them.
        within: as in `adjacent_agreement`.
    """
    return {
        **_agreement_kernels(values),
        "adjacent_agreement": adjacent_kernel(values, within),
        **{name: metric.on_scale(values) for name, metric in PAIR_METRICS.items()},
    }


def _agreement_kernels(values: Floats) -> dict[str, Kernel]:
    # Ratios need a zero that means nothing at all, and no number below it.
    levels = LEVELS[1:] if not values.size or values[0] >= 0 else LEVELS[1:3]
    return {
        **{f"weighted_kappa_{each}": weighted_kappa_kernel(values, each) for each in WEIGHTS},
        **{f"krippendorff_alpha_{each}": alpha_kernel(each, values) for each in levels},
    }


def weighted_kappa_kernel(values: Floats, weights: Weights = "quadratic") -> Kernel:
    """Return weighted kappa as a function of tables; `values` (k,) are the labels' numbers.

    Raises:
        UnknownNameError: for other weights.
    """
    if weights not in WEIGHTS:
        raise UnknownNameError("kind of weights", weights, WEIGHTS)
    small = scaled(values)[0]
    apart = np.abs(np.subtract.outer(small, small))
    return partial(_weighted_kappa, apart if weights == "linear" else apart**2)


def adjacent_kernel(values: Floats, within: float = WITHIN) -> Kernel:
    """Return adjacent agreement as a function of tables; `values` (k,) are the labels' numbers."""
    return partial(_adjacent, _is_near(np.subtract.outer(values, values), within))


def error_kernel(power: Literal["absolute", "square", "signed"], values: Floats) -> Kernel:
    """Return the mean of a function of the error as a function of tables."""
    error = values - values[:, None]
    if power == "absolute":
        return partial(_mean_of_cells, np.abs(error))
    return partial(_mean_of_cells, error**2 if power == "square" else error)


def _root_mean_square_kernel(values: Floats) -> Kernel:
    small, power = scaled(values)
    squared = error_kernel("square", small)

    def kernel(cells: Floats) -> Floats:
        # A jackknife takes units out of cells that hold none, which leaves less than nothing.
        return np.ldexp(np.sqrt(np.maximum(squared(cells), 0.0)), power)

    return kernel


def _root_mean_square(error: Floats) -> float:
    if not np.isfinite(error).all():
        return np.inf
    small, power = scaled(error)
    return float(np.ldexp(np.sqrt((small**2).mean()), power))


def _weighted_kappa(distance: Floats, cells: Floats) -> Floats:
    pairs = checked_cells(cells)[..., :-1]
    rows, columns = np.einsum("...ij->...i", pairs), np.einsum("...ij->...j", pairs)
    observed = _summed(pairs, distance)
    expected = ((rows @ distance) * columns).sum(axis=-1)
    return 1 - ratio(rows.sum(axis=-1) * observed, expected)


def _adjacent(is_near: Floats, cells: Floats) -> Floats:
    table = checked_cells(cells)
    return ratio(_summed(table[..., :-1], is_near), table.sum(axis=(-2, -1)))


def _mean_of_cells(weighed: Floats, cells: Floats) -> Floats:
    pairs = checked_cells(cells)[..., :-1]
    return ratio(_summed(pairs, weighed), pairs.sum(axis=(-2, -1)))


def _summed(pairs: Floats, weighed: Floats) -> Floats:
    return np.asarray(np.einsum("...ij,ij->...", pairs, weighed))


def _is_near(error: Floats, within: float) -> Floats:
    if not within >= 0:
        raise UsageError(f"`within` is a distance of 0 or more; found {within}")
    return (np.abs(error) <= within + _ROUNDING * max(within, 1.0)).astype(np.float64)


def _near_of_table(ordered: Confusion, values: Floats, within: float, absent: AbsentRule) -> Value:
    cells = ordered.cells(absent)
    found = adjacent_kernel(values, within)(cells.astype(np.float64))
    return value_of(found, int(cells.sum()), NO_GOLD, NO_GOLD)


def _near(pairs: NumberPairs, within: float, absent: AbsentRule) -> Value:
    total = pairs.n_gold if absent == "wrong" else len(pairs)
    near = _is_near(pairs.error, within).sum()
    return value_of(float(ratio(near, total)), total, NO_GOLD, NO_GOLD)


def _checked_absence(absent: AbsentRule) -> AbsentRule:
    if absent not in ("wrong", "exclude"):
        raise UnknownNameError("rule for absence on a scale", absent, ("wrong", "exclude"))
    return absent


def _checked_weights(weights: ArrayLike, table: Confusion) -> Floats:
    given = as_numbers(weights, "weights")
    size = len(table.names)
    if given.shape != (size, size):
        raise UsageError(
            f"the weights of {size} labels are a table of {size} by {size}; found {given.shape}"
        )
    outside = given[~((given >= 0) & np.isfinite(given))]
    if outside.size:
        raise UsageError(f"weights are finite, and 0 or more; found {outside[0]:g}")
    return scaled(given)[0]


MEAN_ABSOLUTE_ERROR = PairMetric(
    partial(error_kernel, "absolute"), lambda pairs: np.abs(pairs.error).mean()
)
ROOT_MEAN_SQUARE_ERROR = PairMetric(
    _root_mean_square_kernel, lambda pairs: _root_mean_square(pairs.error)
)
MEAN_ERROR = PairMetric(partial(error_kernel, "signed"), lambda pairs: pairs.error.mean())
PAIR_METRICS: dict[str, PairMetric] = {
    "pearson": PEARSON,
    "spearman": SPEARMAN,
    "kendall_tau_b": KENDALL_TAU_B,
    "mean_absolute_error": MEAN_ABSOLUTE_ERROR,
    "root_mean_square_error": ROOT_MEAN_SQUARE_ERROR,
    "mean_error": MEAN_ERROR,
}
"""What tables and arrays both have."""


def _kappa_metric(weights: Weights) -> Metric:
    function = partial(weighted_kappa, weights=weights)
    name = f"weighted_kappa_{weights}"
    return Metric(name, "ordinal", function, "coefficient", -1.0, 1.0, True, True, "scikit-learn")


def _error_metric(name: str, function: Callable[..., Value], *, is_symmetric: bool) -> Metric:
    low = 0.0 if is_symmetric else -np.inf
    reference = "scikit-learn" if is_symmetric else "numpy"
    return Metric(name, "ordinal", function, "scale", low, np.inf, False, is_symmetric, reference)


METRICS: tuple[Metric, ...] = (
    *(_kappa_metric(weights) for weights in WEIGHTS),
    Metric(
        "adjacent_agreement",
        "ordinal",
        adjacent_agreement,
        "proportion",
        0.0,
        1.0,
        True,
        False,
        "numpy",
    ),
    _error_metric("mean_absolute_error", mean_absolute_error, is_symmetric=True),
    _error_metric("root_mean_square_error", root_mean_square_error, is_symmetric=True),
    _error_metric("mean_error", mean_error, is_symmetric=False),
)
