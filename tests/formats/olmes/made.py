"""Records as OLMES writes them, of as few settings as a test needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from evalhouse.formats.olmes.hashes import settings_hash, suite_hash
from evalhouse.formats.olmes.record import Record

MODEL = {"model": "o/m", "revision": "main"}


def task_value(alias: str, **changes: Any) -> dict[str, Any]:
    """Return the content of a task's record, with its hashes."""
    settings = {"num_shots": 5, "primary_metric": "acc_raw", **changes.pop("settings", {})}
    name = alias.partition(":")[0]
    config = {"task_name": name, **settings, "metadata": {"alias": alias}}
    return {
        "task_name": name,
        "task_hash": settings_hash(config, "task"),
        "model_hash": settings_hash(MODEL, "model"),
        "model_config": MODEL,
        "task_config": config,
        "compute_config": {},
        "processing_time": 60.0,
        "current_date": "2025-11-03 10:00:00 UTC",
        "num_instances": 10,
        "beaker_info": {},
        "metrics": {"acc_raw": 0.5, "primary_score": 0.5},
        "task_idx": 0,
        **changes,
    }


def suite_value(
    alias: str, members: Sequence[Record], rule: str = "macro", **changes: Any
) -> dict[str, Any]:
    """Return the content of an aggregate's record: the first member's settings, all hashes."""
    first = members[0].value
    metadata = {"num_tasks": len(members), "alias": alias}
    return {
        **first,
        "task_name": alias,
        "task_hash": suite_hash(str(member.task_hash) for member in members),
        "task_config": {**first["task_config"], "metadata": metadata, "primary_metric": rule},
        "num_instances": sum(member.num_instances or 0 for member in members),
        "task_idx": None,
        **changes,
    }


def task(alias: str, **changes: Any) -> Record:
    """Return a task's record."""
    return as_record(task_value(alias, **changes))


def suite(alias: str, members: Sequence[Record], rule: str = "macro", **changes: Any) -> Record:
    """Return an aggregate's record."""
    return as_record(suite_value(alias, members, rule, **changes))


def as_record(value: Any, *, path: str = "metrics-all.jsonl", line: int = 1) -> Record:
    """Return a record of some content."""
    return Record(json.dumps(value), path=path, line=line)
