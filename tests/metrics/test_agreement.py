from __future__ import annotations

import math
from itertools import chain

import krippendorff
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, cohens_kappa, fleiss_kappa

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.metrics.agreement import (
    KERNELS,
    LEVELS,
    METRICS,
    Level,
    alpha_kernel,
    cohen_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percentage_agreement,
    scott_pi,
)
from evalhouse.metrics.labels import Absent
from evalhouse.metrics.table import Confusion, confusion, table_of_counts
from tests.metrics.answers import ALL_SIDES, EDGES, Side, both, quiet

EXACT = 1e-12
FULL = [sides for sides in ALL_SIDES if len({*chain(*both(*sides))}) > 1]
# Two abstractors and the values that irrCAC, the package of K. L. Gwet, gives in its overview:
# https://cran.r-project.org/package=irrCAC
ABSTRACTORS = table_of_counts([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
# J. Cohen (1960), doi:10.1177/001316446002000104, table 1, in units of 200.
COHEN = table_of_counts([[88, 14, 18], [10, 40, 10], [2, 6, 12]])


def coded(gold: Side, model: Side) -> NDArray[np.float64]:
    return np.array([both(gold, model)[0], both(gold, model)[1]], np.float64)


def gwet_by_hand(gold: Side, model: Side, labels: int) -> float:
    first, second = both(gold, model)
    shares = [(first + second).count(label) / (2 * len(first)) for label in set(first + second)]
    chance = sum(share * (1 - share) for share in shares) / (labels - 1)
    agreed: float = sum(one == other for one, other in zip(first, second, strict=True)) / len(first)
    return (agreed - chance) / (1 - chance)


@pytest.mark.parametrize(("gold", "model"), FULL)
def test_cohens_kappa_is_that_of_scikit_learn(gold: Side, model: Side) -> None:
    found = cohen_kappa(confusion(gold, model))
    assert found.value == pytest.approx(cohen_kappa_score(*both(gold, model)), abs=EXACT)
    assert found.n == len(both(gold, model)[0])


@pytest.mark.parametrize(("gold", "model"), FULL)
def test_scotts_pi_is_fleiss_kappa_of_two_raters_in_statsmodels(gold: Side, model: Side) -> None:
    counts, _ = aggregate_raters(np.array(both(gold, model)).T)
    wanted = fleiss_kappa(counts)
    assert scott_pi(confusion(gold, model)).value == pytest.approx(wanted, abs=EXACT)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("gold", "model"), FULL)
def test_alpha_is_that_of_the_package_krippendorff(gold: Side, model: Side, level: Level) -> None:
    with quiet():
        wanted = krippendorff.alpha(coded(gold, model), level_of_measurement=level)
    found = krippendorff_alpha(confusion(gold, model), level=level)
    assert found.value == pytest.approx(wanted, abs=EXACT)


@pytest.mark.parametrize(("gold", "model"), FULL)
def test_ac1_is_its_formula_spelled_out(gold: Side, model: Side) -> None:
    table = confusion(gold, model)
    wanted = gwet_by_hand(gold, model, len(table.names))
    assert gwet_ac1(table).value == pytest.approx(wanted, abs=EXACT)


def test_the_abstractors_agree_as_published() -> None:
    assert percentage_agreement(ABSTRACTORS).value == pytest.approx(0.89, abs=EXACT)
    assert cohen_kappa(ABSTRACTORS).value == pytest.approx(0.7964094, abs=5e-8)
    assert scott_pi(ABSTRACTORS).value == pytest.approx(0.7962397, abs=5e-8)
    assert gwet_ac1(ABSTRACTORS).value == pytest.approx(0.8493305, abs=5e-8)
    assert krippendorff_alpha(ABSTRACTORS).value == pytest.approx(0.7972585, abs=5e-8)


def test_cohens_own_table_has_the_agreement_of_statsmodels() -> None:
    wanted = cohens_kappa(COHEN.square, return_results=False)
    assert cohen_kappa(COHEN).value == pytest.approx(wanted, abs=EXACT)
    assert percentage_agreement(COHEN).value == pytest.approx(0.70, abs=EXACT)
    assert cohen_kappa(COHEN).value == pytest.approx((0.70 - 0.41) / (1 - 0.41), abs=EXACT)


def test_scotts_pi_of_a_table_worked_by_hand() -> None:
    # Shares 18, 30 and 42 of 90, so p_e = (0.2² + 0.3333² + 0.4667²) = 0.3689, and p_o = 15 / 45.
    found = scott_pi(table_of_counts([[1, 2, 3], [4, 5, 6], [7, 8, 9]]))
    chance = (18**2 + 30**2 + 42**2) / 90**2
    assert found.value == pytest.approx((15 / 45 - chance) / (1 - chance), abs=EXACT)


def test_krippendorffs_nominal_example_has_its_published_alpha() -> None:
    # K. Krippendorff (2011), Computing Krippendorff's alpha-reliability, example B: 0.692.
    ben, gerry = list("aabbdcccedda"), list("babbbccceddd")
    assert krippendorff_alpha(confusion(ben, gerry)).value == pytest.approx(0.692, abs=5e-4)


def test_krippendorffs_binary_example_has_its_published_alpha() -> None:
    # The same, example A: 0.095.
    meg, owen = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert krippendorff_alpha(confusion(meg, owen)).value == pytest.approx(0.095, abs=5e-4)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
@pytest.mark.parametrize("edge", EDGES)
def test_agreement_is_undefined_without_pairs_and_bounded_with_them(
    edge: str, metric: object
) -> None:
    assert hasattr(metric, "function")
    found = metric.function(confusion(*EDGES[edge]))
    assert found.n == len(both(*EDGES[edge])[0])
    assert math.isnan(found.value) == bool(found.note)
    assert math.isnan(found.value) or -1 <= found.value <= 1
    assert found.n or found.note == "no unit has a label on both sides"


def test_one_label_throughout_leaves_nothing_to_chance() -> None:
    table = confusion([3, 3], [3, 3])
    for metric in (cohen_kappa, scott_pi, krippendorff_alpha):
        assert "one and the same label" in metric(table).note
    assert percentage_agreement(table).value == 1.0


def test_ac1_needs_two_labels_that_were_declared_and_not_two_that_occur() -> None:
    assert "at least two labels" in gwet_ac1(confusion([3, 3], [3, 3])).note
    assert gwet_ac1(confusion([3, 3], [3, 3], [3, 4])).value == 1.0


def test_declared_labels_that_never_occur_change_ac1_alone() -> None:
    few, many = confusion([1, 2, 2], [1, 2, 1]), confusion([1, 2, 2], [1, 2, 1], range(9))
    assert gwet_ac1(few).value != gwet_ac1(many).value
    for metric in (percentage_agreement, cohen_kappa, scott_pi, krippendorff_alpha):
        assert metric(few).value == metric(many).value


def test_absence_counts_as_a_label_only_when_asked() -> None:
    table = confusion(["a", "b", "b", "a"], ["a", "b", Absent.INVALID, None])
    filled = confusion(["a", "b", "b", "a"], ["a", "b", "-", "-"])
    assert cohen_kappa(table).value == 1.0
    assert cohen_kappa(table, absent="class") == cohen_kappa(filled)
    assert gwet_ac1(table, absent="class") == gwet_ac1(filled)


@pytest.mark.parametrize("level", LEVELS[1:])
def test_a_scale_gives_text_its_distances(level: Level) -> None:
    words = confusion(["low", "high", "mid", "low"], ["low", "mid", "mid", "mid"])
    numbers = confusion([1, 5, 2, 1], [1, 2, 2, 2])
    # The names are sorted: high, low, mid.
    assert krippendorff_alpha(words, level=level, scale=[5, 1, 2]) == krippendorff_alpha(
        numbers, level=level
    )


def test_alphabetical_order_is_no_scale() -> None:
    with pytest.raises(UsageError, match="`high` is no number"):
        krippendorff_alpha(confusion(["low"], ["high"]), level="ordinal")


def test_ratios_need_numbers_from_0_up() -> None:
    with pytest.raises(UsageError, match="0 or more; found -1"):
        krippendorff_alpha(confusion([-1, 1], [1, 1]), level="ratio")


def test_unknown_options_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `nominal`"):
        krippendorff_alpha(COHEN, level="nominel")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(UnknownNameError, match="level of measurement"):
        alpha_kernel("nominel", np.arange(2.0))  # type: ignore[arg-type]  # what is tested
    with pytest.raises(UnknownNameError, match="rule for absence"):
        cohen_kappa(COHEN, absent="wrong")  # type: ignore[arg-type]  # what is tested
    with pytest.raises(UsageError, match="no place on a scale"):
        krippendorff_alpha(COHEN, level="interval", absent="class")


def stacked(count: int, labels: int) -> NDArray[np.float64]:
    chance = np.random.default_rng(labels)
    cells = chance.poisson(chance.choice([0.2, 3.0], (count, 1, 1)), (count, labels, labels + 1))
    return cells.astype(np.float64)


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_of_many_tables_is_that_of_each(name: str) -> None:
    cells = stacked(60, 3)
    found = KERNELS[name](cells.reshape(3, 20, 3, 4)).ravel()
    functions = {metric.name: metric.function for metric in METRICS}
    each = [functions[name](table_of_counts(one)).value for one in cells]
    np.testing.assert_array_equal(found, each)


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_of_many_tables_is_that_of_each(level: Level) -> None:
    cells, scale = stacked(40, 4), [0, 1, 2, 7]
    found = alpha_kernel(level, np.array(scale, np.float64))(cells)
    tables = [table_of_counts(one, scale) for one in cells]
    each = [krippendorff_alpha(table, level=level).value for table in tables]
    np.testing.assert_allclose(found, each, rtol=0, atol=EXACT)


def test_coders_may_change_places() -> None:
    swapped = Confusion(ABSTRACTORS.names, ABSTRACTORS.counts.T)
    for metric in METRICS:
        one, other = metric.function(ABSTRACTORS), metric.function(swapped)
        assert one.value == pytest.approx(other.value, abs=EXACT)
