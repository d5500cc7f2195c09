"""The GPUs that NVIDIA's management library (NVML) knows, and the energy they take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from types import TracebackType
from typing import Any, Self

_MILLIJOULES = 3.6e9  # in a kilowatt-hour
_MAJOR, _MINOR = 1000, 10  # how NVML writes versions of CUDA: 12040 is 12.4


class Gpus:
    """The GPUs of this machine, none where there is no driver.

    All of them count, whatever `CUDA_VISIBLE_DEVICES` says: that is for one process, and the model
    may be served by another. `notes` says why GPUs that seem to be there cannot be asked.
    """

    def __init__(self, library: Any | None = None) -> None:
        self.notes: list[str] = []
        self.library: Any = library or self._load()
        self.handles: list[Any] = []
        self._is_open = False
        if self.library is not None:
            self._open()

    def _load(self) -> Any | None:
        try:
            return import_module("pynvml")
        except ImportError as failure:
            self.notes.append(f"the GPUs were not asked: {failure}")
            return None

    def _open(self) -> None:
        try:
            self.library.nvmlInit()
            self._is_open = True
            for index in range(self.library.nvmlDeviceGetCount()):
                self.handles.append(self.library.nvmlDeviceGetHandleByIndex(index))
        except self.library.NVMLError as failure:
            absent = (
                self.library.NVML_ERROR_LIBRARY_NOT_FOUND,
                self.library.NVML_ERROR_DRIVER_NOT_LOADED,
            )
            if failure.value not in absent:
                self.notes.append(f"the GPUs cannot be asked: {failure}")

    def ask(self, name: str, *arguments: Any) -> Any | None:
        """Return what a function of the library says; None where it is not supported."""
        try:
            return getattr(self.library, name)(*arguments)
        except (self.library.NVMLError, AttributeError):
            return None

    def boards(self) -> list[dict[str, Any]]:
        """Return the name and memory of each GPU."""
        return [
            {
                "name": _text(self.ask("nvmlDeviceGetName", handle)),
                "memory_bytes": getattr(self.ask("nvmlDeviceGetMemoryInfo", handle), "total", None),
            }
            for handle in self.handles
        ]

    def driver(self) -> str | None:
        """Return the version of the driver."""
        return _text(self.ask("nvmlSystemGetDriverVersion")) if self._is_open else None

    def cuda(self) -> str | None:
        """Return the newest version of CUDA that the driver can serve."""
        version = self.ask("nvmlSystemGetCudaDriverVersion") if self._is_open else None
        if version is None:
            return None
        return f"{version // _MAJOR}.{version % _MAJOR // _MINOR}"

    def close(self) -> None:
        """Let the library go."""
        if self._is_open:
            self._is_open = False
            self.handles = []
            self.ask("nvmlShutdown")

    def __enter__(self) -> Self:
        """Return the GPUs."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        failure: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the library go."""
        self.close()


@dataclass
class _Counter:
    """The energy of one GPU so far, in millijoules; `watts` are summed where nothing counts."""

    handle: Any
    counted: int | None
    milliwatts: int | None
    at: float
    total: float = 0.0
    is_whole: bool = True


@dataclass
class GpuMeter:
    """Meters all GPUs from its making to its last `sample`.

    Boards since Volta count their energy themselves; for others the power of every sample is
    summed over time, by the trapezoidal rule.
    """

    gpus: Gpus
    clock: Callable[[], float] = time.monotonic
    notes: list[str] = field(default_factory=list)
    _counters: list[_Counter] = field(init=False)

    def __post_init__(self) -> None:
        """Take the first look."""
        now = self.clock()
        self._counters = [
            _Counter(handle, self._energy(handle), self._power(handle), now)
            for handle in self.gpus.handles
        ]
        for number, counter in enumerate(self._counters):
            if counter.counted is None and counter.milliwatts is None:
                counter.is_whole = False
                self._note(f"GPU {number} tells neither its energy nor its power")

    def sample(self) -> None:
        """Add what was used since the last look."""
        now = self.clock()
        for number, counter in enumerate(self._counters):
            if counter.counted is not None:
                self._count(number, counter)
            elif counter.milliwatts is not None:
                self._integrate(number, counter, now)
            counter.at = now

    def kwh(self) -> float | None:
        """Return the energy of all GPUs; None where there is none, or one that tells nothing."""
        if not self._counters or not all(counter.is_whole for counter in self._counters):
            return None
        return sum(counter.total for counter in self._counters) / _MILLIJOULES

    def _count(self, number: int, counter: _Counter) -> None:
        energy = self._energy(counter.handle)
        if energy is None or counter.counted is None or energy < counter.counted:
            counter.is_whole = False
            self._note(f"the energy counter of GPU {number} was lost or began anew")
        else:
            counter.total += energy - counter.counted
        counter.counted = energy if energy is not None else counter.counted

    def _integrate(self, number: int, counter: _Counter, now: float) -> None:
        power = self._power(counter.handle)
        if power is None or counter.milliwatts is None:
            counter.is_whole = False
            self._note(f"the power of GPU {number} was not told at every sample")
            return
        counter.total += (power + counter.milliwatts) / 2 * (now - counter.at)
        counter.milliwatts = power

    def _energy(self, handle: Any) -> int | None:
        return self.gpus.ask("nvmlDeviceGetTotalEnergyConsumption", handle)

    def _power(self, handle: Any) -> int | None:
        return self.gpus.ask("nvmlDeviceGetPowerUsage", handle)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def _text(value: Any) -> str | None:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
