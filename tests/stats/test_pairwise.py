from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from evalhouse.errors import UsageError
from evalhouse.stats.families import adjusted
from evalhouse.stats.mcnemar import mcnemar_test
from evalhouse.stats.paired import estimate_difference
from evalhouse.stats.pairwise import AllPairs, compare_all, mcnemar_all

Floats = NDArray[np.float64]


def _scores(seed: int, *, runs: int = 5, units: int = 60, missing: float = 0.0) -> Floats:
    chance = np.random.default_rng(seed)
    scores = chance.random(units) + chance.random((runs, units)) + chance.random((runs, 1)) / 4
    return np.where(chance.random(scores.shape) < missing, np.nan, scores)


def _matches(found: AllPairs, scores: Floats, clusters: NDArray[np.int64] | None) -> None:
    for row, one in enumerate(scores):
        for column, other in enumerate(scores):
            if row == column:
                continue
            expected = estimate_difference(one, other, clusters=clusters)
            place = (row, column)
            assert found.differences[place] == pytest.approx(expected.value, rel=1e-11)
            assert found.stderrs[place] == pytest.approx(expected.stderr, rel=1e-10, nan_ok=True)
            assert found.df[place] == pytest.approx(expected.df, rel=1e-10, nan_ok=True)
            p_value = expected.test().p_value
            assert found.p_values[place] == pytest.approx(p_value, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("is_clustered", [False, True])
def test_every_pair_is_what_it_would_be_alone(missing: float, is_clustered: bool) -> None:  # noqa: FBT001 - a parameter
    scores = _scores(0, missing=missing)
    clusters = np.random.default_rng(1).integers(0, 9, 60) if is_clustered else None
    _matches(compare_all(scores, clusters=clusters), scores, clusters)


def test_pairs_are_scipys() -> None:
    scores = _scores(2)
    found = compare_all(scores)
    for row, column in ((0, 1), (2, 4)):
        expected = stats.ttest_rel(scores[row], scores[column]).pvalue
        assert found.p_values[row, column] == pytest.approx(expected, rel=1e-11)


def test_a_common_offset_costs_no_digits() -> None:
    scores = np.random.default_rng(3).integers(0, 2, (4, 50)).astype(float)
    plain, far = compare_all(scores), compare_all(scores + 2.0**40)
    assert far.stderrs == pytest.approx(plain.stderrs, rel=1e-10)


def test_families_are_over_the_pairs() -> None:
    found = compare_all(_scores(4))
    upper = np.triu_indices(5, 1)
    assert found.holm[upper] == pytest.approx(adjusted(found.p_values[upper]))
    expected = adjusted(found.p_values[upper], "benjamini-hochberg")
    assert found.benjamini_hochberg[upper] == pytest.approx(expected)
    assert found.holm == pytest.approx(found.holm.T, nan_ok=True)
    assert np.isnan(np.diag(found.holm)).all()


@pytest.mark.parametrize("clusters", [None, np.arange(60) // 4])
def test_runs_that_agree_everywhere_are_not_tested(clusters: NDArray[np.int64] | None) -> None:
    scores = _scores(5, runs=3)
    scores[2] = scores[0]
    found = compare_all(scores, clusters=clusters)
    assert found.differences[0, 2] == found.stderrs[0, 2] == 0
    assert math.isnan(found.p_values[0, 2])
    assert found.holm[0, 1] == pytest.approx(adjusted(found.p_values[[0, 1], [1, 2]])[0])


def test_pairs_that_share_too_little_are_not_tested() -> None:
    nothing = math.nan
    scores: list[list[float]] = [[1, 0, nothing, nothing], [nothing, 1, 0, 1], [1, 1, 0, 1]]
    for clusters in (None, ["a", "b", "c", "c"]):
        found = compare_all(scores, clusters=clusters)
        assert math.isnan(found.p_values[0, 1])
        assert found.shared.tolist() == [[2, 1, 2], [1, 3, 3], [2, 3, 4]]
        assert "missing" in found.note
        assert found.covariance is None


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (3, 0), (1, 5), (3, 1)])
def test_too_little_for_a_pair_is_no_failure(shape: tuple[int, int]) -> None:
    found = compare_all(np.ones(shape))
    assert found.p_values.shape == (shape[0], shape[0])
    assert np.isnan(found.p_values).all()


def test_one_cluster_has_no_error() -> None:
    found = compare_all(_scores(6, units=8), clusters=["a"] * 8)
    assert np.isnan(found.stderrs).all()
    assert not np.isnan(found.differences).any()


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_mcnemar_for_all_pairs_is_what_it_would_be_alone(missing: float) -> None:
    correct = np.where(np.isnan(_scores(7, missing=missing)), np.nan, _scores(7) > 1)
    found = mcnemar_all(correct, method="mid-p")
    for row in range(5):
        for column in range(row + 1, 5):
            alone = mcnemar_test(correct[row], correct[column], method="mid-p")
            assert found.only_first[row, column] == alone.outcomes.only_first
            assert found.only_first[column, row] == alone.outcomes.only_second
            assert found.shared[row, column] == alone.test.n
            assert found.p_values[row, column] == pytest.approx(alone.test.p_value)


def test_only_right_and_wrong_are_counted() -> None:
    with pytest.raises(UsageError, match="takes 0 and 1"):
        mcnemar_all([[0.5, 1.0]])


def test_scores_are_a_matrix() -> None:
    with pytest.raises(UsageError, match="a row a run"):
        compare_all([1, 2, 3])
