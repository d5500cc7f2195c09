from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from evalhouse.errors import UsageError
from evalhouse.metrics.calibration import expected_calibration_error
from evalhouse.metrics.correlation import pearson
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.numbers import as_numbers, scaled
from evalhouse.metrics.ordinal import mean_absolute_error, root_mean_square_error
from evalhouse.metrics.proper_scores import brier_score
from evalhouse.metrics.ranking import auroc

NAN = math.nan
HOLED = {
    "None": [1, None, 3],
    "NaN": [1, NAN, 3],
    "an absence": [1, Absent.FAILED, 3],
    "pandas' NA": [1, pd.NA, 3],
    "decimals": [Decimal(1), None, Decimal(3)],
    "a mask": np.ma.array([1, 99, 3], mask=[False, True, False]),
    "a mask over objects": np.ma.array(np.array([1, "x", 3], object), mask=[False, True, False]),
    "pandas": pd.Series([1, None, 3]),
    "nullable pandas": pd.Series([1, None, 3], dtype="Int64"),
    "polars": pl.Series([1, None, 3]),
    "pyarrow": pa.array([1, None, 3]),
}


@pytest.mark.parametrize("case", HOLED)
def test_what_is_not_there_is_nan_whatever_says_so(case: str) -> None:
    assert np.array_equal(as_numbers(HOLED[case], "numbers"), [1, NAN, 3], equal_nan=True)


@pytest.mark.parametrize("case", HOLED)
def test_no_absence_is_taken_for_a_number(case: str) -> None:
    found = mean_absolute_error(HOLED[case], [1, 2, 3])
    assert (found.value, found.n) == (0.0, 2)


@pytest.mark.parametrize(
    "values", [["1", "2"], np.array(["1"]), np.array(["2020-01-01"], "M8[D]"), [1j], [b"1"], [{}]]
)
def test_text_and_dates_are_no_numbers(values: Any) -> None:
    with pytest.raises(UsageError, match="scores are numbers; found"):
        as_numbers(values, "scores")


def test_lists_of_unequal_lengths_and_endless_numbers_are_refused() -> None:
    with pytest.raises(UsageError, match="numbers"):
        as_numbers([[1, 2], [3]], "scores")
    with pytest.raises(UsageError, match="found a larger one"):
        as_numbers([10**400], "scores")


@pytest.mark.parametrize("metric", [auroc, brier_score, expected_calibration_error])
def test_outcomes_and_scores_that_are_absent_do_not_enter(metric: Any) -> None:
    expected = metric([0, 1, 1], [0.1, 0.8, 0.7])
    for blank in (Absent.FAILED, None, pd.NA):
        for sides in (
            ([0, 1, blank, 1], [0.1, 0.8, 0.9, 0.7]),
            ([0, 1, 0, 1], [0.1, 0.8, blank, 0.7]),
        ):
            found = metric(*sides)
            value, right = (getattr(each, "value", each) for each in (found, expected))
            assert getattr(value, "value", value) == getattr(right, "value", right)


def test_scaled_numbers_come_back_exactly() -> None:
    numbers = np.array([3e200, -7.1, 0.0])
    small, power = scaled(numbers)
    assert np.abs(small).max() <= 1
    assert np.array_equal(np.ldexp(small, power), numbers)


def test_errors_of_any_size_are_measured() -> None:
    assert root_mean_square_error([3e200, 0], [0, 4e200]).value == pytest.approx(12.5**0.5 * 1e200)
    assert root_mean_square_error([3e-200], [0]).value == 3e-200
    assert mean_absolute_error([1.7e308], [-1.7e308]).value == math.inf
    assert pearson([1.7e308, 1.6e308, 0], [3, 2, -14]).value == pytest.approx(1, abs=1e-12)
