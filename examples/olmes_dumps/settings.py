"""Settings of models and tasks, and the hashes that OLMES takes of them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODEL_DEFAULTS: dict[str, Any] = {
    "model": None,
    "model_type": "hf",
    "revision": None,
    "trust_remote_code": None,
    "tokenizer": None,
    "max_length": 2048,
    "model_path": None,
    "load_in_4bit": False,
    "load_in_8bit": False,
    "quantization_config": None,
    "dtype": "auto",
    "use_fast_tokenizer": True,
    "add_bos_token": False,
    "prefix_token_id": None,
    "parallelize": False,
    "device_map_option": "auto",
    "peft": None,
    "delta": None,
    "autogptq": False,
    "chat_model": False,
    "chat_template": None,
    "max_model_len": None,
    "vllm_for_mc": False,
    "vllm_logit_bias": None,
    "gpu_memory_utilization": None,
    "process_output": None,
    "custom_kwargs": None,
    "api_base_url": None,
}
TASK_DEFAULTS: dict[str, Any] = {
    "task_name": None,
    "task_core": None,
    "limit": None,
    "split": None,
    "num_shots": 0,
    "fewshot_seed": 1234,
    "primary_metric": None,
    "random_subsample_seed": 1234,
    "context_kwargs": None,
    "generation_kwargs": None,
    "metric_kwargs": None,
    "native_id_field": "id",
    "fewshot_source": None,
    "dataset_path": None,
    "dataset_name": None,
    "use_chat_format": None,
    "version": None,
    "revision": None,
    "compute_gold_bpb": False,
    "external_eval": None,
    "custom_kwargs": None,
    "skip_model_judges": None,
    "model_max_length": None,
}
LEGACY_KEYS = ("model_path", "metadata", "dataset_path")
"""Keys that were hashed whatever their value until August 2024."""


def non_default(
    config: Mapping[str, Any], defaults: Mapping[str, Any], *, always: Sequence[str] = ()
) -> dict[str, Any]:
    """The settings that differ from their defaults, in their order; objects key by key."""
    kept: dict[str, Any] = {}
    for key, given in config.items():
        if key in always:
            kept[key] = given
            continue
        if key == "metadata":
            continue
        default = defaults.get(key)
        value = given[0] if key == "model_path" and isinstance(given, list) and given else given
        if isinstance(value, dict):
            base = default or {}
            value = {sub: item for sub, item in value.items() if item != base.get(sub)} or None
        if value != default:
            kept[key] = value
    return kept


def settings_hash(
    config: Mapping[str, Any], defaults: Mapping[str, Any], *, always: Sequence[str] = ()
) -> str:
    """MD5 of the non-default settings as sorted JSON: what OLMES writes as task or model hash."""
    text = json.dumps(non_default(config, defaults, always=always), sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
