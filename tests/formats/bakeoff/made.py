"""Results and bundles of bakeoff, as its documents describe them; content of our own."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FIXTURES = Path(__file__).parent / "fixtures"
SHAPES = ("documented", "mixture", "failed", "three-models")
"""Bundles under `fixtures`: the shapes that were published, with names of our own."""

SMALL, LARGE = "small-q4", "large-q8"
TASKS: list[dict[str, Any]] = [
    {
        "id": "t0000",
        "domain": "qa",
        "user_prompt": "Which city is the seat of the Dutch government?",
        "expected": "The Hague",
        "scorer": "contains",
        "tier": "main",
    },
    {
        "id": "t0001",
        "domain": "classify",
        "user_prompt": "Label as up or down: the river rose all night.",
        "expected": "up",
        "scorer": "exact",
        "tier": "main",
    },
    {
        "id": "t0002",
        "domain": "summarize",
        "user_prompt": "In one sentence: a heron waited, then caught a fish.",
        "expected": None,
        "scorer": "judge",
        "tier": "main",
    },
    {
        "id": "t_dumb_00",
        "domain": "qa",
        "user_prompt": "Reply with the sum of one and one.",
        "expected": "2",
        "scorer": "exact",
        "tier": "dumb_model",
    },
]


def record(task: str, variant: str, model: str, **changes: Any) -> dict[str, Any]:
    """Return a record of the main tier, with every field."""
    whole: dict[str, Any] = {
        "task_id": task,
        "domain": "qa",
        "prompt_id": variant,
        "model_id": model,
        "hardware_id": "a-card",
        "text": "It is The Hague.",
        "prompt_tokens": 31,
        "completion_tokens": 6,
        "wall_clock_seconds": 0.75,
        "seconds_to_first_token": 0.25,
        "tokens_per_second": 8.0,
        "energy_wh": 0.0125,
        "peak_vram_mb": 5123.0,
        "gpu_sm_utilization_pct": 80.0,
        "gpu_event_seconds": None,
        "gpu_weighted_seconds": 0.6,
        "cpu_seconds_user": 0.02,
        "cpu_seconds_sys": 0.01,
        "flops_per_token_theoretical": 8_000_000_000,
        "tflops_utilization_pct": 0.15,
        "quality_heuristic": 1.0,
        "tier": "main",
        "failure_code": None,
        "failure_detail": None,
        "error": None,
    }
    return {**whole, **changes}


def failed(task: str, variant: str, model: str, code: str, detail: str) -> dict[str, Any]:
    """Return a record that failed: identity, tier and failure alone."""
    return {
        "task_id": task,
        "domain": "qa",
        "prompt_id": variant,
        "model_id": model,
        "hardware_id": "a-card",
        "tier": "main",
        "failure_code": code,
        "failure_detail": detail,
        "error": detail,
    }


def records() -> list[dict[str, Any]]:
    """Return records of two models: one answered all, the other ran out of memory once."""
    up = {"domain": "classify", "text": " Up\n", "quality_heuristic": 1.0}
    down = {"domain": "classify", "text": "down", "quality_heuristic": 0.0}
    summary = {"domain": "summarize", "text": "A heron ate.", "quality_heuristic": None}
    floor = {"tier": "dumb_model", "text": "2"}
    return [
        record("t_dumb_00", "floor", SMALL, **floor),
        record("t0000", "plain", SMALL),
        record("t0001", "plain", SMALL, **up),
        record("t0002", "plain", SMALL, **summary),
        record("t_dumb_00", "floor", LARGE, tier="dumb_model", text="3", quality_heuristic=0.0),
        record("t0000", "plain", LARGE),
        record("t0001", "plain", LARGE, **down),
        failed("t0002", "plain", LARGE, "oom", "CUDA out of memory"),
    ]


def score(model: str, **changes: Any) -> dict[str, Any]:
    """Return what a result claims of a model; by default the small one's truth."""
    whole: dict[str, Any] = {
        "model_id": model,
        "status": "complete",
        "cells_total": 3,
        "cells_attempted": 3,
        "cells_failed": 0,
        "completeness": 1.0,
        "partial_score": 2 / 3,
        "dominant_failure_code": None,
        "floor_score": 1.0,
        "floor_cells_passed": 1,
        "floor_cells_total": 1,
    }
    return {**whole, **changes}


LARGE_SCORE = {
    "status": "incomplete",
    "cells_attempted": 2,
    "cells_failed": 1,
    "completeness": 2 / 3,
    "partial_score": 1 / 3,
    "dominant_failure_code": "oom",
    "floor_score": 0.0,
    "floor_cells_passed": 0,
}


def config_hash(config: Mapping[str, Any]) -> str:
    """Return bakeoff's hash of settings, as its documents give it."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()[:16]


def result(**changes: Any) -> dict[str, Any]:
    """Return a whole result."""
    config = {
        "run": {"name": "night-run", "seed": 7},
        "models": [
            {"id": SMALL, "gguf": "maker/Small-GGUF/Small-4B-Q4_K_M.gguf", "num_params": 4 * 10**9},
            {"id": LARGE, "gguf": "maker/Large-GGUF/Large-30B-Q8_0.gguf"},
        ],
        "prompts": [{"id": "plain", "system": "Answer briefly."}],
        "judge": {"enabled": True, "mode": "scored", "id": "judge"},
        "signing": {"key_path": "keys/private.pem"},
    }
    whole: dict[str, Any] = {
        "run_id": "night-run",
        "timestamp": "2026-03-04T05:06:07Z",
        "run_status": "incomplete",
        "config": config,
        "provenance": {
            "git": {"sha": "abc1234", "branch": "main", "dirty": True},
            "config_hash": config_hash(config),
            "seed": 7,
            "python": "3.12.3",
            "platform": "Linux-6.8",
            "packages": {"httpx": "0.28.1", "pyyaml": "6.0.2"},
            "podman_version": "5.1",
            "llama_swap_version": "203",
            "server_image": "ghcr.io/ggml-org/llama.cpp:server-vulkan",
            "warnings": [],
        },
        "model_metadata": [
            {
                "id": SMALL,
                "gguf": "maker/Small-GGUF/Small-4B-Q4_K_M.gguf",
                "repo_id": "maker/Small-GGUF",
                "filename": "Small-4B-Q4_K_M.gguf",
                "quantization": "Q4_K_M",
                "ctx": 4096,
                "hf_sha": "0123abc",
            },
            {"id": LARGE, "gguf": "maker/Large-GGUF/Large-30B-Q8_0.gguf", "quantization": "Q8_0"},
        ],
        "tasks": TASKS,
        "records": records(),
        "model_scores": [score(SMALL), score(LARGE, **LARGE_SCORE)],
        "judgements": [
            {
                "mode": "scored",
                "task_id": "t0002",
                "prompt_id": "plain",
                "model_id": SMALL,
                "score": 4,
                "judge_raw": "4",
            },
            {
                "mode": "scored",
                "task_id": "t0002",
                "prompt_id": "plain",
                "model_id": LARGE,
                "score": None,
                "error": "no answer to judge",
            },
        ],
        "resumed_from": None,
        "hardware": {
            "gpu_model": "NVIDIA GeForce RTX 4090",
            "vram_mb": 24564,
            "power_limit_w": 450.0,
            "driver_version": "570.10",
            "cpu_model": "A Processor 9",
            "cpu_cores": 8,
            "cpu_threads": 16,
            "ram_gb": 64.0,
            "os_name": "Linux",
            "os_version": "#1 SMP 6.8.0",
        },
    }
    return {**whole, **changes}


def write_result(path: Path, content: Any, *, indent: int | None = 2) -> Path:
    """Write a result or an envelope."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=indent), "utf-8")
    return path


def sha256(path: Path) -> str:
    """Return the hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def harness_manifest(content: Mapping[str, Any], files: Any, **changes: Any) -> dict[str, Any]:
    """Return the manifest that bakeoff writes."""
    keys = ("model_id", "status", "partial_score", "floor_score", "dominant_failure_code")
    scores = content.get("model_scores") or []
    whole = {
        "schema_version": "bakeoff-results/v1",
        "run_id": content["run_id"],
        "timestamp": content["timestamp"],
        "created_at": "2026-03-05T00:00:00Z",
        "config_hash": content["provenance"].get("config_hash"),
        "judge_mode": "scored",
        "model_ids": [each["id"] for each in content["config"]["models"]],
        "run_status": content.get("run_status", "complete"),
        "model_scores_summary": [{key: each.get(key) for key in keys} for each in scores],
        "files": files,
        "signature": {
            "kind": "sigstore-bundle",
            "path": None,
            "signed_file": "result.json",
            "required": False,
        },
    }
    return {**whole, **changes}


def write_bundle(
    folder: Path,
    content: Mapping[str, Any] | None = None,
    *,
    text: str | None = None,
    **changes: Any,
) -> Path:
    """Write a sealed bundle; `changes` are to its manifest, `text` spells its result."""
    whole = result() if content is None else content
    inner = whole.get("result", whole)
    folder.mkdir(parents=True, exist_ok=True)
    spelled = json.dumps(whole, indent=2, sort_keys=True) if text is None else text
    (folder / "result.json").write_text(spelled, "utf-8")
    (folder / "summary.md").write_text("# A night of answers\n", "utf-8")
    (folder / "dashboard.html").write_text("<p>answers</p>\n", "utf-8")
    names = ("result.json", "summary.md", "dashboard.html")
    files = {name: {"sha256": sha256(folder / name)} for name in names}
    manifest = harness_manifest(inner, files, **changes)
    write_result(folder / "manifest.json", manifest)
    return folder


def sealed(content: Mapping[str, Any], key: Ed25519PrivateKey, **changes: Any) -> dict[str, Any]:
    """Return a result in the envelope that a runner signs."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    seal = {
        "sha256": digest.hex(),
        "signature": base64.b64encode(key.sign(digest)).decode(),
        "runner_id": "a-runner",
        "signed_at": "2026-03-04T06:00:00Z",
    }
    return {"result": dict(content), "sig": {**seal, **changes}}


def public_text(key: Ed25519PrivateKey) -> str:
    """Return the public key as base64."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()
