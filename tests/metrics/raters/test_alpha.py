from __future__ import annotations

import math
import warnings
from itertools import permutations
from typing import Any

import krippendorff
import numpy as np
import pytest
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.raters import (
    LEVELS,
    Level,
    alpha_kernel,
    alpha_units,
    coincidences,
    krippendorff_alpha,
    rate,
)
from tests.metrics.raters.tables import FOUR_OBSERVERS, random_table


def theirs(table: NDArray[Any], level: Level) -> float:
    """Ask the reference; what it refuses is undefined."""
    try:
        return float(krippendorff.alpha(table.T, level_of_measurement=level))
    except ValueError:
        return math.nan


@pytest.mark.parametrize(
    ("level", "published"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_the_published_reliability_data_have_the_published_alphas(
    level: Level, published: float
) -> None:
    assert krippendorff_alpha(FOUR_OBSERVERS, level).value == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("level", LEVELS)
def test_random_tables_have_the_alpha_of_the_reference(level: Level) -> None:
    rng = np.random.default_rng(1)
    for _ in range(150):
        table = random_table(rng)
        found = krippendorff_alpha(table, level)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the reference divides zero by zero
            expected = theirs(table, level)
        np.testing.assert_allclose(found.value, expected, rtol=0, atol=1e-12)
        assert found.n == np.count_nonzero((~np.isnan(table)).sum(axis=1) >= 2)


@pytest.mark.parametrize("level", LEVELS)
def test_sums_over_units_give_the_same_alpha(level: Level) -> None:
    rng = np.random.default_rng(2)
    for _ in range(30):
        table = rate(random_table(rng))
        units = alpha_units(table, level)
        found = alpha_kernel(level, table.names)(units.sums)
        np.testing.assert_allclose(found, krippendorff_alpha(table, level).value, atol=1e-12)
        np.testing.assert_allclose(units.rows().sum(axis=0), units.sums, atol=1e-9)


@pytest.mark.parametrize("level", LEVELS)
def test_resampled_units_have_the_alpha_of_their_table(level: Level) -> None:
    rng = np.random.default_rng(3)
    table = rate(random_table(rng))
    rows = alpha_units(table, level).rows()
    draws = rng.integers(0, len(rows), (50, len(rows)))
    found = alpha_kernel(level, table.names)(rows[draws].sum(axis=1))
    numbers = table.numbers()
    expected = [krippendorff_alpha(numbers[draw], level).value for draw in draws]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_equal_labels_drawn_from_varied_units_leave_alpha_undefined(level: Level) -> None:
    table = rate([[0.1, 0.3], [0.7, 0.7], [0.9, 0.1]])
    rows = alpha_units(table, level).rows()
    assert np.isnan(alpha_kernel(level, table.names)(rows[[1, 1, 1]].sum(axis=0)))


@pytest.mark.parametrize("level", LEVELS)
def test_more_labels_than_a_table_holds_give_the_same_alpha(level: Level) -> None:
    rng = np.random.default_rng(4)
    table = np.round(rng.gamma(2.0, 3.0, (150, 1)) + rng.random((150, 4)), 3)
    table[rng.random(table.shape) < 0.3] = np.nan
    assert len(rate(table).names) > 256
    expected = theirs(table, level)
    np.testing.assert_allclose(krippendorff_alpha(table, level).value, expected, atol=1e-12)


def test_a_distant_origin_changes_no_interval_alpha() -> None:
    found = krippendorff_alpha(FOUR_OBSERVERS + 1e7, "interval").value
    assert found == pytest.approx(krippendorff_alpha(FOUR_OBSERVERS, "interval").value, abs=1e-12)


@pytest.mark.parametrize("level", LEVELS)
def test_neither_the_order_of_units_nor_that_of_coders_matters(level: Level) -> None:
    expected = krippendorff_alpha(FOUR_OBSERVERS, level)
    for order in permutations(range(4)):
        shuffled = FOUR_OBSERVERS[::-1][:, list(order)]
        assert krippendorff_alpha(shuffled, level).value == pytest.approx(expected.value, abs=1e-14)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("table", "note"),
    [
        ([], "no unit has labels of two coders"),
        ([[]], "no unit has labels of two coders"),
        ([[1.5, None]], "no unit has labels of two coders"),
        ([[1.5], [2.5]], "no unit has labels of two coders"),
        ([[None, None], [None, None]], "no unit has labels of two coders"),
        ([[0.1, 0.1, 0.1], [0.1, 0.1, None]], "all labels are the same"),
        ([[0.1, 0.1], [0.7, None]], "all labels are the same"),
    ],
)
def test_tables_without_contrast_have_no_alpha(level: Level, table: Any, note: str) -> None:
    found = krippendorff_alpha(table, level)
    assert not found.is_defined
    assert found.note == note


@pytest.mark.parametrize("level", LEVELS)
def test_agreement_everywhere_is_one_exactly(level: Level) -> None:
    assert krippendorff_alpha([[0.1, 0.1, 0.1], [0.7, 0.7, None]], level).value == 1.0


def test_one_unit_may_have_an_alpha() -> None:
    assert krippendorff_alpha([["a", "b"]], "nominal").value == 0.0


def test_text_has_an_order_once_it_is_declared() -> None:
    words = {1: "very low", 2: "low", 3: "mid", 4: "high", 5: "very high"}
    table = [[words.get(value) for value in row] for row in FOUR_OBSERVERS]
    found = krippendorff_alpha(table, "ordinal", labels=list(words.values()))
    assert found == krippendorff_alpha(FOUR_OBSERVERS, "ordinal")


def test_declared_labels_that_nobody_gave_change_nothing() -> None:
    found = krippendorff_alpha(FOUR_OBSERVERS, "ordinal", labels=range(10)).value
    assert found == pytest.approx(krippendorff_alpha(FOUR_OBSERVERS, "ordinal").value, abs=1e-14)


def test_every_kind_of_absence_is_left_out() -> None:
    kinds = [Absent.MISSING, Absent.NOT_APPLICABLE, Absent.INVALID, Absent.FAILED]
    table = [["a", "b", kind] for kind in kinds]
    found = krippendorff_alpha(table, "nominal")
    assert found == krippendorff_alpha([row[:2] for row in table], "nominal")


def test_labels_that_can_be_paired_count_once_in_the_margins() -> None:
    found = coincidences(FOUR_OBSERVERS)
    np.testing.assert_allclose(found.margins, [9, 13, 10, 5, 3], atol=1e-14)
    assert (found.n, found.names) == (11, (1.0, 2.0, 3.0, 4.0, 5.0))


def test_text_without_an_order_has_no_ordinal_alpha() -> None:
    with pytest.raises(UsageError, match="needs the order of labels such as `high`"):
        krippendorff_alpha([["low", "high"]], "ordinal")


@pytest.mark.parametrize("level", ["interval", "ratio"])
def test_text_has_no_distances(level: Level) -> None:
    with pytest.raises(UsageError, match="distances need labels that are numbers"):
        krippendorff_alpha([["low", "high"]], level)


def test_a_ratio_scale_has_nothing_below_zero() -> None:
    with pytest.raises(UsageError, match="found -1"):
        krippendorff_alpha([[-1, 2]], "ratio")


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `nominal`"):
        krippendorff_alpha([["a", "b"]], "nominale")  # type: ignore[arg-type] # the point


def test_too_many_labels_for_a_table_of_pairs_are_refused() -> None:
    with pytest.raises(UsageError, match="there are 300 different labels"):
        alpha_units(np.arange(300).reshape(-1, 2), "ordinal")
