"""The process beside a run that meters the machine: `python -m evalhouse.machine.tracker`.

It reads an order, which is one line, meters until a second line comes, the input ends or the run is
gone, and answers with the energy. It stands alone because CodeCarbon takes seconds to begin, loads
pandas, and starts threads: none of that is to weigh on the process that asks the model. The run may
be killed at any moment; this process then still writes down what was used.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from evalhouse.machine.carbon import Carbon
from evalhouse.machine.emissions import energy_of
from evalhouse.machine.energy import Energy, Measured
from evalhouse.machine.gpus import GpuMeter, Gpus
from evalhouse.machine.hardware import cpu_model
from evalhouse.machine.ledger import Session, keep
from evalhouse.machine.order import Order
from evalhouse.machine.rapl import RaplMeter
from evalhouse.machine.settings import MeterSettings, load_settings


class Tracker:
    """Meters of one session; figures go to the disk now and then."""

    def __init__(self, order: Order, settings: MeterSettings) -> None:
        self._order = order
        self._settings = settings
        self._folder = Path(order.folder)
        self._began = self._kept = time.monotonic()
        self._notes: list[str] = []  # about what cannot be written, which the files cannot hold
        self._gpus = Gpus() if "nvml" in order.meters else None
        self._gpu_meter = GpuMeter(self._gpus) if self._gpus else None
        self._rapl = RaplMeter(settings.highest_watts) if "rapl" in order.meters else None
        self._sampled = self._began
        self._starting = threading.Thread(target=self._start_carbon, daemon=True)
        self._carbon = (
            Carbon(self._folder, order.project, order.country, settings)
            if "codecarbon" in order.meters
            else None
        )

    def start(self) -> None:
        """Begin with what takes its time, beside the counters."""
        self._starting.start()

    def sample(self) -> None:
        """Look at the counters, and keep what is known if that is due."""
        for meter in (self._gpu_meter, self._rapl):
            if meter:
                meter.sample()
        self._sampled = time.monotonic()
        if self._sampled - self._kept >= self._settings.keep_seconds:
            self._kept = self._sampled
            self._keep(self._energy())

    def stop(self) -> Energy:
        """Take the last look, and keep and return what is known."""
        self.sample()
        self._starting.join()
        if self._carbon:
            self._carbon.stop()
        energy = self._energy()
        self._keep(energy)
        if self._gpus:
            self._gpus.close()
        return msgspec.structs.replace(energy, notes=(*energy.notes, *self._notes))

    def _start_carbon(self) -> None:
        if self._carbon:
            self._carbon.start()

    def _keep(self, energy: Energy) -> None:
        session = Session(self._order.session, self._order.started_at, energy)
        try:
            keep(self._folder, session, self._carbon.row() if self._carbon else None)
        except OSError as failure:
            note = f"the energy could not be written: {failure.strerror or failure}"
            if note not in self._notes:
                self._notes.append(note)

    def _energy(self) -> Energy:
        """Put together what is known now: CodeCarbon's figures, else those of the counters."""
        measured = self._measured()
        row = self._carbon.row() if self._carbon else None
        if self._carbon is None or row is None:
            return self._counted(measured)
        energy = energy_of(row, self._order.scope)
        notes = (*energy.notes, *self._all_notes(energy.seconds))
        return msgspec.structs.replace(
            energy, sources=self._carbon.sources(), measured=measured, notes=notes
        )

    def _counted(self, measured: Measured | None) -> Energy:
        found = measured or Measured()
        sources = {
            "cpu_kwh": found.package_kwh is not None and "measured: RAPL",
            "ram_kwh": found.dram_kwh is not None and "measured: RAPL",
            "gpu_kwh": found.gpu_kwh is not None and "measured: NVML",
        }
        boards = self._gpus.boards() if self._gpus else []
        return Energy(
            scope=self._order.scope,
            country=self._order.country,
            cpu_kwh=found.package_kwh,
            ram_kwh=found.dram_kwh,
            gpu_kwh=found.gpu_kwh,
            sources={name: source for name, source in sources.items() if source},
            cpu_model=cpu_model() or "",
            gpu_model=_listed(boards),
            measured=measured,
            notes=tuple(self._all_notes(None)),
        )

    def _measured(self) -> Measured | None:
        if not (self._rapl or self._gpu_meter):
            return None
        rapl = self._rapl
        found = Measured(
            seconds=self._sampled - self._began,
            package_kwh=rapl.kwh("package") if rapl else None,
            dram_kwh=rapl.kwh("dram") if rapl else None,
            psys_kwh=rapl.kwh("psys") if rapl else None,
            gpu_kwh=self._gpu_meter.kwh() if self._gpu_meter else None,
        )
        return found if found != Measured(seconds=found.seconds) else None

    def _all_notes(self, covered: float | None) -> list[str]:
        whole = time.monotonic() - self._began
        notes = []
        if covered is not None and covered < self._settings.lowest_coverage * whole:
            share = f"{covered:.1f} of {whole:.1f} s"
            notes.append(f"CodeCarbon covers {share}, since it takes a moment to begin")
        for source in (self._gpus, self._gpu_meter, self._rapl):
            notes += source.notes if source else []
        return notes + (self._carbon.notes() if self._carbon else [])


def _listed(boards: list[dict[str, Any]]) -> str:
    """Name the GPUs as CodeCarbon does: `2 x NVIDIA A100`."""
    names = Counter(board["name"] for board in boards)
    return ", ".join(f"{count} x {name}" for name, count in names.items())


def main() -> None:
    """Meter as ordered on the input, and answer on the output."""
    answer = _quiet()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the run decides when it ends
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    threading.Thread(target=_await_end, args=(sys.stdin.buffer, ended), daemon=True).start()
    settings = load_settings().meters
    tracker = Tracker(order, settings)
    tracker.start()
    while not ended.wait(settings.sample_seconds) and os.getppid() == order.run:
        tracker.sample()
    content = msgspec.json.encode(tracker.stop())
    try:
        answer.write(content)
        answer.close()
    except OSError:
        pass  # nobody is left to be told, and it is on the disk
    # What CodeCarbon leaves running, such as a thread that waits, is not waited for.
    os._exit(0)


def _quiet() -> BinaryIO:
    """Return the output, and let all that libraries print go nowhere."""
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answer


def _await_end(stream: BinaryIO, ended: threading.Event) -> None:
    """Wait until the run says so, or dies, which closes the input."""
    stream.readline()
    ended.set()


if __name__ == "__main__":
    main()
