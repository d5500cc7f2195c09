"""The record of a task: twelve keys, its settings and their hashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from examples.olmes_dumps import decoys
from examples.olmes_dumps.aggregation import task_metrics
from examples.olmes_dumps.prompts import UNCOND_OFFSET
from examples.olmes_dumps.settings import (
    LEGACY_KEYS,
    MODEL_DEFAULTS,
    TASK_DEFAULTS,
    non_default,
    settings_hash,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from examples.olmes_dumps.plans import Era, RunPlan, Task

Json = dict[str, Any]
_GENERATED = ("word_problem", "passage", "code", "puzzle", "reasoning", "essay")
_STALE_DATE = "2025-09-30"
_LARGEST_LIMIT = 10**19
"""What DataDecide wrote for "no limit": more than 64 bits hold."""


def hashed_keys(era: Era) -> tuple[str, ...]:
    """Keys that this era hashes whatever their value."""
    return LEGACY_KEYS if era == "2024-06" else ()


def model_config(plan: RunPlan) -> Json:
    """Settings of the model, as the run states them."""
    config: Json = {
        "model": plan.model,
        "revision": plan.revision,
        "trust_remote_code": None,
        "max_length": 4096,
        "model_path": None,
        "model_type": "vllm" if plan.era == "2025" else "hf",
        **plan.model_settings,
    }
    if plan.chat:
        config["chat_model"] = True
    if "secrets" in plan.accidents:
        config["custom_kwargs"] = {"api_key": decoys.provider_key()}
    return config


def model_hash(plan: RunPlan) -> str:
    """OLMES's hash of the model settings."""
    return settings_hash(model_config(plan), MODEL_DEFAULTS, always=hashed_keys(plan.era))


@dataclass(frozen=True)
class Recorder:
    """Makes the record of one task of a run."""

    task: Task
    plan: RunPlan
    index: int

    def config(self) -> Json:
        """Task settings, with what OLMES adds after it took the hash."""
        config = self._hashed_config()
        if self.task.has_twins:
            own = config["metric_kwargs"] or {}
            config["metric_kwargs"] = {**own, "uncond_docid_offset": UNCOND_OFFSET}
        return config

    def task_hash(self) -> str:
        """OLMES's hash of the task settings."""
        always = hashed_keys(self.plan.era)
        return settings_hash(self._hashed_config(), TASK_DEFAULTS, always=always)

    def record(self, rows: Sequence[Json]) -> Json:
        """The record over these document metrics."""
        record: Json = {
            "task_name": self.task.name,
            "task_hash": self.task_hash(),
            "model_hash": model_hash(self.plan),
            "model_config": model_config(self.plan),
            "task_config": self.config(),
            "compute_config": self._compute_config(),
            "processing_time": 12.5 + self.index + 0.03125 * len(rows),
            "current_date": self._date(),
            "num_instances": len(rows),
        }
        if self.plan.era == "2025":
            record["beaker_info"] = self._beaker_info()
        record["metrics"] = task_metrics(rows, self.task.primary_metric)
        if self.plan.era != "2024-06":
            record["task_idx"] = self.index
        return record

    def _hashed_config(self) -> Json:
        task = self.task
        config: Json = dict(TASK_DEFAULTS)
        config.update(
            task_name=task.name,
            task_core=task.core,
            limit=_LARGEST_LIMIT if self.plan.era == "2024-12" else None,
            split="test",
            num_shots=task.shots,
            primary_metric=task.primary_metric,
            native_id_field=task.id_field,
            fewshot_source=f"OLMES:{task.core}" if task.shots else None,
            dataset_path=f"made-up/{task.core}",
            use_chat_format=True if self.plan.chat else None,
            version=0,
        )
        if task.kind in _GENERATED:
            config["generation_kwargs"] = {
                "max_gen_toks": 512,
                "temperature": 0.8 if task.repeats > 1 else 0.0,
                "do_sample": task.repeats > 1,
                "stop_sequences": ["\n\n", "Question:"],
                "repeats": task.repeats,
            }
        config.update(task.settings)
        config["metadata"] = {"regimes": ["OLMES-v0.2"], "alias": task.alias}
        return config

    @property
    def _is_stale(self) -> bool:
        return "stale" in self.plan.accidents and self.task is self.plan.tasks[0]

    def _date(self) -> str:
        day = _STALE_DATE if self._is_stale else self.plan.date
        hours, minutes = divmod(self.index, 60)
        return f"{day} {hours:02d}:{minutes:02d}:00 UTC"

    def _compute_config(self) -> Json:
        config: Json = {
            "batch_size": "16",
            "max_batch_size": 32,
            "output_dir": "/results/earlier" if self._is_stale else "/results",
            "num_recorded_inputs": self.plan.recorded,
            "save_raw_requests": "requests" in self.plan.files,
            "recompute_metrics": False,
        }
        if "secrets" in self.plan.accidents:
            config["headers"] = {"Authorization": decoys.bearer_header()}
        return config

    def _beaker_info(self) -> dict[str, str]:
        info = {"GIT_REF": ("e" if self._is_stale else "0") * 40, "BEAKER_JOB_KIND": "batch"}
        if "secrets" in self.plan.accidents:
            info["BEAKER_ASSIGNED_KEY"] = decoys.cloud_key()
        return info


def summary(plan: RunPlan, records: Sequence[Json]) -> Json:
    """What `metrics.json` says: primary scores to six digits, settings that are no defaults."""
    scores = []
    for record in records:
        score = record["metrics"].get("primary_score")
        shown = "NA" if score is None else f"{score:.6}" if isinstance(score, float) else str(score)
        scores.append(f"{_alias(record)}: {shown}")
    return {
        "all_primary_scores": scores,
        _tasks_key(plan): [_summed(plan, record) for record in records],
        "model_config": non_default(model_config(plan), MODEL_DEFAULTS),
    }


def _tasks_key(plan: RunPlan) -> str:
    return "metrics" if plan.era == "2024-06" else "tasks"


def _alias(record: Json) -> str:
    return str(record["task_config"]["metadata"]["alias"])


def _summed(plan: RunPlan, record: Json) -> Json:
    config = record["task_config"]
    if plan.era == "2024-06":
        return {
            "task": _alias(record),
            **record["metrics"],
            "num_instances": record["num_instances"],
            "task_config": config,
        }
    return {
        "alias": _alias(record),
        "metrics": record["metrics"],
        "num_instances": record["num_instances"],
        "processing_time": record["processing_time"],
        "task_config": {
            **non_default(config, TASK_DEFAULTS),
            "metadata": config["metadata"],
        },
    }
