from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evalhouse.machine.detection import Sources
from evalhouse.machine.gpus import Gpus
from evalhouse.workflows import machine as machines
from tests.cli.conftest import Evalhouse
from tests.machine.boards import Library, boards_of
from tests.machine.tools import OUTPUTS, Tools, make_bus, make_files, output


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    """Let the command find a machine without GPUs."""
    found = Sources(
        ask=Tools(),
        root=tmp_path / "root",
        host_file=tmp_path / "host.json",
        open_gpus=lambda: Gpus(Library(fails_with=12)),
        system="Linux",
        powercap=tmp_path / "powercap",
    )
    monkeypatch.setattr(machines, "Sources", lambda: found)
    return found


@pytest.fixture
def with_gpus(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> Sources:
    """Let it find two GPUs, of which one is listed."""
    make_bus(sources.root, "bus_nvidia_x8.tree")
    files = {"proc/cpuinfo": output("cpuinfo_xeon.txt"), "proc/meminfo": output("meminfo.txt")}
    make_files(sources.root, files)
    found = replace(
        sources, open_gpus=lambda: Gpus(Library(boards_of(OUTPUTS / "nvml_boards.json")))
    )
    monkeypatch.setattr(machines, "Sources", lambda: found)
    return found


def test_a_machine_without_gpus_says_so(call: Evalhouse, sources: Sources) -> None:
    done = call("machine")
    assert done.code == 0
    assert "none was found" in done.out
    assert "no: this processor shows no counters" in done.out
    assert "evalhouse machine --save keeps this in the house" in done.out
    assert sources.host_file is not None
    assert sources.host_file.exists()


@pytest.mark.usefixtures("with_gpus")
def test_a_page_names_the_actual_link_and_who_limits_it(call: Evalhouse) -> None:
    out = call("machine").out
    assert "Intel(R) Xeon(R) Gold 5218 CPU @ 2.30GHz, 3 cores, 4 threads, base 2,300 MHz" in out
    assert "GPU 0: NVIDIA GeForce RTX 4090" in out
    assert "10de:2684 1043:889a at 0000:01:00.0" in out
    assert "PCIe 1.0 x8, 4.0 GB/s in both directions together, read idle" in out
    assert "runs at x8: the slot can x8, the card x16" in out
    assert "runs at 2,610 MHz, above the boost clock of 2,520 MHz" in out
    assert "fp16 165.2" in out
    assert "GPU 1: NVIDIA Graphics Device" in out
    assert "not listed: only what tools tell is known" in out


@pytest.mark.usefixtures("with_gpus")
def test_everything_is_there_as_json(call: Evalhouse) -> None:
    data = call("machine", "--json").json
    assert [gpu["model"]["name"] for gpu in data["gpus"]] == [
        "NVIDIA GeForce RTX 4090",
        "NVIDIA Graphics Device",
    ]
    assert data["host_id"]
    assert data["motherboard"] is None


@pytest.mark.usefixtures("with_gpus")
def test_it_is_kept_in_the_house_that_is_named(call: Evalhouse, tmp_path: Path) -> None:
    place = tmp_path / "house"
    done = call("--house", place, "machine", "--save")
    assert f"kept in {place}" in done.out
    kept = call("--house", place, "machine", "--save", "--json").json["system_hardware_id"]
    rows = call("--house", place, "sql", "select system_hardware_id as id from system_hardware")
    assert rows.out.count(kept) == 1


@pytest.mark.usefixtures("sources")
def test_nothing_is_kept_unless_it_is_asked_for(call: Evalhouse, tmp_path: Path) -> None:
    call("--house", tmp_path / "house", "machine")
    assert not (tmp_path / "house").exists()


@pytest.mark.usefixtures("sources")
def test_a_house_that_cannot_be_made_is_one_sentence(call: Evalhouse, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    done = call("--house", tmp_path / "file" / "house", "machine", "--save")
    assert done.code == 1
    assert len(done.err.strip().splitlines()) == 1


def test_notes_are_told(
    call: Evalhouse, sources: Sources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    lost = replace(sources, host_file=tmp_path / "file" / "host.json")
    monkeypatch.setattr(machines, "Sources", lambda: lost)
    assert "note: this machine has no id" in call("machine").out
