"""The configuration of a run: what `config.json` holds, and what makes two runs the same work."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from evalhouse.engine.prompts import Prompts
from evalhouse.ids import canonical_json, sha256_hex
from evalhouse.machine.repository import last_commit
from evalhouse.providers import Endpoint
from evalhouse.tasks.task import Task
from evalhouse.version import __version__
from evalhouse.workflows.annotation.settings import BASELINE, RunSettings

IDENTITY = (
    *("model", "prompt_type", "use_examples", "temperature", "top_p", "chat_mode", "reasoning"),
    *("process_textbox", "process_span", "retries", "retry_strategy", "retry_temperature"),
    *("provider", "base_url", "model_revision", "dialect", "omit", "stream", "think_tags"),
    *("structured", "request_unit", "batch_size", "history_window", "few_shot"),
    *("system_message_sha256", "template_sha256", "seed", "max_tokens", "stop", "repeats"),
    *("logprobs", "thinking_tokens", "limit", "context_length", "codebook_hash"),
    *("rows_sha256", "prompt_hashes"),
)
"""The settings that answers depend on: runs that agree in them are one run, and are resumed."""

LEARNT = "ground_truth_sha256"
"""What the answers of a baseline depend on beside them, as it learns from gold."""


def configuration(
    task: Task, prompts: Prompts, settings: RunSettings, endpoint: Endpoint
) -> dict[str, Any]:
    """Return every setting of a run by its name in `config.json`, but for what names the run."""
    found = {
        **_codebook_lab(task, settings),
        **_provider(settings, endpoint),
        **_asking(prompts, settings),
        **_task(task, prompts, settings),
    }
    return {**found, "config_hash": sha256_hex(canonical_json(identity_of(found)))}


def identity_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that answers depend on."""
    names = (*IDENTITY, LEARNT) if config["provider"] == BASELINE else IDENTITY
    return {name: config[name] for name in names}


def rows_sha256(task: Task, limit: int | None) -> str:
    """Return the SHA-256 of all that is asked about: ids, texts and metadata, row by row."""
    digest = hashlib.sha256()
    for row in islice(task.rows(), limit):
        told = canonical_json([row.id, row.text, dict(row.metadata)])
        digest.update(told.encode("utf-8", "backslashreplace") + b"\n")
    return digest.hexdigest()


def _codebook_lab(task: Task, settings: RunSettings) -> dict[str, Any]:
    asking, sampling = settings.asking, settings.asking.sampling
    return {
        "model": settings.provider.model,
        "prompt_type": asking.template.stem if asking.template else asking.prompt_type,
        "use_examples": asking.use_examples,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "chat_mode": asking.chat_mode,
        "reasoning": sampling.effort,
        "process_textbox": asking.process_textbox,
        "process_span": asking.process_span,
        "country_iso_code": settings.country,
        "task_name": task.name,
        "retries": asking.retries,
        "retry_strategy": asking.retry_strategy,
        "retry_temperature": asking.retry_temperature,
    }


def _provider(settings: RunSettings, endpoint: Endpoint) -> dict[str, Any]:
    provider = settings.provider
    return {
        "package_version": __version__,
        "provider": provider.provider,
        "base_url": endpoint.base_url,
        "model_revision": endpoint.revision or provider.revision,
        "server": endpoint.server,
        "server_version": endpoint.version,
        "dialect": provider.dialect,
        "omit": list(provider.omit),
        "stream": provider.stream,
        "think_tags": list(provider.think_tags),
        "context_length": provider.context_length,
    }


def _asking(prompts: Prompts, settings: RunSettings) -> dict[str, Any]:
    asking, sampling = settings.asking, settings.asking.sampling
    few_shot = prompts.codebook.settings.few_shot
    is_batch = asking.request_unit == "batch"
    return {
        "request_unit": asking.request_unit,
        "batch_size": asking.batch_size if is_batch else None,
        "history_window": asking.history_window,
        "few_shot": vars(few_shot) if few_shot else None,
        "structured": asking.structured,
        "system_message_sha256": sha256_hex(prompts.system) if prompts.system else None,
        "template": str(asking.template) if asking.template else None,
        "template_sha256": sha256_hex(prompts.template.source),
        "seed": sampling.seed,
        "max_tokens": sampling.max_tokens,
        "stop": list(sampling.stop),
        "thinking_tokens": sampling.thinking_tokens,
        "repeats": asking.repeats,
        "logprobs": asking.logprobs,
        "transport_retries": settings.persistence.retries,
        "limit": settings.limit,
    }


def _task(task: Task, prompts: Prompts, settings: RunSettings) -> dict[str, Any]:
    files = task.files
    return {
        "label": settings.label or task.name,
        "quantization_type": settings.quantization,
        "task_path": str(task.folder),
        "codebook_path": str(files.codebook),
        "ground_truth_path": str(files.ground_truth),
        "codebook_sha256": files.codebook_sha256,
        "ground_truth_sha256": files.ground_truth_sha256,
        "rows_sha256": rows_sha256(task, settings.limit),
        "codebook_hash": prompts.codebook.codebook_hash,
        "prompt_hashes": prompts.hashes,
        "prompt_git_hash": last_commit(task.folder, _prompt_files(task, settings)),
    }


def _prompt_files(task: Task, settings: RunSettings) -> list[Path]:
    """Return the files that prompts are made of."""
    template = settings.asking.template
    return [task.files.codebook, *([template] if template else [])]
