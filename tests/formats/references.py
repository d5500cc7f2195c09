"""Which rows refer to rows that are not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from evalhouse.formats import FORMATS
from evalhouse.formats.base import Reading, UnitFacts
from evalhouse.formats.files import FoundFile, walk
from evalhouse.lookups import seeds
from evalhouse.records import Entity
from evalhouse.redact import Redactor
from evalhouse.schema import TABLES


def rows_of_folder(folder: Path, form: str) -> list[Entity]:
    """Return all rows of the catalog that planning and reading a folder give."""
    chosen, reading = FORMATS[form], Reading(Redactor(b"test"))
    folders: dict[str, list[FoundFile]] = defaultdict(list)
    for item in walk([folder]):
        if isinstance(item, FoundFile):
            folders[item.folder].append(item)
    claims = [claim for files in folders.values() for claim in chosen.recognise(files)]
    found: list[Entity] = []
    for plan in chosen.plan(claims, reading):
        found += [*plan.entities, plan.run]
        for unit in plan.units:
            for read in chosen.read(unit, reading):
                if isinstance(read, UnitFacts):
                    found += [*read.cells, *read.measurements]
    return found


def dangling(rows: Iterable[Entity]) -> list[str]:
    """Return every reference to a row that is neither among these nor a seed."""
    listed = [*rows, *seeds()]
    keys: dict[tuple[str, tuple[str, ...]], set[tuple[Any, ...]]] = {}

    def there(table: str, columns: tuple[str, ...]) -> set[tuple[Any, ...]]:
        if (table, columns) not in keys:
            keys[table, columns] = {_values(row, columns) for row in listed if row.table == table}
        return keys[table, columns]

    return [
        f"{row.table}.{'/'.join(own)} {_values(row, own)} is not in {table}"
        for row in listed
        for own, table, theirs in _references(row.table)
        if None not in _values(row, own) and _values(row, own) not in there(table, theirs)
    ]


def _references(table: str) -> Iterator[tuple[tuple[str, ...], str, tuple[str, ...]]]:
    for column in TABLES[table].columns:
        if column.references:
            target, _, name = column.references.partition(".")
            yield (column.name,), target, (name,)
    yield from TABLES[table].references


def _values(row: Entity, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)
