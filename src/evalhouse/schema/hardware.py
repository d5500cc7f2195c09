"""Tables of machines and of what was measured on them."""

from __future__ import annotations

from evalhouse.schema.columns import Column, catalog_table

INTERFACE_TYPES = catalog_table(
    "interface_types",
    "way a GPU is connected",
    Column("interface_type_id", "id", "UUIDv5 of the description", key=True, required=True),
    Column("description", "text", "PCIe 4.0 x16, SXM5, …", required=True, unique=True),
    Column("interface_family", "text", "PCIe, SXM, NVLink, Thunderbolt, …"),
    Column("lane_transfer_rate", "float", "rate of one lane", unit="GT/s", minimum=0),
    Column("lane_count", "integer", "lanes", unit="lanes", minimum=1),
    Column(
        "bandwidth_peak_gb_s",
        "float",
        "peak in both directions together, after line coding",
        unit="GB/s",
        minimum=0,
    ),
)

COMPUTE_FORMATS = catalog_table(
    "compute_formats",
    "number format that a processor calculates in",
    Column("compute_format_id", "id", "UUIDv5 of the name", key=True, required=True),
    Column("name", "text", "fp16, bf16, int8, …", required=True, unique=True),
    Column("bits", "integer", "size of a number", unit="bits", required=True, minimum=1),
    Column("description", "text", "in a sentence"),
)

TFLOPS_SOURCES = catalog_table(
    "tflops_sources",
    "document or measurement that states a peak rate",
    Column("tflops_source_id", "id", "UUIDv5 of the name", key=True, required=True),
    Column("name", "text", "title", required=True, unique=True),
    Column("url", "text", "address"),
    Column("is_measured", "boolean", "measured, not stated by the maker", required=True),
)

GPU_HARDWARE = catalog_table(
    "gpu_hardware",
    "model of GPU",
    Column(
        "gpu_hardware_id",
        "id",
        "UUIDv5 of the name; where no list has it, of PCI ids and memory",
        key=True,
        required=True,
    ),
    Column("name", "text", "name as its maker spells it", required=True),
    Column("pci_vendor_id", "text", "four hex digits: 10de, 1002, 8086"),
    Column("pci_device_id", "text", "four hex digits"),
    Column("pci_subsystem_vendor_id", "text", "four hex digits"),
    Column("pci_subsystem_device_id", "text", "four hex digits"),
    Column("gpu_architecture", "text", "generation: Hopper, RDNA 3, …"),
    Column("vram_total_mb", "integer", "memory", unit="MiB", minimum=0),
    Column("vram_type", "text", "GDDR6X, HBM3, …; unified where shared with the processor"),
    Column("memory_bus_width_bits", "integer", "width of the memory bus", unit="bits", minimum=0),
    Column("memory_bandwidth_peak_gb_s", "float", "peak of memory", unit="GB/s", minimum=0),
    Column("clock_memory_mhz", "integer", "highest memory clock", unit="MHz", minimum=0),
    Column("clock_graphics_boost_mhz", "integer", "boost clock", unit="MHz", minimum=0),
    Column("tdp_watts", "integer", "thermal design power", unit="W", minimum=0),
    Column(
        "native_interface_type_id",
        "id",
        "the link that the card is made for",
        references="interface_types.interface_type_id",
    ),
    Column("provisional", "boolean", "known only from machines so far", required=True),
    indexes=(("pci_device_id",), ("name",)),
)

GPU_TFLOPS = catalog_table(
    "gpu_tflops",
    "peak rate of a GPU model in a number format, without sparsity",
    Column(
        "gpu_hardware_id",
        "id",
        "the GPU model",
        key=True,
        required=True,
        references="gpu_hardware.gpu_hardware_id",
    ),
    Column(
        "compute_format_id",
        "id",
        "the number format",
        key=True,
        required=True,
        references="compute_formats.compute_format_id",
    ),
    Column(
        "tflops_source_id",
        "id",
        "who says so",
        key=True,
        required=True,
        references="tflops_sources.tflops_source_id",
    ),
    Column("tflops_value", "float", "peak", unit="TFLOP/s", required=True, minimum=0),
)

SYSTEM_HARDWARE = catalog_table(
    "system_hardware",
    "machine as it was equipped",
    Column("system_hardware_id", "id", "UUIDv5 of host and equipment", key=True, required=True),
    Column("host_id", "id", "the machine, a random id it keeps; empty for foreign runs"),
    Column("publisher_id", "id", "whose it is", references="publishers.publisher_id"),
    Column("cpu_model", "text", "name of the processor"),
    Column("cpu_cores", "integer", "cores", unit="cores", minimum=0),
    Column("cpu_threads", "integer", "threads", unit="threads", minimum=0),
    Column("cpu_base_clock_mhz", "integer", "base clock", unit="MHz", minimum=0),
    Column("cpu_peak_clock_mhz", "integer", "highest clock", unit="MHz", minimum=0),
    Column("ram_total_bytes", "integer", "main memory", unit="bytes", minimum=0),
    Column("memory_speed_mhz", "integer", "clock of main memory", unit="MT/s", minimum=0),
    Column("memory_channels", "integer", "channels in use", minimum=0),
    Column("motherboard", "text", "maker and name of the board"),
    Column("machine", "text", "x86_64, aarch64, …"),
    Column("description", "text", "in the source's own words, where it says no more"),
    indexes=(("host_id",),),
)

SYSTEM_SOFTWARE = catalog_table(
    "system_software",
    "software that models ran on",
    Column("system_software_id", "id", "UUIDv5 of the content", key=True, required=True),
    Column("os", "text", "operating system"),
    Column("kernel", "text", "its kernel"),
    Column("python", "text", "version of Python"),
    Column("gpu_driver_version", "text", "driver of the GPUs"),
    Column("cuda_version", "text", "CUDA that the driver serves"),
    Column("rocm_version", "text", "ROCm"),
    Column("engine", "text", "what served the model: vllm, llama.cpp, …"),
    Column("engine_version", "text", "its version, build or image digest"),
    Column("runner_version", "text", "version of the program that evaluated"),
    Column("container", "text", "kind of container"),
)

SYSTEM_GPU_LINKS = catalog_table(
    "system_gpu_links",
    "GPU in a slot of a machine",
    Column(
        "system_hardware_id",
        "id",
        "the machine",
        key=True,
        required=True,
        references="system_hardware.system_hardware_id",
    ),
    Column(
        "slot_index", "integer", "0, 1, … as the driver counts", key=True, required=True, minimum=0
    ),
    Column(
        "gpu_hardware_id",
        "id",
        "GPU model in it",
        required=True,
        references="gpu_hardware.gpu_hardware_id",
    ),
    Column(
        "slot_native_interface_type_id",
        "id",
        "the link that the slot is made for",
        references="interface_types.interface_type_id",
    ),
    Column(
        "actual_interface_type_id",
        "id",
        "the link as seen, under load where that was asked for",
        references="interface_types.interface_type_id",
    ),
    Column("is_under_load", "boolean", "the actual link was read under load"),
    Column("vram_total_mb", "integer", "memory that the driver tells", unit="MiB", minimum=0),
    Column("power_limit_w", "float", "limit that was set", unit="W", minimum=0),
    indexes=(("gpu_hardware_id",),),
)

RUN_HARDWARE_METRICS = catalog_table(
    "run_hardware_metrics",
    "measurement of a run or of one of its results: time, energy, memory",
    Column(
        "measurement_id", "id", "UUIDv5 of run, result, attempt and slot", key=True, required=True
    ),
    Column("run_id", "id", "the run", required=True, references="runs.run_id"),
    Column(
        "prompt_id",
        "id",
        "the result's prompt; empty: the whole run",
        references="prompts.prompt_id",
    ),
    Column("model_id", "id", "the result's model", references="models.model_id"),
    Column("attempt", "integer", "0, 1, … where it was measured again", required=True, minimum=0),
    Column("unit_id", "id", "unit it came with; a new batch of it replaces the row"),
    Column(
        "system_hardware_id",
        "id",
        "the machine",
        references="system_hardware.system_hardware_id",
    ),
    Column("slot_index", "integer", "slot of the GPU, where one alone was measured", minimum=0),
    Column(
        "system_software_id",
        "id",
        "software on it",
        references="system_software.system_software_id",
    ),
    Column("wall_clock_seconds", "float", "first request to last token", unit="s", minimum=0),
    Column("seconds_to_first_token", "float", "mean over requests", unit="s", minimum=0),
    Column("tokens_per_second", "float", "generated tokens by time", unit="tokens/s", minimum=0),
    Column("prompt_tokens", "integer", "tokens read", unit="tokens", minimum=0),
    Column("completion_tokens", "integer", "tokens generated", unit="tokens", minimum=0),
    Column("cpu_seconds_user", "float", "processor time of the client", unit="s", minimum=0),
    Column("cpu_seconds_sys", "float", "its time in the system", unit="s", minimum=0),
    Column("gpu_event_seconds", "float", "GPU time by its own events", unit="s", minimum=0),
    Column("gpu_weighted_seconds", "float", "time by mean utilisation", unit="s", minimum=0),
    Column(
        "tflops_utilization_pct",
        "float",
        "operations by what the GPU could at its peak",
        unit="percent",
        minimum=0,
    ),
    Column("energy_wh", "float", "energy in all", unit="Wh", minimum=0),
    Column("energy_cpu_wh", "float", "energy of the processor", unit="Wh", minimum=0),
    Column("energy_gpu_wh", "float", "energy of the GPUs", unit="Wh", minimum=0),
    Column("energy_ram_wh", "float", "energy of main memory", unit="Wh", minimum=0),
    Column("emissions_kg", "float", "carbon dioxide equivalent", unit="kg", minimum=0),
    Column("peak_vram_mb", "float", "most GPU memory in use", unit="MiB", minimum=0),
    Column(
        "gpu_sm_utilization_pct",
        "float",
        "mean of samples",
        unit="percent",
        minimum=0,
        maximum=100,
    ),
    Column("power_limit_w", "float", "limit that was set", unit="W", minimum=0),
    Column("figure_sources", "json", "each figure: measured, estimated or stated, and by what"),
    references=(
        (
            ("system_hardware_id", "slot_index"),
            "system_gpu_links",
            ("system_hardware_id", "slot_index"),
        ),
    ),
    indexes=(("run_id",), ("unit_id",)),
)
