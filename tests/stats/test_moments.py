from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.stats.moments import Moments, combined_stderr

numbers = st.floats(-1e6, 1e6)
splits = st.lists(st.lists(numbers, max_size=20), max_size=8)


def _of(*pieces: list[float]) -> Moments:
    moments = Moments()
    for piece in pieces:
        moments.add(piece)
    return moments


@given(splits)
def test_values_in_pieces_have_the_moments_of_all_values(pieces: list[list[float]]) -> None:
    values = [value for piece in pieces for value in piece]
    moments = _of(*pieces)
    assert moments.n == len(values)
    if values:
        assert moments.mean == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-9)
    if len(values) > 1:
        expected = statistics.stdev(values) / math.sqrt(len(values))
        assert moments.stderr == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(splits)
def test_how_values_are_split_does_not_matter(pieces: list[list[float]]) -> None:
    one, other = _of(*pieces), _of(*reversed(pieces), [])
    assert one.n == other.n
    assert one.mean == pytest.approx(other.mean, nan_ok=True, abs=1e-6)
    assert one.stderr == pytest.approx(other.stderr, nan_ok=True, abs=1e-6)


@pytest.mark.parametrize("offset", [0.0, 1e9, -1e12])
def test_a_small_spread_around_a_large_mean_survives(offset: float) -> None:
    values = offset + np.arange(1000) % 2
    moments = Moments()
    for piece in np.array_split(values, 7):
        moments.add(piece)
    assert moments.stderr == pytest.approx(np.std(values, ddof=1) / math.sqrt(1000), rel=1e-6)


def test_without_values_everything_but_the_count_is_undefined() -> None:
    assert _of().n == _of([], []).n == 0
    assert math.isnan(_of([]).mean)
    assert math.isnan(_of([]).stderr)


def test_one_value_has_a_mean_and_no_standard_error() -> None:
    assert _of([0.25]).mean == 0.25
    assert math.isnan(_of([0.25]).stderr)


def test_equal_values_have_no_spread() -> None:
    assert _of([0.1] * 3, [0.1] * 4).stderr == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("bad", [math.inf, -math.inf])
def test_an_infinite_value_gives_an_infinite_mean_and_no_standard_error(bad: float) -> None:
    for moments in (_of([1.0, bad, 2.0]), _of([1.0], [bad], [2.0])):
        assert moments.mean == bad
        assert math.isnan(moments.stderr)


@pytest.mark.parametrize("values", [[math.nan, 1.0], [math.inf, -math.inf], [1.0, math.nan]])
def test_what_is_undefined_stays_undefined(values: list[float]) -> None:
    for moments in (_of(values), _of(*([value] for value in values))):
        assert moments.n == 2
        assert math.isnan(moments.mean)
        assert math.isnan(moments.stderr)


def test_numbers_that_overflow_say_so_without_a_warning() -> None:
    assert _of([1e308, 1e308]).mean == math.inf
    assert not math.isfinite(_of([1e200, -1e200]).stderr)
    assert not math.isfinite(_of([1e200], [-1e200]).stderr)


@pytest.mark.parametrize("values", [[True, False, True, True], np.array([[1, 0], [1, 1]])])
def test_numbers_of_any_shape_and_kind_are_taken(values: list[float]) -> None:
    moments = _of(values)
    assert (moments.n, moments.mean) == (4, 0.75)
    assert moments.stderr == pytest.approx(0.25)


def test_the_total_is_the_sum() -> None:
    assert _of([1.0, 2.0], [3.5]).total == 6.5


@given(
    st.lists(st.tuples(st.floats(0, 10), st.integers(1, 100)), min_size=1, max_size=10),
    st.floats(0.1, 10),
)
def test_a_combined_error_is_that_of_a_weighted_mean(
    parts: list[tuple[float, int]], scale: float
) -> None:
    errors, weights = [error for error, _ in parts], [float(weight) for _, weight in parts]
    expected = math.sqrt(np.sum((np.array(errors) * weights) ** 2)) / sum(weights)
    assert combined_stderr(errors, weights) == pytest.approx(expected, abs=1e-12)
    scaled = [weight * scale for weight in weights]
    assert combined_stderr(errors, scaled) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("errors", "weights"), [([], []), ([0.1], [0]), ([0.1, math.nan], [1, 1]), ([math.nan], [1])]
)
def test_a_combined_error_without_weight_or_with_an_unknown_part_is_undefined(
    errors: list[float], weights: list[float]
) -> None:
    assert math.isnan(combined_stderr(errors, weights))


def test_every_error_needs_its_weight() -> None:
    with pytest.raises(ValueError, match="argument 2"):
        combined_stderr([0.1, 0.2], [1])
