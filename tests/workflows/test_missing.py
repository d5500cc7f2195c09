"""Files that were read once and are gone or unreadable: nothing of them is lost."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from evalhouse.store import Store
from evalhouse.workflows.ingest import IngestOptions, ingest
from tests.workflows.conftest import content, differences, make_run


@pytest.fixture
def dump(tmp_path: Path, store: Store) -> Path:
    make_run(tmp_path / "d")
    ingest(store, [tmp_path / "d"])
    return tmp_path / "d"


def rows_of(dump: Path, ending: str = "-predictions.jsonl") -> Path:
    return min(dump.rglob(f"*{ending}"))


def touch(dump: Path) -> None:
    """Make the dump one that changed."""
    path = next(dump.rglob("metrics-all.jsonl"))
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 10**9))


def test_rows_of_a_file_that_is_gone_stay_and_it_is_reported(store: Store, dump: Path) -> None:
    before = content(store)
    rows_of(dump).unlink()
    touch(dump)
    ledger = ingest(store, [dump])
    assert ledger.problem_counts == {("conflict", "missing_file"): 1}
    assert differences(content(store), before) == {}


def test_a_file_that_comes_back_is_read_again(store: Store, dump: Path, tmp_path: Path) -> None:
    before = content(store)
    path = rows_of(dump)
    away = path.rename(tmp_path / "away")
    other = rows_of(dump, "-requests.jsonl")
    other.write_bytes(other.read_bytes().split(b"\n", 1)[1])
    ingest(store, [dump])
    assert differences(content(store), before) == {}
    away.rename(path)
    assert ingest(store, [dump]).replaced > 0
    assert set(differences(content(store), before)) == {"checks", "items", "requests"}
    assert ingest(store, [dump]).runs == []


def test_reading_content_takes_what_is_left(store: Store, dump: Path, tmp_path: Path) -> None:
    before = content(store)
    path = rows_of(dump)
    away = path.rename(tmp_path / "away")
    ingest(store, [dump], IngestOptions(rehash=True))
    assert len(content(store, ["responses"])["responses"]) < len(before["responses"])
    away.rename(path)
    ingest(store, [dump])
    assert differences(content(store), before) == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_cannot_be_read_is_told_and_stops_nothing(store: Store, dump: Path) -> None:
    before = content(store)
    path = rows_of(dump)
    path.chmod(0)
    touch(dump)
    ledger = ingest(store, [dump])
    assert (list(ledger.unread), ledger.exit_code) == ([str(path)], 3)
    assert differences(content(store), before) == {}


def test_a_packed_copy_contradicts_nothing(store: Store, dump: Path, tmp_path: Path) -> None:
    before = content(store)
    packed = tmp_path / "packed" / dump.name
    for path in dump.rglob("*.json*"):
        copy = packed / path.relative_to(dump).with_name(f"{path.name}.gz")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(gzip.compress(path.read_bytes()))
    assert not ingest(store, [packed]).problem_counts
    assert differences(content(store), before) == {}
