"""Which files are those of a run, or tables that runs share, by what they hold."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Sequence
from typing import Any

from evalhouse.formats.base import Claim
from evalhouse.formats.codebook_lab.layout import (
    ANSWERS,
    CHARACTERS,
    CONFIG,
    ENERGY,
    ENVIRONMENT,
    LONG_HEADER,
    MANIFEST,
    OUTPUT,
    SCORES,
    TIMING,
    TIMING_KEYS,
    TRACES,
)
from evalhouse.formats.files import HEAD_BYTES, FoundFile, read_head
from evalhouse.formats.lines import BOM
from evalhouse.tasks.statuses import STATUS_SUFFIX

TABLES = ("metrics-log", "metrics-log-classes", "metrics-log-runs")
"""Families of tables that runs share."""

_MARKS = {
    "config": ("model", "prompt_type", "use_examples", "process_textbox", "country_iso_code"),
    "timing": TIMING_KEYS,
    "characters": ("input_chars", "output_chars"),
    "scores": ("task", "ground_truth_sha256", "codebook_hash", "fields"),
    "manifest": ("run_id", "files"),
    "environment": ("python", "packages"),
    "traces": ("row_num", "annotation_name", "reasoning"),
}
_BEGINNINGS = {  # of what does not end where we stop reading
    "scores": re.compile(rb'\{\s*"task":\s*"(?:[^"\\]|\\.)*",\s*"ground_truth_sha256":'),
    "answers": re.compile(rb'\{"journal":\d+,"id":"'),
    "traces": re.compile(rb'\{"row_num": ?\d+, ?"annotation_name":'),
    "environment": re.compile(rb'\{\s*"evalhouse":\s*"[^"]*",\s*"python":'),
}
_HEADERS = {
    "emissions": ("project_name", "duration", "emissions", "energy_consumed"),
    "metrics-log-runs": ("run_id", "model_id", "prompt_type", "use_examples", "n_queries"),
    "metrics-log": LONG_HEADER,
}
_NAMED = {
    CONFIG: "config",
    TIMING: "timing",
    CHARACTERS: "characters",
    TRACES: "traces",
    ENERGY: "energy",
    ENVIRONMENT: "environment",
    SCORES: "scores",
    MANIFEST: "manifest",
    ANSWERS: "answers",
}
_REPORT = re.compile(r"^Classification Report for '(.*)':\s*$", re.MULTILINE)
_EVIDENCE = ("output", "answers", "traces", "scores")
"""What a run leaves beside its configuration; without any of it there is nothing to take in."""


def recognise(folder: Sequence[FoundFile]) -> list[Claim]:
    """Return the files of one folder that belong to a run, and the tables that runs share.

    A run is known by its configuration. A file that is too damaged to show what it is counts by
    its name, where the rest of the folder is that of a run.
    """
    heads = {file.path: read_head(file.path).removeprefix(BOM) for file in folder}
    found = {file.path: family_of(heads[file.path]) for file in folder}
    _add_damaged(folder, found)
    claims = [Claim(file, family) for file in folder if (family := found[file.path]) in TABLES]
    if "config" in found.values():
        _add_output(folder, found, heads)
        _add_listed(folder, found, heads)
        if any(family in _EVIDENCE for family in found.values()):
            claims += [
                Claim(file, family)
                for file in folder
                if (family := found[file.path]) and family not in (*TABLES, "table")
            ]
    return sorted(claims, key=lambda claim: claim.file.name)


def family_of(head: bytes) -> str | None:
    """Return what a file holds by its beginning; `table` is a CSV file of any other kind."""
    text = head.lstrip()
    if text.startswith(b"{"):
        return _of_object(text, is_whole=len(head) < HEAD_BYTES)
    if _REPORT.match(text[:4096].decode("utf-8", "replace").split("\n", 1)[0]):
        return "reports"
    columns = header_of(head)
    if not columns:
        return None
    for family, marks in _HEADERS.items():
        if set(marks) <= set(columns):
            is_classes = family == "metrics-log" and "class" in columns
            return "metrics-log-classes" if is_classes else family
    return "table"


def header_of(head: bytes) -> tuple[str, ...]:
    """Return the columns of a CSV file by its beginning; none where it is none."""
    lines = head.removeprefix(BOM).decode("utf-8", "replace").split("\n")
    try:
        row = next(csv.reader([f"{line}\n" for line in lines], strict=True), [])
    except csv.Error:
        return ()
    is_table = len(row) > 1 and all(name.isprintable() or "\n" in name for name in row)
    return tuple(name.removesuffix("\r") for name in row) if is_table else ()


def reported(text: str) -> list[str]:
    """Return the columns that the reports of a run are about."""
    return _REPORT.findall(text)


def _of_object(text: bytes, *, is_whole: bool) -> str | None:
    value = _first_value(text, is_whole=is_whole)
    if isinstance(value, dict):
        known = next((name for name, marks in _MARKS.items() if set(marks) <= set(value)), None)
        if known:
            return known
        if _is_energy(value):
            return "energy"
    return next((name for name, begin in _BEGINNINGS.items() if begin.match(text)), None)


def _is_energy(value: dict[str, Any]) -> bool:
    sessions = value.get("sessions")
    first = sessions[0] if isinstance(sessions, list) and sessions else None
    return isinstance(first, dict) and isinstance(first.get("energy"), dict)


def _first_value(text: bytes, *, is_whole: bool) -> Any:
    line = text.split(b"\n", 1)[0]
    for piece in (line, text) if is_whole else (line,):
        try:
            return json.loads(piece)
        except (ValueError, RecursionError):
            continue
    return None


def _add_damaged(folder: Sequence[FoundFile], found: dict[str, str | None]) -> None:
    """Count what is too damaged to tell by its name, among sound files of a run."""
    families = set(found.values())
    if "config" in families or {"timing", "characters"} <= families or "answers" in families:
        for file in folder:
            family = _NAMED.get(file.name)
            if found[file.path] in (None, "table") and family not in families:
                found[file.path] = family or found[file.path]


def _add_output(
    folder: Sequence[FoundFile], found: dict[str, str | None], heads: dict[str, bytes]
) -> None:
    """Tell the table of answers from others that lie beside it."""
    tables = {file: header_of(heads[file.path]) for file in folder if found[file.path] == "table"}
    fields = _fields(folder, found, heads)
    ranked = sorted(tables, key=lambda file: (-_fit(tables[file], fields), file.name))
    best = next(iter(ranked), None)
    if best is None:
        return
    if not _fit(tables[best], fields):
        # Nothing tells the fields: a run that was stopped. Its name decides, else being alone.
        named = [file for file in ranked if file.name == OUTPUT]
        lone = [best] if len(ranked) == 1 and any("_" in name for name in tables[best]) else []
        best = next(iter([*named, *lone]), None)
    if best is not None:
        found[best.path] = "output"


def _add_listed(
    folder: Sequence[FoundFile], found: dict[str, str | None], heads: dict[str, bytes]
) -> None:
    """Count whatever else the manifest of the run lists."""
    manifests = (heads[path] for path, family in found.items() if family == "manifest")
    for head in manifests:
        value = _first_value(head.lstrip(), is_whole=True)
        names = value.get("files") if isinstance(value, dict) else None
        for file in folder:
            if isinstance(names, dict) and file.name in names and found[file.path] is None:
                found[file.path] = "listed"


def _fit(columns: tuple[str, ...], fields: set[str]) -> int:
    """Return how many columns are fields: known as such, or with a column of statuses."""
    return sum(name in fields or f"{name}{STATUS_SUFFIX}" in columns for name in columns)


def _fields(
    folder: Sequence[FoundFile], found: dict[str, str | None], heads: dict[str, bytes]
) -> set[str]:
    fields: set[str] = set()
    for file in folder:
        head, family = heads[file.path], found[file.path]
        if family == "reports":
            fields.update(reported(head.decode("utf-8", "replace")))
        elif family == "config":
            fields.update(prompt_hashes(_first_value(head.lstrip(), is_whole=True)))
        elif family == "traces":
            first = _first_value(head, is_whole=False)
            if isinstance(first, dict):
                fields.add(str(first.get("annotation_name")))
    return fields


def prompt_hashes(config: Any) -> dict[str, str]:
    """Return the hashes of the prompts that a configuration states, by column."""
    found = config.get("prompt_hashes") if isinstance(config, dict) else None
    return {str(key): str(text) for key, text in found.items()} if isinstance(found, dict) else {}
