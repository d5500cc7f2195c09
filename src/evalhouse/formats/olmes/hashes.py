"""The writer's hashes of settings: MD5 over the Python JSON of what differs from the defaults.

A hash covers what was set, not what ran: equal hashes do not prove equal code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

Subject = Literal["task", "model"]


@cache
def _rules() -> dict[str, Any]:
    text = resources.files("evalhouse").joinpath("data/olmes_defaults.json").read_text("utf-8")
    rules: dict[str, Any] = json.loads(text)
    return rules


def settings_hash(settings: Mapping[str, Any], subject: Subject, *, legacy: bool = False) -> str:
    """Return the hash of task or model settings; `legacy` is the rule until August 2024."""
    rules = _rules()
    defaults, kept = rules[subject], {}
    always = set(rules["always_hashed_before_august_2024"]) if legacy else set()
    for key, given in settings.items():
        value = _comparable(key, given, defaults.get(key), rules["added_after_hash"])
        if key in always:
            kept[key] = given
        elif key != "metadata" and value != defaults.get(key):
            kept[key] = value
    return _md5(kept)


def _comparable(key: str, value: Any, default: Any, added: Iterable[str]) -> Any:
    if key == "model_path" and isinstance(value, list) and value:
        return value[0]
    if isinstance(value, dict):
        base = default or {}
        dropped = added if key == "metric_kwargs" else ()
        kept = {name: item for name, item in value.items() if base.get(name) != item}
        return {name: item for name, item in kept.items() if name not in dropped} or None
    return value


def suite_hash(member_hashes: Iterable[str]) -> str:
    """Return the hash of an aggregate, made from its members' task hashes in any order."""
    return _md5({"hashes": sorted(member_hashes)})


def _md5(value: Any) -> str:
    text = json.dumps(value, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
