"""Rows for tests of the catalog, each column with a value of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from evalhouse import ids
from evalhouse.catalog import BatchOutcome, Catalog
from evalhouse.lookups import seeds
from evalhouse.records import ENTITIES, BatchUnit, Cell, Creator, Entity, Run
from evalhouse.schema import TABLES, Column, Kind

Record = TypeVar("Record", bound=Entity)

MAIN = "main"
START = datetime(2025, 11, 3, 1, 2, 3, 456789, tzinfo=UTC)


def sample(record: type[Record], seed: str = MAIN) -> Record:
    """Return a row with every column set; those of other seeds refer to what they must."""
    columns = TABLES[record.table].columns
    values = {
        column.name: _value(record.table, column, number, seed)
        for number, column in enumerate(columns)
    }
    return record(**values)


def everything() -> list[Entity]:
    """Return a main row of each table, and the rows that they refer to."""
    seeds: dict[str, set[str]] = {record.table: {MAIN} for record in ENTITIES}
    for record in (*reversed(ENTITIES), *reversed(ENTITIES)):  # rows added meanwhile refer, too
        for column in TABLES[record.table].columns:
            for seed in list(seeds[record.table]) if column.references else ():
                if (target := _seed(column, seed)) is not None:
                    seeds[column.references.split(".")[0]].add(target)
    return [sample(record, seed) for record in ENTITIES for seed in sorted(seeds[record.table])]


def commit(
    catalog: Catalog,
    entities: Sequence[Entity] = (),
    units: Sequence[BatchUnit] = (),
    retired: Sequence[str] = (),
) -> BatchOutcome:
    """Write a batch from start to end."""
    batch_id = ids.random_id()
    catalog.open_batch(batch_id)
    return catalog.commit_batch(batch_id, entities=entities, units=units, retired=retired)


def unit(name: str, fingerprint: str = "aa") -> BatchUnit:
    """Return a unit of the main run."""
    run_id = sample(Run).run_id
    unit_id = ids.unit_id(run_id, name)
    return BatchUnit(unit_id=unit_id, run_id=run_id, part=name, fingerprint=fingerprint)


def cell(of: BatchUnit | None, score: float | None = 0.5, **values: Any) -> Cell:
    """Return the cell of the main run, prompt and model."""
    base: Cell = sample(Cell)
    keys = {name: getattr(base, name) for name in ("run_id", "prompt_id", "model_id", "task_id")}
    return Cell(**keys, unit_id=of.unit_id if of else None, score=score, **values)


def seeded_keys(table: str) -> set[tuple[Any, ...]]:
    """Return the keys of the rows that a catalog begins with."""
    keys = TABLES[table].keys
    return {tuple(getattr(row, key) for key in keys) for row in seeds() if row.table == table}


def creators(catalog: Catalog) -> list[str]:
    """Return the names of the creators in the catalog."""
    return sorted(catalog.arrow(Creator.table)["name"].to_pylist())


def rows(catalog: Catalog, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table, as read through Arrow."""
    found: list[dict[str, Any]] = catalog.arrow(table).to_pylist()
    return found


def _seed(column: Column, seed: str) -> str | None:
    """Return the seed of the row that a row refers to by this column."""
    if seed != MAIN:
        return seed if column.required else None
    return MAIN if column.name == column.references.split(".")[1] else column.name


def _value(table: str, column: Column, number: int, seed: str) -> Any:
    if not column.references:
        return _made(table, column, number, seed)
    target, name = column.references.split(".")
    there = _seed(column, seed)
    return there and _made(target, TABLES[target].by_name[name], number, there)


def _made(table: str, column: Column, number: int, seed: str) -> Any:
    text = f"{table}.{column.name} of {seed}"
    if column.values:
        return column.values[-1]
    if column.name == "short_id":
        return ids.derive("runs", "runs.run_id of " + seed)[:8]
    if column.name == "slot_index":  # one half of a reference that takes both its columns
        return 0
    most = column.maximum or 2**41
    made: dict[Kind, Callable[[], Any]] = {
        "id": lambda: ids.derive(table, text),
        "hash": lambda: ids.sha256_hex(text),
        "text": lambda: f"{text}: né 数 \U0001f600",
        "json": lambda: f'{{"a": 1.0, "of":  "{text}"}}',
        "integer": lambda: min(2**40 + number, most),
        "float": lambda: min(0.1 + number, most),
        "boolean": lambda: number % 2 == 0,
        "timestamp": lambda: START + timedelta(days=number),
    }
    return made[column.kind]()
