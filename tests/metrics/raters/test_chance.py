from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from statsmodels.stats import inter_rater

from evalhouse.errors import UnknownNameError
from evalhouse.metrics.raters import (
    agreement_units,
    brennan_prediger,
    brennan_prediger_kernel,
    fleiss_kappa,
    fleiss_kernel,
    gwet_ac1_raters,
    gwet_kernel,
    pair_agreement,
    pair_agreement_kernel,
)
from evalhouse.metrics.value import Value
from tests.metrics.raters.tables import (
    DIAGNOSES,
    FOUR_OBSERVERS,
    FOURTEEN_RATERS,
    random_table,
    spelled_out,
)

COEFFICIENTS = [fleiss_kappa, gwet_ac1_raters, brennan_prediger]


def test_fleiss_thirty_patients_have_the_published_kappa() -> None:
    assert fleiss_kappa(spelled_out(DIAGNOSES)).value == pytest.approx(0.430, abs=5e-4)


def test_ten_subjects_of_fourteen_raters_have_the_published_kappa() -> None:
    assert fleiss_kappa(spelled_out(FOURTEEN_RATERS)).value == pytest.approx(0.210, abs=5e-4)


@pytest.mark.parametrize(
    ("function", "published"),
    [(gwet_ac1_raters, 0.77544), (brennan_prediger, 0.77273), (pair_agreement, 0.81818)],
)
def test_four_observers_have_what_gwet_publishes(
    function: Callable[..., Value], published: float
) -> None:
    # Gwet's package irrCAC, version 1.0, overview: coefficients of the data `cac.raw4raters`.
    found = function(FOUR_OBSERVERS)
    assert found.value == pytest.approx(published, abs=5e-6)
    assert found.n == 11


def test_weighted_kappa_of_four_observers_is_what_gwet_publishes() -> None:
    # As above: `fleiss.kappa.raw`.
    found = fleiss_kappa(FOUR_OBSERVERS, unequal="weighted").value
    assert found == pytest.approx(0.76117, abs=5e-6)


def test_random_complete_tables_have_the_kappas_of_the_reference() -> None:
    rng = np.random.default_rng(5)
    for _ in range(100):
        table = rng.integers(0, rng.integers(2, 5), (rng.integers(2, 30), rng.integers(2, 6)))
        table[0, :2] = 0, 1
        counts, _ = inter_rater.aggregate_raters(table)
        ours = fleiss_kappa(table).value, brennan_prediger(table).value
        theirs = [inter_rater.fleiss_kappa(counts, method) for method in ("fleiss", "randolph")]
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_weighting_changes_no_table_of_equal_units() -> None:
    table = spelled_out(DIAGNOSES)
    assert fleiss_kappa(table, unequal="weighted") == fleiss_kappa(table)


def test_units_of_unequal_numbers_of_labels_have_no_kappa() -> None:
    found = fleiss_kappa([["a", "a", None], ["a", "b", "a"], [None, None, None]])
    assert not found.is_defined
    assert found.note == "units have from 2 to 3 labels; use Krippendorff's alpha"


def test_units_without_any_label_do_not_enter() -> None:
    table = [["a", "a"], ["a", "b"], ["b", "b"]]
    assert fleiss_kappa([*table, [None, None]]) == fleiss_kappa(table)


@pytest.mark.parametrize("function", [*COEFFICIENTS, pair_agreement])
@pytest.mark.parametrize("table", [[], [[]], [["a"]], [["a", None]], [[None, None]]])
def test_nothing_to_compare_has_no_value(function: Callable[..., Value], table: Any) -> None:
    assert str(function(table)) == str(Value(np.nan, 0, "no unit has labels of two coders"))


@pytest.mark.parametrize("function", COEFFICIENTS)
def test_one_label_has_no_agreement_beyond_chance(function: Callable[..., Value]) -> None:
    found = function([["a", "a", "a"]] * 7)
    assert not found.is_defined
    assert found.note == "there is one label, and chance agrees"


@pytest.mark.parametrize("function", [gwet_ac1_raters, brennan_prediger])
def test_declared_labels_are_part_of_the_formula(function: Callable[..., Value]) -> None:
    table = [["a", "a"], ["a", "b"]]
    assert function(table, labels=["a", "b", "c"]).value != function(table).value
    assert function([["a", "a"]], labels=["a", "b"]).value == 1.0


@pytest.mark.parametrize(
    ("kernel", "function"),
    [
        (fleiss_kernel, lambda table: fleiss_kappa(table, unequal="weighted")),
        (gwet_kernel, gwet_ac1_raters),
        (brennan_prediger_kernel, brennan_prediger),
        (pair_agreement_kernel, pair_agreement),
    ],
)
def test_kernels_take_many_sums_at_once(
    kernel: Callable[..., Any], function: Callable[..., Value]
) -> None:
    rng = np.random.default_rng(6)
    table = random_table(rng)
    rows = agreement_units(table).rows()
    sums = np.stack([rows.sum(axis=0), np.zeros(rows.shape[1])])[:, None]
    np.testing.assert_allclose(kernel(sums), [[function(table).value], [np.nan]], atol=1e-14)


def test_an_unknown_way_with_unequal_units_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `weighted`"):
        fleiss_kappa([["a", "b"]], unequal="weigthed")  # type: ignore[arg-type] # the point
