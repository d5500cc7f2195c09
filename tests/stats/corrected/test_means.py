from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from evalhouse.errors import UsageError
from evalhouse.stats.corrected import (
    Correction,
    corrected_difference,
    corrected_mean,
    corrected_proportion,
)
from tests.stats.corrected.drawn import drawn, peer, quiet

PLAIN = Correction(is_asymptotic=True)


@pytest.mark.parametrize("weight", [None, 1.0, 0.4])
@pytest.mark.parametrize("seed", range(5))
def test_large_sample_interval_equals_ppi_python(seed: int, weight: float | None) -> None:
    labels = drawn(seed).labels
    found = corrected_mean(*labels, how=Correction(weight, is_asymptotic=True))
    low, high = quiet(peer().ppi_mean_ci, *labels, alpha=0.05, lam=weight)
    np.testing.assert_allclose([found.interval.low, found.interval.high], [low[0], high[0]], 1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_estimate_and_weight_equal_ppi_python(seed: int) -> None:
    labels = drawn(seed, is_binary=True).labels
    found = corrected_proportion(*labels)
    expected = quiet(peer().ppi_mean_pointestimate, *labels)
    assert found.interval.estimate == pytest.approx(float(expected[0]), abs=1e-12)
    fixed = quiet(peer().ppi_mean_pointestimate, *labels, lam=found.weight)
    assert found.interval.estimate == pytest.approx(float(fixed[0]), abs=1e-12)


def test_weight_zero_is_the_t_interval_of_the_human_labels() -> None:
    labels = drawn(1).labels
    found = corrected_mean(*labels, how=Correction(0.0))
    human = labels[0]
    low, high = stats.t.interval(0.95, len(human) - 1, human.mean(), stats.sem(human))
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), rel=1e-12)
    assert found.human.low == pytest.approx(low, rel=1e-12)
    assert found.effective_n == pytest.approx(80)


def test_the_model_alone_is_shown_with_its_error() -> None:
    found = corrected_mean(*drawn(2).labels)
    assert found.model.estimate > found.interval.high
    assert "errors of the model" in found.model.note
    assert found.effective_n > found.n_human


def test_published_galaxies_example_covers_as_its_formula_says() -> None:
    # Angelopoulos et al. (2023), eq. 3: theta = mean(f) - mean(f - y) on given labels.
    human, model, rest = [1, 0, 1, 1, 0], [1, 0, 0, 1, 1], [1, 1, 0, 0, 1, 1]
    found = corrected_mean(human, model, rest, how=Correction(1.0))
    assert found.interval.estimate == pytest.approx(4 / 6 + 3 / 5 - 3 / 5)


def test_an_interval_of_a_proportion_stays_within_zero_and_one() -> None:
    found = corrected_proportion([0.0] * 60, [0.0] * 59 + [1.0], [0.0] * 500)
    assert found.interval.low == 0.0
    assert 0 < found.interval.high < 0.1
    assert found.interval.estimate == 0.0


def test_agreement_in_the_sample_leaves_a_proportion_uncertain() -> None:
    same = [0.0, 1.0] * 30
    found = corrected_proportion(same, same, [0.0, 1.0] * 500)
    plain = corrected_mean(same, same, [0.0, 1.0] * 500)
    assert found.interval.high - found.interval.low > plain.interval.high - plain.interval.low
    assert "does not vary" not in found.interval.note


def test_without_human_labels_nothing_corrects() -> None:
    found = corrected_mean([], [], [1.0, 2.0, 3.0])
    assert math.isnan(found.interval.estimate)
    assert "no human labels" in found.interval.note
    assert found.model.estimate == 2.0
    assert found.spread is None


def test_one_human_label_gives_a_number_and_no_interval() -> None:
    found = corrected_mean([2.0], [1.0], [1.0, 2.0, 3.0])
    assert found.interval.estimate == 2.0
    assert math.isnan(found.interval.low)


def test_without_a_rest_the_human_labels_count_alone() -> None:
    found = corrected_mean([1.0, 2.0, 4.0], [1.0, 2.0, 3.0], [])
    assert found.weight == 0.0
    assert found.interval.estimate == pytest.approx(7 / 3)
    assert "these alone count" in found.interval.note


def test_a_perfect_model_is_told_of() -> None:
    values = np.arange(60.0)
    found = corrected_mean(values, values, values, how=Correction(1.0))
    assert "does not vary" in found.interval.note
    assert found.interval.stderr > 0


def test_constant_labels_have_no_spread() -> None:
    found = corrected_mean([1.0] * 60, [1.0] * 60, [1.0] * 60)
    assert (found.interval.estimate, found.interval.stderr) == (1.0, 0.0)
    assert "does not vary" in found.interval.note


def test_few_labels_are_told_of() -> None:
    assert "only 10 human labels" in corrected_mean(*drawn(1, 10).labels).interval.note
    assert not corrected_mean(*drawn(1, 50).labels).interval.note


def test_clusters_of_copies_count_once() -> None:
    one = drawn(3)
    copies = [np.repeat(values, 2) for values in one.labels]
    names = np.repeat(np.arange(80), 2), np.repeat(np.arange(400) + 80, 2)
    whole = corrected_mean(*copies, clusters=names, how=Correction(0.5))
    single = corrected_mean(*one.labels, how=Correction(0.5))
    assert whole.interval.stderr == pytest.approx(single.interval.stderr, rel=0.01)
    assert (
        corrected_mean(*copies, how=Correction(0.5)).interval.stderr < 0.75 * single.interval.stderr
    )


def test_clusters_equal_the_sandwich_of_their_sums() -> None:
    one, chance = drawn(4), np.random.default_rng(0)
    first, second = chance.integers(0, 20, 80), chance.integers(0, 30, 400)
    found = corrected_mean(*one.labels, clusters=(first, second), how=Correction(0.7))
    left, far = one.human - 0.7 * one.model, 0.7 * one.rest
    sums = np.bincount(first, (left - left.mean()) / 80, 30)
    sums += np.bincount(second, (far - far.mean()) / 400, 30)
    count = len(np.unique(first))
    expected = count / (count - 1) * (sums**2).sum()
    assert found.interval.stderr**2 == pytest.approx(expected, rel=1e-12)


def test_a_difference_of_equal_halves_is_wider_by_the_root_of_two() -> None:
    one = corrected_mean(*drawn(5).labels)
    gap = corrected_difference(one, one)
    width = one.interval.high - one.interval.low
    assert gap.estimate == 0.0
    assert gap.high - gap.low == pytest.approx(math.sqrt(2) * width)
    assert gap.n == 2 * one.interval.n


def test_a_difference_of_two_levels_is_refused() -> None:
    labels = drawn(5).labels
    with pytest.raises(UsageError, match="have one level"):
        corrected_difference(corrected_mean(*labels), corrected_mean(*labels, level=0.9))


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (([1.0], [1.0, 2.0], [1.0]), "1 human labels and 2 model labels"),
        (([1.0, math.nan], [1.0, 2.0], [1.0]), "hold 1 that are missing"),
        (([[1.0]], [1.0], [1.0]), "one array of one dimension"),
    ],
)
def test_bad_labels_are_refused(arguments: tuple[list[float], ...], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        corrected_mean(*arguments)


def test_bad_options_are_refused() -> None:
    with pytest.raises(UsageError, match="weight of model labels"):
        Correction(1.5)
    with pytest.raises(UsageError, match="between 0 and 1"):
        corrected_proportion([2.0], [1.0], [1.0])
    with pytest.raises(UsageError, match="give one for each unit"):
        corrected_mean([1.0], [1.0], [1.0], clusters=([1], []))


def test_human_labels_of_one_cluster_give_no_interval() -> None:
    found = corrected_mean([1.0, 2.0], [1.0, 1.0], [1.0, 2.0], clusters=(["a", "a"], ["b", "c"]))
    assert math.isnan(found.interval.low)
    assert not math.isnan(found.interval.estimate)


def test_one_model_label_gives_no_naive_estimate() -> None:
    found = corrected_mean([1.0], [1.0], [])
    assert math.isnan(found.model.estimate)


def test_few_errors_of_the_model_leave_the_variance_of_a_mean_unknown() -> None:
    people = np.tile([1.0, 0.0, 0.0], 30)
    machine = people.copy()
    machine[:4] = 1 - machine[:4]
    rest = np.tile([1.0, 0.0, 0.0, 0.0], 200)
    few, share = (fit(people, machine, rest) for fit in (corrected_mean, corrected_proportion))
    assert "only 4 human labels differ" in few.interval.note
    assert not share.interval.note
    assert not corrected_mean(people, machine + 0.1 * np.arange(90), rest).interval.note
