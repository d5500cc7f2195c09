from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from evalhouse.machine.carbon import Carbon
from evalhouse.machine.settings import load_settings
from tests.machine.sessions import VALUES, row

LOG = logging.getLogger("codecarbon")


class Part:
    def __init__(self, description: str) -> None:
        self._description = description

    def description(self) -> str:
        return self._description


class CPU(Part): ...


class GPU(Part): ...


class AppleSiliconChip(Part):
    chip_part = "CPU"


class Tracker:
    """CodeCarbon as far as Evalhouse knows it."""

    fails_at = ""

    def __init__(self, **settings: Any) -> None:
        self._fail("making")
        type(self).settings = settings
        self._desk = settings["output_handlers"][0]
        self._hardware = [CPU("CPU(Cpu Load)"), GPU("GPU(2 x Z1)")]

    settings: dict[str, Any]

    def start(self) -> None:
        self._fail("start")
        if self.fails_at != "figures":
            self._desk.live_out(SimpleNamespace(values=VALUES), None)

    def stop(self) -> None:
        self._fail("stop")
        if self.fails_at != "figures":
            self._desk.out(SimpleNamespace(values=VALUES | {"duration": 9.5}), None)

    def _fail(self, place: str) -> None:
        if place == self.fails_at:
            raise RuntimeError(f"no {place}")


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> type[Tracker]:
    monkeypatch.setitem(sys.modules, "codecarbon", SimpleNamespace(OfflineEmissionsTracker=Tracker))
    return Tracker


@pytest.fixture
def carbon(tmp_path: Path) -> Iterator[Carbon]:
    before = list(LOG.handlers)
    yield Carbon(tmp_path, "a model", "IRL", load_settings().meters)
    LOG.handlers = before


def test_figures_are_told_as_they_come(tracker: type[Tracker], carbon: Carbon) -> None:
    assert carbon.row() is None
    carbon.start()
    assert carbon.row() == row(VALUES["run_id"])
    carbon.stop()
    assert carbon.row() == row(VALUES["run_id"], duration=9.5)
    assert carbon.notes() == []


def test_each_figure_says_how_it_came_about(tracker: type[Tracker], carbon: Carbon) -> None:
    assert carbon.sources() == {}
    carbon.start()
    assert carbon.sources() == {
        "cpu_kwh": "estimated: load and rated power of the processor",
        "gpu_kwh": "measured: counters of the GPUs",
    }


def test_chips_say_which_part_they_are(
    tracker: type[Tracker], carbon: Carbon, monkeypatch: pytest.MonkeyPatch
) -> None:
    carbon.start()
    monkeypatch.setattr(
        carbon._tracker, "_hardware", [AppleSiliconChip("AppleSiliconChip(M9)"), CPU("Odd")]
    )
    assert carbon.sources()["cpu_kwh"] == "by CodeCarbon: Odd"
    monkeypatch.setattr(carbon._tracker, "_hardware", [AppleSiliconChip("AppleSiliconChip(M9)")])
    assert carbon.sources() == {
        "cpu_kwh": "measured: powermetrics",
        "gpu_kwh": "no GPU was found",
    }


def test_nothing_is_written_or_sent_by_codecarbon_itself(
    tracker: type[Tracker], carbon: Carbon
) -> None:
    carbon.start()
    settings = tracker.settings
    assert settings["output_methods"] == []
    assert settings["emissions_endpoint"] is None
    assert not settings["electricitymaps_api_token"]
    assert (settings["country_iso_code"], settings["tracking_mode"]) == ("IRL", "machine")


@pytest.mark.parametrize("place", ["making", "start", "stop"])
def test_a_failure_becomes_a_note(
    tracker: type[Tracker], carbon: Carbon, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(tracker, "fails_at", place)
    carbon.start()
    carbon.stop()
    verb = "stop" if place == "stop" else "start"
    assert carbon.notes() == [f"CodeCarbon did not {verb}: no {place}"]


def test_a_failure_that_codecarbon_keeps_to_itself_becomes_a_note(
    tracker: type[Tracker], carbon: Carbon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "fails_at", "figures")
    carbon.start()
    carbon.stop()
    assert (carbon.row(), carbon.notes()) == (None, ["CodeCarbon told no figures"])


def test_without_codecarbon_there_are_no_figures(
    carbon: Carbon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "codecarbon", None)
    carbon.start()
    carbon.stop()
    assert (carbon.row(), carbon.sources()) == (None, {})
    assert carbon.notes()[0].startswith("CodeCarbon did not start: import of codecarbon halted")


def test_complaints_are_kept_once_in_one_line_and_not_too_many(
    tracker: type[Tracker], carbon: Carbon
) -> None:
    carbon.start()
    LOG.warning("Multiple instances of codecarbon are allowed to run at the same time.")
    LOG.info("all is well")
    for _ in range(3):
        LOG.warning("the scheduler\n slept in %s", Path.home() / "data")
    LOG.error("long %s", "x" * 10_000)
    for number in range(20):
        LOG.warning("complaint %d", number)
    notes = carbon.notes()
    assert notes[0] == "CodeCarbon: the scheduler slept in ~/data"
    assert len(notes[1]) < 400
    assert len(notes) == load_settings().meters.most_lines


def test_of_a_failure_that_is_logged_its_reason_is_kept(
    tracker: type[Tracker], carbon: Carbon
) -> None:
    carbon.start()
    try:
        int("no counter")
    except ValueError:
        LOG.warning(Exception, exc_info=True)
    assert carbon.notes() == ["CodeCarbon: invalid literal for int() with base 10: 'no counter'"]
