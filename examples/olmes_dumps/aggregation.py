"""From document metrics to task metrics, and from those to suites."""

from __future__ import annotations

import math
from random import Random
from typing import TYPE_CHECKING, Any

from examples.olmes_dumps.settings import settings_hash

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from examples.olmes_dumps.plans import Suite

Json = dict[str, Any]
_UNDECLARED = ("predicted_index", "correct_choice", "judge", "price")
_EXTRA = ("num_tokens", "max_tokens_reached", "no_answer", "answer_format_correct")
_BOTH_UNDEFINED = -999


def task_metrics(rows: Sequence[Json], primary: str) -> Json:
    """Means over documents, decided by the first; secondary ones go to `extra_metrics`."""
    metrics: Json = {}
    extra: Json = {}
    for key, first in rows[0].items():
        if key.startswith(_UNDECLARED) or not isinstance(first, (bool, int, float)):
            continue
        mean = sum(row[key] for row in rows) / len(rows)
        (extra if key in _EXTRA else metrics)[key] = mean
    if "price" in rows[0]:
        extra["total_price"] = sum(row["price"] for row in rows)
    if primary in metrics:
        metrics["primary_score"] = metrics[primary]
    if extra:
        metrics["extra_metrics"] = extra
    return metrics


def aggregate(suite: Suite, members: Sequence[Json]) -> Json:
    """The record of a suite over the records of its members."""
    first = members[0]
    used, metrics = (
        _best(members) if suite.rule == "mc_or_rc" else (None, _averages(suite, members))
    )
    metadata: Json = {
        "num_tasks": len(members),
        "description": "Aggregate metric",
        "alias": suite.name,
    }
    if suite.rule == "mc_or_rc":
        metadata["used_mc_or_rc"] = used
    hashes = {"hashes": sorted(member["task_hash"] for member in members)}
    record = {
        **first,
        "task_name": suite.name,
        "task_hash": settings_hash(hashes, {}),
        "task_config": {**first["task_config"], "primary_metric": suite.rule, "metadata": metadata},
        "processing_time": sum(member["processing_time"] for member in members),
        "num_instances": sum(member["num_instances"] for member in members),
        "metrics": metrics,
    }
    if "task_idx" in first:
        record["task_idx"] = None
    return record


def _best(members: Sequence[Json]) -> tuple[str | None, Json]:
    """The larger primary score of the pair (mc, rc), and which one it is."""
    mc, rc = (member["metrics"].get("primary_score", math.nan) for member in members)
    if math.isnan(mc) and math.isnan(rc):
        return None, {"primary_score": _BOTH_UNDEFINED}
    if math.isnan(rc) or mc >= rc:
        return "mc", {"primary_score": mc}
    return "rc", {"primary_score": rc}


def _averages(suite: Suite, members: Sequence[Json]) -> Json:
    sizes = [member["num_instances"] for member in members]
    merged = _merged([member["metrics"] for member in members], sizes)
    # OLMES walks a set here: no order can be relied on.
    keys = sorted(merged)
    Random(suite.name).shuffle(keys)
    metrics = {key: merged[key] for key in keys}
    if f"primary_score_{suite.rule}" in metrics:
        metrics["primary_score"] = metrics[f"primary_score_{suite.rule}"]
    extras = [member["metrics"].get("extra_metrics") for member in members]
    if all(extras):
        metrics["extra_metrics"] = _merged([extra for extra in extras if extra], sizes)
    return metrics


def _merged(metrics: Sequence[Mapping[str, Any]], sizes: Sequence[int]) -> Json:
    """Micro and macro means of what all members have; totals are summed."""
    merged: Json = {}
    for key, first in metrics[0].items():
        if not isinstance(first, (int, float)) or not all(key in other for other in metrics):
            continue
        values = [other[key] for other in metrics]
        if key.startswith("total_"):
            merged[key] = sum(values)
            continue
        weighted = sum(value * size for value, size in zip(values, sizes, strict=True))
        merged[f"{key}_micro"] = weighted / sum(sizes)
        merged[f"{key}_macro"] = sum(values) / len(values)
    return merged
