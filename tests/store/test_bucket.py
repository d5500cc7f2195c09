"""A house whose lake and blobs are in a bucket, on an S3 server of this machine."""

from __future__ import annotations

import logging
import multiprocessing
import uuid
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from pyarrow import fs

from evalhouse import config
from evalhouse.errors import DamagedHouseError, HouseError
from evalhouse.lake import Lake
from evalhouse.store import Store
from tests.lake.rows import append_often
from tests.store.rows import response, unit, values, write


def serve(pipe: Connection) -> None:
    """Be the S3 server of a process of its own: the table format waits without yielding."""
    logging.disable()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    pipe.send(server.get_host_and_port())
    pipe.recv()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    host, port = ours.recv()
    yield f"http://{host}:{port}"
    server.terminate()
    server.join()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Give the address of a new bucket, with the settings for it in the environment."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "made-up",
        "AWS_SECRET_ACCESS_KEY": "made-up",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    name = f"house-{uuid.uuid4()}"
    s3 = fs.S3FileSystem(endpoint_override=endpoint, region="us-east-1", allow_bucket_creation=True)
    s3.create_dir(name)
    return f"s3://{name}"


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
