from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.calibration import (
    BINNINGS,
    Binning,
    calibration_error_kernel,
    expected_calibration_error,
    largest_gap_kernel,
    maximum_calibration_error,
    reliability,
)
from evalhouse.metrics.value import Value

BOTH = [expected_calibration_error, maximum_calibration_error]
STRATEGY = {"equal width": "uniform", "equal mass": "quantile"}


@pytest.mark.parametrize("binning", BINNINGS)
def test_bins_are_those_of_the_reference(binning: Binning) -> None:
    rng = np.random.default_rng(1)
    for bins in (1, 5, 15):
        for p in (rng.random(300), rng.integers(0, 11, 300) / 10):
            y = (rng.random(300) < p).astype(int)
            curve = calibration_curve(y, p, n_bins=bins, strategy=STRATEGY[binning])
            found = reliability(y, p, bins=bins, binning=binning)
            held = found.counts > 0
            np.testing.assert_allclose(found.accuracy[held], curve[0], atol=1e-14)
            np.testing.assert_allclose(found.confidence[held], curve[1], atol=1e-14)
            gaps = np.abs(curve[0] - curve[1])
            expected = found.counts[held] @ gaps / 300
            ours = expected_calibration_error(y, p, bins=bins, binning=binning).value
            assert ours == pytest.approx(expected, abs=1e-13)
            ours = maximum_calibration_error(y, p, bins=bins, binning=binning).value
            assert ours == pytest.approx(gaps.max(), abs=1e-13)


def test_a_bin_holds_its_upper_edge() -> None:
    found = reliability([0, 1, 1, 1], [0.0, 0.5, 0.500001, 1.0], bins=2)
    assert found.counts.tolist() == [2, 2]


def test_equal_confidences_stay_in_one_bin() -> None:
    found = reliability([1] * 11, [0.3] * 10 + [0.9], bins=4, binning="equal mass")
    assert sorted(found.counts.tolist()) == [0, 0, 1, 10]
    assert np.isnan(found.accuracy[found.counts == 0]).all()


def test_classes_are_judged_by_the_most_likely_one() -> None:
    rng = np.random.default_rng(2)
    p, y = rng.dirichlet(np.ones(4), 100), rng.integers(0, 4, 100)
    found = expected_calibration_error(y, p)
    assert found == expected_calibration_error(p.argmax(axis=1) == y, p.max(axis=1))


def test_certain_and_wrong_everywhere_is_one() -> None:
    for function in BOTH:
        assert function([0, 1], [1.0, 0.0]).value == 1.0
        assert function([1, 0], [1.0, 0.0]).value == 0.0


def test_the_binning_is_named() -> None:
    assert expected_calibration_error([1], [0.5]).note == "15 bins of equal width"
    found = expected_calibration_error([1, 1], [0.5, math.nan], bins=3, binning="equal mass")
    assert found.note == "3 bins of equal mass; 1 of 2 units have no probability"


@pytest.mark.parametrize("binning", BINNINGS)
@pytest.mark.parametrize("function", BOTH)
@pytest.mark.parametrize("p", [[], np.empty((0, 3)), np.empty((0, 0))])
def test_nothing_to_calibrate_has_no_error(
    function: Callable[..., Value], p: Any, binning: Binning
) -> None:
    found = function([], p, binning=binning)
    assert (found.is_defined, found.note) == (False, "no unit has a probability and an outcome")


def test_kernels_take_many_sums_at_once() -> None:
    rng = np.random.default_rng(3)
    p = rng.random(50)
    table = reliability(rng.random(50) < p, p, bins=4)
    draws = rng.integers(0, 50, (20, 50))
    sums = table.units()[draws].sum(axis=1)
    found = calibration_error_kernel(sums), largest_gap_kernel(sums)
    for row, draw in enumerate(draws):
        counts, confidence, right = table.units()[draw].sum(axis=0).reshape(3, 4)
        gaps = np.abs(confidence - right)
        assert found[0][row] == pytest.approx(gaps.sum() / 50, abs=1e-14)
        assert found[1][row] == pytest.approx(np.max(gaps / np.maximum(counts, 1)), abs=1e-14)
    nothing = np.zeros((2, 12))
    assert np.isnan([calibration_error_kernel(nothing), largest_gap_kernel(nothing)]).all()


def test_there_is_at_least_one_bin() -> None:
    with pytest.raises(UsageError, match="found 0"):
        reliability([1], [0.5], bins=0)


def test_an_unknown_binning_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `equal mass`"):
        reliability([1], [0.5], binning="equal_mass")  # type: ignore[arg-type] # the point
