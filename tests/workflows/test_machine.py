"""What this machine is, kept in a house."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from evalhouse.machine.detection import Sources
from evalhouse.machine.gpus import Gpus
from evalhouse.machine.rows import gpu_model
from evalhouse.store import Store
from evalhouse.workflows.machine import (
    MachineReport,
    as_data,
    peaks_of,
    report_machine,
    save_machine,
)
from tests.machine.boards import Library, boards_of
from tests.machine.tools import OUTPUTS, Tools, make_bus, make_files, output

KEPT = ("system_hardware", "system_software", "system_gpu_links")


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """Give a machine with a listed GPU in a slot that limits it, and one hardly known."""
    root = make_bus(tmp_path / "root", "bus_nvidia_x8.tree")
    make_files(
        root, {"proc/cpuinfo": output("cpuinfo_xeon.txt"), "proc/meminfo": output("meminfo.txt")}
    )
    return Sources(
        ask=Tools(),
        root=root,
        host_file=tmp_path / "host.json",
        open_gpus=lambda: Gpus(Library(boards_of(OUTPUTS / "nvml_boards.json"))),
        system="Linux",
        powercap=tmp_path / "powercap",
    )


@pytest.fixture
def report(sources: Sources) -> MachineReport:
    return report_machine(sources)


def counts(store: Store) -> dict[str, int]:
    with store.reader() as reader:
        rows = {
            name: reader.sql(f"select count(*) as n from {name}").to_pylist()
            for name in (*KEPT, "gpu_hardware")
        }
    return {name: found[0]["n"] for name, found in rows.items()}


def test_a_machine_is_kept_once(store: Store, report: MachineReport) -> None:
    before = counts(store)
    saved = save_machine(store, report)
    assert save_machine(store, report) == saved
    after = counts(store)
    assert {name: after[name] - before[name] for name in after} == {
        "system_hardware": 1,
        "system_software": 1,
        "system_gpu_links": 2,
        "gpu_hardware": 1,  # the other one is listed
    }


def test_a_changed_machine_is_kept_beside_the_old_one(store: Store, sources: Sources) -> None:
    first = save_machine(store, report_machine(sources))
    fewer = replace(
        sources, open_gpus=lambda: Gpus(Library(boards_of(OUTPUTS / "nvml_boards.json")[:1]))
    )
    second = save_machine(store, report_machine(fewer))
    assert first.system_hardware_id != second.system_hardware_id
    assert counts(store)["system_hardware"] == 2


def test_what_is_kept_joins_to_links_and_peaks(store: Store, report: MachineReport) -> None:
    saved = save_machine(store, report)
    with store.reader() as reader:
        (row,) = reader.sql(
            """
            select h.ram_total_bytes, g.name, slot.description as slot, t.tflops_value as peak
            from system_gpu_links l
            join system_hardware h using (system_hardware_id)
            join gpu_hardware g using (gpu_hardware_id)
            join interface_types slot
              on slot.interface_type_id = l.slot_native_interface_type_id
            join gpu_tflops t using (gpu_hardware_id)
            join compute_formats f using (compute_format_id)
            where h.system_hardware_id = $machine and f.name = 'fp16'
            """,
            {"machine": saved.system_hardware_id},
        ).to_pylist()
    assert row == {
        "ram_total_bytes": 131819544 * 1024,
        "name": "NVIDIA GeForce RTX 4090",
        "slot": "PCIe 3.0 x8",
        "peak": 165.2,
    }


def test_an_idle_look_leaves_room_for_one_under_load(store: Store, sources: Sources) -> None:
    save_machine(store, report_machine(sources))

    loaded = replace(sources, load=lambda: nullcontext(enter_result=True), pause=lambda _: None)
    save_machine(store, report_machine(loaded, under_load=True))
    with store.reader() as reader:
        rows = reader.sql(
            "select is_under_load from system_gpu_links where slot_index = 0"
        ).to_pylist()
    assert rows == [{"is_under_load": True}]


def test_a_report_is_data(report: MachineReport) -> None:
    data = json.loads(msgspec.json.encode(as_data(report)))
    card, other = data["gpus"]
    assert card["link"]["slot_interface"] == "PCIe 3.0 x8"
    assert card["link"]["card_interface"] == "PCIe 4.0 x16"
    assert card["model"]["is_listed"] is True
    assert card["model"]["peak_tflops"]["fp16"] == {
        "value": 165.2,
        "source": "NVIDIA Ada GPU Architecture white paper",
    }
    assert {limit["axis"] for limit in card["limits"]} == {"generation", "lanes", "clock", "power"}
    assert (other["model"]["is_listed"], other["limits"], other["memory_mb"]) == (False, [], None)
    assert {each["kind"] for each in data["energy_sources"]} == {"measured", "estimated"}


def test_a_model_that_is_not_listed_has_no_peaks(report: MachineReport) -> None:
    assert peaks_of(gpu_model(report.machine.gpus[1])) == {}


def test_nobody_and_no_place_is_in_it(report: MachineReport, tmp_path: Path) -> None:
    text = msgspec.json.encode(as_data(report)).decode()
    assert str(tmp_path) not in text
    assert str(Path.home()) not in text
