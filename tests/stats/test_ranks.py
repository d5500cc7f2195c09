from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.groups import letters
from evalhouse.stats.pairwise import compare_all
from evalhouse.stats.ranks import rank_runs

Floats = NDArray[np.float64]


def _scores(means: list[float], units: int = 400) -> Floats:
    chance = np.random.default_rng(0)
    shared = chance.standard_normal(units)
    return np.array(means)[:, None] + shared + chance.standard_normal((len(means), units))


def test_runs_far_apart_have_certain_ranks() -> None:
    found = rank_runs(compare_all(_scores([1.0, 3.0, 2.0])), higher_is_better=True)
    assert found.rank.tolist() == found.low.tolist() == found.high.tolist() == [3, 1, 2]
    assert found.groups == ("c", "a", "b")


def test_the_direction_turns_ranks_around() -> None:
    found = rank_runs(compare_all(_scores([1.0, 3.0, 2.0])), higher_is_better=False)
    assert found.rank.tolist() == [1, 3, 2]
    assert found.is_better[0].tolist() == [False, True, True]


@pytest.mark.parametrize("method", ["max-t", "holm"])
def test_intervals_count_what_is_surely_better_and_worse(method: str) -> None:
    pairs = compare_all(_scores([0.0, 0.05, 0.1, 0.5, 0.55, 1.0]))
    found = rank_runs(pairs, higher_is_better=True, method=method)  # type: ignore[arg-type]  # a parameter
    assert found.low.tolist() == (1 + found.is_better.sum(axis=0)).tolist()
    assert found.high.tolist() == (6 - found.is_better.sum(axis=1)).tolist()
    assert ((found.low <= found.rank) & (found.rank <= found.high)).all()


def test_sure_is_what_exceeds_the_critical_value() -> None:
    pairs = compare_all(_scores([0.0, 0.1, 0.2, 0.3]))
    found = rank_runs(pairs, higher_is_better=True, seed=4)
    with np.errstate(invalid="ignore"):
        expected = pairs.differences / pairs.stderrs > found.critical
    assert found.is_better.tolist() == expected.tolist()
    assert found.seed == 4


def test_two_runs_need_the_quantile_of_one_t() -> None:
    found = rank_runs(compare_all(_scores([0.0, 0.1])), higher_is_better=True, draws=200_000)
    assert found.critical == pytest.approx(1.966, abs=0.02)


def test_many_equal_independent_runs_need_tukeys_quantile() -> None:
    # The studentised range of 5 means with many degrees of freedom, 3.858 / sqrt(2).
    scores = np.random.default_rng(1).standard_normal((5, 20_000))
    found = rank_runs(compare_all(scores), higher_is_better=True, draws=100_000)
    assert found.critical == pytest.approx(3.858 / 2**0.5, abs=0.02)


def test_missing_units_and_few_clusters_are_judged_by_holm_and_told() -> None:
    scores = _scores([0.0, 2.0, 0.0])
    scores[0, 0] = np.nan
    found = rank_runs(compare_all(scores), higher_is_better=True)
    assert (found.method, found.seed) == ("holm", None)
    assert "units are missing" in found.note
    clusters = np.arange(400) // 50
    found = rank_runs(compare_all(_scores([0.0, 2.0]), clusters=clusters), higher_is_better=True)
    assert "8 units or clusters are few" in found.note


def test_runs_that_agree_everywhere_share_their_rank_and_letter() -> None:
    scores = _scores([0.0, 1.0, 0.0])
    scores[2] = scores[0]
    found = rank_runs(compare_all(scores), higher_is_better=True)
    assert found.rank.tolist() == [2, 1, 2]
    assert found.groups == ("b", "a", "b")


@pytest.mark.parametrize("shape", [(0, 0), (1, 60), (3, 0), (2, 1)])
def test_too_little_to_rank_leaves_everything_open(shape: tuple[int, int]) -> None:
    found = rank_runs(compare_all(np.ones(shape)), higher_is_better=True)
    assert found.low.tolist() == [1] * shape[0]
    assert found.high.tolist() == [shape[0]] * shape[0]


def test_a_field_of_equal_runs_is_one_group() -> None:
    scores = np.tile(_scores([0.0]), (4, 1))
    found = rank_runs(compare_all(scores), higher_is_better=True)
    assert found.groups == ("a",) * 4
    assert found.high.tolist() == [4] * 4


def test_unknown_options_are_refused() -> None:
    pairs = compare_all(_scores([0.0, 1.0]))
    with pytest.raises(UnknownNameError, match="max-t"):
        rank_runs(pairs, higher_is_better=True, method="maxt")  # type: ignore[arg-type]  # on purpose
    with pytest.raises(UsageError, match="100 draws"):
        rank_runs(pairs, higher_is_better=True, draws=10)


def _shares(groups: tuple[str, ...], first: int, second: int) -> bool:
    names = [set(_letters(groups[run])) for run in (first, second)]
    return bool(names[0] & names[1])


def _letters(text: str) -> list[str]:
    bare = text.replace(")", "(").split("(")
    return [name for place, part in enumerate(bare) for name in ([part] if place % 2 else part)]


@pytest.mark.parametrize("runs", [1, 2, 6, 40])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.8, 1.0])
def test_a_letter_is_shared_exactly_when_runs_are_alike(runs: int, share: float) -> None:
    differs = np.triu(np.random.default_rng(runs).random((runs, runs)) < share, 1)
    differs = differs | differs.T
    found = letters(differs)
    assert all(found)
    for first, second in itertools.combinations(range(runs), 2):
        assert _shares(found, first, second) != differs[first, second]


def test_runs_in_a_chain_overlap_in_letters() -> None:
    # Piepho (2004): a run between two that differ carries the letters of both.
    differs = [[0, 0, 1, 1], [0, 0, 0, 1], [1, 0, 0, 0], [1, 1, 0, 0]]
    assert letters(differs) == ("a", "ab", "bc", "c")


def test_letters_need_a_symmetric_matrix() -> None:
    with pytest.raises(UsageError, match="symmetric"):
        letters([[0, 1], [0, 0]])
