"""The same commands whatever the catalog and wherever the lake; several writers at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evalhouse.store import Store
from evalhouse.workflows.ingest import ingest
from tests.workflows.conftest import EXAMPLES, content, differences, open_store
from tests.workflows.test_crashes import start


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    with open_store(tmp_path_factory.mktemp("expected") / "house") as store:
        ingest(store, [EXAMPLES])
        return content(store)


def test_a_catalog_in_postgresql_gives_the_same_house(
    tmp_path: Path, postgres_url: str, expected: dict[str, list[str]]
) -> None:
    with open_store(tmp_path / "house", catalog=postgres_url) as store:
        ingest(store, [EXAMPLES])
        assert differences(content(store), expected) == {}
        version = store.catalog.version()
        ingest(store, [EXAMPLES])
        assert store.catalog.version() == version


def test_a_lake_in_a_bucket_gives_the_same_house(
    tmp_path: Path, bucket: str, expected: dict[str, list[str]]
) -> None:
    with open_store(tmp_path / "house", lake=f"{bucket}/lake") as store:
        ledger = ingest(store, [EXAMPLES])
        assert ledger.count("kept") == 3
        assert differences(content(store), expected) == {}


@pytest.mark.parametrize("catalog", ["sqlite", "postgresql"])
def test_two_processes_that_take_in_the_same_dumps_at_once_store_them_once(
    catalog: str, tmp_path: Path, request: Any, expected: dict[str, list[str]]
) -> None:
    url = request.getfixturevalue("postgres_url") if catalog == "postgresql" else ""
    with open_store(tmp_path / "house", **({"catalog": url} if url else {})) as store:
        writers = [start(tmp_path / "house", catalog=url) for _ in range(2)]
        for writer in writers:
            writer.communicate(timeout=120)
        assert [writer.returncode for writer in writers] == [0, 0]
        assert differences(content(store), expected) == {}


def test_two_processes_that_take_in_different_dumps_at_once_lose_nothing(
    store: Store, tmp_path: Path, expected: dict[str, list[str]]
) -> None:
    folders = sorted(path.parent for path in EXAMPLES.rglob("metrics-all.jsonl"))
    writers = [start(store.settings.folder, places=folders[part::2]) for part in range(2)]
    for writer in writers:
        writer.communicate(timeout=120)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert differences(content(store), expected) == {}
