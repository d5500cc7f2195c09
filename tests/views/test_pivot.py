from __future__ import annotations

from typing import Any

import pytest

from evalhouse.errors import UsageError
from evalhouse.store import Store
from evalhouse.views.contest import Choice
from evalhouse.views.pivot import Pivot, pivot
from tests.views.houses import Draft


def _pivot(store: Store, name: str, **choice: Any) -> Pivot:
    with store.reader() as reader:
        return pivot(reader, name, Choice(**choice))


def _values(page: Pivot) -> list[list[float | None]]:
    return [[score.value if score else None for score in row.scores] for row in page.rows]


def _suite(draft: Draft) -> None:
    """Add a suite of two tasks with two models; the second one lacks a task."""
    tasks = [draft.task("a"), draft.task("b")]
    suite = draft.suite("ab", "macro", *tasks)
    first, second = draft.model("first"), draft.model("second")
    for task, value in zip((suite, *tasks), (0.3, 0.2, 0.4), strict=True):
        draft.score(draft.run("r1", path={"n": 1}), first, task, value)
    for task, value in zip((suite, tasks[1]), (0.5, 0.6), strict=True):
        draft.score(draft.run("r2", path={"n": 2}), second, task, value)


def test_a_suite_stands_before_its_members_and_orders_the_rows(store: Store) -> None:
    draft = Draft()
    _suite(draft)
    page = _pivot(draft.commit(store), "ab")
    assert page.tasks == ("ab", "a", "b")
    assert [row.entrant.model for row in page.rows] == ["second", "first"]
    assert _values(page) == [[0.5, None, 0.6], [0.3, 0.2, 0.4]]


def test_settings_choose_runs(store: Store) -> None:
    draft = Draft()
    _suite(draft)
    page = _pivot(draft.commit(store), "ab", where={"path.n": ["1"]})
    assert [row.entrant.model for row in page.rows] == ["first"]


def test_a_node_is_pivoted_over_all_that_stands_below(store: Store) -> None:
    draft = Draft()
    run, model = draft.run("r"), draft.model("m")
    for path in ("a/a:mc/a:mc::x", "a/a:rc"):
        draft.score(run, model, draft.task(path), 0.5)
    assert _pivot(draft.commit(store), "a").tasks == ("a:mc::x", "a:rc")


def test_a_task_at_two_places_has_one_column(store: Store) -> None:
    draft = Draft()
    for name, path in (("m1", "a/a:mc/a:mc::x"), ("m2", "a/a:mc::x")):
        draft.score(draft.run(name), draft.model(name), draft.task(path), 0.5)
    page = _pivot(draft.commit(store), "a")
    assert page.tasks == ("a:mc::x",)
    assert _values(page) == [[0.5], [0.5]]


def test_a_cell_of_several_scores_is_empty_and_counted(store: Store) -> None:
    draft = Draft()
    run, model, task = draft.run("r"), draft.model("m"), draft.task("a")
    for shots in (0, 5):
        draft.score(run, model, task, 0.5, config={"num_shots": shots})
    page = _pivot(draft.commit(store), "a")
    assert _values(page) == [[None]]
    assert page.notes[0].startswith("1 cells are empty")


def test_a_pivot_has_no_groups(store: Store) -> None:
    draft = Draft()
    draft.score(draft.run("r"), draft.model("m"), draft.task("a"), 0.5)
    with pytest.raises(UsageError, match="leave one of both out"):
        _pivot(draft.commit(store), "a", group_by=["model"])


def test_a_task_without_scores_is_refused(store: Store) -> None:
    draft = Draft()
    draft.task("a")
    with pytest.raises(UsageError, match="have no scores"):
        _pivot(draft.commit(store), "a")


def test_a_pivot_turns_into_arrow(store: Store) -> None:
    draft = Draft()
    _suite(draft)
    row = _pivot(draft.commit(store), "ab").to_arrow().to_pylist()[0]
    assert {name: row[name] for name in ("model", "ab", "a", "b")} == {
        "model": "second",
        "ab": 0.5,
        "a": None,
        "b": 0.6,
    }


def test_rows_can_be_taken_by_number_and_slice(store: Store) -> None:
    draft = Draft()
    _suite(draft)
    rows = _pivot(draft.commit(store), "ab").rows
    assert len(rows) == 2
    assert [rows[-1], rows[0]] == list(rows)[::-1] == rows[::-1]


def test_settings_that_no_result_has_leave_no_rows(store: Store) -> None:
    draft = Draft()
    _suite(draft)
    page = _pivot(draft.commit(store), "ab", where={"path.n": ["7"]})
    assert (page.tasks, list(page.rows)) == (("ab",), [])
    assert page.to_arrow().column_names == ["model", "revision", "run", "label", "ab"]


def test_scores_of_one_prompt_alone_fill_their_cell(store: Store) -> None:
    draft = Draft()
    run, model, task = draft.run("r"), draft.model("m"), draft.task("a")
    for shots in (0, 5):
        draft.score(run, model, task, shots / 10, config={"num_shots": shots})
    page = _pivot(draft.commit(store), "a", where={"num_shots": ["5"]})
    assert (_values(page), page.notes) == ([[0.5]], ())
