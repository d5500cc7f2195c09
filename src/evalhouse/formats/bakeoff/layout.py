"""Names of what bakeoff writes: keys of a result, of its records and of a manifest."""

from __future__ import annotations

FORMAT = "bakeoff"
VERSIONS = "bakeoff-results/"
"""How every version of the manifest begins; `bakeoff-results/v1` is the one that is known."""

KNOWN_VERSION = "bakeoff-results/v1"
RESULT, SUMMARY, DASHBOARD = "result.json", "summary.md", "dashboard.html"
MANIFEST, SIGNATURE = "manifest.json", "signature.sigstore.json"
REQUIRED = (RESULT, SUMMARY)
"""What a bundle must hold beside its manifest."""

RESULT_KEYS = frozenset(
    {
        *("run_id", "timestamp", "run_status", "config", "provenance", "model_metadata", "tasks"),
        *("records", "model_scores", "judgements", "resumed_from", "hardware"),
        *("models", "model_ids", "judge_mode", "judge", "score", "failure_reason", "hardware_id"),
    }
)
"""What is known at the top of a result; other keys are kept and said."""

MAIN, FLOOR = "main", "dumb_model"
FLOOR_VARIANT = "floor"
"""The prompt variant of the floor tier; its system prompt is empty."""

LONG = ("records", "judgements")
"""Lists of a result that are read element by element."""

IDENTITY = ("task_id", "prompt_id", "model_id")

LEGACY = {  # earlier name: (name, factor to its unit)
    "latency_s": ("wall_clock_seconds", 1.0),
    "ttft_s": ("seconds_to_first_token", 1.0),
    "tokens_per_sec": ("tokens_per_second", 1.0),
    "cpu_time_user_ms": ("cpu_seconds_user", 0.001),
    "cpu_time_sys_ms": ("cpu_seconds_sys", 0.001),
}

FIGURES = (
    *("wall_clock_seconds", "seconds_to_first_token", "tokens_per_second", "energy_wh"),
    *("peak_vram_mb", "gpu_sm_utilization_pct", "gpu_event_seconds", "gpu_weighted_seconds"),
    *("cpu_seconds_user", "cpu_seconds_sys", "tflops_utilization_pct"),
)
"""What a record measures, named as the columns of `run_hardware_metrics`; none is below 0."""

COUNTS = ("prompt_tokens", "completion_tokens", "flops_per_token_theoretical")
"""Whole numbers of a record."""

CLAIMS = (
    *("cells_total", "cells_attempted", "cells_failed", "completeness", "partial_score"),
    *("floor_score", "floor_cells_passed", "floor_cells_total"),
)
"""Numbers that `model_scores` states of a model."""

DETERMINISTIC = ("exact", "contains", "regex")
"""Scorers that pass or fail an answer."""
