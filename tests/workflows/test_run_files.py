from __future__ import annotations

import os
from pathlib import Path

import pytest

from evalhouse.store import Store
from evalhouse.workflows.ingest import IngestOptions, ingest
from examples.olmes_dumps.catalogue import GSM8K, mc_task
from tests.workflows.conftest import make_run

_SHOWN = "select relative_path, disposition, rows, redactions, sha256, unit_id, bytes from files"


def _described(store: Store) -> list[tuple[object, ...]]:
    with store.reader() as reader:
        return sorted(map(tuple, (row.values() for row in reader.sql(_SHOWN).to_pylist())), key=str)


def _touch(folder: Path, pattern: str) -> None:
    touched = list(folder.rglob(pattern))
    assert touched
    for path in touched:
        os.utime(path, (1, 1))


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    tasks = (GSM8K, mc_task("boolq"))
    make_run(tmp_path / "dump", tasks=tasks, accidents=frozenset({"secrets"}))
    return tmp_path / "dump"


@pytest.mark.parametrize("pattern", ["*", "*-predictions.jsonl", "metrics-all.jsonl", "*boolq*"])
@pytest.mark.parametrize("rehash", [False, True])
def test_what_is_known_of_files_outlasts_a_new_look_at_the_same_bytes(
    store: Store, dump: Path, pattern: str, *, rehash: bool
) -> None:
    ingest(store, [dump])
    before = _described(store)
    _touch(dump, pattern)
    ingest(store, [dump], IngestOptions(rehash=rehash))
    assert _described(store) == before


def test_a_file_beside_a_dump_is_listed_with_the_reason(store: Store, dump: Path) -> None:
    next(dump.rglob("metrics-all.jsonl")).with_name("notes.txt").write_text("look at this")
    ingest(store, [dump])
    with store.reader() as reader:
        [row] = reader.sql("select * from files where family = 'unknown'").to_pylist()
    assert row["relative_path"].endswith("/notes.txt")
    assert (row["disposition"], row["reason"]) == ("ignored", "no format recognises it")
