"""Machines and what was measured on them; keys and submissions.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

from evalhouse.data.migrations.tools import (
    BOOLEAN,
    FLOAT,
    ID,
    INTEGER,
    TEXT,
    TIME,
    at_least,
    index,
    key,
    one_of,
    optional,
    refers,
    required,
    unique,
    zero_or_one,
)

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables, what is referred to first."""
    _create_signing_keys()
    _create_interface_types()
    _create_compute_formats()
    _create_tflops_sources()
    _create_gpu_hardware()
    _create_gpu_tflops()
    _create_system_hardware()
    _create_system_software()
    _create_system_gpu_links()
    _create_run_hardware_metrics()
    _create_submissions()
    _create_submission_events()


def downgrade() -> None:
    """Drop the tables with all they hold, what refers first."""
    op.drop_table("submission_events")
    op.drop_table("submissions")
    op.drop_table("run_hardware_metrics")
    op.drop_table("system_gpu_links")
    op.drop_table("system_software")
    op.drop_table("system_hardware")
    op.drop_table("gpu_tflops")
    op.drop_table("gpu_hardware")
    op.drop_table("tflops_sources")
    op.drop_table("compute_formats")
    op.drop_table("interface_types")
    op.drop_table("signing_keys")


def _create_signing_keys() -> None:
    op.create_table(
        "signing_keys",
        required("key_id", ID),
        required("publisher_id", ID),
        required("algorithm", TEXT),
        required("public_key", TEXT),
        required("valid_from", TIME),
        optional("valid_until", TIME),
        optional("revoked_at", TIME),
        optional("note", TEXT),
        key("signing_keys", "key_id"),
        unique("signing_keys", "public_key"),
        refers("signing_keys", ("publisher_id",), "publishers", ("publisher_id",)),
        one_of("signing_keys", "algorithm", "ed25519"),
    )


def _create_interface_types() -> None:
    op.create_table(
        "interface_types",
        required("interface_type_id", ID),
        required("description", TEXT),
        optional("interface_family", TEXT),
        optional("lane_transfer_rate", FLOAT),
        optional("lane_count", INTEGER),
        optional("bandwidth_peak_gb_s", FLOAT),
        key("interface_types", "interface_type_id"),
        unique("interface_types", "description"),
        at_least("interface_types", "lane_transfer_rate", 0),
        at_least("interface_types", "lane_count", 1),
        at_least("interface_types", "bandwidth_peak_gb_s", 0),
    )


def _create_compute_formats() -> None:
    op.create_table(
        "compute_formats",
        required("compute_format_id", ID),
        required("name", TEXT),
        required("bits", INTEGER),
        optional("description", TEXT),
        key("compute_formats", "compute_format_id"),
        unique("compute_formats", "name"),
        at_least("compute_formats", "bits", 1),
    )


def _create_tflops_sources() -> None:
    op.create_table(
        "tflops_sources",
        required("tflops_source_id", ID),
        required("name", TEXT),
        optional("url", TEXT),
        required("is_measured", BOOLEAN),
        key("tflops_sources", "tflops_source_id"),
        unique("tflops_sources", "name"),
        zero_or_one("tflops_sources", "is_measured"),
    )


def _create_gpu_hardware() -> None:
    op.create_table(
        "gpu_hardware",
        required("gpu_hardware_id", ID),
        required("name", TEXT),
        optional("pci_vendor_id", TEXT),
        optional("pci_device_id", TEXT),
        optional("pci_subsystem_vendor_id", TEXT),
        optional("pci_subsystem_device_id", TEXT),
        optional("gpu_architecture", TEXT),
        optional("vram_total_mb", INTEGER),
        optional("vram_type", TEXT),
        optional("memory_bus_width_bits", INTEGER),
        optional("memory_bandwidth_peak_gb_s", FLOAT),
        optional("clock_memory_mhz", INTEGER),
        optional("clock_graphics_boost_mhz", INTEGER),
        optional("tdp_watts", INTEGER),
        optional("native_interface_type_id", ID),
        required("provisional", BOOLEAN),
        key("gpu_hardware", "gpu_hardware_id"),
        refers(
            "gpu_hardware", ("native_interface_type_id",), "interface_types", ("interface_type_id",)
        ),
        at_least("gpu_hardware", "vram_total_mb", 0),
        at_least("gpu_hardware", "memory_bus_width_bits", 0),
        at_least("gpu_hardware", "memory_bandwidth_peak_gb_s", 0),
        at_least("gpu_hardware", "clock_memory_mhz", 0),
        at_least("gpu_hardware", "clock_graphics_boost_mhz", 0),
        at_least("gpu_hardware", "tdp_watts", 0),
        zero_or_one("gpu_hardware", "provisional"),
    )
    index("gpu_hardware", "pci_device_id")
    index("gpu_hardware", "name")


def _create_gpu_tflops() -> None:
    op.create_table(
        "gpu_tflops",
        required("gpu_hardware_id", ID),
        required("compute_format_id", ID),
        required("tflops_source_id", ID),
        required("tflops_value", FLOAT),
        key("gpu_tflops", "gpu_hardware_id", "compute_format_id", "tflops_source_id"),
        refers("gpu_tflops", ("gpu_hardware_id",), "gpu_hardware", ("gpu_hardware_id",)),
        refers("gpu_tflops", ("compute_format_id",), "compute_formats", ("compute_format_id",)),
        refers("gpu_tflops", ("tflops_source_id",), "tflops_sources", ("tflops_source_id",)),
        at_least("gpu_tflops", "tflops_value", 0),
    )


def _create_system_hardware() -> None:
    op.create_table(
        "system_hardware",
        required("system_hardware_id", ID),
        optional("host_id", ID),
        optional("publisher_id", ID),
        optional("cpu_model", TEXT),
        optional("cpu_cores", INTEGER),
        optional("cpu_threads", INTEGER),
        optional("cpu_base_clock_mhz", INTEGER),
        optional("cpu_peak_clock_mhz", INTEGER),
        optional("ram_total_bytes", INTEGER),
        optional("memory_speed_mhz", INTEGER),
        optional("memory_channels", INTEGER),
        optional("motherboard", TEXT),
        optional("machine", TEXT),
        optional("description", TEXT),
        key("system_hardware", "system_hardware_id"),
        refers("system_hardware", ("publisher_id",), "publishers", ("publisher_id",)),
        at_least("system_hardware", "cpu_cores", 0),
        at_least("system_hardware", "cpu_threads", 0),
        at_least("system_hardware", "cpu_base_clock_mhz", 0),
        at_least("system_hardware", "cpu_peak_clock_mhz", 0),
        at_least("system_hardware", "ram_total_bytes", 0),
        at_least("system_hardware", "memory_speed_mhz", 0),
        at_least("system_hardware", "memory_channels", 0),
    )
    index("system_hardware", "host_id")


def _create_system_software() -> None:
    op.create_table(
        "system_software",
        required("system_software_id", ID),
        optional("os", TEXT),
        optional("kernel", TEXT),
        optional("python", TEXT),
        optional("gpu_driver_version", TEXT),
        optional("cuda_version", TEXT),
        optional("rocm_version", TEXT),
        optional("engine", TEXT),
        optional("engine_version", TEXT),
        optional("runner_version", TEXT),
        optional("container", TEXT),
        key("system_software", "system_software_id"),
    )


def _create_system_gpu_links() -> None:
    op.create_table(
        "system_gpu_links",
        required("system_hardware_id", ID),
        required("slot_index", INTEGER),
        required("gpu_hardware_id", ID),
        optional("slot_native_interface_type_id", ID),
        optional("actual_interface_type_id", ID),
        optional("is_under_load", BOOLEAN),
        optional("vram_total_mb", INTEGER),
        optional("power_limit_w", FLOAT),
        key("system_gpu_links", "system_hardware_id", "slot_index"),
        refers(
            "system_gpu_links", ("system_hardware_id",), "system_hardware", ("system_hardware_id",)
        ),
        refers("system_gpu_links", ("gpu_hardware_id",), "gpu_hardware", ("gpu_hardware_id",)),
        refers(
            "system_gpu_links",
            ("slot_native_interface_type_id",),
            "interface_types",
            ("interface_type_id",),
        ),
        refers(
            "system_gpu_links",
            ("actual_interface_type_id",),
            "interface_types",
            ("interface_type_id",),
        ),
        at_least("system_gpu_links", "slot_index", 0),
        zero_or_one("system_gpu_links", "is_under_load"),
        at_least("system_gpu_links", "vram_total_mb", 0),
        at_least("system_gpu_links", "power_limit_w", 0),
    )
    index("system_gpu_links", "gpu_hardware_id")


def _create_run_hardware_metrics() -> None:
    op.create_table(
        "run_hardware_metrics",
        required("measurement_id", ID),
        required("run_id", ID),
        optional("prompt_id", ID),
        optional("model_id", ID),
        required("attempt", INTEGER),
        optional("unit_id", ID),
        optional("system_hardware_id", ID),
        optional("slot_index", INTEGER),
        optional("system_software_id", ID),
        optional("wall_clock_seconds", FLOAT),
        optional("seconds_to_first_token", FLOAT),
        optional("tokens_per_second", FLOAT),
        optional("prompt_tokens", INTEGER),
        optional("completion_tokens", INTEGER),
        optional("cpu_seconds_user", FLOAT),
        optional("cpu_seconds_sys", FLOAT),
        optional("gpu_event_seconds", FLOAT),
        optional("gpu_weighted_seconds", FLOAT),
        optional("tflops_utilization_pct", FLOAT),
        optional("energy_wh", FLOAT),
        optional("energy_cpu_wh", FLOAT),
        optional("energy_gpu_wh", FLOAT),
        optional("energy_ram_wh", FLOAT),
        optional("emissions_kg", FLOAT),
        optional("peak_vram_mb", FLOAT),
        optional("gpu_sm_utilization_pct", FLOAT),
        optional("power_limit_w", FLOAT),
        optional("figure_sources", TEXT),
        key("run_hardware_metrics", "measurement_id"),
        refers("run_hardware_metrics", ("run_id",), "runs", ("run_id",)),
        refers("run_hardware_metrics", ("prompt_id",), "prompts", ("prompt_id",)),
        refers("run_hardware_metrics", ("model_id",), "models", ("model_id",)),
        refers(
            "run_hardware_metrics",
            ("system_hardware_id",),
            "system_hardware",
            ("system_hardware_id",),
        ),
        refers(
            "run_hardware_metrics",
            ("system_software_id",),
            "system_software",
            ("system_software_id",),
        ),
        refers(
            "run_hardware_metrics",
            ("system_hardware_id", "slot_index"),
            "system_gpu_links",
            ("system_hardware_id", "slot_index"),
        ),
        at_least("run_hardware_metrics", "attempt", 0),
        at_least("run_hardware_metrics", "slot_index", 0),
        at_least("run_hardware_metrics", "wall_clock_seconds", 0),
        at_least("run_hardware_metrics", "seconds_to_first_token", 0),
        at_least("run_hardware_metrics", "tokens_per_second", 0),
        at_least("run_hardware_metrics", "prompt_tokens", 0),
        at_least("run_hardware_metrics", "completion_tokens", 0),
        at_least("run_hardware_metrics", "cpu_seconds_user", 0),
        at_least("run_hardware_metrics", "cpu_seconds_sys", 0),
        at_least("run_hardware_metrics", "gpu_event_seconds", 0),
        at_least("run_hardware_metrics", "gpu_weighted_seconds", 0),
        at_least("run_hardware_metrics", "tflops_utilization_pct", 0),
        at_least("run_hardware_metrics", "energy_wh", 0),
        at_least("run_hardware_metrics", "energy_cpu_wh", 0),
        at_least("run_hardware_metrics", "energy_gpu_wh", 0),
        at_least("run_hardware_metrics", "energy_ram_wh", 0),
        at_least("run_hardware_metrics", "emissions_kg", 0),
        at_least("run_hardware_metrics", "peak_vram_mb", 0),
        at_least("run_hardware_metrics", "gpu_sm_utilization_pct", 0, 100),
        at_least("run_hardware_metrics", "power_limit_w", 0),
    )
    index("run_hardware_metrics", "run_id")
    index("run_hardware_metrics", "unit_id")


def _create_submissions() -> None:
    op.create_table(
        "submissions",
        required("submission_id", ID),
        required("bundle_sha256", TEXT),
        optional("publisher_id", ID),
        optional("key_id", ID),
        required("run_id", ID),
        required("evidence_level", INTEGER),
        required("state", TEXT),
        required("received_at", TIME),
        key("submissions", "submission_id"),
        unique("submissions", "bundle_sha256"),
        refers("submissions", ("publisher_id",), "publishers", ("publisher_id",)),
        refers("submissions", ("key_id",), "signing_keys", ("key_id",)),
        refers("submissions", ("run_id",), "runs", ("run_id",)),
        at_least("submissions", "evidence_level", 0, 4),
        one_of(
            "submissions",
            "state",
            *("received", "accepted", "incomplete", "failed", "disputed", "superseded", "revoked"),
        ),
    )
    index("submissions", "run_id")
    index("submissions", "state")


def _create_submission_events() -> None:
    op.create_table(
        "submission_events",
        required("submission_id", ID),
        required("number", INTEGER),
        required("state", TEXT),
        required("decided_by", TEXT),
        required("decided_at", TIME),
        required("reason", TEXT),
        optional("link", TEXT),
        key("submission_events", "submission_id", "number"),
        refers("submission_events", ("submission_id",), "submissions", ("submission_id",)),
        at_least("submission_events", "number", 1),
        one_of(
            "submission_events",
            "state",
            *("received", "accepted", "incomplete", "failed", "disputed", "superseded", "revoked"),
        ),
    )
