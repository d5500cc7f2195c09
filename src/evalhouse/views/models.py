"""The models of a house: what is known of each, and what about them waits for a person."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.records import Model
from evalhouse.store import Reader

SHORTEST_PREFIX = 4
_SHORTEST_HASH = 8
_SHOWN = 6

_LIST = """
SELECT model.provider, model.model_name AS model, model.model_version AS version, model.revision,
    model.quantization, model.creator, model.architecture, model.file_format,
    model.parameter_count AS parameters, model.active_parameter_count AS active_parameters,
    model.context_length, model.provisional, coalesce(cells.runs, 0) AS runs,
    coalesce(waiting.conflicts, 0) AS conflicts, model.model_hash, model.model_id
FROM models AS model
LEFT JOIN (
    SELECT model_id, count(DISTINCT run_id) AS runs FROM run_model_metrics GROUP BY model_id
) AS cells ON cells.model_id = model.model_id
LEFT JOIN (
    SELECT model_id, count(*) AS conflicts FROM model_conflicts WHERE state = 'open'
    GROUP BY model_id
) AS waiting ON waiting.model_id = model.model_id
ORDER BY model.model_name, model.model_version, model.revision, model.provider, model.model_id
"""
_NAMES = """
SELECT model_id, provider, model_name, model_version, revision, quantization, model_hash FROM models
"""
_ALIASES = """
SELECT alias_id, model_id, alias_name, reason, decided_by, decided_at FROM model_aliases
ORDER BY decided_at, alias_name, alias_id
"""
_FACTS = "SELECT * FROM models WHERE model_id = $model"
_COMPUTE = """
SELECT flops_per_token_theoretical, gflops_per_token, bits_per_weight, weights_memory_bytes
FROM model_compute WHERE model_id = $model
"""
_SOURCES = """
SELECT url, kind.name AS kind, source_metadata, updated
FROM model_sources LEFT JOIN source_types AS kind USING (source_type_id)
WHERE model_id = $model
QUALIFY row_number() OVER (PARTITION BY url ORDER BY updated DESC NULLS LAST) = 1
ORDER BY url
"""
_RUNS = """
SELECT short_id AS run, label, status, started_at, count(*) AS results
FROM run_model_metrics JOIN runs USING (run_id)
WHERE model_id = $model
GROUP BY short_id, label, status, started_at
ORDER BY started_at DESC NULLS LAST, run
"""
_CONFLICTS = """
SELECT conflict.conflict_id, conflict.kind, conflict.state, conflict.difference, conflict.origin,
    conflict.note, conflict.seen_at, conflict.decided_by, conflict.decided_at, conflict.model_id,
    conflict.other_model_id, model.model_name AS model
FROM model_conflicts AS conflict
LEFT JOIN models AS model ON model.model_id = conflict.model_id
ORDER BY conflict.seen_at, conflict.conflict_id
"""


@dataclass(frozen=True)
class ModelList:
    """Every model, by name."""

    rows: pa.Table

    def to_arrow(self) -> pa.Table:
        """Return one row a model."""
        return self.rows


@dataclass(frozen=True)
class ModelSource:
    """A place where a model is had."""

    url: str
    kind: str | None
    metadata: Any
    updated: datetime | None


@dataclass(frozen=True)
class ModelAlias:
    """Another id of a model."""

    alias_id: str
    name: str | None
    reason: str
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True)
class ModelRun:
    """A run with results of a model."""

    run: str
    label: str | None
    status: str
    started_at: datetime | None
    results: int


@dataclass(frozen=True)
class Compute:
    """What a model costs to run: operations per token, and memory of its weights in bytes."""

    flops_per_token_theoretical: int | None = None
    gflops_per_token: float | None = None
    bits_per_weight: float | None = None
    weights_memory_bytes: int | None = None


@dataclass(frozen=True)
class FieldDifference:
    """A field that two sources see differently."""

    field: str
    stored: Any
    arrived: Any
    taken: Any = None  # what a person chose in the place of both


@dataclass(frozen=True)
class ConflictLine:
    """A conflict in short."""

    conflict_id: str
    kind: str
    state: str
    model: str | None
    model_id: str
    fields: tuple[str, ...]
    origin: str | None
    seen_at: datetime


@dataclass(frozen=True)
class ConflictPage:
    """A conflict, field by field; `other_model_id` is None where there is one model."""

    conflict_id: str
    kind: str
    state: str
    model: str | None
    model_id: str
    other_model_id: str | None
    differences: tuple[FieldDifference, ...]
    origin: str | None
    seen_at: datetime
    note: str | None
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True)
class ModelPage:
    """Everything that is known of a model; `facts` are the columns of `models`."""

    model_id: str
    name: str
    facts: Mapping[str, Any]
    stated: Mapping[str, Any]
    compute: Compute
    sources: tuple[ModelSource, ...]
    aliases: tuple[ModelAlias, ...]
    conflicts: tuple[ConflictLine, ...]
    runs: tuple[ModelRun, ...]


def models(reader: Reader) -> ModelList:
    """List the models; those that stand for another are seen as that one."""
    return ModelList(reader.sql(_LIST))


def model(reader: Reader, name: str) -> ModelPage:
    """Show a model by id, alias, hash or name.

    Raises UnknownNameError where there is none, UsageError where there are several.
    """
    model_id = find_model(reader, name)
    which = {"model": model_id}
    [row] = reader.sql(_FACTS, which).to_pylist()
    [compute] = reader.sql(_COMPUTE, which).to_pylist()
    aliases = [each for each in reader.sql(_ALIASES).to_pylist() if each["model_id"] == model_id]
    return ModelPage(
        model_id=model_id,
        name=row["model_name"],
        facts={key: value for key, value in row.items() if key != "stated"},
        stated=_object(row["stated"]),
        compute=Compute(**compute),
        sources=tuple(
            ModelSource(
                each["url"], each["kind"], _object(each["source_metadata"]), each["updated"]
            )
            for each in reader.sql(_SOURCES, which).to_pylist()
        ),
        aliases=tuple(
            ModelAlias(
                each["alias_id"],
                each["alias_name"],
                each["reason"],
                each["decided_by"],
                each["decided_at"],
            )
            for each in aliases
        ),
        conflicts=tuple(_line(each) for each in _conflicts(reader) if _concerns(each, model_id)),
        runs=tuple(ModelRun(**each) for each in reader.sql(_RUNS, which).to_pylist()),
    )


def conflicts(reader: Reader, *, decided: bool = False) -> list[ConflictLine]:
    """List open conflicts in the order of their arising, and decided ones if they are wanted."""
    found = _conflicts(reader)
    return [_line(each) for each in found if decided or each["state"] == "open"]


def conflict(reader: Reader, name: str) -> ConflictPage:
    """Show a conflict by its id or the beginning of it.

    Raises UnknownNameError where there is none, UsageError where there are several.
    """
    rows = _conflicts(reader)
    lower = name.lower()
    found = [row for row in rows if row["conflict_id"] == lower]
    if not found and len(lower) >= SHORTEST_PREFIX:
        found = [row for row in rows if row["conflict_id"].startswith(lower)]
    if not found:
        known = [row["conflict_id"][:8] for row in rows]
        advice = "`evalhouse models conflicts --all` lists them"
        raise UnknownNameError("conflict", name, known, advice)
    if len(found) > 1:
        listed = ", ".join(f"`{row['conflict_id']}`" for row in found)
        raise UsageError(f"`{name}` begins {len(found)} conflicts: {listed}; give more of the id")
    row = found[0]
    difference = _object(row.pop("difference"))
    return ConflictPage(
        **row,
        differences=tuple(
            FieldDifference(
                _plain(field), both.get("stored"), both.get("arrived"), both.get("taken")
            )
            for field, both in difference.items()
        ),
    )


def find_model(reader: Reader, name: str) -> str:
    """Return the id of the model that a name means: id, alias, hash, or name at its provider.

    Raises UnknownNameError where there is none, UsageError where there are several.
    """
    rows = reader.sql(_NAMES).to_pylist()
    there = {row["model_id"] for row in rows}
    lower = name.strip().lower()
    aliases = reader.sql(_ALIASES).to_pylist()
    ends = {each["alias_id"]: each["model_id"] for each in aliases}
    if (end := _end(ends, lower)) in there:
        return end
    found = [row["model_id"] for row in rows if _means(row, name)]
    found = found or [
        _end(ends, each["alias_id"]) for each in aliases if each["alias_name"] == name
    ]
    found = found or [row["model_id"] for row in rows if _begins(row, lower)]
    distinct = [each for each in dict.fromkeys(found) if each in there]
    if not distinct:
        known = {row["model_name"] for row in rows}
        raise UnknownNameError("model", name, known, "`evalhouse models list` lists them")
    if len(distinct) > 1:
        texts = [_title(row) for row in rows if row["model_id"] in distinct]
        more = f" and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
        raise UsageError(
            f"`{name}` means {len(texts)} models: {', '.join(texts[:_SHOWN])}{more}; give an id"
        )
    return str(distinct[0])


def stored(reader: Reader, name: str) -> Model:
    """Return what tells a model from others, as it is stored, by what `find_model` takes."""
    columns = "model_id, provider, model_name, model_version, revision, adapter_hash, provisional"
    sql = f"SELECT {columns} FROM catalog.models WHERE model_id = $id"  # noqa: S608 - our own names
    (row,) = reader.sql(sql, {"id": find_model(reader, name)}).to_pylist()
    return Model(**row)


def is_id(text: str) -> bool:
    """Return whether a text is an id: 36 characters of a UUID."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _end(ends: Mapping[str, str], identity: str) -> str:
    seen: set[str] = set()
    while identity in ends and identity not in seen:
        seen.add(identity)
        identity = ends[identity]
    return identity


def _means(row: Mapping[str, Any], name: str) -> bool:
    bare, version = row["model_name"], row["model_version"]
    whole = [bare]
    whole += [f"{bare}{mark}{version}" for mark in ("@", "-", ":", " ")] if version else []
    whole += [f"{bare}@{row['revision']}"] if row["revision"] else []
    return name in {text for each in whole for text in (each, f"{row['provider']}/{each}")}


def _begins(row: Mapping[str, Any], lower: str) -> bool:
    bare = lower.removeprefix("sha256:")
    of_hash = len(bare) >= _SHORTEST_HASH and (row["model_hash"] or "").startswith(bare)
    return of_hash or (len(lower) >= SHORTEST_PREFIX and row["model_id"].startswith(lower))


def _title(row: Mapping[str, Any]) -> str:
    parts = [row["model_version"], row["revision"], row["quantization"]]
    told = " ".join(part for part in parts if part)
    return f"`{row['provider']}/{row['model_name']}{told and ' ' + told}` ({row['model_id']})"


def _conflicts(reader: Reader) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = reader.sql(_CONFLICTS).to_pylist()
    return found


def _concerns(row: Mapping[str, Any], model_id: str) -> bool:
    return model_id in {row["model_id"], row["other_model_id"]}


def _line(row: Mapping[str, Any]) -> ConflictLine:
    return ConflictLine(
        conflict_id=row["conflict_id"],
        kind=row["kind"],
        state=row["state"],
        model=row["model"],
        model_id=row["model_id"],
        fields=tuple(map(_plain, _object(row["difference"]))),
        origin=row["origin"],
        seen_at=row["seen_at"],
    )


def _plain(field: str) -> str:
    """Return a field as people call it: a reference to a lookup by the lookup's name."""
    is_lookup = field in {"architecture_id", "file_format_id", "quantization_id"}
    return field.removesuffix("_id") if is_lookup else field


def _object(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
