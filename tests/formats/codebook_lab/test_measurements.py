"""What an annotation run took, and where its client and its model ran."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evalhouse.formats.base import Unit
from evalhouse.formats.codebook_lab import layout
from evalhouse.formats.codebook_lab.machines import Whereabouts, gpus_of, whereabouts
from evalhouse.formats.codebook_lab.measurements import measurements_of
from evalhouse.formats.codebook_lab.plan import Detail
from evalhouse.formats.machines import StatedGpu, gpu_model
from evalhouse.lookups import seeds
from evalhouse.machine.facts import Engine, Gpu, Machine, Processor, Software
from evalhouse.machine.rows import machine_rows
from evalhouse.records import (
    Entity,
    Environment,
    GpuLink,
    GpuModel,
    Measurement,
    Run,
    SystemHardware,
    SystemSoftware,
    Task,
    TaskCategory,
)
from tests.formats.codebook_lab.folders import OwnRun, write_manifest, write_own
from tests.formats.codebook_lab.samples import FOLDERS, OUTPUTS, needs_samples
from tests.formats.references import dangling, rows_of_folder

UNIT = Unit(
    format="codebook_lab",
    unit_id="unit",
    part="task",
    run_id="run",
    model_id="model",
    prompt_id="prompt",
    task_id="task",
    source_id="source",
    files=(),
)
HERE = Whereabouts(hardware="machine", client="software", server="software", is_local=True)
APART = Whereabouts(hardware="machine", client="software", server="engine")
TIMING = {
    "total_inference_time": 7.5,
    "wall_seconds": 4.0,
    "tokens_input": 1500,
    "tokens_output": 100,
    "seconds_to_first_token": 0.25,
    "cpu_seconds_user": 1.5,
    "cpu_seconds_sys": 0.5,
}
RAPL, LOAD = "measured: RAPL", "estimated: load and rated power of the processor"
SESSION = {
    "duration": "2.0",
    "emissions": "0.25",
    "cpu_energy": "0.125",
    "gpu_energy": "0.5",
    "ram_energy": "0.0625",
    "energy_consumed": "0.6875",
    "gpu_model": "1 x NVIDIA A100",
    "gpu_utilization_percent": "50",
}
ENVIRONMENT = {
    "evalhouse": "0.1.0",
    "python": {"version": "3.12.1"},
    "os": "Debian",
    "kernel": "Linux 6",
    "machine": "x86_64",
    "container": "docker",
    "cpu": {"model": "EPYC", "cores": 4, "threads": 8, "usable_threads": 2},
    "memory_bytes": 1 << 34,
    "gpus": [{"name": "NVIDIA T4", "memory_bytes": 16106127360}],
    "gpu_driver": "550.1",
    "cuda": "12.4",
    "frameworks": {"torch": "2.5"},
}
HOST = "12345678-1111-4111-8111-123456789abc"
LOCAL = {"run_uuid": "u", "energy_scope": "local", "server": "vllm", "server_version": "0.6"}
REMOTE = {**LOCAL, "energy_scope": "client_only"}


def taken(*, places: Whereabouts = HERE, **known: Any) -> list[Measurement]:
    detail = Detail(task="t", fields=[], is_ours=True, places=places, **known)
    return list(measurements_of(UNIT, detail))


def sources(found: Measurement) -> dict[str, str]:
    told: dict[str, str] = json.loads(found.figure_sources or "")
    return told


def the(rows: Sequence[Entity], record: type[Any]) -> Any:
    (row,) = (row for row in rows if isinstance(row, record))
    return row


# -- figures -------------------------------------------------------------------------------------


def test_a_run_of_a_local_model_is_one_row_with_the_source_of_every_figure() -> None:
    (found,) = taken(timing=TIMING, sessions=[SESSION])
    assert (found.run_id, found.prompt_id, found.model_id) == ("run", None, "model")
    assert (found.unit_id, found.slot_index) == ("unit", None)
    assert (found.system_hardware_id, found.system_software_id) == ("machine", "software")
    assert (found.wall_clock_seconds, found.seconds_to_first_token) == (4.0, 0.25)
    assert (found.prompt_tokens, found.completion_tokens) == (1500, 100)
    assert found.tokens_per_second == 25.0
    assert (found.cpu_seconds_user, found.cpu_seconds_sys) == (1.5, 0.5)
    assert (found.energy_wh, found.energy_cpu_wh) == (687.5, 125.0)
    assert (found.energy_gpu_wh, found.energy_ram_wh, found.emissions_kg) == (500.0, 62.5, 0.25)
    assert found.gpu_sm_utilization_pct == 50.0
    figures = {
        name
        for name, value in msgspec.structs.asdict(found).items()
        if isinstance(value, int | float) and name != "attempt"
    }
    told = sources(found)
    assert set(told) == figures
    assert all(text.startswith(("measured: ", "estimated: ", "stated: ")) for text in told.values())


def test_what_the_client_of_a_remote_model_took_is_not_the_models() -> None:
    run, client = taken(places=APART, timing=TIMING, sessions=[SESSION])
    assert (run.model_id, run.system_hardware_id, run.system_software_id) == (
        "model",
        None,
        "engine",
    )
    assert (run.wall_clock_seconds, run.energy_wh, run.cpu_seconds_user) == (4.0, None, None)
    assert (client.model_id, client.system_hardware_id) == (None, "machine")
    assert (client.wall_clock_seconds, client.tokens_per_second) == (None, None)
    assert client.energy_wh == 687.5
    assert all(text.endswith("; of the client's machine") for text in sources(client).values())
    assert run.measurement_id != client.measurement_id


def test_energy_is_told_as_its_sources_tell_it() -> None:
    energy = [{"cpu_kwh": 0.125, "ram_kwh": 0.25, "total_kwh": 0.375, "emissions_kg": 0.5}]
    (found,) = taken(energy=energy, energy_sources={"cpu_kwh": RAPL, "ram_kwh": RAPL})
    assert (found.energy_wh, found.energy_gpu_wh) == (375.0, None)
    told = sources(found)
    assert told["energy_cpu_wh"] == RAPL
    assert told["energy_wh"] == "measured: sum of processor, GPUs and memory"
    assert told["emissions_kg"].startswith("estimated: energy by what the grid")
    (other,) = taken(energy=energy, energy_sources={"cpu_kwh": f"{RAPL}; {LOAD}"})
    assert sources(other)["energy_wh"].startswith("estimated: sum")
    assert sources(other)["energy_cpu_wh"] == f"{RAPL}; {LOAD}"


@pytest.mark.parametrize(
    "energy", [[{"total_kwh": 0.5}, {}], [{"total_kwh": 0.5}, {"cpu_kwh": 0.5}]]
)
def test_a_sum_over_some_sessions_is_no_figure_of_the_run(energy: list[dict[str, float]]) -> None:
    assert [found.energy_wh for found in taken(timing=TIMING, energy=energy)] == [None]
    halves = [SESSION, {**SESSION, "energy_consumed": "", "duration": ""}]
    (found,) = taken(sessions=halves)
    assert (found.energy_wh, found.wall_clock_seconds) == (None, None)
    assert (found.energy_cpu_wh, found.gpu_sm_utilization_pct) == (250.0, None)


def test_sessions_are_summed_and_utilisation_is_a_mean_over_time() -> None:
    longer = {**SESSION, "duration": "6.0", "gpu_utilization_percent": "90"}
    (found,) = taken(sessions=[SESSION, longer])
    assert (found.wall_clock_seconds, found.energy_wh) == (8.0, 1375.0)
    assert found.gpu_sm_utilization_pct == 80.0  # (2 × 50 + 6 × 90) / 8
    (odd,) = taken(sessions=[{**SESSION, "gpu_utilization_percent": "300"}])
    assert odd.gpu_sm_utilization_pct is None


def test_a_zero_of_gpus_that_nobody_saw_is_no_measurement() -> None:
    blind = {**SESSION, "gpu_energy": "0.0", "gpu_model": ""}
    (found,) = taken(sessions=[blind])
    assert (found.energy_gpu_wh, found.gpu_sm_utilization_pct) == (None, None)
    (seen,) = taken(sessions=[{**SESSION, "gpu_energy": "0.0"}])
    assert seen.energy_gpu_wh == 0.0


@pytest.mark.parametrize("changes", [{"tokens_output": None}, {"tokens_output": 0}])
def test_without_tokens_there_is_no_speed(changes: Mapping[str, Any]) -> None:
    (found,) = taken(timing={**TIMING, **changes})
    assert found.tokens_per_second is None
    (still,) = taken(timing={**TIMING, "wall_seconds": 0})
    assert (still.wall_clock_seconds, still.tokens_per_second) == (0.0, None)


def test_what_is_no_figure_is_not_taken_in() -> None:
    assert taken() == []
    assert taken(timing={"wall_seconds": "nan", "tokens_input": -1, "tokens_output": True}) == []


def test_the_table_of_runs_tells_what_no_folder_does() -> None:
    row = {"total_inference_time_s": "2.5", "total_energy_kwh": "0.5", "total_emissions_kg": ""}
    run, client = taken(places=APART, row=row)
    assert (run.wall_clock_seconds, client.energy_wh, client.emissions_kg) == (2.5, 500.0, None)
    assert sources(run)["wall_clock_seconds"].startswith("stated: successful requests")
    ours = {**row, "wall_seconds": "4.0", "tokens_output": "100", "cpu_seconds_user": "1.5"}
    run, client = taken(places=APART, row=ours)
    assert (run.wall_clock_seconds, run.tokens_per_second) == (4.0, 25.0)
    assert client.cpu_seconds_user == 1.5


# -- where ---------------------------------------------------------------------------------------


def test_an_environment_gives_the_machine_its_gpus_and_all_software() -> None:
    places, rows = whereabouts(LOCAL, ENVIRONMENT, ())
    hardware, software = the(rows, SystemHardware), the(rows, SystemSoftware)
    assert (hardware.cpu_model, hardware.cpu_cores, hardware.cpu_threads) == ("EPYC", 4, 8)
    assert (hardware.ram_total_bytes, hardware.machine) == (1 << 34, "x86_64")
    assert (software.os, software.kernel, software.container) == ("Debian", "Linux 6", "docker")
    assert (software.python, software.runner_version) == ("3.12.1", "evalhouse 0.1.0")
    assert (software.gpu_driver_version, software.cuda_version) == ("550.1", "12.4")
    assert (software.engine, software.engine_version) == ("vllm", "0.6")
    assert the(rows, GpuModel) == gpu_model("Tesla T4")
    assert the(rows, GpuLink).vram_total_mb == 15360
    assert places.is_local
    assert places.client == places.server == software.system_software_id
    assert places.hardware == hardware.system_hardware_id


def test_a_host_that_was_detected_tells_more_than_the_rest() -> None:
    gpu = Gpu(slot=0, told_by="rocm-smi", name="Abacus 9", memory_mb=1024)
    software = Software(gpu_driver="6.1", rocm="6.2", engines=(Engine("ollama"),))
    host = Machine(
        host_id=HOST, processor=Processor("EPYC", threads=9), gpus=(gpu,), software=software
    )
    environment = {
        **ENVIRONMENT,
        "gpus": [],
        "gpu_driver": None,
        "host": msgspec.to_builtins(host),
    }
    places, rows = whereabouts(LOCAL, environment, ())
    assert the(rows, SystemHardware).host_id == HOST
    assert the(rows, SystemHardware).cpu_threads == 9
    found = the(rows, SystemSoftware)
    assert (found.gpu_driver_version, found.rocm_version) == ("6.1", "6.2")
    assert (found.engine, found.cuda_version) == ("vllm", "12.4")
    assert the(rows, GpuLink).system_hardware_id == places.hardware
    assert gpus_of(environment, {}) == (StatedGpu("Abacus 9", 1 << 30),)
    detected = [row for row in machine_rows(host) if isinstance(row, SystemHardware)]
    assert [the(rows, SystemHardware)] == detected
    odd = whereabouts(LOCAL, {**environment, "host": {"gpus": 1}}, ())[1]
    assert the(odd, SystemHardware).cpu_threads == 8


def test_of_a_remote_model_the_engine_alone_is_known() -> None:
    places, rows = whereabouts(REMOTE, ENVIRONMENT, ())
    by_id = {row.system_software_id: row for row in rows if isinstance(row, SystemSoftware)}
    server, client = by_id[places.server or ""], by_id[places.client or ""]
    assert (server.engine, server.os, server.gpu_driver_version) == ("vllm", None, None)
    assert (client.engine, client.os) == (None, "Debian")
    assert not places.is_local


@pytest.mark.parametrize(
    ("config", "is_local"),
    [
        ({"energy_scope": "none", "base_url": "http://127.0.0.1:8000/v1"}, True),
        ({"base_url": "http://[::1]:11434"}, True),
        ({"base_url": ""}, True),  # a baseline
        ({"energy_scope": "none", "base_url": "https://api.example.org/v1"}, False),
        ({"energy_scope": "client_only", "base_url": "http://127.0.0.1:8000"}, False),
        ({"base_url": "http://[broken"}, False),
        ({"base_url": None}, False),
        ({}, False),  # codebook-lab does not say where its server was
    ],
)
def test_a_model_is_local_where_the_run_says_so(config: dict[str, Any], *, is_local: bool) -> None:
    assert whereabouts(config, ENVIRONMENT, ())[0].is_local is is_local


def test_codebook_lab_asks_ollama_and_knows_what_codecarbon_saw() -> None:
    session = {
        "cpu_model": "EPYC",
        "cpu_count": "2",
        "ram_total_size": "23.5",
        "gpu_model": "2 x NVIDIA A100, 1 x Tesla T4",
        "os": "Linux",
        "python_version": "3.11.7",
    }
    places, rows = whereabouts({}, None, ({"cpu_model": "older"}, session))
    hardware = the(rows, SystemHardware)
    assert (hardware.cpu_model, hardware.cpu_threads) == ("EPYC", 2)
    assert hardware.ram_total_bytes == int(23.5 * 2**30)
    assert [row.name for row in rows if isinstance(row, GpuModel)] == [
        *("NVIDIA A100",) * 2,
        "Tesla T4",
    ]
    engines = [row.engine for row in rows if isinstance(row, SystemSoftware)]
    assert engines == [None, "ollama"]
    assert not places.is_local


@pytest.mark.parametrize(
    ("environment", "session", "gpus"),
    [
        ({"gpus": "none"}, {}, ()),
        ({"gpus": [None, {"name": "T4"}]}, {}, (StatedGpu(), StatedGpu("T4"))),
        (None, {"gpu_model": "nonsense"}, ()),
        (None, {"gpu_model": "99999 x T4"}, ()),
        (None, {}, ()),
    ],
)
def test_odd_words_about_gpus_give_what_they_hold(
    environment: dict[str, Any] | None, session: dict[str, Any], gpus: tuple[StatedGpu, ...]
) -> None:
    assert gpus_of(environment, session) == gpus


# -- folders -------------------------------------------------------------------------------------


def test_a_run_of_ours_says_where_it_ran_what_it_took_and_what_it_asked(tmp_path: Path) -> None:
    commit = "c0" * 20
    folder = write_own(tmp_path, OwnRun(config={"prompt_git_hash": commit, **LOCAL}))
    (folder / layout.ENVIRONMENT).write_text(json.dumps(ENVIRONMENT), "utf-8")
    write_manifest(folder)
    rows = rows_of_folder(tmp_path, "codebook_lab")
    assert dangling(rows) == []
    assert the(rows, Run).prompt_git_hash == commit
    found, environment = the(rows, Measurement), the(rows, Environment)
    assert (found.wall_clock_seconds, found.tokens_per_second) == (2.5, 60.0)
    assert found.system_hardware_id == the(rows, SystemHardware).system_hardware_id
    assert json.loads(environment.gpus) == ENVIRONMENT["gpus"]
    assert json.loads(environment.frameworks) == {
        "torch": "2.5",
        "cuda": "12.4",
        "gpu_driver": "550.1",
    }
    annotation = next(
        row for row in seeds() if isinstance(row, TaskCategory) and row.name == "annotation"
    )
    tasks = [row for row in rows if isinstance(row, Task)]
    assert {task.category_id for task in tasks} == {annotation.category_id}


@pytest.mark.parametrize(
    ("described", "tag"),
    [("v1.2", "v1.2"), ("v1.2-3-gabcdef0", None), ("abcdef0", None), (None, None), ("", None)],
)
def test_a_tag_is_that_of_the_commit_alone(
    described: str | None, tag: str | None, tmp_path: Path
) -> None:
    folder = write_own(tmp_path)
    git = {"commit": "abcdef0" * 5 + "abcde", "describe": described, "dirty": False}
    (folder / layout.ENVIRONMENT).write_text(json.dumps({**ENVIRONMENT, "git": git}), "utf-8")
    write_manifest(folder)
    environment = the(rows_of_folder(tmp_path, "codebook_lab"), Environment)
    assert (environment.git_tag, environment.git_dirty) == (tag, False)


@pytest.mark.parametrize("stated", [None, "main", "C0" * 20, 7])
def test_what_is_no_commit_is_none(tmp_path: Path, stated: Any) -> None:
    write_own(tmp_path, OwnRun(config={"prompt_git_hash": stated}))
    assert the(rows_of_folder(tmp_path, "codebook_lab"), Run).prompt_git_hash is None


def test_two_runs_in_one_environment_share_its_rows(tmp_path: Path) -> None:
    write_own(tmp_path / "a")
    write_own(tmp_path / "b", OwnRun(uuid="bbbbbbbb-1111-4111-8111-000000000002"))
    rows = rows_of_folder(tmp_path, "codebook_lab")
    for record, key in ((Environment, "environment_id"), (SystemHardware, "system_hardware_id")):
        found = [row for row in rows if isinstance(row, record)]
        assert len(found) == 2
        assert len({getattr(row, key) for row in found}) == 1


@needs_samples
def test_genuine_runs_give_what_codecarbon_wrote() -> None:
    rows = rows_of_folder(OUTPUTS, "codebook_lab")
    measured = [row for row in rows if isinstance(row, Measurement)]
    assert len(measured) == 2 * len(FOLDERS)
    walls = {row.wall_clock_seconds for row in measured if row.model_id}
    energies = {row.energy_wh for row in measured if row.model_id is None}
    assert 2.860620217000019 in walls  # `duration` of the first run
    assert any(abs((wh or 0) - 0.02222118) < 1e-8 for wh in energies)  # `energy_consumed` in Wh
    assert all(row.energy_gpu_wh is None for row in measured)  # there was no GPU
    (hardware,) = {row for row in rows if isinstance(row, SystemHardware)}
    assert (hardware.cpu_model, hardware.cpu_threads) == ("AMD EPYC", 2)
