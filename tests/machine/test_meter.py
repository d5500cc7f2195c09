"""The process beside a run, as a run meets it: started, stopped, killed, missing."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.machine import meter as meter_module
from evalhouse.machine.emissions import read_emissions
from evalhouse.machine.ledger import read_energy
from evalhouse.machine.meter import open_meter
from evalhouse.machine.settings import MachineSettings, load_settings

# A program that writes a file as soon as it reaches for another machine.
GUARD = """
import socket
open({loaded!r}, "w").close()
def refuse(*_):
    open({canary!r}, "w").close()
    raise OSError("offline")
socket.socket.connect = socket.socket.sendto = refuse
"""

RUN = """
import sys, time
from pathlib import Path
from evalhouse.machine.meter import open_meter
open_meter(Path(sys.argv[1]), project="p", country="IRL", scope="local")
print("open", flush=True)
time.sleep(60)
"""


def eventually(holds: Callable[[], object], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "emissions.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def is_ready(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether it handles SIGTERM by now."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        pytest.skip("this system does not show the signals of a process")
    caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1))


def hurried(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let a run wait at its end for so long only."""
    settings = load_settings()
    meters = msgspec.structs.replace(settings.meters, stop_seconds=seconds)
    changed: MachineSettings = msgspec.structs.replace(settings, meters=meters)
    monkeypatch.setattr(meter_module, "load_settings", lambda: changed)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder whose modules the process beside the run finds first."""
    (tmp_path / "modules").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    return tmp_path / "modules"


def test_a_run_is_metered_by_codecarbon_offline_and_in_silence(
    folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("codecarbon")
    canary, loaded = path / "canary", path / "loaded"
    guard = GUARD.format(canary=str(canary), loaded=str(loaded))
    (path / "sitecustomize.py").write_text(guard, "utf-8")
    monkeypatch.setenv("CODECARBON_SAVE_TO_API", "true")
    monkeypatch.setenv("CODECARBON_OUTPUT_METHODS", "api,csv")
    monkeypatch.setenv("CODECARBON_EMISSIONS_ENDPOINT", "http://127.0.0.1:9/")
    monkeypatch.setenv("CODECARBON_ELECTRICITYMAPS_API_TOKEN", "x")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    before = time.monotonic()
    meter = open_meter(folder, project="a\nmodel", country="irl", scope="client_only")
    assert time.monotonic() - before < 1
    time.sleep(3.5)
    energy = meter.stop()
    assert meter.stop() is energy
    assert energy.seconds is not None
    assert 0 < energy.seconds < time.monotonic() - before
    assert energy.total_kwh is not None
    assert energy.emissions_kg == pytest.approx(energy.total_kwh * 0.2908, rel=0.01)
    assert (energy.scope, energy.country) == ("client_only", "IRL")
    assert set(energy.sources) == {"cpu_kwh", "gpu_kwh", "ram_kwh"}
    [row] = rows(folder)
    assert row["project_name"] == "a model"
    assert len(row) == 38
    assert read_emissions(folder / "emissions.csv").total_kwh == energy.total_kwh
    assert read_energy(folder) == energy
    assert {each.name for each in folder.iterdir()} == {"emissions.csv", "energy.json"}
    assert loaded.exists()
    assert not canary.exists()
    assert capfd.readouterr() == ("", "")


def test_a_run_that_is_killed_leaves_what_it_used(folder: Path) -> None:
    pytest.importorskip("codecarbon")
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder)], stdout=subprocess.PIPE, start_new_session=True
    )
    assert run.stdout is not None
    assert run.stdout.readline() == b"open\n"
    os.killpg(run.pid, signal.SIGKILL)
    run.communicate()
    assert eventually((folder / "energy.json").exists)
    [row] = rows(folder)
    assert float(row["energy_consumed"]) > 0
    assert {each.name for each in folder.iterdir()} == {"emissions.csv", "energy.json"}
    energy = read_energy(folder)
    assert energy is not None
    assert energy.sessions == 1


def test_a_resumed_run_has_a_row_for_each_session(folder: Path) -> None:
    pytest.importorskip("codecarbon")
    for _ in range(2):
        with open_meter(folder, project="p", scope="local", meters=["codecarbon"]) as meter:
            pass
        assert meter.stop().total_kwh is not None
    assert len({row["run_id"] for row in rows(folder)}) == 2
    energy = read_energy(folder)
    assert energy is not None
    assert energy.total_kwh == read_emissions(folder / "emissions.csv").total_kwh


@pytest.mark.parametrize("module", ["raise ImportError('no codecarbon')", "1 / 0"])
def test_a_codecarbon_that_cannot_be_loaded_is_a_note(
    folder: Path, path: Path, capfd: pytest.CaptureFixture[str], module: str
) -> None:
    (path / "codecarbon.py").write_text(module, "utf-8")
    with open_meter(folder, project="p", scope="local") as meter:
        pass
    energy = meter.stop()
    assert energy.total_kwh is None
    assert any(note.startswith("CodeCarbon did not start: ") for note in energy.notes)
    assert energy.cpu_model
    assert not (folder / "emissions.csv").exists()
    assert capfd.readouterr() == ("", "")


def test_without_meters_nothing_is_started_or_written(folder: Path) -> None:
    with open_meter(folder, project="p", scope="local", meters=()) as meter:
        assert meter._process is None
    assert meter.stop().total_kwh is None
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"country": "ZZZ"}, "no carbon intensity is known for the country `ZZZ`"),
        ({"scope": "remote"}, "no scope of energy is called `remote`"),
        ({"meters": ["wattmeter"]}, "no meter is called `wattmeter`"),
    ],
)
def test_what_is_not_known_is_refused_before_anything_starts(
    folder: Path, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        open_meter(folder, **{"project": "p", "scope": "local"} | wrong)
    assert issubclass(UnknownNameError, UsageError)


def test_a_python_that_cannot_be_started_is_a_note(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(folder / "no-python"))
    energy = open_meter(folder, project="p", scope="local").stop()
    assert energy.notes == ("the energy was not metered: No such file or directory",)


def test_a_meter_that_dies_at_once_is_a_note(folder: Path, path: Path) -> None:
    (path / "msgspec.py").write_text("raise SystemExit(7)", "utf-8")
    energy = open_meter(folder, project="p", scope="local").stop()
    assert energy.notes == ("the meter of energy ended early, with code 7",)


def test_a_meter_that_is_killed_leaves_what_it_kept(folder: Path) -> None:
    meter = open_meter(folder, project="p", scope="local", meters=["rapl"])
    process = meter._process
    assert process is not None
    assert eventually(lambda: is_ready(process))
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    kept = read_energy(folder)
    assert kept is not None
    assert meter.stop() == kept


def test_a_meter_that_hangs_does_not_hold_the_run(
    folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path / "codecarbon.py").write_text("import time; time.sleep(60)", "utf-8")
    hurried(monkeypatch, 1.0)
    before = time.monotonic()
    energy = open_meter(folder, project="p", scope="local").stop()
    assert time.monotonic() - before < 10
    assert energy.notes == ("the meter of energy did not end in time",)


def test_a_process_that_inherits_the_pipe_does_not_keep_the_meter_going(folder: Path) -> None:
    meter = open_meter(folder, project="p", scope="local", meters=["rapl"])
    assert meter._process is not None
    assert meter._process.stdin is not None
    held = os.dup(meter._process.stdin.fileno())
    before = time.monotonic()
    meter.stop()
    os.close(held)
    assert time.monotonic() - before < 10


def test_an_interrupt_in_a_terminal_reaches_the_run_alone(folder: Path) -> None:
    with open_meter(folder, project="p", scope="local", meters=["rapl"]) as meter:
        process = meter._process
        assert process is not None
        assert os.getsid(process.pid) != os.getsid(0)
        assert eventually(lambda: is_ready(process))
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.2)
        assert process.poll() is None
    assert meter.stop().notes == ()


def test_modules_of_the_current_folder_are_not_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit(7)", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert open_meter(folder, project="p", scope="local", meters=["rapl"]).stop().notes == ()
