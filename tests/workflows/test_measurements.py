"""What runs took, in a house: once each, replaced with their evidence, summed without repeats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evalhouse import ids
from evalhouse.formats.codebook_lab import layout
from evalhouse.formats.machines import StatedGpu, stated_machine
from evalhouse.records import Entity, Measurement
from evalhouse.store import Store
from evalhouse.views.runs import run_page
from evalhouse.views.took import Took
from evalhouse.workflows.ingest import IngestOptions, ingest
from tests.formats.codebook_lab.folders import OwnRun, write_manifest, write_own
from tests.workflows.conftest import content, make_run

TABLES = [
    *("run_hardware_metrics", "system_hardware", "system_software", "system_gpu_links"),
    *("gpu_hardware", "environments", "tasks", "task_categories"),
]

METERED = OwnRun(without=(layout.ENERGY,))  # `emissions.csv` is there and tells of every session


def measured(store: Store) -> list[dict[str, Any]]:
    with store.reader() as reader:
        found: list[dict[str, Any]] = reader.sql(
            "SELECT * FROM run_hardware_metrics ORDER BY wall_clock_seconds"
        ).to_pylist()
    return found


def test_every_task_of_a_dump_has_its_time_and_aggregates_have_none(
    store: Store, tmp_path: Path
) -> None:
    make_run(tmp_path / "dump")
    ingest(store, [tmp_path / "dump"])
    records = [
        json.loads(line)
        for path in (tmp_path / "dump").rglob("metrics-all.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    times = sorted(each["processing_time"] for each in records if each["task_idx"] is not None)
    assert [row["wall_clock_seconds"] for row in measured(store)] == times
    assert len(times) == 4
    with store.reader() as reader:
        (run,) = reader.sql("SELECT run_id FROM runs").column("run_id").to_pylist()
        page = run_page(reader, run)
        unlinked = reader.sql(
            "SELECT count(*) AS n FROM run_hardware_metrics ANTI JOIN run_model_metrics "
            "USING (run_id, prompt_id, model_id)"
        )
    assert page.took.seconds == sum(times)
    assert page.as_dict()["took"]["energy_wh"] is None
    assert unlinked.column("n").to_pylist() == [0]


@pytest.mark.parametrize("rehash", [False, True])
def test_taking_in_again_changes_nothing(store: Store, tmp_path: Path, *, rehash: bool) -> None:
    make_run(tmp_path / "dump")
    write_own(tmp_path / "work", METERED)
    ingest(store, [tmp_path])
    before = content(store, TABLES)
    assert len(before["run_hardware_metrics"]) == 6
    ingest(store, [tmp_path], IngestOptions(rehash=rehash))
    assert content(store, TABLES) == before


def test_new_evidence_replaces_what_was_measured(store: Store, tmp_path: Path) -> None:
    folder = write_own(tmp_path / "outputs", OwnRun(config={"energy_scope": "local"}))
    ingest(store, [tmp_path])
    (first,) = measured(store)
    timing = json.loads((folder / layout.TIMING).read_text("utf-8"))
    (folder / layout.TIMING).write_text(json.dumps({**timing, "wall_seconds": 5.0}), "utf-8")
    write_manifest(folder)
    ingest(store, [tmp_path])
    (second,) = measured(store)
    assert (first["wall_clock_seconds"], second["wall_clock_seconds"]) == (2.5, 5.0)
    assert first["measurement_id"] == second["measurement_id"]


def test_a_run_that_is_no_longer_local_has_no_row_of_before(store: Store, tmp_path: Path) -> None:
    folder = write_own(tmp_path / "outputs", METERED)
    ingest(store, [tmp_path])
    assert len(measured(store)) == 2
    config = json.loads((folder / layout.CONFIG).read_text("utf-8"))
    (folder / layout.CONFIG).write_text(json.dumps({**config, "energy_scope": "local"}), "utf-8")
    write_manifest(folder)
    ingest(store, [tmp_path])
    assert len(measured(store)) == 1


def test_what_is_measured_of_the_whole_run_counts_before_its_results(
    store: Store, tmp_path: Path
) -> None:
    write_own(tmp_path / "outputs", OwnRun(config={"energy_scope": "local"}))
    ingest(store, [tmp_path])
    (row,) = measured(store)
    _add(store, [_of_cell(store, row["run_id"], 0, energy_wh=0.5, completion_tokens=10)])
    with store.reader() as reader:
        took = run_page(reader, row["run_id"]).took
    assert (took.seconds, took.completion_tokens) == (2.5, 150)
    assert took.energy_wh == 0.5  # the run as a whole does not tell


def test_slots_of_a_machine_share_the_time_and_add_their_energy(
    store: Store, tmp_path: Path
) -> None:
    make_run(tmp_path / "dump")
    ingest(store, [tmp_path / "dump"])
    before = sum(row["wall_clock_seconds"] for row in measured(store))
    run_id = measured(store)[0]["run_id"]
    machine = stated_machine(
        hardware={"cpu_model": "EPYC"}, software={}, gpus=(StatedGpu("T4"), StatedGpu("T4"))
    )
    slots = [
        _of_cell(
            store,
            run_id,
            1,
            system_hardware_id=machine.hardware_id,
            slot_index=slot,
            wall_clock_seconds=slot + 1.0,
            energy_wh=0.25,
        )
        for slot in (0, 1)
    ]
    _add(store, [*machine.entities(), *slots])
    with store.reader() as reader:
        took = run_page(reader, run_id).took
    assert (took.seconds, took.energy_wh) == (before + 2.0, 0.5)


def test_a_run_of_which_nothing_was_measured_took_nothing_that_is_known(
    store: Store, tmp_path: Path
) -> None:
    ours = OwnRun(without=(layout.TIMING, layout.EMISSIONS, layout.ENERGY), has_tables=False)
    write_own(tmp_path / "outputs", ours)
    ingest(store, [tmp_path])
    assert measured(store) == []
    with store.reader() as reader:
        (run,) = reader.sql("SELECT run_id FROM runs").column("run_id").to_pylist()
        assert run_page(reader, run).took == Took()


def _of_cell(store: Store, run_id: str, attempt: int, **figures: Any) -> Measurement:
    """Return a measurement of the first result of a run."""
    with store.reader() as reader:
        query = "SELECT prompt_id, model_id FROM run_model_metrics WHERE run_id = $run ORDER BY 1"
        cell = reader.sql(query, {"run": run_id}).to_pylist()[0]
    slot = figures.get("slot_index")
    return Measurement(
        measurement_id=ids.measurement_id(
            run_id, cell["prompt_id"], cell["model_id"], attempt, slot
        ),
        run_id=run_id,
        attempt=attempt,
        **cell,
        **figures,
    )


def _add(store: Store, entities: list[Entity]) -> None:
    with store.begin() as batch:
        batch.commit(entities=entities, units=[])
