from __future__ import annotations

import sys

import pytest

from evalhouse.machine.gpus import GpuMeter, Gpus
from tests.machine.boards import Board, Library

KWH = 3.6e9  # millijoules


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def metered(*boards: Board) -> tuple[GpuMeter, Clock]:
    clock = Clock()
    return GpuMeter(Gpus(Library(list(boards))), clock), clock


def test_boards_tell_name_and_memory_and_the_driver_its_versions() -> None:
    with Gpus(Library([Board(), Board(name=b"NVIDIA Z2", memory=None)])) as gpus:
        assert gpus.boards() == [
            {"name": "NVIDIA Z1", "memory_bytes": 80 * 2**30},
            {"name": "NVIDIA Z2", "memory_bytes": None},
        ]
        assert (gpus.driver(), gpus.cuda(), gpus.notes) == ("570.86.15", "12.8", [])


def test_the_library_is_let_go() -> None:
    library = Library([Board()])
    with Gpus(library):
        assert library.is_open
    assert not library.is_open


@pytest.mark.parametrize("code", [9, 12])
def test_a_machine_without_a_driver_has_no_gpus_and_needs_no_note(code: int) -> None:
    gpus = Gpus(Library(fails_with=code))
    assert (gpus.boards(), gpus.driver(), gpus.cuda(), gpus.notes) == ([], None, None, [])


def test_a_driver_that_fails_is_noted() -> None:
    gpus = Gpus(Library([Board()], fails_with=999))
    assert gpus.boards() == []
    assert gpus.notes == ["the GPUs cannot be asked: error 999"]


def test_without_the_python_library_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    gpus = Gpus()
    assert gpus.boards() == []
    assert gpus.driver() is None
    assert "pynvml" in gpus.notes[0]
    assert GpuMeter(gpus).kwh() is None


def test_energy_is_what_the_counters_of_all_boards_added() -> None:
    first, second = Board(millijoules=7_000), Board(millijoules=5)
    meter, _ = metered(first, second)
    first.millijoules = 7_000 + 1_800_000_000
    second.millijoules = 5 + 900_000_000
    meter.sample()
    assert meter.kwh() == 0.75
    assert meter.notes == []


def test_boards_without_a_counter_are_summed_from_their_power() -> None:
    board = Board(milliwatts=100_000)
    meter, clock = metered(board)
    for seconds, milliwatts in [(1, 300_000), (3, 300_000), (4, 100_000)]:
        clock.now, board.milliwatts = seconds, milliwatts
        meter.sample()
    joules = 200 + 2 * 300 + 200  # trapezoids of 1, 2 and 1 seconds
    assert meter.kwh() == pytest.approx(joules * 1000 / KWH)


def test_a_counter_that_begins_anew_has_no_sum() -> None:
    board = Board(millijoules=1_000_000)
    meter, _ = metered(board)
    board.millijoules = 10
    meter.sample()
    assert meter.kwh() is None
    assert meter.notes == ["the energy counter of GPU 0 was lost or began anew"]


def test_a_board_that_falls_silent_has_no_sum() -> None:
    board = Board(milliwatts=1000)
    meter, _ = metered(board)
    board.milliwatts = None
    meter.sample()
    meter.sample()
    assert meter.kwh() is None
    assert meter.notes == ["the power of GPU 0 was not told at every sample"]


def test_one_board_that_tells_nothing_leaves_the_sum_open() -> None:
    counted = Board(millijoules=0)
    meter, _ = metered(counted, Board())
    counted.millijoules = 1000
    meter.sample()
    assert meter.kwh() is None
    assert meter.notes == ["GPU 1 tells neither its energy nor its power"]


def test_a_machine_without_gpus_has_no_energy_of_gpus() -> None:
    meter, _ = metered()
    meter.sample()
    assert meter.kwh() is None
