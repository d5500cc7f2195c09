from __future__ import annotations

from evalhouse.views.annotation.settings import NOTHING, differences, settings_of


def test_settings_stand_in_the_order_in_which_they_are_told() -> None:
    found = settings_of({"seed": 1, "own": "x", "model": "m", "run_id": "1"})
    assert [each.key for each in found] == ["model", "seed", "own"]


def test_a_default_written_as_another_number_is_no_change() -> None:
    assert not any(each.is_changed for each in settings_of({"temperature": 0, "stop": []}))
    assert settings_of({"temperature": 0.5})[0].is_changed


def test_differences_leave_out_what_names_a_run() -> None:
    found = differences([{"run_id": "a", "seed": 1}, {"run_id": "b"}])
    assert [(each.title, each.values) for each in found] == [("seed", ("1", NOTHING))]


def test_equal_runs_do_not_differ() -> None:
    assert differences([{"seed": 1}, {"seed": 1}]) == ()
    assert differences([]) == ()
