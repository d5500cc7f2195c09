"""What part of a GPU's peak models made use of: derived where all of it is known, else empty."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from evalhouse import ids
from evalhouse.lookups.hardware import find_gpu
from evalhouse.records import Entity, GpuLink, Measurement, Model, SystemHardware
from evalhouse.store import Store
from tests.store.rows import RUN, RUN_ID, write

# 989.4 TFLOP/s: NVIDIA H100 SXM, bf16, dense; 2 operations for each active parameter.
PERCENT = 100 * 50.0 * 2 * 8_030_261_248 / 989.4e12
MACHINE = ids.derive("system_hardware", "one")
MODEL = Model(
    model_id=ids.model_id("local", "m"),
    provider="local",
    model_name="m",
    parameter_count=46_702_792_704,
    active_parameter_count=8_030_261_248,
    quantization_id=ids.lookup_id("quantization_methods", "bf16"),
)
MEASURED = Measurement(
    measurement_id=ids.measurement_id(RUN_ID, None, MODEL.model_id, 0, None),
    run_id=RUN_ID,
    model_id=MODEL.model_id,
    system_hardware_id=MACHINE,
    tokens_per_second=50.0,
)


def link(slot: int) -> GpuLink:
    gpu = find_gpu("NVIDIA H100 80GB HBM3")
    assert gpu is not None
    return GpuLink(
        system_hardware_id=MACHINE, slot_index=slot, gpu_hardware_id=gpu.model.gpu_hardware_id
    )


def shown(
    store: Store, *changed: Entity, slots: int = 1, measured: Measurement = MEASURED
) -> dict[str, Any]:
    """Return the row of a measurement in a house of one machine with so many GPUs."""
    rows = [RUN, MODEL, SystemHardware(system_hardware_id=MACHINE), *map(link, range(slots))]
    ours = {type(each): each for each in changed}
    write(store, {}, entities=[*(ours.get(type(each), each) for each in rows), measured])
    with store.reader() as reader:
        [row] = reader.sql("SELECT * FROM run_utilization").to_pylist()
    return dict(row)


def test_it_is_operations_by_the_peak_of_the_format_the_model_is_kept_in(store: Store) -> None:
    row = shown(store)
    assert row["tflops_utilization_pct"] == pytest.approx(PERCENT)
    assert (row["gpu"], row["compute_format"], row["is_stated"]) == (
        "NVIDIA H100 80GB HBM3",
        "bf16",
        False,
    )


def test_what_a_source_states_stands(store: Store) -> None:
    row = shown(store, measured=replace(MEASURED, tflops_utilization_pct=3.5))
    assert (row["tflops_utilization_pct"], row["is_stated"]) == (3.5, True)


def test_of_several_gpus_the_slot_tells_which_it_was(store: Store) -> None:
    assert shown(store, slots=2)["tflops_utilization_pct"] is None
    write(store, {}, entities=[replace(MEASURED, slot_index=1)])
    with store.reader() as reader:
        [row] = reader.sql("SELECT * FROM run_utilization").to_pylist()
    assert row["tflops_utilization_pct"] == pytest.approx(PERCENT)


@pytest.mark.parametrize(
    "model",
    [
        replace(MODEL, parameter_count=None, active_parameter_count=None),
        replace(MODEL, quantization_id=ids.lookup_id("quantization_methods", "q4_k_m")),
        replace(MODEL, quantization_id=None),
    ],
    ids=["size", "format", "nothing"],
)
def test_nothing_is_guessed(store: Store, model: Model) -> None:
    assert shown(store, model)["tflops_utilization_pct"] is None


def test_a_machine_without_a_gpu_has_none(store: Store) -> None:
    row = shown(store, slots=0)
    assert (row["gpu"], row["tflops_utilization_pct"]) == (None, None)
