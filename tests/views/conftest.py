from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import evalhouse
from evalhouse import config
from evalhouse.house import House
from evalhouse.store import Store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give a new house in a temporary folder."""
    with Store.open(config.load(tmp_path / "house"), create=True) as opened:
        yield opened


@pytest.fixture(scope="package")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Give a house that holds the example dumps; for reading alone."""
    with evalhouse.open(tmp_path_factory.mktemp("examples") / "house") as house:
        house.ingest(ROOT / "examples" / "dumps")
        yield house
