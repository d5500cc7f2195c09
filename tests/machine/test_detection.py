"""A machine as a whole: which tool tells of a GPU, what completes it, what is read under load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evalhouse.machine.detection import Sources, find_machine
from evalhouse.machine.facts import Engine, Link
from evalhouse.machine.gpus import Gpus
from tests.machine.boards import Board, Library, boards_of
from tests.machine.tools import OUTPUTS, Tools, make_bus, make_files

NO_LIBRARY = Library(fails_with=12)
NVIDIA_SMI = {
    "nvidia-smi --query-gpu": "nvidia_smi_two_cards.csv",
    "nvidia-smi": "nvidia_smi_banner.txt",
}


@contextmanager
def busy() -> Iterator[bool]:
    yield True


@contextmanager
def idle() -> Iterator[bool]:
    yield False


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """Give a machine on which nothing is found."""
    return Sources(
        ask=Tools(),
        root=tmp_path / "root",
        host_file=tmp_path / "host.json",
        open_gpus=lambda: Gpus(NO_LIBRARY),
        system="Linux",
        load=busy,
        pause=lambda _: None,
        powercap=tmp_path / "powercap",
    )


def with_boards(sources: Sources, *boards: Board) -> Sources:
    return replace(sources, open_gpus=lambda: Gpus(Library(list(boards))))


def test_a_machine_of_which_nobody_tells_is_still_one(sources: Sources) -> None:
    found = find_machine(sources)
    assert found.host_id is not None
    assert (found.gpus, found.notes, found.motherboard) == ((), (), None)
    software = found.software
    assert software.gpu_driver is software.cuda is software.rocm is software.container is None


def test_its_id_stays(sources: Sources) -> None:
    assert find_machine(sources).host_id == find_machine(sources).host_id


def test_an_id_that_cannot_be_kept_is_missed(sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    found = find_machine(replace(sources, host_file=tmp_path / "file" / "host.json"))
    assert found.host_id is None
    assert found.notes == ("this machine has no id: none can be kept with the user's settings",)


def test_the_library_is_completed_by_the_bus(sources: Sources) -> None:
    make_bus(sources.root, "bus_nvidia_x8.tree")
    first, _ = boards_of(OUTPUTS / "nvml_boards.json")
    found = find_machine(with_boards(sources, first))
    (card,) = found.gpus
    assert card.told_by == "NVML"
    assert card.link == Link(
        card_generation=4,
        card_lanes=16,
        slot_generation=3,
        slot_lanes=8,
        generation=1,
        lanes=8,
        is_under_load=False,
    )
    assert (found.software.gpu_driver, found.software.cuda) == ("570.86.15", "12.8")


def test_the_tool_answers_where_the_library_cannot_be_loaded(sources: Sources) -> None:
    found = find_machine(replace(sources, ask=Tools(NVIDIA_SMI)))
    assert [gpu.told_by for gpu in found.gpus] == ["nvidia-smi", "nvidia-smi"]
    assert (found.software.gpu_driver, found.software.cuda) == ("550.90.07", "12.4")
    assert found.notes == ()


def test_gpus_that_cannot_be_asked_are_missed(sources: Sources) -> None:
    found = find_machine(replace(sources, open_gpus=lambda: Gpus(Library(fails_with=18))))
    assert found.notes == ("the GPUs cannot be asked: error 18",)


def test_gpus_of_every_maker_are_one_list(sources: Sources) -> None:
    make_bus(sources.root, "bus_intel.tree")
    tools = Tools({**NVIDIA_SMI, "rocm-smi": "rocm_smi_mi300x.json"})
    found = find_machine(replace(sources, ask=tools))
    assert [(gpu.slot, gpu.vendor_id) for gpu in found.gpus] == [
        (0, "10de"),
        (1, "10de"),
        (2, "1002"),
        (3, "1002"),
        (4, "8086"),
        (5, "8086"),
    ]
    assert found.software.gpu_driver == "550.90.07; 6.8.5"


def test_the_bus_alone_is_enough(sources: Sources) -> None:
    make_bus(sources.root, "bus_amd_bridges.tree")
    make_files(
        sources.root,
        {"sys/module/amdgpu/version": "6.12.12\n", "opt/rocm/.info/version": "6.4.1-83\n"},
    )
    found = find_machine(sources)
    (card,) = found.gpus
    assert (card.told_by, card.link.is_under_load) == ("PCI bus of Linux", False)
    assert (found.software.gpu_driver, found.software.rocm) == ("6.12.12", "6.4.1-83")


def test_macos_is_asked_for_its_own(sources: Sources) -> None:
    tools = Tools({"system_profiler": "system_profiler_m3_max.json"})
    found = find_machine(replace(sources, ask=tools, system="Darwin"))
    assert [gpu.name for gpu in found.gpus] == ["Apple M3 Max"]
    assert find_machine(replace(sources, ask=tools)).gpus == ()


def test_engines_and_the_board_are_found(sources: Sources) -> None:
    make_files(sources.root, {"sys/class/dmi/id/board_name": "X570 Taichi", ".dockerenv": ""})

    def ask(*words: str, seconds: float = 0.0) -> str | None:
        return "ollama version is 0.6.5" if words[0] == "ollama" else None

    found = find_machine(replace(sources, ask=ask))
    assert Engine("ollama", "0.6.5") in found.software.engines
    assert (found.motherboard, found.software.container) == ("X570 Taichi", "docker")


class Waking(Board):
    """A card whose link speeds up at the third look after it has work."""

    looks = 0

    def __init__(self) -> None:
        super().__init__(told={"nvmlDeviceGetCurrPcieLinkWidth": 16})

    def wake(self) -> dict[str, Any]:
        self.looks += 1
        generation = 4 if self.looks == 3 else 1
        return {**self.told, "nvmlDeviceGetCurrPcieLinkGeneration": generation}


def waking(sources: Sources) -> Sources:
    card = Waking()

    def open_gpus() -> Gpus:
        return Gpus(Library([Board(told=card.wake())]))

    return replace(sources, open_gpus=open_gpus)


def test_under_load_the_fastest_of_several_looks_counts(sources: Sources) -> None:
    found = find_machine(waking(sources), under_load=True)
    link = found.gpus[0].link
    assert (link.generation, link.lanes, link.is_under_load) == (4, 16, True)
    assert found.notes == ()


def test_idle_the_first_look_counts(sources: Sources) -> None:
    link = find_machine(waking(sources)).gpus[0].link
    assert (link.generation, link.lanes, link.is_under_load) == (1, 16, False)


def test_without_work_for_the_gpus_the_link_was_read_idle(sources: Sources) -> None:
    found = find_machine(waking(replace(sources, load=idle)), under_load=True)
    assert found.gpus[0].link.is_under_load is False
    assert "read idle" in found.notes[0]
    assert "install PyTorch or CuPy" in found.notes[0]


def test_without_gpus_there_is_nothing_to_keep_busy(sources: Sources) -> None:
    def load() -> Any:
        raise AssertionError

    assert find_machine(replace(sources, load=load), under_load=True).gpus == ()


def test_a_card_that_is_gone_under_load_keeps_what_was_read(sources: Sources) -> None:
    left = [Board(told={"nvmlDeviceGetCurrPcieLinkGeneration": 2})]

    def open_gpus() -> Gpus:
        return Gpus(Library([left.pop()] if left else []))

    found = find_machine(replace(sources, open_gpus=open_gpus), under_load=True)
    link = found.gpus[0].link
    assert (link.generation, link.is_under_load) == (2, False)


def test_a_link_that_nobody_reads_is_neither_idle_nor_under_load(sources: Sources) -> None:
    told = {"nvmlDeviceGetPciInfo": SimpleNamespace(busId="x")}
    found = find_machine(with_boards(sources, Board(told=told)), under_load=True)
    assert found.gpus[0].link.is_under_load is None
