"""Machines and their software as foreign runs state them; what is not stated stays empty."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from evalhouse import ids
from evalhouse.lookups.hardware import find_gpu
from evalhouse.machine.facts import Machine
from evalhouse.machine.rows import machine_rows
from evalhouse.records import Entity, GpuLink, GpuModel, SystemHardware, SystemSoftware
from evalhouse.schema import TABLES, Column

MEBIBYTE = 1 << 20

_MOST = (1 << 63) - 1  # that a column of 64 bits holds
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Record = TypeVar("Record", SystemHardware, SystemSoftware)


class StatedGpu(msgspec.Struct, frozen=True):
    """A GPU of which a source tells; the name may be all that is known, or not even that."""

    name: str | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class StatedMachine:
    """A machine that a source tells of, with its GPUs by slot, and the software on it."""

    hardware: SystemHardware | None = None
    software: SystemSoftware | None = None
    links: tuple[GpuModel | GpuLink, ...] = ()

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
        yield from self.links


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
    machine = _identified(SystemHardware, known, equipment) if known or boards else None
    links = _links(machine, boards) if machine else ()
    return StatedMachine(machine, stated_software(software), tuple(links))


def found_machine(machine: Machine, software: Mapping[str, Any]) -> StatedMachine:
    """Return a machine as our own detection found it, with the software that a run states.

    Whatever a table does not take, as a file may be edited, is not stated.
    """
    rows = [row for found in machine_rows(machine) if (row := fitting(found)) is not None]
    hardware = next((row for row in rows if isinstance(row, SystemHardware)), None)
    links = tuple(row for row in rows if isinstance(row, GpuModel | GpuLink))
    return StatedMachine(hardware, stated_software(software), links)


def _links(machine: SystemHardware, gpus: Iterable[StatedGpu]) -> Iterator[GpuModel | GpuLink]:
    for slot, gpu in enumerate(gpus):
        if gpu.name:
            model = gpu_model(gpu.name, gpu.memory_bytes)
            yield model
            yield GpuLink(
                system_hardware_id=machine.system_hardware_id,
                slot_index=slot,
                gpu_hardware_id=model.gpu_hardware_id,
                vram_total_mb=gpu.memory_bytes and gpu.memory_bytes // MEBIBYTE,
            )


def stated_software(stated: Mapping[str, Any]) -> SystemSoftware | None:
    """Return software by the columns of its table; None where nothing is stated."""
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


def fitting(row: Entity) -> Entity | None:
    """Return a row without what its table does not take; None where that is a part of its key."""
    changes: dict[str, None] = {}
    for column in TABLES[row.table].columns:
        value = getattr(row, column.name)
        if value is None or _fits(value, column):
            continue
        if column.required:
            return None
        changes[column.name] = None
    return msgspec.structs.replace(row, **changes) if changes else row


def _fits(value: Any, column: Column) -> bool:
    if column.kind == "id":
        return isinstance(value, str) and _ID.fullmatch(value) is not None
    if column.kind not in ("integer", "float"):
        return True
    lowest = -_MOST if column.minimum is None else column.minimum
    highest = _MOST if column.maximum is None else column.maximum
    return math.isfinite(value) and lowest <= value <= highest


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
    is_whole = number is not None and number.is_integer() and number <= _MOST
    return int(number) if number is not None and is_whole else None
