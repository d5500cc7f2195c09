"""Machines and their software as foreign runs state them; what is not stated stays empty."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from evalhouse import ids
from evalhouse.lookups.hardware import find_gpu
from evalhouse.records import Entity, GpuLink, GpuModel, SystemHardware, SystemSoftware

MEBIBYTE = 1 << 20

Record = TypeVar("Record", SystemHardware, SystemSoftware)


class StatedGpu(msgspec.Struct, frozen=True):
    """A GPU of which a source tells; the name may be all that is known, or not even that."""

    name: str | None = None
    memory_bytes: int | None = None


class StatedMachine(msgspec.Struct, frozen=True):
    """A machine that a source tells of, with its GPUs by slot, and the software on it."""

    hardware: SystemHardware | None = None
    software: SystemSoftware | None = None
    gpus: tuple[StatedGpu, ...] = ()

    @property
    def hardware_id(self) -> str | None:
        """Return the id of the machine; None where none is stated."""
        return self.hardware.system_hardware_id if self.hardware else None

    @property
    def software_id(self) -> str | None:
        """Return the id of the software; None where none is stated."""
        return self.software.system_software_id if self.software else None

    def entities(self) -> Iterator[Entity]:
        """Yield the rows that say all this, what is referred to first."""
        if self.software:
            yield self.software
        if self.hardware is None:
            return
        yield self.hardware
        for slot, gpu in enumerate(self.gpus):
            if gpu.name:
                model = gpu_model(gpu.name, gpu.memory_bytes)
                yield model
                yield GpuLink(
                    system_hardware_id=self.hardware.system_hardware_id,
                    slot_index=slot,
                    gpu_hardware_id=model.gpu_hardware_id,
                    vram_total_mb=gpu.memory_bytes and gpu.memory_bytes // MEBIBYTE,
                )


def stated_machine(
    *,
    hardware: Mapping[str, Any],
    software: Mapping[str, Any],
    gpus: Iterable[StatedGpu] = (),
) -> StatedMachine:
    """Return a machine by the columns of its tables; one of which nothing is stated is none."""
    boards = tuple(gpus)
    known = {name: value for name, value in hardware.items() if value is not None}
    equipment = {**known, "gpus": [msgspec.to_builtins(gpu) for gpu in boards]}
    return StatedMachine(
        _identified(SystemHardware, known, equipment) if known or boards else None,
        _software(software),
        boards,
    )


def _software(stated: Mapping[str, Any]) -> SystemSoftware | None:
    known = {name: value for name, value in stated.items() if value is not None}
    return _identified(SystemSoftware, known, known) if known else None


def _identified(
    record: type[Record], values: Mapping[str, Any], content: Mapping[str, Any]
) -> Record:
    """Return a row with the id that its content gives, so that equal content is one row."""
    key = record.__struct_fields__[0]
    whole = {**values, key: ids.derive(record.table, ids.canonical_json(content))}
    return record(**whole)


def gpu_model(name: str, memory_bytes: int | None = None) -> GpuModel:
    """Return the listed model that name and memory tell for certain, else one of that name."""
    found = find_gpu(name, memory_mb=memory_bytes and memory_bytes // MEBIBYTE)
    if found is not None:
        return found.model
    return GpuModel(gpu_hardware_id=ids.derive(GpuModel.table, name), name=name, provisional=True)


def amount(value: Any) -> float | None:
    """Return a figure that is not negative and finite; None for anything else.

    Example:
        >>> amount(2), amount("0.5"), amount(-1), amount(float("nan")), amount(True), amount("")
        (2.0, 0.5, None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) and number >= 0 else None


def count(value: Any) -> int | None:
    """Return a whole number that is not negative and fits a database; None for anything else.

    Example:
        >>> count(3), count("8"), count(2.0), count("22.5"), count(-1), count(1e300)
        (3, 8, 2, None, None, None)
    """
    number = amount(value)
    is_whole = number is not None and number.is_integer() and number < 1 << 63
    return int(number) if number is not None and is_whole else None
