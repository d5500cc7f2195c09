from __future__ import annotations

from evalhouse.views.annotation.sweep import Compared, sweep_report, yardstick_of
from tests.views.annotation.runs import better, dropdown, record, score


def test_models_come_first_and_baselines_last() -> None:
    runs = [record("majority", better(0.3), provider="baseline"), record("b", better(0.7))]
    group = sweep_report(runs).groups[0]
    assert [each.name for each in group.entrants] == ["1 b", "2 majority"]
    assert group.entrants[1].is_baseline


def test_runs_of_one_model_are_told_apart_by_their_settings() -> None:
    runs = [record("a", better(0.5), seed=seed) for seed in (1, 2)]
    group = sweep_report([*runs, record("b", better(0.5))]).groups[0]
    assert [each.name for each in group.entrants] == ["1 a, seed 1", "2 a, seed 2", "3 b"]
    assert [each.title for each in group.differences] == ["model", "seed"]


def test_the_best_and_those_that_may_be_as_good_are_marked() -> None:
    runs = [record(str(place), better(value)) for place, value in enumerate((0.5, 0.78, 0.8))]
    field = sweep_report(runs).groups[0].fields[0]
    assert field.best == {2}
    assert field.near == {1}


def test_without_intervals_nothing_is_near() -> None:
    bare = dropdown("D", scores=(score("f1_macro", 0.8, low=None, high=None),))
    runs = [record("a", (bare,)), record("b", better(0.79))]
    assert sweep_report(runs).groups[0].fields[0].near == frozenset()


def test_an_undefined_score_is_neither_best_nor_zero() -> None:
    none = dropdown("Direction", scores=(score("f1_macro", None, note="no rows"),))
    group = sweep_report([record("a", (none,)), record("b", (none,))]).groups[0]
    assert group.fields[0].best == frozenset()
    assert group.trades["energy"] == ()


def test_a_field_that_a_run_lacks_is_a_gap() -> None:
    runs = [record("a", better(0.5)), record("b", better(0.6)[:1])]
    lacking = sweep_report(runs).groups[0].fields[1]
    assert lacking.scores[1] is None


def test_runs_with_other_gold_are_never_ranked_together() -> None:
    other = record("b", better(0.9), scored={"ground_truth_sha256": "99" * 32})
    found = sweep_report([record("a", better(0.5)), other])
    assert [len(group.entrants) for group in found.groups] == [1, 1]
    assert [group.entrants[0].number for group in found.groups] == [1, 2]
    assert "do not share one ground truth" in found.cautions[0]


def test_the_front_has_the_runs_that_none_beats_for_less() -> None:
    kwh = {"a": (0.01, 0.5), "b": (0.02, 0.4), "c": (0.03, 0.9)}
    runs = [record(name, better(value), kwh=amount) for name, (amount, value) in kwh.items()]
    runs.append(record("majority", better(0.3), provider="baseline"))
    trade = sweep_report(runs).groups[0].trades["energy"][0]
    assert [point.is_front for point in trade.points] == [True, False, True]
    assert [entrant.name for entrant, _ in trade.baselines] == ["4 majority"]


def test_runs_whose_energy_nobody_knows_are_not_in_the_picture() -> None:
    runs = [record("a", better(0.5)), record("b", better(0.6), energy_scope="client_only")]
    trade = sweep_report(runs).groups[0].trades["energy"][0]
    assert [point.entrant.number for point in trade.points] == [1]


def test_why_runs_are_not_compared_is_kept() -> None:
    run = record("a", better(0.5))
    found = sweep_report([run], {yardstick_of(run): Compared(why_not="no task")})
    assert found.groups[0].uncompared == "no task"


def test_a_score_of_text_stands_for_nothing() -> None:
    assert [line.column for line in sweep_report([record(), record()]).groups[0].fields] == [
        "Relevance_On topic",
        "Policy Sentiment_Direction",
        "Relevance_Topics",
        "Policy Sentiment_Strength",
        "Policy Sentiment_Mentions",
    ]
