from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from evalhouse.machine.energy_sources import EnergySource, find_energy_sources
from evalhouse.machine.gpus import Gpus
from tests.machine.boards import Board, Library
from tests.machine.tools import make_files


def found(folder: Path, *boards: Board, fails_with: int | None = None) -> dict[str, EnergySource]:
    library = Library(list(boards), fails_with=fails_with)
    sources = find_energy_sources(lambda: Gpus(library), folder)
    return {f"{each.part} {each.name.split()[0]} {each.name.split()[-1]}": each for each in sources}


def counters(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        place = f"intel-rapl:{number}"
        files = {f"{place}/name": name, f"{place}/energy_uj": "1000"}
        make_files(folder, {**files, f"{place}/max_energy_range_uj": "262143328850"})
    return folder


def test_counters_are_measured(tmp_path: Path) -> None:
    meters = found(counters(tmp_path, "package-0", "dram"), Board(millijoules=1, milliwatts=50_000))
    for name in ("gpu NVML counter", "gpu NVML samples", "cpu RAPL RAPL", "memory RAPL RAPL"):
        assert meters[name].is_available
        assert meters[name].kind == "measured"
        assert meters[name].note is None


def test_a_machine_without_counters_says_so(tmp_path: Path) -> None:
    meters = found(tmp_path, fails_with=12)
    assert meters["gpu NVML counter"].note == "no GPU of NVIDIA answers"
    assert meters["cpu RAPL RAPL"].note == "this processor shows no counters"
    assert not any(each.is_available for name, each in meters.items() if "CodeCarbon" not in name)


def test_one_gpu_that_does_not_count_leaves_the_sum_open(tmp_path: Path) -> None:
    meters = found(tmp_path, Board(millijoules=1, milliwatts=1), Board(milliwatts=1))
    assert not meters["gpu NVML counter"].is_available
    assert meters["gpu NVML counter"].note == "a GPU here does not count its energy"
    assert meters["gpu NVML samples"].is_available


def test_a_gpu_that_tells_no_power_is_told(tmp_path: Path) -> None:
    meters = found(tmp_path, Board())
    assert meters["gpu NVML samples"].note == "a GPU here does not tell its power"


def test_memory_that_is_not_counted_apart_is_told(tmp_path: Path) -> None:
    meters = found(counters(tmp_path, "package-0"))
    assert meters["memory RAPL RAPL"].note == "this processor does not count its memory apart"


def codecarbon(monkeypatch: pytest.MonkeyPatch, version: str | None) -> None:
    def ask(name: str) -> str:
        if version is None:
            raise metadata.PackageNotFoundError(name)
        return version

    monkeypatch.setattr(metadata, "version", ask)


def test_codecarbon_estimates_without_counters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codecarbon(monkeypatch, "3.0")
    meters = found(tmp_path)
    assert meters["cpu CodeCarbon 3.0"].kind == "estimated"
    assert meters["memory CodeCarbon 3.0"].kind == "estimated"
    assert meters["cpu CodeCarbon 3.0"].is_available


def test_codecarbon_measures_by_counters_of_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codecarbon(monkeypatch, "3.0")
    meters = found(counters(tmp_path, "package-0"))
    assert meters["cpu CodeCarbon 3.0"].kind == "measured"
    assert meters["memory CodeCarbon 3.0"].kind == "estimated"


def test_codecarbon_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codecarbon(monkeypatch, None)
    meters = found(tmp_path)
    assert meters["cpu CodeCarbon CodeCarbon"].note == "it is not installed"
    assert not meters["cpu CodeCarbon CodeCarbon"].is_available
