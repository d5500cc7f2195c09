"""A house whose lake and blobs are in a bucket, on an S3 server of this machine."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalhouse import config
from evalhouse.errors import DamagedHouseError, HouseError
from evalhouse.lake import Lake
from evalhouse.store import Store
from tests.lake.rows import append_often
from tests.store.rows import response, unit, values, write


@pytest.fixture
def store(bucket: str, tmp_path: Path) -> Iterator[Store]:
    settings = config.load(tmp_path / "house", lake=f"{bucket}/lake")
    with Store.open(settings, create=True) as opened:
        yield opened


def test_rows_in_a_bucket_are_written_replaced_and_read(store: Store) -> None:
    for fingerprint, score in (("aa", 0.0), ("bb", 1.0)):
        rows = {"responses": [response("arc", doc, score=score) for doc in range(3)]}
        write(store, rows, unit("arc", fingerprint))
    assert values(store, "SELECT sum(score) FROM responses") == [3.0]
    assert values(store, "SELECT doc_id FROM items JOIN runs USING (run_id) ORDER BY 1") == [
        0,
        1,
        2,
    ]
    assert not (store.settings.folder / "lake").exists()


def test_blobs_lie_beside_the_lake(store: Store) -> None:
    sha = store.blobs.put(b"evidence")
    assert store.blobs.put(b"evidence") == sha
    assert store.blobs.read(sha) == b"evidence"
    with pytest.raises(DamagedHouseError, match="is missing"):
        store.blobs.read("0" * 64)


def test_processes_append_to_a_bucket_at_once(bucket: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    workers = [
        spawn.Process(target=append_often, args=(f"{bucket}/lake", worker, 5, barrier))
        for worker in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(Lake(f"{bucket}/lake").files("metrics")) == 10


def test_a_bucket_that_is_not_there_makes_no_house(bucket: str, tmp_path: Path) -> None:
    settings = config.load(tmp_path / "house", lake="s3://never-made/lake")
    with pytest.raises(HouseError, match="no bucket `never-made`"):
        Store.open(settings, create=True)
    assert list(tmp_path.iterdir()) == []
