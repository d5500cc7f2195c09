from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from evalhouse import config
from evalhouse.schema import TABLES
from evalhouse.store import Store
from examples.olmes_dumps import RunPlan, RunTruth, Task, write_run
from examples.olmes_dumps.catalogue import suites as suites_of
from examples.olmes_dumps.catalogue import tasks as tasks_of

EXAMPLES = Path(__file__).parents[2] / "examples" / "dumps"

# What may differ between two ingests of the same evidence: places, times, and the order of writes.
_VARYING = {
    "batch_id",
    "location_id",
    "path",
    "uri",
    "mtime_ns",
    "ingested_at",
    "submitted_at",
    "source_id",
    "source_file_id",
}
_BY_TABLE = {"documents": {"unit_id"}}  # whichever unit brought a document first
_COMPARED = [
    *("creators", "models", "tasks", "task_members", "prompts", "prompt_texts", "runs"),
    *("run_model_metrics", "metrics", "checks", "records", "responses", "choices", "requests"),
    *("inputs", "documents", "items"),
]


def open_store(folder: Path, **places: str) -> Store:
    return Store.open(config.load(folder, **places), create=True)


@pytest.fixture
def store(tmp_path: Path) -> Any:
    with open_store(tmp_path / "house") as opened:
        yield opened


def content(store: Store, tables: list[str] | None = None) -> dict[str, list[str]]:
    """Return what a house holds, by table, without what may vary; rows as sorted text."""
    with store.reader() as reader:
        return {
            name: _rows(reader.sql(f"select * from {name}"), _BY_TABLE.get(name, set()))
            for name in tables or _COMPARED
        }


def _rows(table: Any, skipped: set[str]) -> list[str]:
    names = [name for name in table.column_names if name not in _VARYING | skipped]
    return sorted(map(repr, table.select(sorted(names)).to_pylist()))


def differences(
    one: dict[str, list[str]], other: dict[str, list[str]]
) -> dict[str, tuple[list[str], list[str]]]:
    """Return by table a few rows that only the one or the other house has."""
    found = {}
    for name, rows in one.items():
        left, right = set(rows) - set(other[name]), set(other[name]) - set(rows)
        if left or right or len(rows) != len(other[name]):
            found[name] = (sorted(left)[:2], sorted(right)[:2])
    return found


def lake_columns(table: str) -> list[str]:
    return [column.name for column in TABLES[table].columns]


def make_run(
    root: Path, *, tasks: tuple[Task, ...] = (), docs: int = 5, model: str = "o/m", **changes: Any
) -> RunTruth:
    """Write one dump, by default of the first four tasks of the catalogue."""
    asked = tasks or tasks_of(4)
    plan = RunPlan(model=model, tasks=asked, suites=suites_of(asked), docs=docs, **changes)
    return write_run(root, plan)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """A copy of the bundled dumps that a test may change."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "dumps"))
