from __future__ import annotations

from evalhouse.store import Store
from evalhouse.views.cells import Cells, Where
from tests.views.houses import Draft


def _house(store: Store) -> tuple[list[str], list[str], list[str]]:
    """Fill a house with two runs, two models and two tasks; return their ids."""
    draft = Draft()
    runs = [draft.run(name) for name in ("r1", "r2")]
    models = [draft.model(name) for name in ("m1", "m2")]
    tasks = [draft.task(name) for name in ("a", "b")]
    for place, run in enumerate(runs):
        for model in models[: place + 1]:
            draft.score(run, model, tasks[0], 0.5, value_note=f"of {run}")
            draft.score(run, model, tasks[1], None)
    draft.commit(store)
    return runs, models, tasks


def _places(cells: Cells, task: str) -> list[Where]:
    at = cells.of_task(task).place.tolist()
    return [Where(cells.run_ids[each].as_py(), cells.model_ids[each].as_py()) for each in at]


def test_the_cells_of_a_task_come_in_the_order_of_runs_and_models(store: Store) -> None:
    runs, models, tasks = _house(store)
    with store.reader() as reader:
        cells = Cells.of(reader)
    expected = sorted([(runs[0], models[0]), *((runs[1], model) for model in models)])
    assert _places(cells, tasks[0]) == expected
    assert len(cells.of_task("unknown")) == 0
    assert cells.place_of(Where(runs[0], models[1])) is None
    place = cells.place_of(Where(runs[1], models[1]))
    assert place is not None
    assert cells.run_ids[place].as_py() == runs[1]


def test_the_cells_of_a_run_keep_their_notes(store: Store) -> None:
    runs, models, tasks = _house(store)
    with store.reader() as reader:
        cells = Cells.of(reader).of_run(runs[0])
        none = Cells.of(reader).of_run("unknown")
    assert _places(cells, tasks[0]) == [(runs[0], models[0])]
    row = int(cells.of_task(tasks[0]).row[0])
    assert cells.notes[row].as_py() == f"of {runs[0]}"
    assert (none.spans, len(none.entries)) == ({}, 0)


def test_cells_are_made_once_for_a_state_of_the_house(store: Store) -> None:
    _house(store)
    with store.reader() as first, store.reader() as second:
        assert Cells.of(first) is Cells.of(second)
    draft = Draft()
    draft.score(draft.run("r3"), draft.model("m1"), draft.task("c"), 0.25)
    draft.commit(store)
    with store.reader() as third:
        cells = Cells.of(third)
    assert len(cells.spans) == 3
    assert len(cells.entries) == 7


def test_an_empty_house_has_no_cells(store: Store) -> None:
    with store.reader() as reader:
        cells = Cells.of(reader)
    assert (len(cells.entries), cells.spans) == (0, {})
