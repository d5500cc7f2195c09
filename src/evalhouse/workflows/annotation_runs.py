"""Annotation runs as the house holds them: their names, their task, their settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from evalhouse.formats.codebook_lab.folder import FORMAT
from evalhouse.formats.codebook_lab.gold import LABELS
from evalhouse.store import Reader

CATALOG = ("runs", "run_sources", "sources", "batch_units", "batches", "environments")
"""The tables that runs are read from."""

_OBJECTS = ("config", "variables")
_RUNS = """
SELECT run_id, short_id, started_at, config, variables, uri, told.part AS task
FROM runs
JOIN run_sources USING (run_id)
JOIN sources USING (source_id)
JOIN (
    SELECT run_id, arg_max(part, sequence) AS part
    FROM batch_units JOIN batches USING (batch_id)
    WHERE state = 'committed' AND part <> '' AND NOT ends_with(part, $labels)
    GROUP BY run_id
) AS told USING (run_id)
LEFT JOIN environments USING (environment_id)
WHERE format = $format
ORDER BY run_id
"""


@dataclass(frozen=True)
class AnnotationRun:
    """One run of a task; `uri` is where it was first seen, `variables` tell of its machine."""

    run_id: str
    short_id: str
    task: str
    uri: str
    started_at: datetime | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def native_id(self) -> str:
        """Return the id that its folder and the shared tables know it by."""
        stated = self.config.get("run_id")
        return stated if isinstance(stated, str) and stated else PurePosixPath(self.uri).name


def annotation_runs(reader: Reader) -> list[AnnotationRun]:
    """Return the annotation runs of a house, ours and those of codebook-lab."""
    rows = reader.sql(_RUNS, {"format": FORMAT, "labels": LABELS}).to_pylist()
    return [AnnotationRun(**row | {name: _read(row[name]) for name in _OBJECTS}) for row in rows]


def _read(text: str | None) -> dict[str, Any]:
    try:
        value = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
