"""A library like NVIDIA's, with GPUs that a test turns."""

# ruff: noqa: N802 - names of NVML

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

NOT_SUPPORTED = 3


class NVMLError(Exception):
    def __init__(self, value: int) -> None:
        super().__init__(f"error {value}")
        self.value = value


@dataclass
class Board:
    """A GPU; None for what it does not tell."""

    name: str | bytes = "NVIDIA Z1"
    memory: int | None = 80 * 2**30
    millijoules: int | None = None
    milliwatts: int | None = None
    told: dict[str, Any] = field(default_factory=dict)


def boards_of(file: Path) -> list[Board]:
    """Return GPUs by what each function of the library says of them, by its kind where it asks."""
    return [
        Board(
            told["nvmlDeviceGetName"],
            told["nvmlDeviceGetMemoryInfo"]["total"],
            told=told,
        )
        for told in json.loads(file.read_text("utf-8"))
    ]


@dataclass
class Library:
    """The functions of NVML that Evalhouse calls."""

    boards: list[Board] = field(default_factory=list)
    fails_with: int | None = None
    is_open: bool = False
    NVMLError: type[NVMLError] = NVMLError
    NVML_ERROR_DRIVER_NOT_LOADED: int = 9
    NVML_ERROR_LIBRARY_NOT_FOUND: int = 12

    def nvmlInit(self) -> None:
        if self.fails_with is not None:
            raise NVMLError(self.fails_with)
        self.is_open = True

    def nvmlShutdown(self) -> None:
        self.is_open = False

    def nvmlDeviceGetCount(self) -> int:
        return len(self.boards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Board:
        return self.boards[index]

    def nvmlDeviceGetName(self, board: Board) -> str | bytes:
        return board.name

    def nvmlDeviceGetMemoryInfo(self, board: Board) -> SimpleNamespace:
        return SimpleNamespace(total=_told(board.memory))

    def nvmlDeviceGetTotalEnergyConsumption(self, board: Board) -> int:
        return _told(board.millijoules)

    def nvmlDeviceGetPowerUsage(self, board: Board) -> int:
        return _told(board.milliwatts)

    def nvmlSystemGetDriverVersion(self) -> bytes:
        return b"570.86.15"

    def nvmlSystemGetCudaDriverVersion(self) -> int:
        return 12080

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Give a function that says what a test wrote down for a GPU."""
        if not name.startswith("nvmlDeviceGet"):
            raise AttributeError(name)

        def function(board: Board, kind: int | None = None) -> Any:
            value = board.told.get(name)
            if isinstance(value, dict) and kind is not None:
                value = value.get(str(kind))
            return SimpleNamespace(**value) if isinstance(value, dict) else _told(value)

        return function


def _told(value: int | None) -> int:
    if value is None:
        raise NVMLError(NOT_SUPPORTED)
    return value
