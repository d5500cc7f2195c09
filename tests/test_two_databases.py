"""The same commands leave the same rows on both databases, and no reference to nothing."""

from __future__ import annotations

import itertools
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from evalhouse import ids
from evalhouse.catalog import Catalog
from evalhouse.engine import desk
from evalhouse.formats.codebook_lab import tidy
from evalhouse.schema import CATALOG_TABLES
from tests.conftest import PostgresServer
from tests.journey import COMMANDS, walk

CLOCKS: dict[str, frozenset[str]] = {
    "sources": frozenset({"ingested_at"}),
    "runs": frozenset({"submitted_at"}),
    "batches": frozenset({"opened_at", "heartbeat_at", "committed_at"}),
    "model_sources": frozenset({"updated"}),
    "model_conflicts": frozenset({"seen_at", "decided_at"}),
    "submissions": frozenset({"received_at"}),
    **dict.fromkeys(
        ("creator_aliases", "model_aliases", "task_aliases", "submission_events"),
        frozenset({"decided_at"}),
    ),
}
"""The columns that hold when a command was run."""

MEASURED: dict[str, frozenset[str]] = {
    "sources": frozenset({"content_sha256", "bytes"}),
    "files": frozenset({"mtime_ns", "sha256", "blob", "bytes"}),
    "artifacts": frozenset({"sha256", "bytes"}),
    "runs": frozenset({"started_at", "finished_at", "config"}),
    "batch_units": frozenset({"fingerprint"}),
    "run_hardware_metrics": frozenset(
        {
            "wall_clock_seconds",
            "seconds_to_first_token",
            "tokens_per_second",
            "cpu_seconds_user",
            "cpu_seconds_sys",
            "energy_wh",
            "energy_cpu_wh",
            "energy_gpu_wh",
            "energy_ram_wh",
            "emissions_kg",
        }
    ),
}
"""The columns that hold what a run of our own measured of itself, or a hash of files with that."""

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Walked:
    """What two catalogs hold after the same commands, and how many references lead nowhere."""

    sqlite: Rows
    postgresql: Rows
    broken: list[tuple[Any, ...]]
    unchecked: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def walked(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[Walked]:
    """Walk through all commands on each database, in one and the same folder.

    What is drawn at random (ids of batches and of our own runs, the key of redaction) is drawn
    alike.
    """
    work = tmp_path_factory.mktemp("walk") / "work"
    house = work / "house"
    found: list[tuple[Rows, list[tuple[Any, ...]]]] = []
    with pytest.MonkeyPatch.context() as patched:
        for database in ("sqlite", "postgresql"):
            _draw_alike(patched)
            begin = "init"
            if database == "postgresql":
                postgres_server.run("CREATE DATABASE walked")
                begin = f"init --catalog '{postgres_server.url('walked')}'"
            walk(work, house, (begin, *COMMANDS))
            url = f"sqlite:///{house / 'catalog.db'}"
            with closing(Catalog(postgres_server.url("walked") if found else url)) as catalog:
                found.append((_rows(catalog), _broken(catalog)))
            shutil.rmtree(work)
    (sqlite, broken), (postgresql, unchecked) = found
    yield Walked(sqlite, postgresql, broken, unchecked)
    postgres_server.run("DROP DATABASE walked WITH (FORCE)")


def _draw_alike(patched: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()
    for module in (ids, desk, tidy):
        patched.setattr(module, "random_id", lambda: ids.derive("random", str(next(numbers))))
    patched.setattr(secrets, "token_hex", lambda size: "ab" * size)


def _rows(catalog: Catalog) -> Rows:
    return {
        table.name: sorted(
            catalog.arrow(table.name).to_pylist(),
            key=lambda row: [str(row[key]) for key in table.keys],
        )
        for table in CATALOG_TABLES
    }


def _broken(catalog: Catalog) -> list[tuple[Any, ...]]:
    """Return the references to nothing, or the constraints that PostgreSQL does not vouch for."""
    question = {
        "sqlite": "PRAGMA foreign_key_check",
        "postgresql": "SELECT conname FROM pg_constraint WHERE NOT convalidated",
    }
    with catalog._database.read() as session:
        return session.rows(question[catalog.dialect])


@pytest.mark.parametrize("table", CATALOG_TABLES, ids=lambda table: table.name)
def test_both_databases_hold_the_same_rows(walked: Walked, table: Any) -> None:
    loose = CLOCKS.get(table.name, frozenset()) | MEASURED.get(table.name, frozenset())
    ours, theirs = walked.sqlite[table.name], walked.postgresql[table.name]
    assert [_fixed(row, loose) for row in ours] == [_fixed(row, loose) for row in theirs]
    assert [_filled(row) for row in ours] == [_filled(row) for row in theirs]


def _fixed(row: dict[str, Any], loose: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in loose}


def _filled(row: dict[str, Any]) -> set[str]:
    return {name for name, value in row.items() if value is not None}


def test_what_was_only_read_is_the_same_but_for_when_it_was_read(walked: Walked) -> None:
    for table in ("sources", "files", "runs"):
        loose = CLOCKS.get(table, frozenset())
        ours, theirs = (
            [_fixed(row, loose) for row in rows[table] if not _measured(rows, table, row)]
            for rows in (walked.sqlite, walked.postgresql)
        )
        assert ours
        assert ours == theirs


def _measured(rows: Rows, table: str, row: dict[str, Any]) -> bool:
    """Return whether a row is of a run that a command made, not of a dump."""
    own = {each["source_id"] for each in rows["sources"] if each["format"] == "codebook_lab"}
    if table == "runs":
        return any(
            each["run_id"] == row["run_id"] and each["source_id"] in own
            for each in rows["run_sources"]
        )
    return row["source_id"] in own


def test_no_reference_leads_to_nothing(walked: Walked) -> None:
    assert walked.broken == []
    assert walked.unchecked == []
