from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from evalhouse.coders.corpus import Corpus, Floats
from evalhouse.coders.estimates import (
    BLANK,
    NOT_APPLICABLE,
    Design,
    Wanted,
    _within,
    by_group,
    differences,
    estimated,
    regression,
)
from evalhouse.errors import UsageError
from evalhouse.metrics.labels import Absent
from evalhouse.scoring.field import Field
from evalhouse.stats.corrected import (
    corrected_difference,
    corrected_logistic,
    corrected_mean,
    corrected_proportion,
    designed_labels,
    designed_linear,
    designed_proportion,
    plan_labels,
)
from evalhouse.tasks.answers import Answer
from evalhouse.tasks.codebook import Annotation

SIDE = Annotation("annotation_1", "S", "Side", Field("S_Side", "dropdown", ("for", "against")))
FORCE = Annotation("annotation_2", "S", "Force", Field("S_Force", "likert", scale=(1, 5)))
SHARES = Wanted(("for", "against"))
MEAN = Wanted((), is_asked=True)


def corpus(model: Sequence[Answer], human: Sequence[Answer], about: Annotation = SIDE) -> Corpus:
    ids = tuple(map(str, range(len(model))))
    return Corpus(about, ids, tuple(model), tuple(human), tuple({} for _ in ids))


def sides(chance: np.random.Generator, size: int, gold: int, truth: float = 0.3) -> Corpus:
    """Return a corpus whose model finds `for` too often; the first rows have gold labels."""
    true = chance.random(size) < truth
    seen = np.where(true, chance.random(size) < 0.95, chance.random(size) < 0.2)
    words = [["for" if each else "against" for each in side] for side in (seen, true)]
    return corpus(words[0], [*words[1][:gold], *[Absent.MISSING] * (size - gold)])


def numbers(found: Corpus, label: str = "for") -> tuple[Floats, Floats, Floats]:
    human, model = found.marks(label)
    has = found.has_human
    return human[has], model[has], model[~has]


def test_shares_are_those_of_the_statistics() -> None:
    made = sides(np.random.default_rng(1), 400, 80)
    line, other = estimated(made, Design(), SHARES)
    known = corrected_proportion(*numbers(made))
    assert (line.corrected, line.human, line.model) == (known.interval, known.human, known.model)
    assert (line.label, line.group, line.n_human, line.n_model) == ("for", "", 80, 400)
    assert line.corrected.estimate + other.corrected.estimate == pytest.approx(1)


def test_where_a_question_does_not_arise_no_label_is_given_and_a_share_says_how_often() -> None:
    model: list[Answer] = ["for", Absent.NOT_APPLICABLE, "against", Absent.NOT_APPLICABLE] * 30
    human: list[Answer] = ["for", "for", Absent.NOT_APPLICABLE, Absent.NOT_APPLICABLE] * 30
    wanted = Wanted(("for", "against", NOT_APPLICABLE))
    found = {
        line.label: line.human.estimate
        for line in estimated(corpus(model, human), Design(), wanted)
    }
    assert found == pytest.approx({"for": 0.5, "against": 0, NOT_APPLICABLE: 0.5})


def test_corrected_shares_find_the_truth_that_the_model_misses() -> None:
    covered = 0
    for seed in range(60):
        made = sides(np.random.default_rng(seed), 600, 100)
        line = estimated(made, Design(), Wanted(("for",)))[0]
        covered += line.corrected.low <= 0.3 <= line.corrected.high
        assert line.model.low > 0.3  # the model alone is sure of a wrong number
    assert covered >= 54


def test_known_chances_mend_what_a_biased_choice_of_rows_breaks() -> None:
    naive, mended = [], []
    for seed in range(25):
        chance = np.random.default_rng(seed)
        made = sides(chance, 600, 600)
        odds = np.where(made.marks("for")[1] == 1, 0.5, 0.1)
        drawn = chance.random(600) < odds
        human = [
            label if is_drawn else Absent.MISSING
            for label, is_drawn in zip(made.human, drawn, strict=True)
        ]
        part = corpus(made.model, human)
        mended.append(estimated(part, Design(odds), Wanted(("for",)))[0])
        naive.append(estimated(part, Design(), Wanted(("for",)))[0])
    assert np.mean([line.human.estimate for line in naive]) > 0.4
    assert np.mean([line.corrected.estimate for line in mended]) == pytest.approx(0.3, abs=0.01)
    assert sum(line.corrected.low <= 0.3 <= line.corrected.high for line in mended) >= 22


def test_designed_shares_are_those_of_the_statistics() -> None:
    made = sides(np.random.default_rng(2), 300, 90)
    odds = np.linspace(0.2, 0.9, 300)
    line = estimated(made, Design(odds), Wanted(("for",)))[0]
    assert line.corrected == designed_proportion(designed_labels(*made.marks("for"), odds)).interval


def forces(chance: np.random.Generator, size: int, gold: int, *, is_partial: bool) -> Corpus:
    """Return a corpus of points; the model misses half a point, and some rows altogether."""
    true = chance.integers(1, 6, size)
    seen = np.clip(true + chance.integers(0, 2, size), 1, 5)
    asked = chance.random(size) < (0.6 if is_partial else 1.1)
    found = np.where(chance.random(size) < (0.1 if is_partial else 0), ~asked, asked)
    human: list[Answer] = [
        str(point) if is_asked else Absent.NOT_APPLICABLE
        for point, is_asked in zip(true, asked, strict=True)
    ]
    model: list[Answer] = [
        str(point) if is_asked else Absent.NOT_APPLICABLE
        for point, is_asked in zip(seen, found, strict=True)
    ]
    return corpus(model, [*human[:gold], *[Absent.MISSING] * (size - gold)], FORCE)


def test_a_mean_is_that_of_the_statistics() -> None:
    made = forces(np.random.default_rng(3), 300, 60, is_partial=False)
    (line,) = estimated(made, Design(), MEAN)
    human, model = made.points()
    has = made.has_human
    assert line.corrected == corrected_mean(human[has], model[has], model[~has]).interval


def test_a_mean_over_all_rows_is_the_same_when_it_is_found_from_where_zero_is_covered() -> None:
    made = forces(np.random.default_rng(4), 300, 60, is_partial=False)
    (line,) = estimated(made, Design(), MEAN)
    ones = np.where(made.has_human, 1.0, np.nan), np.ones(300)
    found = _within(made.points(), ones, Design(), MEAN).found
    for ours, known in ((found.interval, line.corrected), (found.human, line.human)):
        assert (ours.estimate, ours.low, ours.high) == pytest.approx(
            (known.estimate, known.low, known.high), abs=1e-9
        )


def test_a_mean_over_rows_in_which_the_question_arises_covers_the_truth() -> None:
    covered = 0
    for seed in range(6):
        made = forces(np.random.default_rng(seed), 500, 100, is_partial=True)
        (line,) = estimated(made, Design(), MEAN)
        covered += line.corrected.low <= 3 <= line.corrected.high
        assert 1 <= line.corrected.low < line.corrected.estimate < line.corrected.high <= 5
        assert line.human.high - line.human.low < 1
    assert covered >= 5


def test_shares_among_rows_in_which_the_question_arises() -> None:
    model: list[Answer] = ["for", "against", Absent.NOT_APPLICABLE, Absent.NOT_APPLICABLE] * 30
    human: list[Answer] = [*model[:60], *[Absent.MISSING] * 60]
    line = estimated(corpus(model, human), Design(), Wanted(("for",), is_asked=True))[0]
    assert line.corrected.estimate == pytest.approx(0.5)
    assert line.human.estimate == pytest.approx(0.5)


def test_groups_are_estimated_apart_and_blank_ones_named() -> None:
    made = sides(np.random.default_rng(5), 300, 150)
    groups = ["north", "south", " "] * 100
    lines = by_group(made, Design(), Wanted(("for",)), groups)
    assert [line.group for line in lines] == [BLANK, "north", "south"]
    north = made.where(np.array(groups) == "north")
    assert lines[1].corrected == corrected_proportion(*numbers(north)).interval


def test_a_group_without_gold_labels_has_no_estimate_and_says_so() -> None:
    made = forces(np.random.default_rng(13), 60, 30, is_partial=True)
    groups = ["labelled"] * 30 + ["not labelled"] * 30
    wanted = Wanted((), is_asked=True, half_width=0.1)
    lines = by_group(made, Design(), wanted, groups)
    assert np.isfinite(lines[0].corrected.estimate)
    assert np.isnan([lines[1].corrected.estimate, lines[1].human.estimate]).all()
    assert lines[1].corrected.note == "no human labels, so nothing corrects the model"
    (between,) = differences(made, Design(), wanted, groups)
    assert np.isnan(between.corrected.estimate)


def test_differences_of_groups_are_those_of_the_statistics() -> None:
    made = sides(np.random.default_rng(6), 300, 150)
    groups = ["north", "south"] * 150
    (line,) = differences(made, Design(), Wanted(("for",)), groups)
    parts = [made.where(np.array(groups) == name) for name in ("north", "south")]
    known = corrected_difference(*(corrected_proportion(*numbers(part)) for part in parts))
    assert (line.group, line.corrected, line.n_human) == ("north − south", known, 150)
    assert line.model.low < line.model.estimate < line.model.high


def test_clusters_that_lie_in_two_groups_are_refused() -> None:
    made = sides(np.random.default_rng(7), 20, 10)
    design = Design(clusters=np.array(["d1", "d2"] * 10))
    with pytest.raises(UsageError, match="the cluster `d1` has rows in `n` and `s`"):
        differences(made, design, SHARES, ["n"] * 10 + ["s"] * 10)
    with pytest.raises(UsageError, match="two groups or more"):
        differences(made, design, SHARES, ["n"] * 20)


def test_clusters_widen_intervals() -> None:
    chance = np.random.default_rng(8)
    labels = [word for word in chance.choice(["for", "against"], 60) for _ in range(10)]
    made = corpus(labels, [*labels[:300], *[Absent.MISSING] * 300])
    design = Design(clusters=np.array([str(row // 10) for row in range(600)]))
    alone, together = (estimated(made, each, Wanted(("for",)))[0] for each in (Design(), design))
    width = [line.human.high - line.human.low for line in (alone, together)]
    assert width[1] > 2 * width[0]


def test_a_regression_of_a_label_is_logistic() -> None:
    made = sides(np.random.default_rng(9), 400, 200)
    size = np.linspace(-1, 1, 400)
    lines = regression(made, Design(), Wanted(("for",)), {"size": size})
    human, model, rest = numbers(made)
    rows = np.c_[np.ones(400), size]
    known = corrected_logistic(human, model, rest, covariates=(rows[:200], rows[200:]))
    assert [line.label for line in lines] == ["intercept", "size"]
    assert [line.corrected for line in lines] == [one.interval for one in known]


def test_a_regression_of_a_scale_by_design_is_linear() -> None:
    made = forces(np.random.default_rng(10), 400, 250, is_partial=False)
    size, odds = np.linspace(0, 9, 400), np.full(400, 250 / 400)
    lines = regression(made, Design(odds), MEAN, {"size": size})
    labels = designed_labels(*made.points(), odds)
    known = designed_linear(labels, covariates=np.c_[np.ones(400), size])
    assert [line.corrected for line in lines] == [one.interval for one in known]


def test_a_plan_is_that_of_the_statistics() -> None:
    made = sides(np.random.default_rng(11), 2000, 100)
    line = estimated(made, Design(), Wanted(("for",), half_width=0.05))[0]
    assert line.plan is not None
    assert line.plan.labels == plan_labels(corrected_proportion(*numbers(made)), 0.1).labels
    assert line.plan.more == line.plan.labels - 100 > 0


def test_a_plan_for_rows_in_which_the_question_arises_is_in_the_unit_of_the_mean() -> None:
    made = forces(np.random.default_rng(12), 4000, 150, is_partial=True)
    (line,) = estimated(made, Design(), Wanted((), is_asked=True, half_width=0.1))
    assert line.plan is not None
    assert line.plan.width == pytest.approx(0.2)
    assert line.plan.narrowest < 0.2 < line.plan.width_now
    more = forces(np.random.default_rng(12), 4000, int(line.plan.labels), is_partial=True)
    (after,) = estimated(more, Design(), MEAN)
    assert after.corrected.high - after.corrected.low == pytest.approx(0.2, rel=0.15)
