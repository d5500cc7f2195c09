"""Which files are OLMES's, by what they hold; a name decides only where content cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from evalhouse.formats.base import Claim
from evalhouse.formats.files import HEAD_BYTES, FoundFile, read_head
from evalhouse.formats.lines import BOM
from evalhouse.formats.olmes.names import Stem

ROW_FAMILIES = ("predictions", "requests", "recorded-inputs")
_ENDING = re.compile(r"\.jsonl?(\.gz|\.zst)?$")
_ROW_MARKS = {
    "predictions": ("doc_id", "metrics", "model_output"),
    "requests": ("request_type", "doc", "request", "doc_id"),
    "recorded-inputs": ("doc", "requests", "doc_id"),
}
_MARKS = {
    "verbose-metrics": ("token_count_avg_logits_by_domain",),
    "config": ("task_name", "task_core", "metadata"),
    "summary": ("all_primary_scores", "tasks"),
}
_NAMED = rb'\s*\{\s*"task_name"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*'
_FIRST_KEYS = {  # of an object that does not end where we stop reading
    "record": re.compile(_NAMED + rb'"task_hash"\s*:'),
    "config": re.compile(_NAMED + rb'"task_core"\s*:'),
    "summary": re.compile(rb'\s*\{\s*"all_primary_scores"\s*:\s*\['),
    "verbose-metrics": re.compile(rb'\s*\{\s*"token_count_avg_logits_by_domain"\s*:'),
    "predictions": re.compile(rb'\s*\{\s*"doc_id"\s*:.{0,400}?"metrics"\s*:', re.DOTALL),
    "requests": re.compile(rb'\s*\{\s*"request_type"\s*:\s*"[a-z_]+"\s*,\s*"doc"\s*:', re.DOTALL),
}
_VESTIGES = ("all_primary_scores", "tasks", "model_config", "metrics")


def recognise(folder: Sequence[FoundFile]) -> list[Claim]:
    """Return the files of one folder that OLMES wrote.

    A file that is too damaged to show what it is counts by its name, if a sound one stands
    beside it.
    """
    claims, doubtful = [], []
    for file in folder:
        if not _ENDING.search(file.name):
            continue
        head = read_head(file.path)
        family = _by_content(head, file)
        if family:
            claims.append(Claim(file, family, head if family == "predictions" else b""))
        elif (named := Stem.of(file.name)) and named[1] in ROW_FAMILIES:
            doubtful.append(Claim(file, named[1]))
    return sorted([*claims, *doubtful], key=lambda claim: claim.file.name) if claims else []


def _by_content(head: bytes, file: FoundFile) -> str | None:
    text = head.removeprefix(BOM).lstrip()
    if text.startswith(b'"'):
        return "vestige" if _is_vestige(text) else None
    value = _first_value(text, whole=len(head) < HEAD_BYTES)
    if not isinstance(value, dict):
        family = next((name for name, keys in _FIRST_KEYS.items() if keys.match(text)), None)
        return _record_family(text, file.name) if family == "record" else family
    return _of_object(value, text, file.name)


def _of_object(value: dict[str, Any], text: bytes, name: str) -> str | None:
    for family, marks in _ROW_MARKS.items():
        if all(mark in value for mark in marks):
            return family
    if "task_name" in value and isinstance(value.get("metrics"), dict):
        return _record_family(text, name)
    for family, keys in _MARKS.items():
        if all(key in value for key in keys):
            return family
    return "summary" if _is_old_summary(value) else None


def _is_old_summary(value: dict[str, Any]) -> bool:
    tasks = value.get("metrics")
    if not isinstance(tasks, list) or not set(value) <= set(_VESTIGES):
        return False
    return bool(tasks) and isinstance(tasks[0], dict) and "task" in tasks[0]


def _record_family(text: bytes, name: str) -> str:
    """Tell a task's own record from the records of a whole launch."""
    stem = Stem.of(name)
    if stem and stem[1] == "metrics":
        return "metrics"
    return "metrics-all" if "metrics-all" in name or b"\n" in text.strip() else "metrics"


def _first_value(text: bytes, *, whole: bool) -> Any:
    line = text.split(b"\n", 1)[0]
    for piece in (line, text) if whole else (line,):
        try:
            return json.loads(piece)
        except (ValueError, RecursionError):
            continue
    return None


def _is_vestige(text: bytes) -> bool:
    return _all_known(line.strip() for line in text.split(b"\n")[:8] if line.strip())


def _all_known(lines: Iterable[bytes]) -> bool:
    return all(line.strip(b'"').decode("utf-8", "replace") in _VESTIGES for line in lines)
