"""One item whole: what was asked, what came back, how it was scored, where it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evalhouse.errors import UnknownNameError
from evalhouse.store import Reader
from evalhouse.views.names import find_run
from evalhouse.views.runs import require_task

_ITEM = """
SELECT run_id, model_id, prompt_id, task, doc_id, attempt, native_id, item_sha256, label,
    label_kind, answer, score, status, failure_reason, model_output, metrics, requests, inputs, doc
FROM items
WHERE run_id = $run AND task = $task
"""
_BY_NUMBER = _ITEM + "AND doc_id = $doc"
_BY_NATIVE_ID = _ITEM + "AND native_id = $doc"
_KNOWN = """
SELECT doc_id, native_id FROM items WHERE run_id = $run AND task = $task
ORDER BY doc_id LIMIT 1000
"""
_NAMES = """
SELECT model_name AS model, revision, short_id, runs.label AS run_label
FROM catalog.models, runs WHERE model_id = $model AND run_id = $run
"""
_LINES = """
SELECT source_file_id, line FROM {table}
WHERE run_id = $run AND task = $task AND doc_id = $doc
"""
_TABLES = ("responses", "requests", "inputs")
_PATHS = """
SELECT source_file_id, min(path) AS path, count(*) AS places FROM files
WHERE source_file_id IN (SELECT unnest($ids::VARCHAR[])) GROUP BY source_file_id
"""


@dataclass(frozen=True)
class Evidence:
    """Lines of a file from which an item was read."""

    table: str
    lines: tuple[int, ...]
    path: str | None  # None where the catalog does not list the file
    places: int  # where copies of the file were seen


@dataclass(frozen=True)
class Item:
    """One item of a task in a run; nested objects are JSON text as the source wrote them."""

    model: str | None
    revision: str | None
    short_id: str
    run_label: str | None
    run_id: str
    model_id: str | None
    prompt_id: str | None
    task: str
    doc_id: int | None
    attempt: int | None
    native_id: str | None
    item_sha256: str | None
    label: str | None
    label_kind: str | None
    answer: str | None
    score: float | None
    status: str | None
    failure_reason: str | None
    model_output: str | None
    metrics: str | None
    requests: str | None
    inputs: str | None
    doc: str | None
    evidence: tuple[Evidence, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the item as plain data."""
        return {**vars(self), "evidence": [vars(each) for each in self.evidence]}


def item(reader: Reader, name: str, task: str, doc: str | int) -> Item:
    """Show one item of a run by its number, else by its id in the data set.

    Raises UnknownNameError where run, task or item is not there.
    """
    run = find_run(reader, name)
    which = {"run": run.run_id, "task": require_task(reader, run.run_id, task)}
    row = _row(reader, which, str(doc))
    names = reader.sql(_NAMES, {"model": row["model_id"], "run": run.run_id}).to_pylist()
    told = names[0] if names else {"model": None, "revision": None}
    told |= {"short_id": run.short_id, "run_label": run.label}
    return Item(**told, **row, evidence=_evidence(reader, {**which, "doc": row["doc_id"]}))


def _row(reader: Reader, which: dict[str, Any], doc: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    if doc.isdecimal() and len(doc) < 19:  # fits into 64 bits
        found = reader.sql(_BY_NUMBER, {**which, "doc": int(doc)}).to_pylist()
    found = found or reader.sql(_BY_NATIVE_ID, {**which, "doc": doc}).to_pylist()
    if not found:
        known = reader.sql(_KNOWN, which).to_pylist()
        names = {str(value) for row in known for value in row.values() if value is not None}
        raise UnknownNameError("item of this task", doc, names)
    return found[0]


def _evidence(reader: Reader, which: dict[str, Any]) -> tuple[Evidence, ...]:
    lines: dict[tuple[str, str], list[int]] = {}
    for table in _TABLES:
        rows = reader.sql(_LINES.format(table=table), which).to_pylist()
        for row in rows:
            if row["source_file_id"] is not None and row["line"] is not None:
                lines.setdefault((table, row["source_file_id"]), []).append(row["line"])
    paths = _paths(reader, [source_file for _, source_file in lines])
    return tuple(
        Evidence(table, tuple(sorted(listed)), *paths.get(source_file, (None, 1)))
        for (table, source_file), listed in lines.items()
    )


def _paths(reader: Reader, ids: Sequence[str]) -> dict[str, tuple[str | None, int]]:
    rows = reader.sql(_PATHS, {"ids": sorted(set(ids))}).to_pylist()
    return {row["source_file_id"]: (row["path"], row["places"]) for row in rows}
