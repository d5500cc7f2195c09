from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from evalhouse.formats import FORMATS
from evalhouse.formats.base import Limits, Plan, Reading, TableRows, UnitFacts
from evalhouse.formats.files import FoundFile, walk
from evalhouse.records import Problem
from evalhouse.redact import Redactor

if TYPE_CHECKING:
    from pathlib import Path

    from evalhouse.formats.base import Claim


@dataclass
class Read:
    """All that a format gave for a folder."""

    claims: list[Claim]
    plans: list[Plan]
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    schemas: dict[str, set[pa.Schema]] = field(default_factory=lambda: defaultdict(set))
    problems: list[Problem] = field(default_factory=list)
    facts: dict[str, UnitFacts] = field(default_factory=dict)


def read_folder(folder: Path, *, form: str = "olmes", limits: Limits | None = None) -> Read:
    """Drive a format as an ingest does, in memory."""
    chosen = FORMATS[form]
    reading = Reading(Redactor(b"test"), limits or Limits())
    folders: dict[str, list[FoundFile]] = defaultdict(list)
    for item in walk([folder]):
        if isinstance(item, FoundFile):
            folders[item.folder].append(item)
    claims = [claim for files in folders.values() for claim in chosen.recognise(files)]
    found = Read(claims, chosen.plan(claims, reading))
    for plan in found.plans:
        found.problems += plan.problems
        for unit in plan.units:
            for read in chosen.read(unit, reading):
                _sort(read, unit.part, found)
    return found


def _sort(item: TableRows | Problem | UnitFacts, part: str, found: Read) -> None:
    if isinstance(item, TableRows):
        found.tables[item.table] += item.batch.to_pylist()
        found.schemas[item.table].add(item.batch.schema)
    elif isinstance(item, Problem):
        found.problems.append(item)
    else:
        found.facts[part] = item
