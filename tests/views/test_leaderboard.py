from __future__ import annotations

from typing import Any

import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.store import Store
from evalhouse.views.contest import Choice
from evalhouse.views.leaderboard import Groups, Leaderboard, leaderboard, suggestion
from tests.views.houses import Draft


def _board(store: Store, name: str, **choice: Any) -> Leaderboard:
    with store.reader() as reader:
        board = leaderboard(reader, name, Choice(**choice))
    assert isinstance(board, Leaderboard)
    return board


def _groups(store: Store, name: str, *keys: str) -> Groups:
    with store.reader() as reader:
        board = leaderboard(reader, name, Choice(group_by=keys))
    assert isinstance(board, Groups)
    return board


def _order(board: Leaderboard) -> list[tuple[str, float | None]]:
    return [(row.entrant.model, row.score.value) for row in board.rows]


@pytest.mark.parametrize(("direction", "models"), [(True, "cba"), (False, "abc"), (None, "cba")])
def test_the_best_model_comes_first(store: Store, direction: Any, models: str) -> None:
    draft = Draft()
    task, run = draft.task("t"), draft.run("r")
    for name, value in zip("abc", (0.1, 0.2, 0.3), strict=True):
        draft.score(run, draft.model(name), task, value, higher_is_better=direction)
    board = _board(draft.commit(store), "t")
    assert [model for model, _ in _order(board)] == list(models)
    assert bool(board.notes) == (direction is None)


def test_a_result_without_a_value_comes_last_with_its_reason(store: Store) -> None:
    draft = Draft()
    task, run = draft.task("t"), draft.run("r")
    draft.score(run, draft.model("a"), task, None, value_note="NaN")
    draft.score(run, draft.model("b"), task, 0.0)
    board = _board(draft.commit(store), "t")
    assert _order(board) == [("b", 0.0), ("a", None)]
    assert board.rows[1].score.note == "NaN"


def test_each_run_of_a_model_has_its_row(store: Store) -> None:
    draft = Draft()
    task, model = draft.task("t"), draft.model("m")
    runs = [draft.run("first"), draft.run("second")]
    for run, value in zip(runs, (0.1, 0.2), strict=True):
        draft.score(run, model, task, value)
    board = _board(draft.commit(store), "t")
    assert [row.entrant.run_id for row in board.rows] == runs[::-1]


def test_runs_with_different_ground_truths_are_told(store: Store) -> None:
    draft = Draft()
    task, model = draft.task("t"), draft.model("m")
    runs = [draft.run(name, ground_truth_sha256=gold) for name, gold in ("ax", "bx", "cy")]
    for run in runs:
        draft.score(run, model, task, 0.5)
    board = _board(draft.commit(store), "t")
    (note,) = board.notes
    assert "different ground truths (`x` of 2, `y` of 1)" in note


def test_task_settings_of_one_run_have_a_row_each(store: Store) -> None:
    draft = Draft()
    task, model, run = draft.task("t"), draft.model("m"), draft.run("r")
    for shots in (0, 5):
        draft.score(run, model, task, shots / 10, config={"num_shots": shots})
    store = draft.commit(store)
    assert _order(_board(store, "t")) == [("m", 0.5), ("m", 0.0)]
    assert _order(_board(store, "t", where={"num_shots": ["0"]})) == [("m", 0.0)]


def test_settings_that_no_result_has_leave_no_rows(store: Store) -> None:
    draft = Draft()
    draft.score(draft.run("r"), draft.model("m"), draft.task("t"), 0.5)
    assert _board(draft.commit(store), "t", where={"model": ["other"]}).rows == ()


def test_a_metric_comes_from_the_rows_of_metrics(store: Store) -> None:
    draft = Draft()
    task, run, model = draft.task("t"), draft.run("r"), draft.model("m")
    prompt = draft.score(run, model, task, 0.5)
    draft.metric(run, model, prompt, "bits_per_byte_corr", 1.5)
    board = _board(draft.commit(store), "t", metric="bits_per_byte_corr")
    assert _order(board) == [("m", 1.5)]
    assert (board.measure.unit, board.measure.higher_is_better) == ("bit/byte", False)


def test_a_metric_of_a_suite_is_its_average_by_the_rule(store: Store) -> None:
    draft = Draft()
    run, model, task = draft.run("r"), draft.model("m"), draft.task("t")
    suite = draft.suite("s", "macro", task)
    draft.score(run, model, task, 0.5)
    prompt = draft.score(run, model, suite, 0.5)
    draft.metric(run, model, prompt, "acc_raw_micro", 0.3)
    draft.metric(run, model, prompt, "acc_raw_macro", 0.4)
    assert _order(_board(draft.commit(store), "s", metric="acc_raw")) == [("m", 0.4)]


def test_a_metric_of_a_suite_is_made_from_its_members_where_nobody_states_it(store: Store) -> None:
    draft = Draft()
    run, model = draft.run("r"), draft.model("m")
    tasks = [draft.task("a"), draft.task("b")]
    draft.suite("s", "macro", *tasks)
    for task, value in zip(tasks, (0.2, 0.4), strict=True):
        draft.metric(run, model, draft.score(run, model, task, 0.9), "f1", value)
    board = _board(draft.commit(store), "s", metric="f1")
    assert board.rows[0].score.value == pytest.approx(0.3)
    assert board.rows[0].score.origin == "recomputed"


def test_an_unknown_metric_gets_close_ones(store: Store) -> None:
    draft = Draft()
    run, model = draft.run("r"), draft.model("m")
    draft.metric(run, model, draft.score(run, model, draft.task("t"), 0.9), "acc_raw", 0.2)
    with pytest.raises(UnknownNameError, match="did you mean `acc_raw`"):
        _board(draft.commit(store), "t", metric="acc_row")


def test_a_node_without_scores_says_what_stands_below(store: Store) -> None:
    draft = Draft()
    run, model = draft.run("r"), draft.model("m")
    for task in ("a/a:mc", "a/a:rc"):
        draft.score(run, model, draft.task(task), 0.5)
    with pytest.raises(UsageError, match="below it stand `a:mc`, `a:rc`"):
        _board(draft.commit(store), "a")


def test_a_node_with_one_variant_stands_for_it(store: Store) -> None:
    draft = Draft()
    draft.score(draft.run("r"), draft.model("m"), draft.task("a/a:mc"), 0.5)
    board = _board(draft.commit(store), "a")
    assert (board.title, board.rows[0].score.value) == ("a:mc", 0.5)


def test_a_group_has_its_best_and_the_mean_of_its_runs(store: Store) -> None:
    draft = Draft()
    task = draft.task("t")
    for name, snapshot, value in (("a", "old", 0.2), ("b", "old", 0.6), ("c", "new", 0.5)):
        run = draft.run(name, path={"snapshot": snapshot})
        draft.score(run, draft.model(name), task, value)
    draft.score(draft.run("d", path={"snapshot": "new"}), draft.model("d"), task, None)
    board = _groups(draft.commit(store), "t", "snapshot")
    assert board.keys == ("path.snapshot",)
    told = [
        (each.values, each.mean, each.runs, each.best and each.best.entrant.model)
        for each in board.groups
    ]
    assert told == [(("new",), 0.5, 1, "c"), (("old",), pytest.approx(0.4), 2, "b")]


def test_a_group_without_values_has_no_mean(store: Store) -> None:
    draft = Draft()
    draft.score(draft.run("r"), draft.model("m"), draft.task("t"), None)
    group = _groups(draft.commit(store), "t", "model").groups[0]
    assert (group.mean, group.runs, group.best) == (None, 0, None)


def test_rows_and_groups_turn_into_arrow(store: Store) -> None:
    draft = Draft()
    draft.score(draft.run("r"), draft.model("m"), draft.task("t"), 0.5, stderr=0.1)
    store = draft.commit(store)
    row = _board(store, "t").to_arrow().to_pylist()[0]
    assert (row["model"], row["value"], row["stderr"], row["n_items"]) == ("m", 0.5, 0.1, 10)
    groups = _groups(store, "t", "model", "revision").to_arrow().to_pylist()
    assert groups[0]["models.revision"] == "main"
    assert groups[0]["mean"] == 0.5


def test_the_suite_with_most_models_is_suggested(store: Store) -> None:
    draft = Draft()
    task = draft.task("t")
    few, many = draft.suite("few", "macro", task), draft.suite("many", "macro", task)
    for name, suites in (("a", (few, many)), ("b", (many,))):
        for suite in (*suites, task):
            draft.score(draft.run(name), draft.model(name), suite, 0.5)
    with draft.commit(store).reader() as reader:
        assert suggestion(reader) == "many"


def test_an_empty_house_suggests_nothing(store: Store) -> None:
    with store.reader() as reader:
        assert suggestion(reader) is None
