"""CodeCarbon, kept quiet, offline and unable to stop a run."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evalhouse.errors import EvalhouseError, boundary
from evalhouse.machine.settings import MeterSettings

_LONGEST = 300  # letters of a note
_FIGURES = {"CPU": "cpu_kwh", "RAM": "ram_kwh", "GPU": "gpu_kwh"}


class CarbonError(EvalhouseError):
    """CodeCarbon is not there, or failed."""


class _Ear(logging.Handler):
    """Hears what CodeCarbon complains about."""

    def __init__(self, settings: MeterSettings) -> None:
        super().__init__(logging.WARNING)
        self._settings = settings
        self.notes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a new complaint, without what is said in every run."""
        failure = record.exc_info[1] if record.exc_info else None
        text = " ".join(str(failure or record.getMessage()).split())
        note = f"CodeCarbon: {text.replace(str(Path.home()), '~')[:_LONGEST]}"
        is_unheard = any(part in text for part in self._settings.unheard)
        if not is_unheard and note not in self.notes and not self._is_full():
            self.notes.append(note)

    def _is_full(self) -> bool:
        return len(self.notes) >= self._settings.most_lines


class _Desk:
    """Takes what CodeCarbon would write into files or send away."""

    def __init__(self) -> None:
        self.latest: dict[str, Any] = {}

    def out(self, whole: Any, _: Any) -> None:
        """Take the figures of the end."""
        self.latest = dict(whole.values)

    def live_out(self, whole: Any, _: Any) -> None:
        """Take the figures so far."""
        self.latest = dict(whole.values)

    def task_out(self, *_: Any) -> None:
        """Take nothing: there are no tasks within a session."""

    def exit(self) -> None:
        """End."""


@dataclass
class Carbon:
    """One session of CodeCarbon over the whole machine.

    Settings of the user that describe the machine (such as `force_cpu_power` or `pue`) hold;
    those that would send or write anything do not.
    """

    folder: Path
    project: str
    country: str
    settings: MeterSettings
    _desk: _Desk = field(default_factory=_Desk)
    _tracker: Any = None
    _failure: str = ""

    def __post_init__(self) -> None:
        """Listen before CodeCarbon is loaded."""
        self._ear = _Ear(self.settings)
        logging.getLogger("codecarbon").addHandler(self._ear)

    def start(self) -> None:
        """Load CodeCarbon and begin; takes seconds."""
        try:
            with boundary(CarbonError, on=(Exception,)):
                self._tracker = self._made()
                self._tracker.start()
        except CarbonError as failure:
            self._failure = f"CodeCarbon did not start: {failure}"

    def stop(self) -> None:
        """Take the last figures."""
        if self._tracker is None:
            return
        try:
            with boundary(CarbonError, on=(Exception,)):
                self._tracker.stop()
        except CarbonError as failure:
            self._failure = f"CodeCarbon did not stop: {failure}"

    def row(self) -> dict[str, str] | None:
        """Return the newest row, as CodeCarbon writes it; None where there is none yet."""
        values = self._desk.latest
        return {name: "" if value is None else str(value) for name, value in values.items()} or None

    def sources(self) -> dict[str, str]:
        """Return how each figure comes about, by its name."""
        found = {"gpu_kwh": "no GPU was found"}
        for part in getattr(self._tracker, "_hardware", []):
            # Chips of Apple and Raspberry say which part of them they are.
            kind = getattr(part, "chip_part", type(part).__name__)
            if kind in _FIGURES:
                found[_FIGURES[kind]] = self._way(part.description())
        return found if len(found) > 1 else {}

    def notes(self) -> list[str]:
        """Return what went wrong."""
        silent = "" if self._desk.latest or self._failure else "CodeCarbon told no figures"
        return [note for note in (self._failure, silent, *self._ear.notes) if note]

    def _way(self, description: str) -> str:
        ways = (way.says for way in self.settings.ways if description.startswith(way.part))
        return next(ways, f"by CodeCarbon: {description}")

    def _made(self) -> Any:
        from codecarbon import OfflineEmissionsTracker  # noqa: PLC0415 - loads for half a second

        return OfflineEmissionsTracker(
            project_name=self.project,
            country_iso_code=self.country,
            output_dir=str(self.folder),
            output_methods=[],
            output_handlers=[self._desk],
            allow_multiple_runs=True,
            tracking_mode="machine",
            log_level="warning",
            measure_power_secs=self.settings.measure_seconds,
            api_call_interval=1,  # how many measurements go to the desk at once
            # Else a file or variable of the user could make it ask or tell a server.
            emissions_endpoint=None,
            electricitymaps_api_token="",
            cloud_provider=None,
            cloud_region=None,
            country_2letter_iso_code=None,
        )
