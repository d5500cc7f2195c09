"""Machines, and what was measured on them."""

from __future__ import annotations

from typing import ClassVar

from evalhouse.records.entity import Entity


class InterfaceType(Entity, frozen=True):
    """A way a GPU is connected."""

    table: ClassVar[str] = "interface_types"
    interface_type_id: str
    description: str
    interface_family: str | None = None
    lane_transfer_rate: float | None = None
    lane_count: int | None = None
    bandwidth_peak_gb_s: float | None = None


class ComputeFormat(Entity, frozen=True):
    """A number format that a processor calculates in."""

    table: ClassVar[str] = "compute_formats"
    compute_format_id: str
    name: str
    bits: int
    description: str | None = None


class TflopsSource(Entity, frozen=True):
    """A document or measurement that states a peak rate."""

    table: ClassVar[str] = "tflops_sources"
    tflops_source_id: str
    name: str
    url: str | None = None
    is_measured: bool = False


class GpuModel(Entity, frozen=True):
    """A model of GPU."""

    table: ClassVar[str] = "gpu_hardware"
    gpu_hardware_id: str
    name: str
    pci_vendor_id: str | None = None
    pci_device_id: str | None = None
    pci_subsystem_vendor_id: str | None = None
    pci_subsystem_device_id: str | None = None
    gpu_architecture: str | None = None
    vram_total_mb: int | None = None
    vram_type: str | None = None
    memory_bus_width_bits: int | None = None
    memory_bandwidth_peak_gb_s: float | None = None
    clock_memory_mhz: int | None = None
    clock_graphics_boost_mhz: int | None = None
    tdp_watts: int | None = None
    native_interface_type_id: str | None = None
    provisional: bool = False


class GpuTflops(Entity, frozen=True):
    """The peak rate of a GPU model in a number format."""

    table: ClassVar[str] = "gpu_tflops"
    gpu_hardware_id: str
    compute_format_id: str
    tflops_source_id: str
    tflops_value: float


class SystemHardware(Entity, frozen=True):
    """A machine as it was equipped."""

    table: ClassVar[str] = "system_hardware"
    system_hardware_id: str
    host_id: str | None = None
    publisher_id: str | None = None
    cpu_model: str | None = None
    cpu_cores: int | None = None
    cpu_threads: int | None = None
    cpu_base_clock_mhz: int | None = None
    cpu_peak_clock_mhz: int | None = None
    ram_total_bytes: int | None = None
    memory_speed_mhz: int | None = None
    memory_channels: int | None = None
    motherboard: str | None = None
    machine: str | None = None
    description: str | None = None


class SystemSoftware(Entity, frozen=True):
    """The software that models ran on."""

    table: ClassVar[str] = "system_software"
    system_software_id: str
    os: str | None = None
    kernel: str | None = None
    python: str | None = None
    gpu_driver_version: str | None = None
    cuda_version: str | None = None
    rocm_version: str | None = None
    engine: str | None = None
    engine_version: str | None = None
    runner_version: str | None = None
    container: str | None = None


class GpuLink(Entity, frozen=True):
    """A GPU in a slot of a machine."""

    table: ClassVar[str] = "system_gpu_links"
    system_hardware_id: str
    slot_index: int
    gpu_hardware_id: str
    slot_native_interface_type_id: str | None = None
    actual_interface_type_id: str | None = None
    is_under_load: bool | None = None
    vram_total_mb: int | None = None
    power_limit_w: float | None = None


class Measurement(Entity, frozen=True):
    """A measurement of a run or of one of its results."""

    table: ClassVar[str] = "run_hardware_metrics"
    measurement_id: str
    run_id: str
    prompt_id: str | None = None
    model_id: str | None = None
    attempt: int = 0
    unit_id: str | None = None
    system_hardware_id: str | None = None
    slot_index: int | None = None
    system_software_id: str | None = None
    wall_clock_seconds: float | None = None
    seconds_to_first_token: float | None = None
    tokens_per_second: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cpu_seconds_user: float | None = None
    cpu_seconds_sys: float | None = None
    gpu_event_seconds: float | None = None
    gpu_weighted_seconds: float | None = None
    tflops_utilization_pct: float | None = None
    energy_wh: float | None = None
    energy_cpu_wh: float | None = None
    energy_gpu_wh: float | None = None
    energy_ram_wh: float | None = None
    emissions_kg: float | None = None
    peak_vram_mb: float | None = None
    gpu_sm_utilization_pct: float | None = None
    power_limit_w: float | None = None
    figure_sources: str | None = None
