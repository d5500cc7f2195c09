from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats import resampling
from evalhouse.stats.jackknife import acceleration, jackknife, left_out
from evalhouse.stats.resampling import (
    METHODS,
    Method,
    bootstrap,
    bootstrap_table,
    bootstraps,
    rarest_class,
    replicates,
    resampled_sums,
)
from evalhouse.stats.sample import Sample, sample_of_counts, sample_of_rows, sample_of_table

Floats = NDArray[np.float64]
CHANCE = np.random.default_rng(11)
VALUES = CHANCE.gamma(2.0, 1.0, 60)
ROWS = np.column_stack([np.ones(60), VALUES, VALUES**2])
TABLE = np.array([[40, 3, 2], [4, 20, 1], [1, 2, 7]])


def mean(sums: Floats) -> Floats:
    return np.asarray(sums[..., 1] / sums[..., 0])


def spread(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(sums[..., 2] / sums[..., 0] - mean(sums) ** 2)


def macro_f1(cells: Floats) -> Floats:
    hits = np.diagonal(cells, axis1=-2, axis2=-1)
    both = cells.sum(axis=-1) + cells.sum(axis=-2)[..., : cells.shape[-2]]
    return np.asarray(np.mean(2 * hits / np.where(both > 0, both, np.nan), axis=-1))


def kappa(cells: Floats) -> Floats:
    n = cells.sum(axis=(-2, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        chance = (cells.sum(axis=-1) * cells.sum(axis=-2)).sum(axis=-1) / n**2
        agreed = np.trace(cells, axis1=-2, axis2=-1) / n
        return np.asarray((agreed - chance) / (1 - chance))


def flat(kernel: Callable[[Floats], Floats], size: int) -> Callable[[Floats], Floats]:
    return lambda sums: kernel(sums.reshape(*sums.shape[:-1], size, size))


@dataclass
class Held:
    """What scipy takes as the result of an earlier bootstrap."""

    bootstrap_distribution: Floats


@pytest.mark.parametrize("method", ["bca", "percentile", "basic"])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_bounds_equal_scipy_given_the_same_resamples(method: Method, level: float) -> None:
    sample = sample_of_rows(ROWS)
    values = replicates(sample, spread, 2000, seed=4)
    theirs = stats.bootstrap(
        (VALUES,),
        lambda x, axis: np.std(x, axis=axis),
        n_resamples=0,
        bootstrap_result=Held(values),
        confidence_level=level,
        method={"bca": "BCa"}.get(method, method),
        vectorized=True,
    )
    found = bootstrap(sample, spread, level=level, method=method, count=2000, seed=4)
    expected = theirs.confidence_interval
    np.testing.assert_allclose([found.low, found.high], expected, rtol=1e-10)


def test_bounds_equal_scipy_with_resamples_of_their_own() -> None:
    theirs = stats.bootstrap((VALUES,), np.mean, n_resamples=20_000, rng=3).confidence_interval
    found = bootstrap(sample_of_rows(ROWS), mean, method="bca", count=20_000)
    np.testing.assert_allclose([found.low, found.high], theirs, atol=0.02)
    assert found.stderr == pytest.approx(VALUES.std() / math.sqrt(60), rel=0.03)


def exact(counts: list[int], kernel: Callable[[Floats], Floats]) -> dict[float, float]:
    """The distribution of a statistic over all resamples of the rows that a table counts."""
    n, found = sum(counts), dict[float, float]()
    for drawn in itertools.product(range(n + 1), repeat=len(counts)):
        if sum(drawn) == n:
            p = stats.multinomial.pmf(drawn, n, np.array(counts) / n)
            value = round(float(kernel(np.array(drawn, np.float64))), 12)
            found[value] = found.get(value, 0.0) + float(p)
    return found


@pytest.mark.parametrize("grouped", [True, False])
def test_resampled_counts_have_the_distribution_of_resampled_rows(*, grouped: bool) -> None:
    counts = [4, 1, 2, 3]
    kernel = flat(macro_f1, 2)
    rows = np.repeat(np.eye(4), counts, axis=0)
    sample = sample_of_counts(counts) if grouped else sample_of_rows(rows)
    values = np.round(replicates(sample, kernel, 40_000, seed=1), 12)
    expected = exact(counts, kernel)
    defined = {value: p for value, p in expected.items() if not math.isnan(value)}
    for value, p in defined.items():
        error = math.sqrt(p * (1 - p) / len(values))
        assert abs(np.mean(np.isclose(values, value)) - p) < 5 * error + 1e-9


def test_a_table_is_resampled_as_cells_or_as_rows_whichever_is_cheaper() -> None:
    few, many = np.array([3, 2, 1, 4]), np.array([3000, 2000, 1000, 4000])
    for counts in (few, many):
        sums = np.concatenate(list(resampled_sums(sample_of_counts(counts), 4000, 5)))
        assert set(sums.sum(axis=1)) == {counts.sum()}
        share = counts / counts.sum()
        np.testing.assert_allclose(sums.mean(axis=0), counts, rtol=0.05)
        np.testing.assert_allclose(sums.var(axis=0), counts * (1 - share), rtol=0.15)


def test_the_same_seed_gives_the_same_interval_whatever_the_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sample = sample_of_rows(ROWS)
    found = bootstrap(sample, spread, count=500, seed=8)
    assert found == bootstrap(sample, spread, count=500, seed=8)
    assert found != bootstrap(sample, spread, count=500, seed=9)
    assert found.seed == 8
    monkeypatch.setattr(resampling, "_BLOCK", 8 * 60 * 7)
    assert found == bootstrap(sample, spread, count=500, seed=8)


def test_clusters_are_resampled_whole() -> None:
    clusters = np.repeat(["a", "b", "c"], 20)
    sample = sample_of_rows(ROWS, clusters)
    values = replicates(sample, mean, 500)
    sums = [ROWS[clusters == name].sum(axis=0) for name in "abc"]
    possible = [float(mean(np.sum(three, axis=0))) for three in itertools.product(sums, repeat=3)]
    assert np.isclose(values[:, None], possible).any(axis=1).all()
    assert bootstrap(sample, mean, count=200).n == 3


def test_a_paired_difference_is_a_kernel_of_both_sides() -> None:
    other = VALUES + CHANCE.normal(0.5, 0.1, 60)
    both = np.column_stack([np.ones(60), VALUES, np.ones(60), other])
    found = bootstrap(sample_of_rows(both), lambda sums: mean(sums[..., 2:]) - mean(sums[..., :2]))
    expected = stats.ttest_rel(other, VALUES).confidence_interval()
    np.testing.assert_allclose([found.low, found.high], expected, atol=0.01)


def test_many_statistics_of_one_drawing_are_those_of_each_alone() -> None:
    sample, kernels = sample_of_table(TABLE), {"f1": flat(macro_f1, 3), "kappa": flat(kappa, 3)}
    found = bootstraps(sample, kernels, count=300, seed=2, rarest=3)
    assert found == {
        name: bootstrap(sample, kernel, count=300, seed=2, rarest=3)
        for name, kernel in kernels.items()
    }


def test_few_units_widen_the_default_and_not_the_textbook() -> None:
    sample = sample_of_rows(ROWS[:10])
    plain, wide = (bootstrap(sample, mean, method=method) for method in ("bca", "bca-t"))
    assert wide.low < plain.low < plain.high < wide.high
    assert wide.method == "BCa-t bootstrap"


def test_a_table_without_errors_still_has_doubt() -> None:
    table = np.diag([150, 40, 10])
    found, plain = (bootstrap_table(table, macro_f1, method=name) for name in ("bca-t", "bca"))
    assert math.isnan(plain.low)
    assert "all resamples give the same value" in plain.note
    assert (found.estimate, found.high) == (1.0, 1.0)
    assert 0.85 < found.low < 0.99


def test_the_prior_of_a_table_is_one_unit_over_labels_in_use() -> None:
    sample = sample_of_table([[5, 1, 0], [2, 8, 0], [0, 0, 0]])
    assert sample.prior is not None
    assert sample.prior.sum() == pytest.approx(1.0)
    assert not sample.prior.reshape(3, 3)[2].any()
    assert not sample.prior.reshape(3, 3)[:, 2].any()
    assert sample_of_table(np.zeros((2, 2))).prior is None


def test_two_models_on_one_gold_are_a_table_of_three_sides() -> None:
    table = np.zeros((2, 2, 2), np.int64)
    table[0, 0] = [60, 10]
    table[1, 1] = [20, 110]

    def gain(cells: Floats) -> Floats:
        return kappa(cells.sum(axis=-2)) - kappa(cells.sum(axis=-1))

    found = bootstrap_table(table, gain)
    assert found.low < found.estimate < found.high < 0
    assert (found.n, found.note) == (200, "")


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([[50, 0], [3, 9]], 12),
        ([[50, 1], [0, 0]], 0),
        ([[50, 0, 7], [0, 0, 0]], 57),
        ([[50, 0, 0], [3, 9, 0], [0, 0, 0]], 12),
        (np.zeros((3, 3)), 0),
    ],
)
def test_the_rarest_class_is_of_those_that_occur(table: list[list[int]], expected: int) -> None:
    assert rarest_class(table) == expected


@pytest.mark.parametrize(
    ("table", "note"),
    [
        ([[150, 10], [10, 30]], ""),
        ([[50, 10], [10, 30]], "100 units: coverage holds from 200 on"),
        ([[350, 10], [1, 3]], "4 units in the rarest class: coverage holds from 10 on"),
    ],
)
def test_scarce_data_carry_a_warning(table: list[list[int]], note: str) -> None:
    assert bootstrap_table(table, macro_f1, count=200).note == note


def test_few_clusters_carry_a_warning() -> None:
    few, enough = np.arange(60) % 9, np.arange(60) % 10
    found = bootstrap(sample_of_rows(ROWS, few), mean, count=200)
    assert found.note == "9 clusters: coverage holds from 10 on"
    assert bootstrap(sample_of_rows(ROWS, enough), mean, count=200).note == ""


def test_resamples_without_a_value_are_left_out_and_counted() -> None:
    found = bootstrap(sample_of_counts([300, 0, 1, 2]), flat(kappa, 2), count=1000, method="bca")
    lost = np.isnan(replicates(sample_of_counts([300, 0, 1, 2]), flat(kappa, 2), 1000)).sum()
    assert lost > 0
    assert found.note == f"undefined in {lost} of 1000 resamples, which are left out"
    assert found.low <= found.estimate <= found.high


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("counts", "note"),
    [
        ([0, 0, 0, 0], "too few units to resample: 0"),
        ([1, 0, 0, 0], "too few units to resample: 1"),
        ([9, 0, 0, 0], "the statistic is undefined here"),
    ],
)
def test_without_data_or_a_value_there_is_a_note(
    counts: list[int], note: str, method: Method
) -> None:
    for found in (
        bootstrap(sample_of_counts(counts), flat(kappa, 2), method=method),
        bootstrap_table(np.reshape(counts, (2, 2)), kappa, method=method),
    ):
        assert math.isnan(found.low)
        assert math.isnan(found.high)
        assert found.note == note


def test_a_statistic_that_no_resample_defines_has_no_bounds() -> None:
    def odd(sums: Floats) -> Floats:
        return np.where(sums[..., 0] == 5, 1.0, np.nan) * (len(sums) == 1 or np.nan)

    found = bootstrap(sample_of_counts([5, 5]), odd, count=100)
    assert (found.estimate, math.isnan(found.low)) == (1.0, True)
    assert "undefined in 100 of 100 resamples" in found.note


def test_what_makes_no_sense_is_refused() -> None:
    sample = sample_of_rows(ROWS)
    with pytest.raises(UnknownNameError, match="no bootstrap is called `BCA`"):
        bootstrap(sample, mean, method="BCA")  # type: ignore[arg-type]  # that is the mistake
    with pytest.raises(UsageError, match="one or more; found 0"):
        bootstrap(sample, mean, count=0)
    with pytest.raises(UsageError, match="found 95"):
        bootstrap(sample, mean, level=95)


def test_the_correction_of_few_skewed_units_ends_at_the_ends() -> None:
    rows = np.column_stack([np.ones(6), [0, 0, 0, 0, 0, 1e6]])
    found = bootstrap(sample_of_rows(rows), mean, count=2000)
    assert found.low <= found.estimate <= found.high


def test_the_jackknife_of_a_mean_is_its_t_interval() -> None:
    found = jackknife(sample_of_rows(ROWS), mean, level=0.9)
    expected = stats.ttest_1samp(VALUES, 0.0).confidence_interval(0.9)
    np.testing.assert_allclose([found.low, found.high], expected, rtol=1e-12)


def test_equal_units_are_left_out_once_for_all() -> None:
    rows = np.repeat(np.eye(9), TABLE.ravel(), axis=0)
    kernel = flat(macro_f1, 3)
    grouped, plain = (
        jackknife(sample_of_counts(TABLE), kernel),
        jackknife(sample_of_rows(rows), kernel),
    )
    assert grouped.stderr == pytest.approx(plain.stderr, rel=1e-12)
    samples = sample_of_counts(TABLE), sample_of_rows(rows)
    skews = [acceleration(sample, left_out(sample, kernel)) for sample in samples]
    assert skews[0] == pytest.approx(skews[1], rel=1e-10)


def test_adding_units_shows_the_skewness_that_leaving_them_out_shows() -> None:
    table = 20 * TABLE
    plain = sample_of_counts(table)
    tiny = Sample(plain.vectors, plain.counts, np.full(9, 1e-9))
    skews = [acceleration(each, left_out(each, flat(macro_f1, 3))) for each in (plain, tiny)]
    assert skews[0] == pytest.approx(skews[1], rel=0.02)


def test_units_that_do_not_differ_are_not_skewed() -> None:
    sample = sample_of_rows([[1.0, 0.1]] * 30)
    assert acceleration(sample, left_out(sample, mean)) == 0.0


def test_units_without_which_nothing_is_defined_are_not_skewed() -> None:
    assert acceleration(sample_of_counts([1, 1]), np.full(2, np.nan)) == 0.0


@pytest.mark.parametrize(
    ("counts", "note"),
    [
        ([0, 0], "the statistic is undefined here"),
        ([1, 0], "a jackknife needs two units; found 1"),
        ([0, 5], "the statistic is undefined here"),
        ([1, 5], "without one of the units the statistic is undefined"),
    ],
)
def test_a_jackknife_without_a_value_has_a_note(counts: list[int], note: str) -> None:
    def odds(cells: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(cells[..., 0] > 0, cells[..., 1] / cells[..., 0], np.nan)

    found = jackknife(sample_of_counts(counts), odds)
    assert math.isnan(found.low)
    assert found.note == note


def test_a_jackknife_in_pieces_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = jackknife(sample_of_rows(ROWS), spread)
    monkeypatch.setattr("evalhouse.stats.jackknife._BLOCK", 8 * 3 * 7)
    assert jackknife(sample_of_rows(ROWS), spread) == whole
