from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from evalhouse.machine import tracker
from evalhouse.machine.gpus import Gpus
from evalhouse.machine.ledger import kept_session, read_energy
from evalhouse.machine.order import METERS, MeterName, Order
from evalhouse.machine.rapl import RaplMeter
from evalhouse.machine.settings import load_settings
from evalhouse.machine.tracker import Tracker
from tests.machine.boards import Board, Library
from tests.machine.sessions import VALUES
from tests.machine.test_rapl import Tree

SETTINGS = load_settings().meters
JOULES = 1000


def ordered(folder: Path, *meters: MeterName) -> Order:
    return Order(
        session="s",
        started_at="2026-11-30T23:37:00+00:00",
        folder=str(folder),
        project="p",
        country="IRL",
        scope="local",
        meters=meters,
        run=1,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give the machine a processor and two GPUs that count; the result uses a kilojoule of each."""
    (tmp_path / "powercap").mkdir()
    tree = Tree(tmp_path / "powercap")
    tree.add("intel-rapl:0", "package-0", 5)
    boards = [Board(millijoules=7), Board(millijoules=9)]
    monkeypatch.setattr(tracker, "RaplMeter", partial(RaplMeter, root=tree.root))
    monkeypatch.setattr(tracker, "Gpus", partial(Gpus, Library(list(boards))))

    def used() -> None:
        tree.turn("intel-rapl:0", 5 + JOULES * 1_000_000)
        for board in boards:
            board.millijoules = (board.millijoules or 0) + JOULES * 1000

    return used


class Quick:
    """CodeCarbon with figures at once."""

    def __init__(self, **settings: object) -> None:
        self._desk = settings["output_handlers"][0]  # type: ignore[index]
        self._hardware: list[object] = []

    def start(self) -> None:
        self._desk.live_out(SimpleNamespace(values=VALUES), None)

    stop = start


def test_counters_stand_beside_the_figures_of_codecarbon(
    folder: Path, use: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "codecarbon", SimpleNamespace(OfflineEmissionsTracker=Quick))
    session = Tracker(ordered(folder, *METERS), SETTINGS)
    session.start()
    use()
    energy = session.stop()
    assert energy.total_kwh == VALUES["energy_consumed"]
    assert energy.measured is not None
    assert energy.measured.package_kwh == pytest.approx(JOULES / 3.6e6)
    assert energy.measured.gpu_kwh == pytest.approx(2 * JOULES / 3.6e6)
    assert energy.notes == ()
    assert read_energy(folder) == energy
    assert (folder / "emissions.csv").exists()


def test_without_codecarbon_counters_are_all_there_is(
    folder: Path, use: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "codecarbon", None)
    session = Tracker(ordered(folder, *METERS), SETTINGS)
    session.start()
    use()
    energy = session.stop()
    assert energy.cpu_kwh == pytest.approx(JOULES / 3.6e6)
    assert energy.gpu_kwh == pytest.approx(2 * JOULES / 3.6e6)
    assert (energy.ram_kwh, energy.total_kwh, energy.emissions_kg) == (None, None, None)
    assert energy.sources == {"cpu_kwh": "measured: RAPL", "gpu_kwh": "measured: NVML"}
    assert (energy.gpu_model, energy.country) == ("2 x NVIDIA Z1", "IRL")
    assert "CodeCarbon did not start" in energy.notes[0]
    assert not (folder / "emissions.csv").exists()


def test_what_is_not_asked_for_is_not_metered(folder: Path, use: Callable[[], None]) -> None:
    session = Tracker(ordered(folder, "rapl"), SETTINGS)
    session.start()
    use()
    energy = session.stop()
    assert energy.cpu_kwh == pytest.approx(JOULES / 3.6e6)
    assert (energy.gpu_kwh, energy.notes) == (None, ())


def test_figures_are_kept_while_the_run_goes_on(folder: Path, use: Callable[[], None]) -> None:
    settings = msgspec.structs.replace(SETTINGS, keep_seconds=1e-9)
    session = Tracker(ordered(folder, "rapl"), settings)
    use()
    session.sample()
    kept = kept_session(folder, "s")
    assert kept is not None
    assert kept.energy.cpu_kwh == pytest.approx(JOULES / 3.6e6)
    assert kept.started_at == "2026-11-30T23:37:00+00:00"


def test_a_folder_that_is_gone_is_noted(tmp_path: Path) -> None:
    session = Tracker(ordered(tmp_path / "gone", "rapl"), SETTINGS)
    session.start()
    notes = session.stop().notes
    assert "the energy could not be written: No such file or directory" in notes


def test_a_session_that_codecarbon_saw_little_of_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "codecarbon", SimpleNamespace(OfflineEmissionsTracker=Quick))
    session = Tracker(ordered(folder, "codecarbon"), SETTINGS)
    monkeypatch.setattr(session, "_began", session._began - 4)
    session.start()
    assert session.stop().notes == (
        "CodeCarbon covers 2.0 of 4.0 s, since it takes a moment to begin",
    )
