"""What is found of a machine; None is what nobody tells."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Link:
    """How a GPU is connected: what the card could, what the slot could, and what is used.

    `interface` is set where the connection is no PCIe: unified, integrated. `is_under_load` is
    None where no link in use was read.
    """

    card_generation: int | None = None
    card_lanes: int | None = None
    slot_generation: int | None = None
    slot_lanes: int | None = None
    generation: int | None = None
    lanes: int | None = None
    is_under_load: bool | None = None
    interface: str | None = None


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU, `told_by` a tool.

    Memory in MiB, clocks in MHz (`clock_graphics_mhz` is the present one, the others are the
    highest), the power limit that is set in W.
    """

    slot: int
    told_by: str
    name: str | None = None
    vendor_id: str | None = None
    device_id: str | None = None
    subsystem_vendor_id: str | None = None
    subsystem_device_id: str | None = None
    bus_id: str | None = None
    memory_mb: int | None = None
    memory_type: str | None = None
    memory_bus_width_bits: int | None = None
    clock_memory_mhz: int | None = None
    clock_graphics_max_mhz: int | None = None
    clock_graphics_mhz: int | None = None
    power_limit_w: float | None = None
    link: Link = field(default_factory=Link)


@dataclass(frozen=True, slots=True)
class Processor:
    """The processor; clocks in MHz."""

    model: str | None = None
    cores: int | None = None
    threads: int | None = None
    base_clock_mhz: int | None = None
    peak_clock_mhz: int | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """Main memory: size in bytes, speed in MT/s, channels in use."""

    total_bytes: int | None = None
    speed_mhz: int | None = None
    channels: int | None = None


@dataclass(frozen=True, slots=True)
class Engine:
    """A program that runs models, and its version; None where it does not tell."""

    name: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Software:
    """What runs on the machine."""

    os: str | None = None
    kernel: str | None = None
    python: str | None = None
    gpu_driver: str | None = None
    cuda: str | None = None
    rocm: str | None = None
    engines: tuple[Engine, ...] = ()
    container: str | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as it was found; `notes` says what could not be found out, and why."""

    host_id: str | None = None
    architecture: str | None = None
    processor: Processor = field(default_factory=Processor)
    memory: Memory = field(default_factory=Memory)
    motherboard: str | None = None
    gpus: tuple[Gpu, ...] = ()
    software: Software = field(default_factory=Software)
    notes: tuple[str, ...] = ()
