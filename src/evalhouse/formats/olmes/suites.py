"""Aggregates: which records a suite was made from, and what it should come to.

A record does not list its members, but its hash is made from theirs: a set of members whose
hash fits is certain.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalhouse.formats.olmes.hashes import suite_hash
from evalhouse.formats.olmes.record import Record

_COPIED_OVER = {"metadata", "task_name", "primary_metric"}
_SUMMED = "total_"
_UNDEFINED = -999.0
_MOST_SETS = 2000  # sets of members that are tried when no rule of thumb fits


def find_members(suite: Record, records: Sequence[Record]) -> list[Record] | None:
    """Return the members of an aggregate in order, certain by hash; None where none fit.

    Members stand together in a launch and the aggregate copies the first one's settings, so few
    sets need to be tried.
    """
    others = [record for record in records if record is not suite and record.task_hash is not None]
    wanted = suite.metadata.get("num_tasks")
    for group in _groups(suite, others, wanted if isinstance(wanted, int) else None):
        if suite_hash(str(record.task_hash) for record in group) == suite.task_hash:
            return group
    return None


def _groups(suite: Record, records: Sequence[Record], size: int | None) -> list[list[Record]]:
    leaves = [record for record in records if not record.is_aggregate]
    groups = []
    for row in (leaves, [record for record in records if record.is_aggregate], list(records)):
        sizes = [size] if size else range(len(row), 0, -1)
        starts = [place for place, record in enumerate(row) if _is_first(suite, record)]
        groups += [row[start : start + count] for count in sizes for start in starts]
    alike = [record for record in leaves if _regime(record) == _regime(suite)]
    core = suite.alias.split(":")[0]
    groups.append(alike)
    groups.append([record for record in alike if record.task_name.startswith(core)])
    groups.append([record for record in leaves if record.task_name.split(":")[0].startswith(core)])
    nested = [record for record in records if record.is_aggregate]
    groups.append([record for record in nested if record.alias.split(":")[0] == core])
    groups.append([record for record in nested if _regime(record) == _regime(suite)])
    for pool in (nested, alike):
        if size and math.comb(len(pool), size) <= _MOST_SETS:
            groups += map(list, itertools.combinations(pool, size))
    return [group for group in groups if group and (size is None or len(group) == size)]


def _is_first(suite: Record, member: Record) -> bool:
    ours, theirs = suite.part("task_config"), member.part("task_config")
    names = (set(ours) | set(theirs)) - _COPIED_OVER
    return all(ours.get(name) == theirs.get(name) for name in names)


def _regime(record: Record) -> str:
    """Return all of an alias behind its core, such as `rc::olmes`."""
    return record.alias.partition(":")[2]


def leaf_metrics(suite: Record, records: Sequence[Record]) -> list[str]:
    """Return the primary metrics of the tasks that a suite rests on, through suites of suites."""
    found = []
    for member in find_members(suite, records) or []:
        if member.is_aggregate:
            found += leaf_metrics(member, records)
        else:
            found.append(member.primary_metric or "")
    return found


@dataclass(frozen=True)
class Member:
    """What an aggregate takes from a member."""

    alias: str
    num_instances: int
    metrics: dict[str, Any]


def member_of(record: Record) -> Member:
    """Return what an aggregate takes from a record."""
    return Member(record.alias, record.num_instances or 0, record.part("metrics"))


def aggregate(members: Sequence[Member], rule: str) -> dict[str, Any]:
    """Return the metrics of an aggregate by the writer's rules, nested as in a record.

    `macro` and `micro` average every numeric metric that all members have, `mc_or_rc` takes the
    better of two; keys that start with `total_` are summed.
    """
    if rule == "mc_or_rc":
        return {
            "primary_score": _better([member.metrics.get("primary_score") for member in members])
        }
    weights = [member.num_instances for member in members]
    merged = _merge([member.metrics for member in members], weights)
    chosen = merged.get(f"primary_score_{rule}")
    if chosen is not None:
        merged["primary_score"] = chosen
    extra = [member.metrics.get("extra_metrics") for member in members]
    if all(isinstance(item, dict) for item in extra):
        together = _merge([item for item in extra if isinstance(item, dict)], weights)
        if together:
            merged["extra_metrics"] = together
    return merged


def _merge(metrics: Sequence[dict[str, Any]], weights: Sequence[int]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for key, sample in metrics[0].items():
        values = [item.get(key) for item in metrics]
        if isinstance(sample, str) or not all(isinstance(value, (int, float)) for value in values):
            continue
        numbers = [float(value) for value in values if value is not None]
        if key.startswith(_SUMMED):
            merged[key] = sum(numbers)
            continue
        total = sum(weights)
        weighted = sum(value * weight for value, weight in zip(numbers, weights, strict=True))
        merged[f"{key}_micro"] = weighted / total if total else math.nan
        merged[f"{key}_macro"] = sum(numbers) / len(numbers)
    return merged


def _better(scores: Sequence[Any]) -> float:
    numbers = [float(score) for score in scores if isinstance(score, (int, float))]
    defined = [score for score in numbers if not math.isnan(score)]
    return max(defined) if defined else _UNDEFINED


def flat_metrics(metrics: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Return (scope type, name, value) of every metric; nested objects are scopes of their own."""
    found: list[tuple[str, str, Any]] = []
    for name, value in metrics.items():
        if isinstance(value, dict):
            found += [(name, _path(inner, key), item) for inner, key, item in _deeper(value)]
        else:
            found.append(("task", name, value))
    return found


def _deeper(metrics: dict[str, Any], above: str = "") -> list[tuple[str, str, Any]]:
    found = []
    for key, value in metrics.items():
        if isinstance(value, dict):
            found += _deeper(value, _path(above, key))
        else:
            found.append((above, key, value))
    return found


def _path(above: str, key: str) -> str:
    return f"{above}.{key}" if above else key


def dumps(members: Sequence[Member]) -> str:
    """Render members for a unit's detail."""
    return json.dumps([[member.alias, member.num_instances, member.metrics] for member in members])


def loads(text: str) -> list[Member]:
    """Read what `dumps` rendered."""
    return [Member(*item) for item in json.loads(text)]
