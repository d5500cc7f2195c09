"""What a run took, by the rows that were measured."""

from __future__ import annotations

from typing import Any

import pytest

from evalhouse import ids
from evalhouse.records import Measurement
from evalhouse.store import Store
from evalhouse.views.took import Took, took
from tests.views.houses import Draft

Rows = list[dict[str, Any]]


def _took(store: Store, *rows: dict[str, Any]) -> Took:
    """Measure a run; `on` names a task whose result a row is about."""
    draft = Draft()
    run, model = draft.run("r"), draft.model("m")
    for place, row in enumerate(rows):
        where: dict[str, Any] = {}
        if name := row.pop("on", None):
            where = {"prompt_id": draft.score(run, model, draft.task(name), 0.5)}
            where["model_id"] = model
        draft.entities.append(
            Measurement(measurement_id=ids.derive("m", str(place)), run_id=run, **where, **row)
        )
    with draft.commit(store).reader() as reader:
        return took(reader, run)


def test_a_run_without_measurements_tells_nothing(store: Store) -> None:
    assert _took(store) == Took()


def test_what_is_measured_of_the_whole_run_counts(store: Store) -> None:
    whole = {"wall_clock_seconds": 50.0, "prompt_tokens": 7}
    parts = [{"on": name, "wall_clock_seconds": 30.0, "energy_wh": 2.0} for name in ("a", "b")]
    assert _took(store, whole, *parts) == Took(seconds=50.0, prompt_tokens=7, energy_wh=4.0)


def test_results_and_attempts_add_up_where_the_run_was_not_measured(store: Store) -> None:
    rows: Rows = [
        {"on": "a", "wall_clock_seconds": 1.5, "completion_tokens": 10},
        {"on": "a", "attempt": 1, "wall_clock_seconds": 2.0, "completion_tokens": 20},
        {"on": "b", "wall_clock_seconds": None, "emissions_kg": 0.25},
    ]
    found = _took(store, *rows)
    assert found == Took(seconds=3.5, completion_tokens=30, emissions_kg=0.25)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (
            [
                {"slot_index": 0, "wall_clock_seconds": 9.0, "energy_wh": 1.0},
                {"slot_index": 1, "wall_clock_seconds": 8.0, "energy_wh": 2.0},
            ],
            Took(seconds=9.0, energy_wh=3.0),
        ),
        (
            [
                {"slot_index": None, "wall_clock_seconds": 5.0, "energy_wh": 4.0},
                {"slot_index": 0, "wall_clock_seconds": 9.0, "energy_wh": 1.0},
            ],
            Took(seconds=5.0, energy_wh=4.0),
        ),
    ],
    ids=["slots-alone", "machine-and-slot"],
)
def test_slots_run_at_the_same_time_and_add_their_energy(
    store: Store, rows: Rows, found: Took
) -> None:
    assert _took(store, *rows) == found
