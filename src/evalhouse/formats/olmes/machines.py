"""Where a task ran and how long it took, as far as its record states."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evalhouse import ids
from evalhouse.formats.base import Unit
from evalhouse.formats.machines import StatedGpu, StatedMachine, amount, count, stated_machine
from evalhouse.formats.olmes.record import Record
from evalhouse.records import Measurement

_NODE = ("BEAKER_NODE_HOSTNAME", "BEAKER_NODE_ID")
_ASSIGNED = ("BEAKER_ASSIGNED_CPU_COUNT", "BEAKER_ASSIGNED_GPU_COUNT")
_OF_JOB = frozenset(
    {
        *("BEAKER_EXPERIMENT_NAME", "BEAKER_EXPERIMENT_ID", "BEAKER_JOB_ID", "BEAKER_TASK_ID"),
        *("BEAKER_WORKLOAD_ID", "BEAKER_RESULT_DATASET_ID"),
        *_NODE,
    }
)
"""Variables that name a piece of work or a machine; all others are alike for many of both."""

_GPU_COUNTS = ("num_gpus", "gpu_count", "gpus")
_GPU_NAMES = ("gpu_type", "gpu_name", "gpu_model")
_MOST_GPUS = 1024  # a number beyond is a mistake


def surroundings(record: Record) -> dict[str, Any]:
    """Return the variables that tell how a task ran, not in which job nor on which machine."""
    stated = record.part("beaker_info")
    return {name: value for name, value in stated.items() if name not in _OF_JOB}


def gpus_of(record: Record) -> tuple[StatedGpu, ...]:
    """Return the GPUs that a record states: as many as it says, by the name that it says."""
    settings, variables = record.part("compute_config"), record.part("beaker_info")
    name = next((text for key in _GPU_NAMES if isinstance(text := settings.get(key), str)), None)
    told = [settings.get(key) for key in _GPU_COUNTS]
    counts = (count(each) for each in (*told, variables.get("BEAKER_ASSIGNED_GPU_COUNT")))
    number = next((each for each in counts if each is not None), 1 if name else 0)
    return (StatedGpu(name or None),) * (number if number <= _MOST_GPUS else 0)


def machine_of(record: Record) -> StatedMachine:
    """Return the machine that a record states."""
    variables = record.part("beaker_info")
    node = {name: variables[name] for name in (*_NODE, *_ASSIGNED) if name in variables}
    return stated_machine(
        hardware={"description": ids.canonical_json(node) if node else None},
        software={"engine": _text(record.part("model_config").get("model_type"))},
        gpus=gpus_of(record),
    )


def measurements_of(unit: Unit, record: Record | None) -> Iterator[Measurement]:
    """Yield what a task took; an aggregate takes no time beside that of its members."""
    if record is None or record.is_aggregate:
        return
    stated = record.value.get("processing_time")
    seconds = None if isinstance(stated, str) else amount(stated)
    if seconds is None:
        return
    machine = machine_of(record)
    yield Measurement(
        measurement_id=ids.measurement_id(unit.run_id, unit.prompt_id, unit.model_id),
        run_id=unit.run_id,
        prompt_id=unit.prompt_id,
        model_id=unit.model_id,
        unit_id=unit.unit_id,
        system_hardware_id=machine.hardware_id,
        system_software_id=machine.software_id,
        wall_clock_seconds=seconds,
        figure_sources=ids.canonical_json(
            {"wall_clock_seconds": "stated: `processing_time` of the record"}
        ),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
