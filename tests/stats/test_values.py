from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from evalhouse.errors import UsageError
from evalhouse.stats.alternative_annotator import alternative_annotator_test
from evalhouse.stats.components import variance_components
from evalhouse.stats.corrected import corrected_mean, cross_fitted, designed_labels
from evalhouse.stats.effects import cliff_delta, cohen_d, cohen_h
from evalhouse.stats.families import adjusted
from evalhouse.stats.mcnemar import mcnemar_p_values
from evalhouse.stats.means import mean, ratio
from evalhouse.stats.paired import paired_difference
from evalhouse.stats.paired_bootstrap import paired_bootstrap
from evalhouse.stats.pairing import pair
from evalhouse.stats.pairwise import compare_all
from evalhouse.stats.permutation import paired_permutation_test, unpaired_permutation_test
from evalhouse.stats.repeats import summarise_repeats
from evalhouse.stats.resampling import bootstrap_table, rarest_class
from evalhouse.stats.sample import sample_of_counts, sample_of_rows
from evalhouse.stats.sequential import sequential_difference, sequential_mean
from evalhouse.stats.unpaired import mann_whitney_test, welch_t_test
from evalhouse.stats.values import counts_of, numbers, places, present

ONE: dict[str, Callable[[Any], object]] = {
    "mean": mean,
    "adjusted": adjusted,
    "sequential mean": lambda values: sequential_mean(values, 0.5),
    "repeats": lambda values: summarise_repeats(values, higher_is_better=True),
    "components": lambda values: variance_components([values, values]),
    "all pairs": lambda values: compare_all([values, values]),
    "rows": sample_of_rows,
    "counts": sample_of_counts,
}
TWO: dict[str, Callable[[Any, Any], object]] = {
    "ratio": ratio,
    "paired": paired_difference,
    "sign flips": paired_permutation_test,
    "dealt anew": unpaired_permutation_test,
    "Welch": welch_t_test,
    "Mann-Whitney": mann_whitney_test,
    "Cohen's d": cohen_d,
    "Cliff's delta": cliff_delta,
    "sequential": sequential_difference,
    "bootstrap": lambda one, two: paired_bootstrap(one, two, lambda sums: sums[..., 0]),
    "corrected": lambda one, two: corrected_mean(one, two, two),
    "designed": designed_labels,
}


@pytest.mark.parametrize("values", [[1.0, math.inf, 0.0], [1e308, -1e308, 0.0], ["a", "b", "c"]])
@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_what_is_no_finite_number_is_refused(name: str, values: list[Any]) -> None:
    with pytest.raises(UsageError, match="numbers"):
        ONE[name](values) if name in ONE else TWO[name](values, values)


@pytest.mark.parametrize("name", ["dealt anew", "Mann-Whitney", "Cohen's d", "Cliff's delta"])
def test_tables_are_no_samples(name: str) -> None:
    with pytest.raises(UsageError, match="one dimension"):
        TWO[name]([[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0])


def test_missing_values_stay_or_are_left_out() -> None:
    unknown: list[Any] = [None, 1]
    assert np.isnan(numbers(unknown)).tolist() == [True, False]
    assert present([math.nan, 2]).tolist() == [2.0]


@pytest.mark.parametrize("table", [[1.5, 1.0], [math.nan, 1.0], [-1, 2]])
def test_counts_are_whole(table: list[float]) -> None:
    with pytest.raises(UsageError, match="counts"):
        counts_of(table)


def test_names_are_of_one_kind() -> None:
    assert places(["b", "a", "b"], 3)[0].tolist() == [1, 0, 1]
    unknown: list[Any] = [None, 1, 2]
    with pytest.raises(UsageError, match="one kind"):
        places(unknown, 3)
    with pytest.raises(UsageError, match="one kind"):
        pair(unknown, [1, 2])


def test_shapes_that_are_no_table_are_refused() -> None:
    with pytest.raises(UsageError, match="rows are a table"):
        sample_of_rows(3.0)
    with pytest.raises(UsageError, match="rows and columns"):
        bootstrap_table([1, 2], lambda cells: cells[..., 0])
    with pytest.raises(UsageError, match="rows and columns"):
        rarest_class(3)
    with pytest.raises(UsageError, match="predictors are a table"):
        cross_fitted(designed_labels([1, 0], [1, 0]), [1.0, 2.0, 3.0])
    with pytest.raises(UsageError, match="one for each unit"):
        alternative_annotator_test([["a"], ["b"]], 3.0)  # type: ignore[arg-type]  # on purpose


def test_tiny_numbers_do_not_warn() -> None:
    assert paired_permutation_test([1e-320, 1.0, 3.0], [0.0, 0.0, 0.0]).p_value == 0.5
    assert math.isinf(ratio([0.0, 255.0], [1e-320, 0.0]).estimate)


def test_bounds_and_counts_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="finite"):
        sequential_mean([0.5], 0.4, limits=(-math.inf, 1.0))
    with pytest.raises(UsageError, match="zero or more"):
        mcnemar_p_values(-1, 0)
    assert cohen_h(0.5, math.nan, (3, 10)).note
