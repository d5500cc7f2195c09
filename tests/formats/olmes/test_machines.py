"""What an OLMES record states of where its task ran and what that took."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from evalhouse.formats.base import Unit
from evalhouse.formats.machines import StatedGpu
from evalhouse.formats.olmes.machines import gpus_of, machine_of, measurements_of, surroundings
from evalhouse.formats.olmes.record import Record
from evalhouse.lookups import seeds
from evalhouse.records import (
    Environment,
    GpuLink,
    GpuModel,
    Measurement,
    Run,
    SystemHardware,
    Task,
    TaskCategory,
)
from tests.formats.olmes.made import suite, task
from tests.formats.olmes.samples import OLMES, needs_olmes
from tests.formats.references import rows_of_folder

UNIT = Unit(
    format="olmes",
    unit_id="unit",
    part="gsm8k",
    run_id="run",
    model_id="model",
    prompt_id="prompt",
    task_id="task",
    source_id="source",
    files=(),
)
JOB = {
    "GIT_REF": "e8c7",
    "BEAKER_JOB_ID": "01KR",
    "BEAKER_NODE_HOSTNAME": "ceres",
    "BEAKER_ASSIGNED_GPU_COUNT": "2",
    "BEAKER_ASSIGNED_CPU_COUNT": "22.5",
}


def measured(record: Record | None) -> list[Measurement]:
    return list(measurements_of(UNIT, record))


def test_the_time_of_a_task_is_that_of_its_cell_as_stated() -> None:
    (found,) = measured(task("gsm8k", processing_time=12.5, beaker_info=JOB))
    assert (found.run_id, found.prompt_id, found.model_id) == ("run", "prompt", "model")
    assert (found.unit_id, found.attempt, found.wall_clock_seconds) == ("unit", 0, 12.5)
    assert found.system_hardware_id
    assert found.tokens_per_second is None
    assert json.loads(found.figure_sources or "") == {
        "wall_clock_seconds": "stated: `processing_time` of the record"
    }


def test_an_aggregate_takes_no_time_beside_its_members() -> None:
    assert measured(suite("core", [task("a"), task("b")])) == []


@pytest.mark.parametrize("time", [None, "soon", -1.0, math.inf, math.nan, True])
def test_what_is_no_time_is_no_measurement(time: Any) -> None:
    value = json.loads(task("gsm8k").text) | {"processing_time": time}
    assert measured(Record(json.dumps(value))) == []
    assert measured(None) == []


@pytest.mark.parametrize(
    ("compute", "beaker", "gpus"),
    [
        ({}, {}, ()),
        ({}, {"BEAKER_ASSIGNED_GPU_COUNT": "2"}, (StatedGpu(), StatedGpu())),
        ({"gpu_type": "H100"}, {}, (StatedGpu("H100"),)),
        ({"gpu_type": "H100", "num_gpus": 2}, {}, (StatedGpu("H100"),) * 2),
        ({"gpus": 1}, {"BEAKER_ASSIGNED_GPU_COUNT": "8"}, (StatedGpu(),)),
        ({"gpus": 10**9}, {}, ()),
        ({"gpus": "all"}, {"BEAKER_ASSIGNED_GPU_COUNT": ""}, ()),
    ],
)
def test_gpus_are_those_that_are_stated(
    compute: dict[str, Any], beaker: dict[str, Any], gpus: tuple[StatedGpu, ...]
) -> None:
    assert gpus_of(task("a", compute_config=compute, beaker_info=beaker)) == gpus


def test_a_machine_is_described_in_the_words_of_the_record() -> None:
    made = machine_of(task("a", beaker_info=JOB, compute_config={"gpu_type": "H100"}))
    rows = {type(row): row for row in made.entities()}
    hardware, link = rows[SystemHardware], rows[GpuLink]
    assert isinstance(hardware, SystemHardware)
    assert json.loads(hardware.description or "") == {
        name: text for name, text in JOB.items() if name not in ("GIT_REF", "BEAKER_JOB_ID")
    }
    assert (hardware.cpu_threads, hardware.host_id) == (None, None)  # 22.5 are a share of some
    assert isinstance(link, GpuLink)
    assert (link.slot_index, link.vram_total_mb) == (1, None)
    assert GpuModel in rows


def test_a_record_that_states_no_machine_has_none() -> None:
    assert machine_of(task("a")).hardware_id is None
    settings = {"model": "m", "model_type": "hf"}
    software = machine_of(task("a", model_config=settings)).software
    assert software is not None
    assert software.engine == "hf"


def test_surroundings_are_alike_for_jobs_that_differ_in_their_names_alone() -> None:
    here = surroundings(task("a", beaker_info=JOB))
    there = surroundings(task("a", beaker_info=JOB | {"BEAKER_JOB_ID": "x"}))
    elsewhere = surroundings(task("a", beaker_info=JOB | {"GIT_REF": "x"}))
    assert here == there != elsewhere


def test_a_secret_in_the_name_of_a_machine_is_not_kept(tmp_path: Path) -> None:
    secret = "hf_" + "a1B2c3D4e5F6g7H8i9J0" * 2
    record = task("a", beaker_info={"BEAKER_NODE_HOSTNAME": secret})
    (tmp_path / "metrics-all.jsonl").write_text(record.text + "\n", "utf-8")
    rows = rows_of_folder(tmp_path, "olmes")
    assert any(isinstance(row, SystemHardware) for row in rows)
    assert secret not in str(rows)


@needs_olmes
def test_genuine_records_give_their_times_commits_and_categories() -> None:
    rows = rows_of_folder(OLMES, "olmes")
    times = sorted(row.wall_clock_seconds or 0 for row in rows if isinstance(row, Measurement))
    stated = sorted(
        json.loads(path.read_text("utf-8"))["processing_time"]
        for path in OLMES.rglob("task-*-metrics.json")
    )
    assert times == stated
    assert len(times) == 14
    commits = {row.environment_id: row.git_commit for row in rows if isinstance(row, Environment)}
    runs = [row for row in rows if isinstance(row, Run)]
    assert {len(commits[run.environment_id or ""] or "") for run in runs} == {40}
    categories = {row.category_id: row.name for row in seeds() if isinstance(row, TaskCategory)}
    found = {
        row.task_name.partition(":")[0]: categories.get(row.category_id or "")
        for row in rows
        if isinstance(row, Task)
    }
    assert found["aime"] == found["minerva_math_500"] == "mathematics"
    assert found["alpaca_eval"] == found["ifeval_ood"] == "instruction_following"
    assert found["livecodebench_codegeneration"] == "code_generation"
    (coding,) = {
        row.dataset_revision
        for row in rows
        if isinstance(row, Task) and row.dataset == "livecodebench/code_generation_lite"
    }
    assert coding == "release_v3"
