from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.stats.judgements import Judgements, judgements, judgements_of_table
from evalhouse.stats.ratings import Ratings, bradley_terry

# Agresti, Categorical Data Analysis (2nd ed. 2002), table 10.10: the American League in 1987.
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
WINS = (
    (0, 7, 9, 7, 7, 9, 11),
    (6, 0, 7, 5, 11, 9, 9),
    (4, 6, 0, 7, 7, 8, 12),
    (6, 8, 6, 0, 6, 7, 10),
    (6, 2, 6, 7, 0, 7, 12),
    (4, 4, 5, 6, 6, 0, 6),
    (2, 4, 1, 3, 1, 7, 0),
)
BASEBALL = judgements_of_table(WINS, players=TEAMS)


def values(found: Ratings) -> NDArray[np.float64]:
    return np.array([one.estimate for one in found.strengths])


def errors(found: Ratings) -> NDArray[np.float64]:
    return np.array([one.stderr for one in found.strengths])


def drawn(seed: int, n: int = 400, size: int = 5, nu: float = 0.5) -> Judgements:
    chance = np.random.default_rng(seed)
    strengths = chance.normal(size=size) * 0.5
    one = chance.integers(0, size, n)
    two = (one + chance.integers(1, size, n)) % size
    first, second = np.exp(strengths[one]), np.exp(strengths[two])
    tie = nu * np.sqrt(first * second)
    at = chance.random(n) * (first + second + tie)
    outcomes = np.where(at < first, 1.0, np.where(at < first + second, 0.0, 0.5))
    names = [f"p{place}" for place in range(size)]
    clusters = chance.integers(0, 40, n)
    return judgements([names[i] for i in one], [names[i] for i in two], outcomes, clusters=clusters)


def design(found: Judgements) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rows +1 and -1 for the players of each pair, without the last player; wins and losses."""
    rows = np.zeros((len(found.pairs), len(found.players)))
    place = np.arange(len(rows))
    rows[place, found.pairs[:, 0]], rows[place, found.pairs[:, 1]] = 1, -1
    half = found.counts[:, 2] / 2
    return rows[:, :-1], np.column_stack([found.counts[:, 0] + half, found.counts[:, 1] + half])


def test_baseball_has_the_published_strengths_and_errors() -> None:
    # Turner and Firth, Bradley-Terry models in R (2012), doi:10.18637/jss.v048.i09, section 2.
    found = bradley_terry(BASEBALL, anchor="Baltimore", method="hessian")
    expected = [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0.0]
    np.testing.assert_allclose(values(found), expected, atol=5e-5)
    stderrs = [0.3433, 0.3396, 0.3367, 0.3359, 0.3339, 0.3319, 0.0]
    np.testing.assert_allclose(errors(found), stderrs, atol=5e-5)


def test_a_published_example_of_few_games() -> None:
    # Turner, van Etten, Firth and Kosmidis (2020), doi:10.1007/s00180-020-00959-3, section 2.3.
    found = bradley_terry(judgements("ACBB", "BAAC", [1, 1, 1, 1]), anchor="A", method="hessian")
    np.testing.assert_allclose(values(found), [0, 0.8392, 0.4196], atol=5e-5)
    np.testing.assert_allclose(errors(found), [0, 1.3596, 1.5973], atol=5e-5)


@pytest.mark.parametrize("seed", range(4))
def test_half_wins_equal_logistic_regression_of_statsmodels(seed: int) -> None:
    table = drawn(seed)
    rows, outcomes = design(table)
    fit = sm.GLM(outcomes, rows, family=sm.families.Binomial()).fit(tol=1e-14)
    last = table.players[-1]
    found = bradley_terry(table, ties="half", method="hessian", anchor=last)
    np.testing.assert_allclose(values(found)[:-1], fit.params, atol=1e-8)
    np.testing.assert_allclose(errors(found)[:-1], fit.bse, atol=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_davidson_equals_a_log_linear_model_of_statsmodels(seed: int) -> None:
    table = drawn(seed)
    pairs, size = len(table.pairs), len(table.players)
    rows = np.zeros((3 * pairs, size + pairs))
    for row, (one, two) in enumerate(table.pairs):
        rows[3 * row, one] = rows[3 * row + 1, two] = 1
        rows[3 * row + 2, [one, two, size - 1]] = 0.5, 0.5, 1
        rows[3 * row : 3 * row + 3, size + row] = 1
    # The last player's strength is 0, and its column holds log nu.
    rows[:, size - 1] = np.tile([0, 0, 1], pairs)
    fit = sm.GLM(table.counts.ravel(), rows, family=sm.families.Poisson()).fit(tol=1e-14)
    found = bradley_terry(table, method="hessian", anchor=table.players[-1])
    np.testing.assert_allclose(values(found)[:-1], fit.params[: size - 1], atol=1e-8)
    np.testing.assert_allclose(errors(found)[:-1], fit.bse[: size - 1], atol=1e-8)
    assert math.log(found.nu.estimate) == pytest.approx(fit.params[size - 1], abs=1e-8)
    assert found.goodness.statistic == pytest.approx(fit.deviance, abs=1e-8)


def test_sandwich_by_cluster_equals_statsmodels() -> None:
    table = drawn(5, nu=0.0)
    assert table.clusters is not None
    pair, lost = np.divmod(table.rows, 3)
    rows = design(table)[0][pair]
    fit = sm.Logit((lost == 0).astype(float), rows).fit(
        disp=0,
        tol=1e-13,
        cov_type="cluster",
        cov_kwds={"groups": table.clusters, "use_correction": False},
    )
    found = bradley_terry(table, anchor=table.players[-1])
    expected = fit.bse * math.sqrt(40 / 39)
    np.testing.assert_allclose(errors(found)[:-1], expected, rtol=1e-7)


def test_bootstrap_agrees_with_the_sandwich_and_keeps_its_seed() -> None:
    table = drawn(6, 1500)
    first = bradley_terry(table, method="bootstrap", seed=4)
    again = bradley_terry(table, method="bootstrap", seed=4)
    other = bradley_terry(table)
    assert first.strengths == again.strengths
    assert first.strengths[0].seed == 4
    np.testing.assert_allclose(errors(first), errors(other), rtol=0.15)


def test_bootstrap_of_single_judgements_agrees_with_the_curvature() -> None:
    first = bradley_terry(BASEBALL, method="bootstrap")
    np.testing.assert_allclose(
        errors(first), errors(bradley_terry(BASEBALL, method="hessian")), rtol=0.15
    )


def test_strengths_sum_to_zero_and_chances_to_one() -> None:
    found = bradley_terry(drawn(7))
    assert values(found).sum() == pytest.approx(0, abs=1e-10)
    whole = found.wins + found.wins.T + found.ties
    off = ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(whole[off], 1.0)
    assert np.isnan(np.diag(found.wins)).all()


def test_ties_between_equals_follow_nu() -> None:
    table = judgements_of_table([[0, 30], [30, 0]], [[0, 15], [15, 0]])
    found = bradley_terry(table)
    assert found.nu.estimate == pytest.approx(0.5)
    assert found.ties[0, 1] == pytest.approx(0.2)
    assert found.nu.low < 0.5 < found.nu.high


def test_elo_points_are_four_hundred_for_ten_to_one() -> None:
    table = judgements_of_table([[0, 100], [10, 0]], players=["best", "rest"])
    points = bradley_terry(table, anchor="rest").elo(1000)
    assert points[0].estimate == pytest.approx(1400)
    assert (points[1].estimate, points[1].stderr) == (1000, 0)


def test_ranks_have_bounds_that_certain_differences_leave() -> None:
    found = bradley_terry(BASEBALL)
    assert [one.estimate for one in found.ranks] == [1, 2, 3, 4, 5, 6, 7]
    assert found.ranks[-1].low > 1
    assert all(one.low <= one.estimate <= one.high for one in found.ranks)
    clear = bradley_terry(judgements_of_table(np.array(WINS) * 100, players=TEAMS))
    assert all(one.low == one.high == one.estimate for one in clear.ranks[5:])


def test_weights_count_as_judgements() -> None:
    tripled = judgements_of_table(np.array(WINS) * 3, players=TEAMS)
    once = errors(bradley_terry(BASEBALL, method="hessian"))
    np.testing.assert_allclose(errors(bradley_terry(tripled, method="hessian")), once / 3**0.5)


def test_the_order_of_players_does_not_matter() -> None:
    order = np.array([3, 1, 6, 0, 5, 2, 4])
    mixed = judgements_of_table(
        np.array(WINS)[np.ix_(order, order)], players=[TEAMS[place] for place in order]
    )
    np.testing.assert_allclose(
        values(bradley_terry(mixed)), values(bradley_terry(BASEBALL))[order], atol=1e-9
    )


def test_players_without_a_chain_leave_nothing_and_are_named() -> None:
    found = bradley_terry(judgements("ABCA", "BCAD", [1, 1, 1, 1]))
    assert np.isnan(values(found)).all()
    assert np.isnan(found.wins).all()
    assert all(math.isnan(one.estimate) for one in (*found.ranks, found.nu)[:4])
    assert "`D` never won against the others" in found.note


def test_an_order_without_exception_is_told_of() -> None:
    found = bradley_terry(judgements("AABBC", "BBCCA", [1, 0.5, 1, 0.5, 0]))
    assert "one order of the players" in found.note
    assert np.isfinite(values(bradley_terry(judgements("AB", "BA", [1, 1])))).all()


def test_only_ties_leave_nothing_unless_they_are_half_wins() -> None:
    table = judgements("AB", "BA", [0.5, 0.5])
    assert "every judgement is a tie" in bradley_terry(table).note
    half = bradley_terry(table, ties="half")
    np.testing.assert_allclose(values(half), 0.0, atol=1e-12)
    assert "half wins" in half.nu.note
    assert math.isnan(half.goodness.statistic)


def test_a_prior_makes_strengths_finite_and_says_so() -> None:
    found = bradley_terry(judgements("AB", "BC", [1, 1]), ridge=1.0)
    assert np.isfinite(values(found)).all()
    assert "prior of precision 1" in found.note
    assert math.isnan(found.goodness.statistic)
    strong = bradley_terry(judgements("AB", "BC", [1, 1]), ridge=100.0)
    assert np.ptp(values(strong)) < np.ptp(values(found))


def test_no_judgements_leave_nothing() -> None:
    for table in (judgements([], [], []), judgements_of_table(np.zeros((2, 2)))):
        found = bradley_terry(table)
        assert "two players and a judgement" in found.note
        assert len(found.strengths) == len(table.players)


def test_few_judgements_and_ignored_clusters_are_told_of() -> None:
    assert "only 4 judgements" in bradley_terry(judgements("ABAB", "BABA", [1, 1, 1, 0])).note
    assert "these intervals ignore" in bradley_terry(drawn(8), method="hessian").note
    assert not bradley_terry(drawn(8)).note


def test_as_many_strengths_as_pairs_fit_anything() -> None:
    found = bradley_terry(judgements_of_table([[0, 30], [20, 0]])).goodness
    assert math.isnan(found.p_value)
    assert "any results fit" in found.note


def test_a_bootstrap_needs_whole_counts() -> None:
    table = judgements_of_table([[0.0, 30.5], [20.0, 0.0]])
    with pytest.raises(UsageError, match="whole numbers"):
        bradley_terry(table, method="bootstrap")


@pytest.mark.parametrize("option", ["ties", "method", "anchor"])
def test_unknown_options_are_refused(option: str) -> None:
    options: dict[str, Any] = {option: "nobody"}
    with pytest.raises(UnknownNameError, match="nobody"):
        bradley_terry(BASEBALL, **options)


def test_a_negative_prior_is_refused() -> None:
    with pytest.raises(UsageError, match="zero or more"):
        bradley_terry(BASEBALL, ridge=-1.0)


def test_wins_follow_from_strengths() -> None:
    found = bradley_terry(BASEBALL)
    strengths = values(found)
    for one, two in combinations(range(7), 2):
        expected = 1 / (1 + math.exp(strengths[two] - strengths[one]))
        assert found.wins[one, two] == pytest.approx(expected)


def test_resamples_without_strengths_are_told_of() -> None:
    ring = "abcdefghijkl"
    found = bradley_terry(judgements(ring, ring[1:] + "a", [1] * 12), method="bootstrap")
    assert np.isfinite(values(found)).all()
    assert np.isnan([one.low for one in found.strengths]).all()
    assert "of 1000 resamples have no finite strengths" in found.note


def test_a_bootstrap_of_three_judgements_loses_resamples_and_says_so() -> None:
    one_each = [[0, 1], [1, 0]]
    found = bradley_terry(judgements_of_table(one_each, one_each), method="bootstrap")
    assert "resamples have no finite strengths" in found.note
